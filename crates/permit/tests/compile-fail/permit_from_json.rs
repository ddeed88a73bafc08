//! An active permit cannot be read from JSON, cloned or defaulted.

use lazaret_permit::ActivePermit;

fn deserialised<T: serde::de::DeserializeOwned>() {}
fn cloned<T: Clone>() {}
fn defaulted<T: Default>() {}

fn main() {
    deserialised::<ActivePermit>();
    cloned::<ActivePermit>();
    defaulted::<ActivePermit>();
}
