//! A raw identifier has no Debug.

use lazaret_pseudonym::RawIdentifier;

fn main() {
    let raw = RawIdentifier::new("urn:oid:1.2.3", "1".to_owned()).ok();
    println!("{raw:?}");
}
