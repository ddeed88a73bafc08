//! A raw batch has no Debug.

use lazaret_pseudonym::RawBatch;

fn print(raw: &RawBatch) {
    println!("{raw:?}");
}

fn main() {}
