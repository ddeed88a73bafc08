//! What the refused ones are next to: this compiles.

use lazaret_permit::{ActivePermit, SignedPermit, SigningKey, VerifyingKey};

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn copied(value: impl Clone + Default + std::fmt::Debug) {
    drop(value);
}

fn read<T: serde::de::DeserializeOwned>() {}

fn verify(signed: &SignedPermit, key: &SigningKey) -> Option<ActivePermit> {
    written(1);
    copied(1);
    read::<u8>();
    let public: &VerifyingKey = key.verifying_key();
    signed.verify(public, "2026-11-01T00:00:00Z".parse().ok()?).ok()
}

fn main() {}
