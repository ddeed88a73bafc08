//! A `CentreKey` cannot be serialised.

use lazaret_pseudonym::CentreKey;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: CentreKey) {
    written(sealed);
}

fn main() {}
