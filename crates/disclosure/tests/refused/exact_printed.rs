//! A `Exact` cannot be printed.

use lazaret_disclosure::Exact;

fn print(sealed: &Exact) -> String {
    format!("{sealed:?}")
}

fn main() {}
