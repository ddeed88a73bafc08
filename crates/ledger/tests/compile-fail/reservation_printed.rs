use lazaret_ledger::Reservation;

fn print(paid: &Reservation) -> String {
    format!("{paid:?}")
}

fn main() {}
