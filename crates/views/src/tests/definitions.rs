//! Definitions: what is read, what is refused, and which columns come out.

use arrow::datatypes::DataType;
use expect_test::expect;
use serde_json::{Map, Value, json};

use super::parse;
use crate::{ColumnKind, ViewDefinition, ViewError};

fn columns(column: Value) -> Value {
    json!([{"column": column}])
}

#[test]
fn metadata_is_accepted() {
    let view = parse(json!({
        "resourceType": "ViewDefinition", "id": "1", "meta": {"profile": ["x"]}, "url": "u",
        "identifier": [], "name": "persons", "title": "t", "version": "1", "status": "active",
        "experimental": true, "date": "2026", "publisher": "p", "contact": [], "description": "d",
        "useContext": [], "jurisdiction": [], "purpose": "p", "copyright": "c",
        "fhirVersion": ["4.0.1"], "profile": [], "text": {},
        "resource": "Patient",
        "where": [{"path": "active", "description": "only those"}],
        "constant": [{"name": "sex", "valueCode": "male"}],
        "select": columns(json!([{"name": "id", "path": "id", "type": "id", "collection": false}])),
    }))
    .unwrap();
    assert_eq!((view.name(), view.resource()), ("persons", "Patient"));
}

/// The names that version 2, HL7's ballot and the guides' examples give to the type.
#[test]
fn spellings() {
    for kind in [
        "ViewDefinition",
        "http://hl7.org/fhir/StructureDefinition/ViewDefinition",
        "http://hl7.org/fhir/uv/sql-on-fhir/StructureDefinition/ViewDefinition|3.0.0-ballot",
        "https://sql-on-fhir.org/ig/StructureDefinition/ViewDefinition",
    ] {
        for identifier in [json!({"value": "a"}), json!([{"value": "a"}])] {
            let view = parse(json!({"resourceType": kind, "identifier": identifier,
                "resource": "Patient", "select": columns(json!([{"name": "id", "path": "id"}]))}));
            assert!(view.is_ok(), "{kind}: {view:?}");
        }
    }
}

#[test]
fn columns_in_order() {
    let view = parse(json!({"resource": "Observation", "select": [
        {"column": [
            {"name": "key", "path": "getResourceKey()", "type": "id", "description": "the key",
             "tag": [{"name": "lazaret/treatment", "value": "record"}, {"name": "x", "value": ""}]},
            {"name": "a_decimal", "path": "value.ofType(decimal)", "type": "decimal"},
            {"name": "a_double", "path": "value.ofType(decimal)", "type": "decimal",
             "tag": [{"name": "ansi/type", "value": "DOUBLE"}]}],
         "select": [{"forEach": "component", "column": [
            {"name": "flag", "path": "value.ofType(boolean)", "type": "boolean"}]}],
         "unionAll": [
            {"column": [{"name": "n", "path": "value.ofType(integer)", "type": "integer"}]},
            {"column": [{"name": "n", "path": "{}", "type": "integer"}]}]},
        {"column": [{"name": "when", "path": "issued",
            "type": "http://hl7.org/fhir/StructureDefinition/instant"}]}]}))
    .unwrap();
    assert_eq!(view.name(), "unnamed");
    let kinds: Vec<_> = view
        .columns()
        .iter()
        .map(|c| (c.name.as_str(), c.kind))
        .collect();
    let wanted = [
        ("key", ColumnKind::Text),
        ("a_decimal", ColumnKind::Text),
        ("a_double", ColumnKind::Number),
        ("flag", ColumnKind::Boolean),
        ("n", ColumnKind::Integer),
        ("when", ColumnKind::Text),
    ];
    assert_eq!(kinds, wanted);
    let key = &view.columns()[0];
    assert_eq!(
        key.tags[0],
        ("lazaret/treatment".to_owned(), "record".to_owned())
    );
    assert_eq!(key.description.as_deref(), Some("the key"));
    assert_eq!(view.columns()[4].path, "value.ofType(integer)");
    let schema = view.compile().unwrap().schema();
    let types: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.data_type().clone())
        .collect();
    use DataType::{Boolean, Float64, Int64, Utf8};
    assert_eq!(types, [Utf8, Utf8, Float64, Boolean, Int64, Utf8]);
    assert!(schema.fields().iter().all(|field| field.is_nullable()));
}

