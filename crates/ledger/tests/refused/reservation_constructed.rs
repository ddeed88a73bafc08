//! A `Reservation` is made by the ledger alone.

use lazaret_ledger::{Cost, Reservation};
use lazaret_model::PermitId;

fn free(permit: PermitId) -> Reservation {
    Reservation::new(1, permit, Cost::ZERO, String::new())
}

fn main() {}
