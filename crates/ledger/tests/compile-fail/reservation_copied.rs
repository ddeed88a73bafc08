use lazaret_ledger::Reservation;

fn twice(paid: &Reservation) -> Reservation {
    Reservation::clone(paid)
}

fn main() {}
