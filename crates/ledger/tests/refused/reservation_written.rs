//! A `Reservation` cannot be serialised.

use lazaret_ledger::Reservation;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn write(sealed: Reservation) {
    written(sealed);
}

fn main() {}
