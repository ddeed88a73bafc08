//! A `Group` cannot be serialised.

use lazaret_disclosure::Group;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: Group) {
    written(sealed);
}

fn main() {}
