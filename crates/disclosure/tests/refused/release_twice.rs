//! One payment makes one release.

use lazaret_disclosure::{Exact, Price, release};
use lazaret_ledger::Reservation;

fn twice(one: Exact, two: Exact, price: &Price, paid: Reservation) {
    drop(release(vec![one], price, paid));
    drop(release(vec![two], price, paid));
}

fn main() {}
