//! Real exports: every record is read, rows and values are what another reader finds.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::{data, table};
use crate::{Limits, Resource, ViewDefinition};

const VIEWS: [&str; 7] = [
    include_str!("views/patient.json"),
    include_str!("views/encounter.json"),
    include_str!("views/condition.json"),
    include_str!("views/observation.json"),
    include_str!("views/medication_request.json"),
    include_str!("views/procedure.json"),
    include_str!("views/immunization.json"),
];

fn read(folder: &Path, view: &ViewDefinition) -> String {
    std::fs::read_to_string(folder.join(format!("{}.ndjson", view.resource()))).unwrap()
}

/// Whatever the type, an export's records and a guide's examples are resources to this engine.
#[test]
fn every_record_is_read() {
    let Some(folder) = data::folder("fhir/synthea-100") else {
        return;
    };
    for file in folder.read_dir().unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            Resource::parse(line.as_bytes(), &mut Vec::new(), &Limits::default()).unwrap();
        }
    }
    let mut folders: Vec<_> = ["ips", "hl7-eu"]
        .into_iter()
        .filter_map(data::folder)
        .collect();
    let (there, mut examples) = (!folders.is_empty(), 0);
    while let Some(folder) = folders.pop() {
        for path in folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "json") {
                let bytes = std::fs::read(path).unwrap();
                Resource::parse(&bytes, &mut Vec::new(), &Limits::default()).unwrap();
                examples += 1;
            }
        }
    }
    assert_eq!(examples > 0, there, "the guides have no examples");
}

/// Every line makes a row, observations one more for each component; nothing is refused.
#[test]
fn rows_are_counted() {
    let Some(folder) = data::folder("fhir/synthea-100") else {
        return;
    };
    for view in VIEWS {
        let view = ViewDefinition::parse(view.as_bytes()).unwrap();
        let mut program = view.compile().unwrap();
        let mut wanted = 0;
        let mut copy = Vec::new();
        for line in read(&folder, &view).lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            wanted += 1 + value["component"].as_array().map_or(0, Vec::len);
            let resource = Resource::parse(line.as_bytes(), &mut copy, &Limits::default()).unwrap();
            assert_eq!(resource.id(), value["id"].as_str());
            let identifiers = value["identifier"].as_array().map_or(0, Vec::len);
            assert_eq!(resource.identifiers().count(), identifiers);
            program.push(&resource).unwrap();
        }
        assert_eq!(program.rows(), wanted, "{}", view.name());
        assert_eq!(
            program.finish().unwrap().num_rows(),
            wanted,
            "{}",
            view.name()
        );
    }
}

/// Each column counted by value, against counts by another reader and hand-written pointers.
#[test]
fn values_are_counted() {
    let Some(folder) = data::folder("fhir/synthea-100") else {
        return;
    };
    let cases: [(usize, &str, &[&str]); 12] = [
        (0, "sex", &["/gender"]),
        (0, "country", &["/address/0/country"]),
        (0, "birth_year", &["/birthDate"]),
        (1, "type_code", &["/type/0/coding/0/code"]),
        (1, "end", &["/period/end"]),
        (2, "onset", &["/onsetDateTime"]),
        (2, "clinical_status", &["/clinicalStatus/coding/0/code"]),
        (4, "code", &["/medicationCodeableConcept/coding/0/code"]),
        (4, "authored", &["/authoredOn"]),
        (5, "performed", &["/performedPeriod/start"]),
        (6, "code", &["/vaccineCode/coding/0/code"]),
        (
            3,
            "value_number",
            &[
                "/valueQuantity/value",
                "/component/0/valueQuantity/value",
                "/component/1/valueQuantity/value",
                "/component/2/valueQuantity/value",
            ],
        ),
    ];
    for (view, column, pointers) in cases {
        let view = ViewDefinition::parse(VIEWS[view].as_bytes()).unwrap();
        let mut program = view.compile().unwrap();
        let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
        let mut copy = Vec::new();
        for line in read(&folder, &view).lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            for found in pointers.iter().filter_map(|pointer| value.pointer(pointer)) {
                let text = found
                    .as_f64()
                    .map_or_else(|| found.to_string(), |n| format!("{n}"));
                *wanted.entry(text).or_default() += 1;
            }
            let resource = Resource::parse(line.as_bytes(), &mut copy, &Limits::default()).unwrap();
            program.push(&resource).unwrap();
        }
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for row in table(&mut program).as_array().unwrap() {
            let found = &row[column];
            if !found.is_null() {
                let text = found
                    .as_f64()
                    .map_or_else(|| found.to_string(), |n| format!("{n}"));
                *counts.entry(text).or_default() += 1;
            }
        }
        assert!(!wanted.is_empty(), "{column}");
        assert_eq!(counts, wanted, "{} of {}", column, view.name());
    }
}

/// Decimals in text columns have the digits of the file, not those of a double.
#[test]
fn decimals_are_as_written() {
    let Some(folder) = data::folder("fhir/synthea-100") else {
        return;
    };
    let view = ViewDefinition::parse(VIEWS[0].as_bytes()).unwrap();
    let mut program = view.compile().unwrap();
    for line in read(&folder, &view).lines() {
        let mut copy = Vec::new();
        let resource = Resource::parse(line.as_bytes(), &mut copy, &Limits::default()).unwrap();
        program.push(&resource).unwrap();
        let row = &table(&mut program)[0];
        let digits = row["quality_adjusted"].as_str().unwrap();
        assert!(line.contains(&format!(
            "quality-adjusted-life-years\",\"valueDecimal\":{digits}}}"
        )));
    }
}
