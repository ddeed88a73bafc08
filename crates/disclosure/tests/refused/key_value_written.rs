//! A `KeyValue` cannot be serialised.

use lazaret_disclosure::KeyValue;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: KeyValue) {
    written(sealed);
}

fn main() {}
