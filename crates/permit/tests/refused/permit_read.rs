//! An active permit cannot be read from JSON.

use lazaret_permit::ActivePermit;

fn read<T: serde::de::DeserializeOwned>() {}

fn forge() {
    read::<ActivePermit>();
}

fn main() {}
