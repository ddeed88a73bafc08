//! A raw identifier has no Serialize.

use lazaret_pseudonym::RawIdentifier;

fn write(value: impl serde::Serialize) {
    drop(value);
}

fn main() {
    if let Ok(raw) = RawIdentifier::local("1") {
        write(raw);
    }
}
