//! A raw batch is opened by the chain alone.

use lazaret_pseudonym::RawBatch;

fn rows(raw: &RawBatch) -> usize {
    raw.columns.num_rows()
}

fn main() {}
