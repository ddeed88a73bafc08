//! Keys have no Debug.

use lazaret_pseudonym::{CentreKey, HolderKey, Pseudonymiser};

fn print(holder: &HolderKey, centre: &CentreKey, both: &Pseudonymiser) {
    println!("{holder:?}");
    println!("{centre:?}");
    println!("{both:?}");
}

fn main() {}
