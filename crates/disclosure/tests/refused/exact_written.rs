//! A `Exact` cannot be serialised.

use lazaret_disclosure::Exact;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: Exact) {
    written(sealed);
}

fn main() {}
