//! Faults that tests must catch: that each can still be planted. `run.py` plants them.

use crate::support::repository;

#[test]
fn every_fault_can_be_planted() {
    let text = std::fs::read_to_string(repository().join("tests/faults/faults.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let faults = table["fault"].as_array().unwrap();
    let mut missing = Vec::new();
    for fault in faults {
        let word = |name: &str| fault[name].as_str().unwrap();
        let source = std::fs::read_to_string(repository().join(word("file"))).unwrap();
        if source.matches(word("from")).count() != 1 || word("from") == word("to") {
            missing.push(word("what").to_owned());
        }
    }
    assert!(faults.len() > 40 && missing.is_empty(), "{missing:?}");
}
