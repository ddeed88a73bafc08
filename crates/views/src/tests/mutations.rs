//! Mutated records and definitions: whatever the bytes are, there is an answer and no panic.

use proptest::prelude::*;
use proptest::sample::Index;

use super::data;
use crate::{Limits, Program, Resource, ViewDefinition};

/// Definitions and a record of each one's type, to start from.
const SEEDS: [(&str, &str); 7] = [
    (
        include_str!("views/patient.json"),
        r#"{"resourceType":"Patient","id":"p","gender":"female","birthDate":"1980-02",
        "deceasedDateTime":"2020-01-01T10:00:00+01:00","identifier":[{"system":"s","value":"v"}],
        "address":[{"postalCode":"75001","state":"IDF","country":"FR"}],"extension":[
        {"url":"http://synthetichealth.github.io/synthea/quality-adjusted-life-years",
         "valueDecimal":53.69437199788911}]}"#,
    ),
    (
        include_str!("views/encounter.json"),
        r#"{"resourceType":"Encounter","id":"e","class":{"code":"AMB"},"type":[{"coding":[
        {"system":"http://snomed.info/sct","code":"185345009"}]}],"subject":{"reference":
        "Patient/p"},"period":{"start":"1985-06-18T17:30:49-04:00","end":"1985-06-19"}}"#,
    ),
    (
        include_str!("views/condition.json"),
        r#"{"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"code":"active"}]},
        "code":{"coding":[{"system":"s","code":"40055000"}],"text":"caf\u00e9 \"x\" \ud83d\ude00"},
        "subject":{"reference":"Patient/p"},"onsetDateTime":"1985-06-18","recordedDate":"1985"}"#,
    ),
    (
        include_str!("views/observation.json"),
        r#"{"resourceType":"Observation","id":"o","status":"final","category":[{"coding":[
        {"code":"vital-signs"}]}],"code":{"coding":[{"system":"urn:loinc","code":"85354-9"}]},
        "subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},
        "effectiveDateTime":"2011-02-02T16:30:49-05:00","component":[{"code":{"coding":[
        {"code":"8462-4"}]},"valueQuantity":{"value":81.20,"code":"mm[Hg]"}},{"code":{"coding":[
        {"code":"8480-6"}]},"valueQuantity":{"value":-1.5E2,"code":"mm[Hg]"}},null]}"#,
    ),
    (
        include_str!("views/medication_request.json"),
        r#"{"resourceType":"MedicationRequest","id":"m","status":"stopped","intent":"order",
        "medicationCodeableConcept":{"coding":[{"system":"r","code":"313782"}]},"subject":
        {"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},"authoredOn":"2017"}"#,
    ),
    (
        include_str!("views/procedure.json"),
        r#"{"resourceType":"Procedure","id":"r","status":"completed","code":{"coding":[{"code":
        "430193006"}]},"subject":{"reference":"Patient/p"},"performedPeriod":{"start":"2013"}}"#,
    ),
    (
        include_str!("views/immunization.json"),
        r#"{"resourceType":"Immunization","id":"i","status":"completed","vaccineCode":{"coding":
        [{"code":"140"}]},"patient":{"reference":"Patient/p"},"occurrenceDateTime":"2011"}"#,
    ),
];

/// What is put in: what JSON and FHIRPath trip over.
const PIECES: [&str; 40] = [
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-",
    "1e9",
    "99999999999999999999",
    "0.1",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\u{0}",
    "\u{7f}",
    "é",
    "[[[[[[[[",
    "{\"a\":",
    ".",
    "(",
    ")",
    "'",
    "%",
    "$this",
    "where(",
    ".first()",
    ".exists()",
    "ofType(",
    "getReferenceKey()",
    " = ",
    " and ",
    "\"id\":\"x\",",
    "\"resourceType\":1,",
    "\"value\":[1,\"2\",{}],",
    "forEach",
    "\"collection\":true,",
];

/// One change of a text, at a place that is scaled to its length.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Insert(Index, usize),
    Remove(Index, Index),
    Repeat(Index, Index, u8),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        (any::<Index>(), 0..PIECES.len()).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Remove(from, to)),
        (any::<Index>(), any::<Index>(), 2_u8..5)
            .prop_map(|(from, to, times)| Change::Repeat(from, to, times)),
    ];
    proptest::collection::vec(change, 1..6)
}