/// What a view is refused as, and what it has over or beside a view that is fine.
const REFUSED: &[(&str, &str)] = &[
    ("shape", r#"{"resourceType": "Patient"}"#),
    ("shape", r#"{"resourceType": 1}"#),
    (
        "shape",
        r#"{"resourceType": "http://example.org/StructureDefinition/Patient"}"#,
    ),
    ("shape", r#"{"surprise": 1}"#),
    ("shape", r#"{"resource": null}"#),
    ("shape", r#"{"select": null}"#),
    ("shape", r#"{"select": {}}"#),
    ("shape", r#"{"where": ["active"]}"#),
    ("shape", r#"{"where": [{"path": "active", "extra": 1}]}"#),
    ("shape", r#"{"select": [{"column": [{"name": "id"}]}]}"#),
    (
        "shape",
        r#"{"select": [{"column": [{"name": "a", "path": "id", "extra": 1}]}]}"#,
    ),
    (
        "shape",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}], "surprise": 1}]}"#,
    ),
    (
        "shape",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}], "forEach": 1}]}"#,
    ),
    ("invalid", r#"{"name": "no name"}"#),
    ("invalid", r#"{"name": "1a"}"#),
    ("invalid", r#"{"name": ""}"#),
    ("invalid", r#"{"resource": "patient"}"#),
    ("invalid", r#"{"resource": "Patient.name"}"#),
    ("invalid", r#"{"resource": ""}"#),
    ("invalid", r#"{"select": []}"#),
    ("invalid", r#"{"select": [{}]}"#),
    ("invalid", r#"{"select": [{"forEach": "name"}]}"#),
    (
        "invalid",
        r#"{"select": [{"column": [{"name": "a-b", "path": "id"}]}]}"#,
    ),
    (
        "invalid",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}],
        "forEach": "a", "forEachOrNull": "b"}]}"#,
    ),
    (
        "invalid",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}],
        "select": [{"column": [{"name": "a", "path": "id"}]}]}]}"#,
    ),
    (
        "invalid",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}],
        "unionAll": [{"forEach": "name"}]}]}"#,
    ),
    (
        "invalid",
        r#"{"select": [{"unionAll": [{"column": [{"name": "a", "path": "id"}]},
        {"column": [{"name": "a", "path": "id", "type": "integer"}]}]}]}"#,
    ),
    (
        "invalid",
        r#"{"select": [{"unionAll": [{"column": [{"name": "a", "path": "id"}]},
        {"column": [{"name": "a", "path": "id"}, {"name": "b", "path": "id"}]}]}]}"#,
    ),
    ("invalid", r#"{"constant": [{"valueCode": "a"}]}"#),
    ("invalid", r#"{"constant": [{"name": "a"}]}"#),
    (
        "invalid",
        r#"{"constant": [{"name": "a b", "valueCode": "a"}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueCode": "a", "valueString": "a"}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueCode": 1}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueInteger": 1.5}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueInteger64": "1.5"}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueBoolean": "true"}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueCoding": {}}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueCode": "a"},
        {"name": "a", "valueCode": "b"}]}"#,
    ),
    (
        "path",
        r#"{"select": [{"column": [{"name": "a", "path": "id."}]}]}"#,
    ),
    (
        "path",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}], "forEach": "name["}]}"#,
    ),
    ("path", r#"{"where": [{"path": "%missing"}]}"#),
    (
        "invalid",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}], "repeat": []}]}"#,
    ),
    (
        "invalid",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}],
        "repeat": ["link"], "forEach": "name"}]}"#,
    ),
    (
        "shape",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}], "repeat": "link"}]}"#,
    ),
    (
        "shape",
        r#"{"select": [{"column": [{"name": "a", "path": "id"}], "repeat": [1]}]}"#,
    ),
    (
        "invalid",
        r#"{"select": [{"unionAll": [{"column": [{"name": "a", "path": "id"}]},
        {"column": [{"name": "a", "path": "id", "collection": true}]}]}]}"#,
    ),
    (
        "unsupported",
        r#"{"select": [{"column": [{"name": "a", "path": "id",
        "type": "Coding"}]}]}"#,
    ),
    (
        "unsupported",
        r#"{"select": [{"column": [{"name": "a", "path": "id", "type": "id",
        "tag": [{"name": "ansi/type", "value": "DOUBLE"}]}]}]}"#,
    ),
    (
        "unsupported",
        r#"{"select": [{"column": [{"name": "a", "path": "id", "type": "decimal",
        "tag": [{"name": "ansi/type", "value": "DECIMAL(9,2)"}]}]}]}"#,
    ),
    (
        "unsupported",
        r#"{"select": [{"forEach": "name", "column": [{"name": "a",
        "path": "getResourceKey()"}]}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueDate": "2020-01-01T10:00:00Z"}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueDate": "2020-02-30"}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueInstant": "2020-01-01"}]}"#,
    ),
    (
        "invalid",
        r#"{"constant": [{"name": "a", "valueTime": "2020-01-01"}]}"#,
    ),
];

