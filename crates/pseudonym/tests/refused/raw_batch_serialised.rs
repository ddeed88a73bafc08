//! A raw batch has no Serialize.

use lazaret_pseudonym::RawBatch;

fn write(value: impl serde::Serialize) {
    drop(value);
}

fn give(raw: RawBatch) {
    write(raw);
}

fn main() {}
