//! A `HolderKey` cannot be printed.

use lazaret_pseudonym::HolderKey;

fn print(sealed: &HolderKey) -> String {
    format!("{sealed:?}")
}

fn main() {}
