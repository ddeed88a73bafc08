use lazaret_ledger::Reservation;

fn keep(paid: &Reservation) -> String {
    serde_json::to_string(paid).unwrap()
}

fn main() {}
