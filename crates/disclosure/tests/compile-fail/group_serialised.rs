use lazaret_disclosure::{Group, KeyValue};

fn keep(group: &Group) -> String {
    serde_json::to_string(group).unwrap()
}

fn keep_key(key: &KeyValue) -> String {
    serde_json::to_string(key).unwrap()
}

fn main() {}
