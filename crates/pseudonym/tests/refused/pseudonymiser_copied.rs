//! A `Pseudonymiser` cannot be copied.

use lazaret_pseudonym::Pseudonymiser;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: Pseudonymiser) {
    copied(sealed);
}

fn main() {}
