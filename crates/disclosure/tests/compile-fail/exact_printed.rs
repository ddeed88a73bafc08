use lazaret_disclosure::Exact;

fn print(exact: &Exact) -> String {
    format!("{exact:?}")
}

fn main() {}
