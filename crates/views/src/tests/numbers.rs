//! Numbers and the types of columns: digits as written, ranges, and what does not fit.

use serde_json::json;

use super::{patient, rows, value};
use crate::ViewDefinition;

/// Digits are kept as they are written, whatever stands around them.
#[test]
fn digits() {
    let written = [
        "0",
        "-0",
        "1.0",
        "1.10",
        "-0.00",
        "1E5",
        "1e-7",
        "12.500e+2",
        "0.1000000000000",
        "123456789012345678.123456789012345678",
        "18446744073709551615",
        "-9223372036854775808",
    ];
    for digits in written {
        let record = patient(&format!(
            r#""x":["1\"2",-7,{{"3":"\\"}},4.5e1],"a": {digits} ,"z":"6""#
        ));
        assert_eq!(value("a", "decimal", &record), Ok(json!(digits)));
    }
    let record = patient(r#""a":[1.0,{"b":2.00},3.000,"4",5]"#);
    assert_eq!(value("a[2]", "decimal", &record), Ok(json!("3.000")));
    assert_eq!(value("a[4]", "decimal", &record), Ok(json!("5")));
}

#[test]
fn numbers() {
    let cases = [
        ("integer", "9223372036854775807", Ok(json!(i64::MAX))),
        ("integer", "-9223372036854775808", Ok(json!(i64::MIN))),
        ("integer", "9223372036854775808", Err("type-mismatch")),
        ("integer", "1.0", Err("type-mismatch")),
        ("integer", "\"1\"", Err("type-mismatch")),
        ("integer", "true", Err("type-mismatch")),
        ("positiveInt", "1", Ok(json!(1))),
        ("positiveInt", "0", Err("type-mismatch")),
        ("unsignedInt", "0", Ok(json!(0))),
        ("unsignedInt", "-1", Err("type-mismatch")),
        ("integer64", "\"-12\"", Ok(json!(-12))),
        ("integer64", "12", Ok(json!(12))),
        (
            "integer64",
            "\"99999999999999999999\"",
            Err("type-mismatch"),
        ),
        ("decimal", "\"1.0\"", Err("type-mismatch")),
        ("boolean", "\"true\"", Err("type-mismatch")),
        ("boolean", "1", Err("type-mismatch")),
        ("string", "1", Err("type-mismatch")),
        ("string", "{\"b\":1}", Err("type-mismatch")),
        ("string", "[[\"a\"]]", Err("type-mismatch")),
        ("string", "null", Ok(json!(null))),
        ("string", "[]", Ok(json!(null))),
    ];
    for (kind, written, wanted) in cases {
        let found = value("a", kind, &patient(&format!("\"a\":{written}")));
        assert_eq!(
            found.map_err(|error| error.code()),
            wanted,
            "{kind} {written}"
        );
    }
}

#[test]
fn doubles_and_untyped() {
    let view = |column: serde_json::Value| {
        let json = json!({"resource": "Patient", "select": [{"column": [column]}]});
        ViewDefinition::parse(json.to_string().as_bytes()).unwrap()
    };
    let double = view(json!({"name": "c", "path": "a", "type": "decimal",
        "tag": [{"name": "ansi/type", "value": "DOUBLE"}]}));
    let untyped = view(json!({"name": "c", "path": "a"}));
    let cases = [
        (&double, "1.50", json!(1.5)),
        (&double, "-2", json!(-2.0)),
        (
            &double,
            "18446744073709551615",
            json!(18_446_744_073_709_551_615.0),
        ),
        (&untyped, "1.50", json!("1.50")),
        (&untyped, "\"x\"", json!("x")),
        (&untyped, "false", json!("false")),
    ];
    for (view, written, wanted) in cases {
        let table = rows(view, &patient(&format!("\"a\":{written}"))).unwrap();
        assert_eq!(table[0]["c"], wanted, "{written}");
    }
    assert!(rows(&double, &patient("\"a\":\"1\"")).is_err());
}