#[test]
fn refused() {
    let fine = json!({"name": "v", "resource": "Patient",
        "select": columns(json!([{"name": "id", "path": "id", "type": "id"}]))});
    assert!(parse(fine.clone()).is_ok());
    for (wanted, change) in REFUSED {
        let mut json = fine.clone();
        for (key, value) in serde_json::from_str::<Map<String, Value>>(change).unwrap() {
            json[key] = value;
        }
        let found = match parse(json) {
            Ok(_) => "accepted",
            Err(ViewError::Shape { .. }) => "shape",
            Err(ViewError::Invalid { .. }) => "invalid",
            Err(ViewError::Path { .. }) => "path",
            Err(ViewError::Unsupported { .. }) => "unsupported",
            Err(ViewError::Batch { .. }) => "batch",
        };
        assert_eq!(found, *wanted, "{change}");
    }
    assert!(parse(json!({})).is_err() && parse(json!([])).is_err());
}

#[test]
fn too_much() {
    let nested = (0..100).fold(
        json!({"column": [{"name": "a", "path": "id"}]}),
        |inner, _| json!({"select": [inner]}),
    );
    assert!(parse(json!({"resource": "Patient", "select": [nested]})).is_err());
    let many: Vec<_> = (0..1001)
        .map(|n| json!({"name": format!("c{n}"), "path": "id"}))
        .collect();
    assert!(parse(json!({"resource": "Patient", "select": columns(json!(many))})).is_err());
    assert!(ViewDefinition::parse(" ".repeat((1 << 20) + 1).as_bytes()).is_err());
    for text in ["", "{", "null", "\u{feff}{}"] {
        assert!(matches!(
            ViewDefinition::parse(text.as_bytes()),
            Err(ViewError::Shape { .. })
        ));
    }
}

#[test]
fn messages() {
    let view = |path: &str, kind: &str| {
        parse(json!({"name": "v", "resource": "Patient",
            "select": columns(json!([{"name": "c", "path": path, "type": kind}]))}))
    };
    let said = |result: Result<ViewDefinition, ViewError>| result.unwrap_err().to_string();
    let unsupported = said(view("a.count()", "integer"));
    expect![
        "view `v`, select[0].column[0].path: `a.count()`, at byte 2: the function `count()` \
        is not supported; write the view without it"
    ]
    .assert_eq(&unsupported);
    expect![
        "view `v`, select[0].column[0].path: `name[`, at byte 5: a name is wanted here; \
        correct the path"
    ]
    .assert_eq(&said(view("name[", "string")));
    let twice = json!([{"name": "c", "path": "id"}, {"name": "c", "path": "id"}]);
    let twice = parse(json!({"name": "v", "resource": "Patient", "select": columns(twice)}));
    expect!["view `v`, select: there are two columns `c`; correct the definition"]
        .assert_eq(&said(twice));
    let strange = parse(json!({"resource": "Patient", "select": [
        {"column": [{"name": "a", "path": "id"}]},
        {"unionAll": [{"select": [{"column": [{"name": "b", "path": "id", "kind": 1}]}]}]}]}));
    expect![
        "view definition, select[1].unionAll[0].select[0].column[0].kind: the standard has no \
        such key; correct the file"
    ]
    .assert_eq(&said(strange));
    let cut = ViewDefinition::parse(b"{\n\"name\": }");
    expect!["view definition: expected value at line 2 column 9; correct the file"]
        .assert_eq(&said(cut));
    let record = r#"{"resourceType":"Patient","id":"p","gender":"other"}"#;
    let error = super::value("gender", "integer", record).unwrap_err();
    expect![[r#"view `v`, column `c`: declared integer, found text; correct one"#]]
        .assert_eq(&error.to_string());
}
