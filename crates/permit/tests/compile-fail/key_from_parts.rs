//! A verifying key comes from a PEM text alone.

use lazaret_permit::VerifyingKey;

fn main() {
    let _ = VerifyingKey([0; 32]);
}
