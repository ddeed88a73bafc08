//! A `Pseudonymiser` cannot be serialised.

use lazaret_pseudonym::Pseudonymiser;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: Pseudonymiser) {
    written(sealed);
}

fn main() {}
