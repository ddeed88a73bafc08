//! A `PersonId` is made by the chain alone.

use lazaret_pseudonym::PersonId;

fn forge() -> PersonId {
    PersonId(1)
}

fn main() {}
