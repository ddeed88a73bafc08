//! A `CentreKey` cannot be printed.

use lazaret_pseudonym::CentreKey;

fn print(sealed: &CentreKey) -> String {
    format!("{sealed:?}")
}

fn main() {}
