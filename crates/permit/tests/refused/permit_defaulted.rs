//! An active permit has no default.

use lazaret_permit::ActivePermit;

fn forge() -> ActivePermit {
    Default::default()
}

fn main() {}
