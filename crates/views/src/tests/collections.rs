//! Lists as values, rows of rows, and the index of a row.

use arrow::datatypes::DataType;
use serde_json::{Value, json};

use super::{patient, push, rows, table, view};
use crate::{ColumnKind, ItemKind};

fn listed(path: &str, kind: &str) -> Value {
    json!([{"column": [{"name": "c", "path": path, "type": kind, "collection": true}]}])
}

#[test]
fn lists() {
    let record = patient(
        r#""a":["x",null,"y"],"b":[true,false],"n":[1,2.50],"w":[3,4],
        "name":[{"g":["1"]},{"g":"2"}]"#,
    );
    let cases = [
        ("a", "string", json!(["x", "y"])),
        ("b", "boolean", json!([true, false])),
        ("n", "decimal", json!(["1", "2.50"])),
        ("w", "integer", json!([3, 4])),
        ("name.g", "string", json!(["1", "2"])),
        ("id", "id", json!(["p"])),
        ("nothing", "string", json!([])),
        ("name.where(g = '2').g", "string", json!(["2"])),
    ];
    for (path, kind, wanted) in cases {
        let found = rows(&view("Patient", listed(path, kind)), &record);
        assert_eq!(found, Ok(json!([{"c": wanted}])), "{path}");
    }
    for (path, code) in [("w", "type-mismatch"), ("name", "type-mismatch")] {
        let error = rows(&view("Patient", listed(path, "string")), &record).unwrap_err();
        assert_eq!(error.code(), code, "{path}");
    }
}

#[test]
fn types_of_lists() {
    let double = json!([{"column": [{"name": "c", "path": "n", "type": "decimal",
        "collection": true, "tag": [{"name": "ansi/type", "value": "DOUBLE"}]}]}]);
    let cases = [
        (listed("a", "string"), ItemKind::Text, DataType::Utf8),
        (listed("a", "boolean"), ItemKind::Boolean, DataType::Boolean),
        (listed("a", "integer"), ItemKind::Integer, DataType::Int64),
        (double, ItemKind::Number, DataType::Float64),
    ];
    for (select, kind, inner) in cases {
        let view = view("Patient", select);
        assert_eq!(view.columns()[0].kind, ColumnKind::List(kind));
        let schema = view.compile().unwrap().schema();
        let wanted = DataType::new_list(inner, true);
        assert_eq!(schema.field(0).data_type(), &wanted);
    }
}

/// Lists of many records, some refused, some null, stand in the rows they belong to.
#[test]
fn lists_of_many_records() {
    let view = view(
        "Patient",
        json!([{"forEachOrNull": "a", "column": [
            {"name": "c", "path": "n", "type": "integer", "collection": true},
            {"name": "i", "path": "%rowIndex", "type": "integer"}]}]),
    );
    let mut program = view.compile().unwrap();
    let two = patient(r#""a":[{"n":[1,2]},{"n":[]},{"n":3}]"#);
    for _ in 0..2 {
        assert_eq!(push(&mut program, &two), Ok(3));
        push(&mut program, &patient(r#""a":[{"n":[1,"2"]}]"#)).unwrap_err();
        assert_eq!(push(&mut program, &patient(r#""b":1"#)), Ok(1));
        let wanted = json!([{"c": [1, 2], "i": 0}, {"c": [], "i": 1}, {"c": [3], "i": 2},
            {"c": null, "i": 0}]);
        assert_eq!(table(&mut program), wanted);
    }
}

/// A long list in many rows is refused like many cells.
#[test]
fn lists_are_bounded() {
    let view = view(
        "Patient",
        json!([
            {"column": [{"name": "c", "path": "a", "type": "integer", "collection": true}]},
            {"forEach": "a", "column": [{"name": "n", "path": "$this", "type": "integer"}]}
        ]),
    );
    let mut program = view.compile().unwrap();
    let record = |count: usize| patient(&format!("\"a\":[{}]", vec!["1"; count].join(",")));
    let error = push(&mut program, &record(2000)).unwrap_err();
    assert_eq!((error.code(), program.rows()), ("too-many-cells", 0));
    assert_eq!(push(&mut program, &record(500)), Ok(500));
}

#[test]
fn repeated() {
    let select = |repeat: Value| {
        json!([{"repeat": repeat, "column": [{"name": "i", "path": "%rowIndex", "type": "integer"},
            {"name": "l", "path": "l", "type": "string"}]}])
    };
    let record = patient(
        r#""item":[{"l":"1","item":[{"l":"1.1","answer":{"item":[{"l":"a"}]}},{"l":"1.2"}]},
        {"l":"2"}]"#,
    );
    let cases = [
        (json!(["item"]), vec!["1", "1.1", "1.2", "2"]),
        (
            json!(["item", "answer.item"]),
            vec!["1", "1.1", "a", "1.2", "2"],
        ),
        (json!(["answer.item"]), vec![]),
    ];
    for (repeat, wanted) in cases {
        let found = rows(&view("Patient", select(repeat)), &record).unwrap();
        let wanted: Vec<Value> = wanted
            .iter()
            .enumerate()
            .map(|(index, l)| json!({"i": index, "l": l}))
            .collect();
        assert_eq!(found, Value::Array(wanted));
    }
    // What gives itself would never end.
    let endless = rows(&view("Patient", select(json!(["$this"]))), &record);
    assert_eq!(endless.unwrap_err().code(), "too-many-values");
}

/// Each select that goes through items counts them, what is within it without items sees its count.
#[test]
fn indexes() {
    let index = |name: &str| json!([{"name": name, "path": "%rowIndex", "type": "integer"}]);
    let view = view(
        "Patient",
        json!([
            {"column": index("top")},
            {"forEach": "a", "column": index("a"), "select": [
                {"column": index("same")},
                {"forEach": "n", "column": index("n")},
                {"column": [{"name": "after", "path": "%rowIndex"}]}]},
        ]),
    );
    let row = |a: u8, n: u8| json!({"top": 0, "a": a, "same": a, "n": n, "after": a.to_string()});
    let found = rows(&view, &patient(r#""a":[{"n":[7,8]},{"n":9}]"#));
    assert_eq!(found, Ok(json!([row(0, 0), row(0, 1), row(1, 0)])));
}
