//! A `Pseudonymiser` cannot be printed.

use lazaret_pseudonym::Pseudonymiser;

fn print(sealed: &Pseudonymiser) -> String {
    format!("{sealed:?}")
}

fn main() {}
