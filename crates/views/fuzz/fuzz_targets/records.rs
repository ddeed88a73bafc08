//! Any bytes as a record, through views that use all of the language.
#![no_main]

use lazaret_views::{Limits, Program, Resource, ViewDefinition};
use libfuzzer_sys::fuzz_target;

/// Views of the types that the corpus has.
const VIEWS: [&str; 3] = [
    r#"{"resource": "Patient", "constant": [{"name": "day", "valueDate": "2000-02-29"}], "select": [
        {"column": [{"name": "key", "path": "getResourceKey()", "type": "id"},
            {"name": "born", "path": "birthDate.lowBoundary()", "type": "date"},
            {"name": "young", "path": "birthDate > %day", "type": "boolean"},
            {"name": "why", "path": "birthDate.extension('w').value.ofType(string)"},
            {"name": "given", "path": "name.given", "type": "string", "collection": true},
            {"name": "all", "path": "name.given.join(' ') & '.'", "type": "string"}]},
        {"forEachOrNull": "name.where(use = 'official' or family.exists())", "column": [
            {"name": "index", "path": "%rowIndex", "type": "integer"},
            {"name": "family", "path": "family", "type": "string"}]}]}"#,
    r#"{"resource": "Observation", "where": [{"path": "status != 'entered-in-error'"}], "select": [
        {"column": [{"name": "person", "path": "subject.getReferenceKey(Patient)", "type": "id"},
            {"name": "at", "path": "effective.ofType(dateTime).highBoundary()", "type": "dateTime"},
            {"name": "code", "path": "code.coding.first().code", "type": "code"},
            {"name": "text", "path": "value.ofType(Quantity).value", "type": "decimal"},
            {"name": "double", "path": "value.ofType(Quantity).value", "type": "decimal",
             "tag": [{"name": "ansi/type", "value": "DOUBLE"}]},
            {"name": "half", "path": "value.ofType(Quantity).value / 2 - 1.50 * 3"}]},
        {"unionAll": [{"forEach": "component", "column": [{"name": "x", "path": "code.text"}]},
            {"forEach": "note", "column": [{"name": "x", "path": "text"}]}]}]}"#,
    r#"{"resource": "QuestionnaireResponse", "select": [
        {"repeat": ["item", "answer.item"], "column": [
            {"name": "index", "path": "%rowIndex", "type": "integer"},
            {"name": "link", "path": "linkId", "type": "string"},
            {"name": "values", "path": "answer.value.ofType(decimal)", "type": "decimal",
             "collection": true}]}]}"#,
];

fuzz_target!(|data: &[u8]| {
    let other = serde_json::from_slice::<serde_json::Value>(data);
    let mut copy = Vec::new();
    let resource = match Resource::parse(data, &mut copy, &Limits::default()) {
        Ok(resource) => resource,
        Err(error) => {
            // A number out of range, a missing type, a duplicate, a NUL and depth are JSON.
            let on_purpose = matches!(
                error.code(),
                "invalid-number"
                    | "not-a-resource"
                    | "duplicate-key"
                    | "nul-character"
                    | "too-deep"
            );
            assert!(on_purpose || other.is_err(), "JSON is refused: {error}");
            return;
        }
    };
    let other = other.expect("what is read is JSON");
    assert_eq!(
        Some(resource.resource_type()),
        other["resourceType"].as_str()
    );
    assert_eq!(resource.id(), other["id"].as_str());
    for view in VIEWS {
        let view = ViewDefinition::parse(view.as_bytes()).expect("the view is fine");
        let mut program: Program = view.compile().expect("what parses compiles");
        let rows = program.push(&resource).unwrap_or_default();
        assert_eq!(rows, program.rows());
        assert_eq!(program.finish().expect("columns fit").num_rows(), rows);
    }
});
