//! A `RawBatch` cannot be printed.

use lazaret_pseudonym::RawBatch;

fn print(sealed: &RawBatch) -> String {
    format!("{sealed:?}")
}

fn main() {}
