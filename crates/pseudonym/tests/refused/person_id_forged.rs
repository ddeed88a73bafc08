//! A pseudonym is made by the chain alone.

use lazaret_pseudonym::{PersonId, RecordId, Token};

fn forge() -> (PersonId, RecordId, Token) {
    (PersonId(1), RecordId(1), Token([0; 16]))
}

fn main() {}
