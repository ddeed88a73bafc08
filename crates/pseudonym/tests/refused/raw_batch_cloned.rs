//! A raw batch has no Clone.

use lazaret_pseudonym::RawBatch;

fn copy(raw: &RawBatch) -> RawBatch {
    Clone::clone(raw)
}

fn main() {}
