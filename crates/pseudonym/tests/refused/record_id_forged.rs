//! A `RecordId` is made by the chain alone.

use lazaret_pseudonym::RecordId;

fn forge() -> RecordId {
    RecordId(1)
}

fn main() {}
