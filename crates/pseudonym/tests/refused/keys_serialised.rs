//! Keys have no Serialize.

use lazaret_pseudonym::{CentreKey, HolderKey, Pseudonymiser};

fn write(value: impl serde::Serialize) {
    drop(value);
}

fn give(holder: HolderKey, centre: CentreKey, both: Pseudonymiser) {
    write(holder);
    write(centre);
    write(both);
}

fn main() {}
