//! The official SQL-on-FHIR v2 suite: which of its cases pass, and that no other gives rows.

use std::path::Path;

use expect_test::expect_file;
use serde_json::Value;

use super::{data, push, table};
use crate::{ViewDefinition, ViewError};

/// What became of a case.
enum Outcome {
    Passes,
    /// Refused as not supported yet: fine, and not counted as passing.
    Unsupported,
    Wrong(String),
}

/// Cases that pass are listed in `passing.txt`. Every other case must be refused as unsupported:
/// rows that are wrong, or a refusal for another reason, fail. The list may only grow; it is
/// written anew with `UPDATE_EXPECT=1`.
#[test]
fn official_suite() {
    let Some(folder) = data::folder("sql-on-fhir/tests") else {
        return;
    };
    let mut files: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let (mut passing, mut wrong) = (String::new(), Vec::new());
    for file in &files {
        let name = file.file_stem().unwrap().to_string_lossy();
        let file = read(file);
        for case in file["tests"].as_array().unwrap() {
            let title = format!("{name}: {}", case["title"].as_str().unwrap());
            match outcome(case, file["resources"].as_array().unwrap()) {
                Outcome::Passes => passing.push_str(&(title + "\n")),
                Outcome::Unsupported => {}
                Outcome::Wrong(why) => wrong.push(format!("{title}: {why}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    expect_file!["passing.txt"].assert_eq(&passing);
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn outcome(case: &Value, resources: &[Value]) -> Outcome {
    let fails = case["expectError"] == true;
    let view = match ViewDefinition::parse(case["view"].to_string().as_bytes()) {
        Ok(view) => view,
        Err(ViewError::Unsupported { .. }) => return Outcome::Unsupported,
        Err(_) if fails => return Outcome::Passes,
        Err(error) => return Outcome::Wrong(error.to_string()),
    };
    let mut program = view.compile().unwrap();
    for resource in resources {
        match push(&mut program, &resource.to_string()) {
            Ok(_) => {}
            Err(_) if fails => return Outcome::Passes,
            Err(error) => return Outcome::Wrong(error.to_string()),
        }
    }
    let found = table(&mut program);
    if fails {
        return Outcome::Wrong(format!("an error is wanted, found {found}"));
    }
    let names: Vec<&str> = view
        .columns()
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let columns = case["expectColumns"].as_array();
    if columns.is_some_and(|columns| columns.iter().ne(names.iter())) {
        return Outcome::Wrong(format!("columns {names:?}"));
    }
    let wanted = sorted(case["expect"].as_array().unwrap(), &names);
    let rows = sorted(found.as_array().unwrap(), &names);
    if wanted == rows {
        Outcome::Passes
    } else {
        Outcome::Wrong(format!("wanted {wanted:?}, found {rows:?}"))
    }
}

/// Rows in an order of our own, for the suite prescribes none; a column that a row leaves out is
/// null, and a decimal is compared as it is written.
fn sorted(rows: &[Value], names: &[&str]) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::Number(number) => format!("{:?}", number.to_string()),
        other => other.to_string(),
    };
    let row = |row: &Value| {
        let known = row
            .as_object()
            .unwrap()
            .keys()
            .all(|key| names.contains(&key.as_str()));
        assert!(known, "the case wants a column the view has not");
        names.iter().map(|name| text(&row[name])).collect()
    };
    let mut rows: Vec<Vec<String>> = rows.iter().map(row).collect();
    rows.sort();
    rows
}
