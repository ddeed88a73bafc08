use lazaret_disclosure::{Group, KeyValue};

fn print(group: &Group) -> String {
    format!("{group:?}")
}

fn print_key(key: &KeyValue) -> String {
    format!("{key:?}")
}

fn main() {}
