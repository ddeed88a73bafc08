//! One payment makes one release.

use lazaret_disclosure::{Exact, Priced, Shape, release};
use lazaret_ledger::Reservation;

fn twice(one: Exact, two: Exact, shape: &Shape, priced: &Priced, paid: Reservation) {
    drop(release(one, shape, priced, paid));
    drop(release(two, shape, priced, paid));
}

fn main() {}
