//! Rows: products, unions, gaps, what is rolled back, and how much one record may make.

use serde_json::{Value, json};

use super::{push, rows, table, view};
use crate::RecordError;

fn cross() -> Value {
    json!([
        {"column": [{"name": "id", "path": "id", "type": "id"}]},
        {"forEach": "a", "column": [{"name": "a", "path": "n", "type": "integer"}]},
        {"forEach": "b", "column": [{"name": "b", "path": "n", "type": "integer"}]},
    ])
}

fn counted(field: &str, count: usize) -> String {
    let items: Vec<String> = (0..count).map(|n| format!("{{\"n\":{n}}}")).collect();
    format!("\"{field}\":[{}]", items.join(","))
}

fn patient(fields: &[String]) -> String {
    format!(
        "{{\"resourceType\":\"Patient\",\"id\":\"p\",{}}}",
        fields.join(",")
    )
}

#[test]
fn products() {
    let view = view("Patient", cross());
    for (a, b) in [(0, 0), (0, 2), (2, 0), (1, 1), (1, 3), (3, 1), (3, 2)] {
        let record = patient(&[counted("a", a), counted("b", b)]);
        let mut wanted = Vec::new();
        for a in 0..a {
            for b in 0..b {
                wanted.push(json!({"id": "p", "a": a, "b": b}));
            }
        }
        assert_eq!(rows(&view, &record), Ok(Value::Array(wanted)), "{a} x {b}");
    }
}

#[test]
fn nested_unions_and_nulls() {
    let view = view(
        "Patient",
        json!([
            {"column": [{"name": "id", "path": "id", "type": "id"}]},
            {"forEachOrNull": "name", "column": [
                {"name": "is", "path": "family.exists()", "type": "boolean"}],
             "unionAll": [
                {"forEach": "given", "column": [{"name": "x", "path": "$this", "type": "string"}]},
                {"unionAll": [
                    {"column": [{"name": "x", "path": "family", "type": "string"}]},
                    {"forEachOrNull": "suffix", "column": [
                        {"name": "x", "path": "'constant'", "type": "string"}]}]}]},
        ]),
    );
    let record = r#"{"resourceType":"Patient","name":[{"family":"F","given":["G","H"]},{}]}"#;
    let row = |is: Value, x: Value| json!({"id": null, "is": is, "x": x});
    let wanted = json!([
        row(json!(true), json!("G")),
        row(json!(true), json!("H")),
        row(json!(true), json!("F")),
        row(json!(true), json!(null)),
        row(json!(false), json!(null)),
        row(json!(false), json!(null)),
    ]);
    assert_eq!(rows(&view, record), Ok(wanted));
    // Without any name the whole select is one row of nulls, its constants too.
    let none = rows(&view, r#"{"resourceType":"Patient"}"#);
    assert_eq!(none, Ok(json!([row(json!(null), json!(null))])));
}

#[test]
fn other_types_make_no_rows() {
    let mut program = view("Patient", cross()).compile().unwrap();
    assert_eq!(
        push(&mut program, r#"{"resourceType":"Group","id":"g"}"#),
        Ok(0)
    );
    assert_eq!(program.rows(), 0);
}

/// A record that fails in its last row leaves no trace, and the program goes on.
#[test]
fn rollback() {
    let mut program = view("Patient", cross()).compile().unwrap();
    let good = patient(&[counted("a", 2), counted("b", 2)]);
    let bad = [
        patient(&[counted("a", 2), r#""b":[{"n":1},{"n":"two"}]"#.to_owned()]),
        patient(&[counted("a", 2), r#""b":[{"n":1},{"n":[2,3]}]"#.to_owned()]),
        patient(&[counted("a", 2), r#""b":[{"n":1},2]"#.to_owned()]),
        patient(&[counted("a", 2), r#""b":{"n":{}}"#.to_owned()]),
    ];
    assert_eq!(push(&mut program, &good), Ok(4));
    for record in &bad {
        push(&mut program, record).unwrap_err();
        assert_eq!(program.rows(), 4);
    }
    assert_eq!(push(&mut program, &good), Ok(4));
    let both = table(&mut program);
    assert_eq!(both.as_array().unwrap().len(), 8);
    assert_eq!(both.as_array().unwrap()[..4], both.as_array().unwrap()[4..]);
    // Finished programs start again from nothing.
    assert_eq!(table(&mut program), json!([]));
    assert_eq!(push(&mut program, &good), Ok(4));
    assert_eq!(table(&mut program).as_array().unwrap().len(), 4);
}

/// One parsed resource serves many programs.
#[test]
fn many_views() {
    let record = patient(&[counted("a", 2), counted("b", 3)]);
    let mut copy = Vec::new();
    let limits = crate::Limits::default();
    let resource = crate::Resource::parse(record.as_bytes(), &mut copy, &limits).unwrap();
    let view = view("Patient", cross());
    let mut programs = [view.compile().unwrap(), view.compile().unwrap()];
    for program in &mut programs {
        assert_eq!(program.push(&resource), Ok(6));
    }
}

#[test]
fn bounds() {
    let mut program = view("Patient", cross()).compile().unwrap();
    let error = |program: &mut crate::Program, record: &str| {
        let error: RecordError = push(program, record).unwrap_err();
        assert_eq!(program.rows(), 0);
        error.code()
    };
    let crossed = patient(&[counted("a", 1000), counted("b", 1000)]);
    assert_eq!(error(&mut program, &crossed), "too-many-cells");
    let long = patient(&[counted("a", 400_000), counted("b", 1)]);
    assert_eq!(error(&mut program, &long), "too-many-cells");
    // A long text times many rows: the cells are few, the text is not.
    let text = "x".repeat(1 << 20);
    let wide =
        patient(&[counted("a", 100), counted("b", 1)]).replace("\"p\"", &format!("{text:?}"));
    assert_eq!(error(&mut program, &wide), "too-much-text");
    let path = format!("n.join('{}')", "_".repeat(74));
    let joins = view(
        "Patient",
        json!([{"forEach": "a", "column": [{"name": "c", "path": path}]}]),
    );
    let parts = vec!["\"\""; 1_000_000].join(",");
    let joined = patient(&[format!("\"a\":[{{\"n\":[{parts}]}}]")]);
    assert_eq!(
        error(&mut joins.compile().unwrap(), &joined),
        "too-much-text"
    );
    let many = patient(&[format!("\"a\":[{}1]", "1,".repeat(1 << 20))]);
    assert_eq!(
        error(&mut joins.compile().unwrap(), &many),
        "too-many-values"
    );
    let fine = patient(&[counted("a", 300), counted("b", 300)]);
    assert_eq!(push(&mut program, &fine), Ok(90_000));
}
