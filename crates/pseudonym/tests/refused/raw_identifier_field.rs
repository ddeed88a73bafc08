//! A raw identifier is opened by the chain alone.

use lazaret_pseudonym::RawIdentifier;

fn field(raw: &RawIdentifier) -> &str {
    &raw.id
}

fn main() {}
