//! A `HolderKey` cannot be serialised.

use lazaret_pseudonym::HolderKey;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: HolderKey) {
    written(sealed);
}

fn main() {}
