//! A `Exact` cannot be copied.

use lazaret_disclosure::Exact;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: Exact) {
    copied(sealed);
}

fn main() {}
