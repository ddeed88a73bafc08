//! A `RawBatch` cannot be serialised.

use lazaret_pseudonym::RawBatch;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: RawBatch) {
    written(sealed);
}

fn main() {}
