//! A `Reservation` cannot be printed.

use lazaret_ledger::Reservation;

fn print(sealed: &Reservation) -> String {
    format!("{sealed:?}")
}

fn main() {}
