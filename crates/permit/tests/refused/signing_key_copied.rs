//! A `SigningKey` cannot be copied.

use lazaret_permit::SigningKey;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: SigningKey) {
    copied(sealed);
}

fn main() {}
