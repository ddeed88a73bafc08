//! A payment is used once.

use lazaret_ledger::{Reservation, Used};

fn twice(paid: Reservation) -> (Used, Used) {
    (paid.used(), paid.used())
}

fn main() {}
