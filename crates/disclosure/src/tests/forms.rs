//! The forms of a release: its JSON, what can be taken from it.

use serde_json::{Value, json};

use super::answers::{precise, regions};
use super::*;
use crate::cell::estimate;
use crate::table::Values;

fn small() -> Release {
    let shape = shape(vec![regions()], vec![persons()]);
    let columns = price(&shape, epsilon("0.1"), delta("1e-7"))
        .unwrap()
        .columns()
        .to_vec();
    let cell = |count| estimate(Measure::Persons, &[count], 45.8).unwrap();
    let values = [
        Values::Keys(
            KeyType::Text,
            vec![KeyValue::Null, text("FR10"), text("FR20")],
        ),
        Values::Cells(vec![Cell::Hidden, cell(1_234), cell(-3)]),
    ];
    Release::new(
        columns.into_iter().zip(values).collect(),
        3,
        vec!["a note".into()],
    )
}

#[test]
fn json_is_the_documented_form() {
    let mut json = serde_json::to_value(small()).unwrap();
    let scale = json["columns"][1]["scale"].take();
    assert!((scale.as_f64().unwrap() - 45.8).abs() < 0.05);
    assert_eq!(
        json["columns"],
        json!([
            {"name": "region", "role": "key", "type": "utf8"},
            {"name": "n", "role": "estimate", "type": "int64", "mechanism": "discrete_gaussian",
             "scale": Value::Null, "sensitivity": 1.0, "bounds": {"groups_per_person": 1,
             "rows_per_person": 1, "clamp": null}, "threshold": null}
        ])
    );
    assert_eq!(
        json["rows"],
        json!([
            {"region": null, "n": {"hidden": true}},
            {"region": "FR10", "n": {"value": 1234, "std_error": 45.8, "low95": 1144,
             "high95": 1324, "hidden": false}},
            {"region": "FR20", "n": {"value": -3, "std_error": 45.8, "low95": -93, "high95": 87,
             "hidden": false}}
        ])
    );
}

#[test]
fn every_type_of_key_has_its_form() {
    let values = [
        (KeyType::Integer, KeyValue::Integer(-7), json!(-7), "int64"),
        (
            KeyType::Boolean,
            KeyValue::Boolean(true),
            json!(true),
            "boolean",
        ),
        (
            KeyType::Date,
            KeyValue::Date(20_779),
            json!("2026-11-22"),
            "date32",
        ),
        (
            KeyType::Date,
            KeyValue::Date(i32::MAX),
            json!(null),
            "date32",
        ),
        (KeyType::Text, KeyValue::Null, json!(null), "utf8"),
    ];
    for (kind, value, expected, name) in values {
        let key = Key {
            name: "k".into(),
            kind,
            domain: Some(vec![value]),
        };
        let shape = Shape {
            minimum: 0,
            ..shape(vec![key], vec![persons()])
        };
        let release = released(&shape, &precise(&shape), vec![]);
        let json = serde_json::to_value(&release).unwrap();
        assert_eq!(json["rows"][0]["k"], expected);
        assert_eq!(json["columns"][0]["type"], name);
        assert_eq!(release.rows(), 1);
    }
}

#[test]
fn rows_and_columns_are_taken_by_place() {
    let release = small();
    let taken = release.take(&[2, 1]).unwrap();
    assert_eq!(
        (taken.rows(), taken.key(0, 0) == Some(&text("FR20"))),
        (2, true)
    );
    assert_eq!(taken.cell(1, 1), release.cell(1, 1));
    let turned = release.select(&[(1, "persons"), (0, "where")]).unwrap();
    let names: Vec<_> = turned
        .columns()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(names, ["persons", "where"]);
    assert!(release.take(&[3]).is_err() && release.select(&[(2, "x")]).is_err());
}
