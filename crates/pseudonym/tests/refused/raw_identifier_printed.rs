//! A `RawIdentifier` cannot be printed.

use lazaret_pseudonym::RawIdentifier;

fn print(sealed: &RawIdentifier) -> String {
    format!("{sealed:?}")
}

fn main() {}
