//! A `Reservation` cannot be copied.

use lazaret_ledger::Reservation;

fn copied(value: impl Clone) {
    drop(value);
}

fn copy(sealed: Reservation) {
    copied(sealed);
}

fn main() {}
