//! A `Group` cannot be printed.

use lazaret_disclosure::Group;

fn print(sealed: &Group) -> String {
    format!("{sealed:?}")
}

fn main() {}
