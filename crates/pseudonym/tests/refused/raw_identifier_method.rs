//! A raw identifier is opened by the chain alone.

use lazaret_pseudonym::RawIdentifier;

fn method(raw: &RawIdentifier) -> (&str, &str) {
    raw.open()
}

fn main() {}
