//! A release is paid for.

use lazaret_disclosure::{Exact, Priced, Shape, release};
use lazaret_ledger::{Cost, Reservation};
use lazaret_model::PermitId;

fn free(exact: Exact, shape: &Shape, priced: &Priced, permit: PermitId) {
    drop(release(exact, shape, priced, Reservation { id: 1, permit, cost: Cost::ZERO }));
}

fn main() {}
