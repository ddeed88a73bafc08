//! A `Used` cannot be printed.

use lazaret_ledger::Used;

fn print(sealed: &Used) -> String {
    format!("{sealed:?}")
}

fn main() {}
