//! An exact result is opened by this crate alone.

use lazaret_disclosure::{Exact, Group};

fn open(exact: Exact) -> Vec<Group> {
    exact.groups
}

fn main() {}
