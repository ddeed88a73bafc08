//! A `RawIdentifier` cannot be serialised.

use lazaret_pseudonym::RawIdentifier;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: RawIdentifier) {
    written(sealed);
}

fn main() {}
