//! A `ActivePermit` cannot be copied.

use lazaret_permit::ActivePermit;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: ActivePermit) {
    copied(sealed);
}

fn main() {}
