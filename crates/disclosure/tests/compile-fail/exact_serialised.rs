use lazaret_disclosure::Exact;

fn keep(exact: &Exact) -> String {
    serde_json::to_string(exact).unwrap()
}

fn main() {}
