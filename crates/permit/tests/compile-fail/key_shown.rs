//! A signing key cannot be printed, cloned or serialised.

use lazaret_permit::SigningKey;

fn printed<T: std::fmt::Debug>() {}
fn cloned<T: Clone>() {}
fn serialised<T: serde::Serialize>() {}

fn main() {
    printed::<SigningKey>();
    cloned::<SigningKey>();
    serialised::<SigningKey>();
}
