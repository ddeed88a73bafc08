//! A `Reservation` is made by the ledger alone.

use lazaret_ledger::{Cost, Reservation};
use lazaret_model::PermitId;

fn free(permit: PermitId) -> Reservation {
    Reservation { id: 1, permit, cost: Cost::ZERO }
}

fn main() {}
