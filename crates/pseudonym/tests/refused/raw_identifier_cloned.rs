//! A raw identifier has no Clone.

use lazaret_pseudonym::RawIdentifier;

fn copy(raw: &RawIdentifier) -> RawIdentifier {
    Clone::clone(raw)
}

fn main() {}
