//! A `SigningKey` cannot be printed.

use lazaret_permit::SigningKey;

fn print(sealed: &SigningKey) -> String {
    format!("{sealed:?}")
}

fn main() {}
