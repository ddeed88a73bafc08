//! A release is paid for.

use lazaret_disclosure::{Exact, Price, release};
use lazaret_ledger::{Cost, Reservation};
use lazaret_model::PermitId;

fn free(exact: Exact, price: &Price, permit: PermitId) {
    drop(release(vec![exact], price, Reservation { id: 1, permit, cost: Cost::ZERO }));
}

fn main() {}
