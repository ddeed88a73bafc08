use lazaret_disclosure::{Exact, Group};

fn by_field(exact: Exact) -> Vec<Group> {
    exact.groups
}

fn by_method(exact: Exact) -> Vec<Group> {
    exact.open()
}

fn by_pattern(Exact { groups }: Exact) -> Vec<Group> {
    groups
}

fn main() {}