fn changed(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let places = bytes.len();
        // Short ranges: most changes should leave something to read.
        let range = |from: &Index, to: &Index| {
            let from = from.index(places);
            from..(from + to.index(24)).min(places)
        };
        match change {
            Change::Byte(at, byte) => bytes[at.index(places)] = *byte,
            Change::Insert(at, piece) => {
                let at = at.index(places);
                bytes.splice(at..at, PIECES[*piece].bytes());
            }
            Change::Remove(from, to) => {
                bytes.drain(range(from, to));
            }
            Change::Repeat(from, to, times) => {
                let range = range(from, to);
                let copy = bytes[range.clone()].repeat(usize::from(*times));
                bytes.splice(range, copy);
            }
        }
    }
    bytes
}

/// Pushes and checks that rows are counted, rolled back and written as they should be.
fn run(program: &mut Program, bytes: &[u8]) {
    let before = program.rows();
    let mut copy = Vec::new();
    let Ok(resource) = Resource::parse(bytes, &mut copy, &Limits::default()) else {
        return;
    };
    let added = program.push(&resource).unwrap_or(0);
    assert_eq!(program.rows(), before + added);
    assert!(
        resource
            .text(&["meta", "lastUpdated"])
            .is_none_or(|text| !text.contains('\0'))
    );
    assert!(resource.identifiers().count() < 100_000);
}

fn config() -> ProptestConfig {
    let cases = data::rounds(256);
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn records(seed in 0..SEEDS.len(), all in proptest::collection::vec(changes(), 1..8)) {
        let (view, record) = SEEDS[seed];
        let mut program = ViewDefinition::parse(view.as_bytes()).unwrap().compile().unwrap();
        for changes in &all {
            run(&mut program, &changed(record, changes));
        }
        run(&mut program, record.as_bytes());
        let rows = program.rows();
        prop_assert!(rows > 0);
        prop_assert_eq!(program.finish().unwrap().num_rows(), rows);
    }

    #[test]
    fn definitions(seed in 0..SEEDS.len(), changes in changes()) {
        let (view, record) = SEEDS[seed];
        if let Ok(view) = ViewDefinition::parse(&changed(view, &changes)) {
            let mut program = view.compile().unwrap();
            run(&mut program, record.as_bytes());
            prop_assert_eq!(program.finish().unwrap().num_columns(), view.columns().len());
        }
    }

    /// Paths of pieces that fit each other now and then.
    #[test]
    fn paths(seed in 0..SEEDS.len(), pieces in proptest::collection::vec(0..WORDS.len(), 1..12)) {
        let path: String = pieces.iter().map(|piece| WORDS[*piece]).collect();
        for kind in ["string", "boolean", "decimal"] {
            let (_, record) = SEEDS[seed];
            let resource = record.split('"').nth(3).unwrap();
            let json = serde_json::json!({"resource": resource, "select": [
                {"forEachOrNull": path, "column": [{"name": "a", "path": "$this"}]},
                {"column": [{"name": "c", "path": path, "type": kind}]}]});
            if let Ok(view) = ViewDefinition::parse(json.to_string().as_bytes()) {
                run(&mut view.compile().unwrap(), record.as_bytes());
            }
        }
    }

    /// Any record that is read is JSON to another reader too, and the other way round, but for
    /// what is refused on purpose.
    #[test]
    fn another_reader_agrees(seed in 0..SEEDS.len(), changes in changes()) {
        let bytes = changed(SEEDS[seed].1, &changes);
        let other = serde_json::from_slice::<serde_json::Value>(&bytes);
        let mut copy = Vec::new();
        let own = Resource::parse(&bytes, &mut copy, &Limits::default());
        match own.map(|_| ()).map_err(|error| error.code()) {
            Ok(()) => prop_assert!(other.is_ok()),
            // A number out of range, a missing type, a duplicate and a NUL are JSON.
            Err("invalid-number" | "not-a-resource" | "duplicate-key" | "nul-character") => {}
            Err(_) => prop_assert!(other.is_err()),
        }
    }
}

const WORDS: [&str; 32] = [
    "id",
    "code",
    "coding",
    "subject",
    "component",
    "value",
    "period",
    "extension('x')",
    ".",
    ".",
    ".",
    ".",
    "[0]",
    ".first()",
    ".exists()",
    ".empty()",
    ".not()",
    ".where(",
    ")",
    "(",
    "ofType(Quantity)",
    "ofType(boolean)",
    ".value",
    " = ",
    " < ",
    " and ",
    " or ",
    "$this",
    "1",
    "'a'",
    ".join(',')",
    ".getReferenceKey(Patient)",
];
