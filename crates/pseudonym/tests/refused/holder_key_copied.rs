//! A `HolderKey` cannot be copied.

use lazaret_pseudonym::HolderKey;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: HolderKey) {
    copied(sealed);
}

fn main() {}
