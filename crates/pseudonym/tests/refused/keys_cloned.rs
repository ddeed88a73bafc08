//! Keys have no Clone.

use lazaret_pseudonym::{CentreKey, HolderKey, Pseudonymiser};

fn copy<T: Clone>(value: &T) -> T {
    value.clone()
}

fn copies(holder: &HolderKey, centre: &CentreKey, both: &Pseudonymiser) {
    copy(holder);
    copy(centre);
    copy(both);
}

fn main() {}
