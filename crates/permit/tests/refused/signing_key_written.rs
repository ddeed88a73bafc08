//! A `SigningKey` cannot be serialised.

use lazaret_permit::SigningKey;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: SigningKey) {
    written(sealed);
}

fn main() {}
