//! A release is made by `release` alone.

use lazaret_disclosure::Release;

fn forged() -> Release {
    Release::new(vec![], 0, vec![])
}

fn main() {}
