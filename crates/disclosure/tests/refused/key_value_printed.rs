//! A `KeyValue` cannot be printed.

use lazaret_disclosure::KeyValue;

fn print(sealed: &KeyValue) -> String {
    format!("{sealed:?}")
}

fn main() {}
