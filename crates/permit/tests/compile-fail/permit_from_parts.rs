//! An active permit has no constructor but verification.

use lazaret_permit::ActivePermit;

fn main() {
    let payload = serde_json::Value::Null;
    let _ = ActivePermit { payload, read: todo!(), sha256: String::new() };
}
