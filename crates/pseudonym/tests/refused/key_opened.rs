//! A key's bytes are out of reach.

use lazaret_pseudonym::HolderKey;

fn bytes(key: &HolderKey) {
    let _secret = &key.0;
}

fn main() {}
