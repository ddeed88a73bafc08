use lazaret_ledger::{Cost, Reservation};
use lazaret_model::PermitId;

fn free(permit: PermitId) -> Reservation {
    Reservation { id: 1, permit, cost: Cost::ZERO }
}

fn also_free(permit: PermitId) -> Reservation {
    Reservation::new(1, permit, Cost::ZERO)
}

fn main() {}
