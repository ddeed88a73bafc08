use lazaret_disclosure::Exact;

fn twice(exact: &Exact) -> Exact {
    Exact::clone(exact)
}

fn main() {}
