//! The official SQL-on-FHIR v2 suite: every case passes, and a report says so in its own format.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{data, push, table};
use crate::ViewDefinition;

/// Runs every case of every file; `sql-on-fhir/report.json` in the build's target folder has the
/// suite's report, whatever comes out.
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
    let (mut report, mut wrong, mut cases) = (Map::new(), Vec::new(), 0);
    for path in &files {
        let name = path.file_name().unwrap().to_string_lossy();
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut results = Vec::new();
        for case in file["tests"].as_array().unwrap() {
            let title = case["title"].as_str().unwrap();
            let result = match outcome(case, file["resources"].as_array().unwrap()) {
                Ok(()) => json!({"passed": true}),
                Err(reason) => {
                    wrong.push(format!("{name}, {title}: {reason}"));
                    json!({"passed": false, "reason": reason})
                }
            };
            results.push(json!({"name": title, "result": result}));
            cases += 1;
        }
        report.insert(name.into_owned(), json!({"tests": results}));
    }
    write(&Value::Object(report));
    assert!(cases > 0, "the suite has no case");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Writes the report where the build is; a place that cannot be written is no failure.
#[expect(clippy::print_stderr, reason = "a report that is not there is told")]
fn write(report: &Value) {
    let executable = std::env::current_exe().unwrap_or_default();
    let is_target = |folder: &&Path| folder.join("CACHEDIR.TAG").exists();
    let Some(target) = executable.ancestors().find(is_target) else {
        eprintln!("the suite's report is not written: this is not in a target folder");
        return;
    };
    let folder = target.join("sql-on-fhir");
    let written = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(folder.join("report.json"), format!("{report:#}\n")));
    if let Err(error) = written {
        eprintln!("the suite's report is not written: {error}");
    }
}

fn outcome(case: &Value, resources: &[Value]) -> Result<(), String> {
    let found = run(case, resources);
    if case["expectError"] == true {
        return match found {
            Ok((_, rows)) => Err(format!("an error is wanted, found {rows}")),
            Err(_) => Ok(()),
        };
    }
    let (names, found) = found?;
    let columns = case["expectColumns"].as_array();
    if columns.is_some_and(|columns| columns.iter().ne(names.iter())) {
        return Err(format!("columns {names:?}"));
    }
    let wanted = sorted(case["expect"].as_array().unwrap(), &names)?;
    let rows = sorted(found.as_array().unwrap(), &names)?;
    if wanted == rows {
        Ok(())
    } else {
        Err(format!("wanted {wanted:?}, found {rows:?}"))
    }
}

/// Names of the columns and all rows, or what was refused.
fn run(case: &Value, resources: &[Value]) -> Result<(Vec<String>, Value), String> {
    let view = ViewDefinition::parse(case["view"].to_string().as_bytes());
    let view = view.map_err(|error| error.to_string())?;
    let mut program = view.compile().unwrap();
    for resource in resources {
        push(&mut program, &resource.to_string()).map_err(|error| error.to_string())?;
    }
    let names = view.columns().iter().map(|column| column.name.clone());
    Ok((names.collect(), table(&mut program)))
}

/// Rows in an order of our own, for the suite prescribes none; a column that a row leaves out is
/// null, and a decimal is compared as it is written.
fn sorted(rows: &[Value], names: &[String]) -> Result<Vec<Vec<String>>, String> {
    let text = |value: &Value| match value {
        Value::Number(number) => format!("{:?}", number.to_string()),
        other => other.to_string(),
    };
    let row = |row: &Value| {
        let mut keys = row.as_object().unwrap().keys();
        if let Some(key) = keys.find(|key| !names.contains(key)) {
            return Err(format!("a column `{key}` is wanted"));
        }
        Ok(names.iter().map(|name| text(&row[name])).collect())
    };
    let mut rows: Vec<Vec<String>> = rows.iter().map(row).collect::<Result<_, _>>()?;
    rows.sort();
    Ok(rows)
}
