//! A `Used` cannot be serialised.

use lazaret_ledger::Used;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: Used) {
    written(sealed);
}

fn main() {}
