//! A `RawIdentifier` cannot be copied.

use lazaret_pseudonym::RawIdentifier;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: RawIdentifier) {
    copied(sealed);
}

fn main() {}
