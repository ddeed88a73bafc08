//! A `CentreKey` cannot be copied.

use lazaret_pseudonym::CentreKey;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: CentreKey) {
    copied(sealed);
}

fn main() {}
