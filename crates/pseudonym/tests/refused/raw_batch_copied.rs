//! A `RawBatch` cannot be copied.

use lazaret_pseudonym::RawBatch;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: RawBatch) {
    copied(sealed);
}

fn main() {}
