//! A `Group` cannot be copied.

use lazaret_disclosure::Group;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: Group) {
    copied(sealed);
}

fn main() {}
