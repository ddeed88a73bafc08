//! A `Used` cannot be copied.

use lazaret_ledger::Used;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: Used) {
    copied(sealed);
}

fn main() {}
