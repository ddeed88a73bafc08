//! Whom a reference names, and whom a record with it is about.

use lazaret_pseudonym::{Identities, RawIdentifier};
use serde_json::{Value, json};

use super::fixture::{Night, keys, shipped};
use crate::reference::{Reference, Subject};

const NIR: &str = "urn:oid:1.2.250.1.213.1.4.8";
const SECOND: &str = "https://github.com/synthetichealth/synthea";
const UUID: &str = "0b3ad3a5-6c1f-4a54-9d3a-2f8d8c1e7b10";

fn of<'a>(literal: &'a str, base: Option<&str>) -> Subject<'a> {
    let reference = Reference {
        literal: Some(literal),
        ..Reference::default()
    };
    reference.subject(base)
}

#[test]
fn a_literal_reference_names_a_patient_something_else_or_nobody() {
    use Subject::{Elsewhere, NotAPerson, Patient, Unknown};
    let base = Some("https://ehr.example/fhir");
    for (reference, expected) in [
        ("Patient/1", Patient("1")),
        ("Patient/a-b.C", Patient("a-b.C")),
        ("Patient/1/_history/2", Patient("1")),
        ("https://ehr.example/fhir/Patient/1", Patient("1")),
        (
            "https://ehr.example/fhir/Patient/1/_history/3",
            Patient("1"),
        ),
        (
            "urn:uuid:0b3ad3a5-6c1f-4a54-9d3a-2f8d8c1e7b10",
            Patient(UUID),
        ),
        ("Group/1", NotAPerson),
        ("Device/1", NotAPerson),
        ("Location/1", NotAPerson),
        ("Medication/1", NotAPerson),
        ("https://ehr.example/fhir/Group/1", NotAPerson),
        ("https://other.example/fhir/Device/1", NotAPerson),
        ("https://other.example/fhir/Device/1/_history/1", NotAPerson),
        ("https://other.example/fhir/Patient/1", Elsewhere),
        ("https://other.example/fhir/Patient/1/_history/1", Elsewhere),
        ("https://ehr.example/fhirPatient/1", Unknown),
        ("https://ehr.example/fhir2/Patient/1", Elsewhere),
        ("Practitioner/1", Unknown),
        ("RelatedPerson/1", Unknown),
        ("https://other.example/fhir/Practitioner/1", Unknown),
        ("https://other.example", Unknown),
        ("Patient", Unknown),
        ("Patient/", Unknown),
        ("Patient//1", Unknown),
        ("Patient/1/", Unknown),
        ("Patient/1/_history", Unknown),
        ("Patient/1/_history/2/3", Unknown),
        ("Patient/1/other/2", Unknown),
        ("patient/1", Unknown),
        ("#p", Unknown),
        ("#Patient/1", Unknown),
        ("urn:uuid:0b3a", Unknown),
        ("urn:uuid:0b3ad3a5-6c1f-4a54-9d3a-2f8d8c1e7b1/", Unknown),
        ("urn:oid:1.2.3", Unknown),
        ("", Unknown),
    ] {
        assert_eq!(of(reference, base), expected, "{reference}");
    }
    assert_eq!(of("https://ehr.example/fhir/Patient/1", None), Elsewhere);
    assert_eq!(
        of("https://a.b/Patient/1", Some("https://a.b/")),
        Patient("1")
    );
}

#[test]
fn a_conditional_reference_names_a_patient_by_identifier_alone() {
    let identified = |system: &str, value: &str| Subject::Identified {
        system: system.to_owned().into(),
        value: value.to_owned().into(),
    };
    for (query, expected) in [
        ("identifier=urn:oid:1.2|7", identified("urn:oid:1.2", "7")),
        (
            "identifier=https%3A%2F%2Fa%7C7%2b8",
            identified("https://a", "7+8"),
        ),
        ("identifier=|7", Subject::Unknown),
        ("identifier=7", Subject::Unknown),
        ("identifier=a|", Subject::Unknown),
        ("identifier=a|1&active=true", Subject::Unknown),
        ("identifier=a|%zz", Subject::Unknown),
        ("identifier=a|%7", Subject::Unknown),
        ("identifier=a|%ff", Subject::Unknown),
        ("name=a|1", Subject::Unknown),
    ] {
        assert_eq!(of(&format!("Patient?{query}"), None), expected, "{query}");
        let absolute = format!("https://a.b/Patient?{query}");
        assert_eq!(of(&absolute, Some("https://a.b")), expected, "{query}");
    }
    assert_eq!(of("Device?identifier=a|1", None), Subject::Unknown);
}

#[test]
fn an_identifier_counts_where_the_literal_leads_nowhere() {
    let full = Reference {
        literal: None,
        kind: None,
        system: Some("s"),
        value: Some("v"),
    };
    let identified = || Subject::Identified {
        system: "s".into(),
        value: "v".into(),
    };
    let literal = |literal| Reference {
        literal: Some(literal),
        ..full
    };
    assert_eq!(full.subject(None), identified());
    assert_eq!(literal("Patient/1").subject(None), Subject::Patient("1"));
    assert_eq!(literal("#p").subject(None), identified());
    assert_eq!(literal("https://x.y/Patient/1").subject(None), identified());
    let of_type = |kind| Reference {
        kind: Some(kind),
        ..full
    };
    assert_eq!(of_type("Patient").subject(None), identified());
    assert_eq!(of_type("Group").subject(None), Subject::NotAPerson);
    assert_eq!(of_type("Practitioner").subject(None), Subject::Unknown);
    let without = Reference {
        value: None,
        ..full
    };
    assert_eq!(without.subject(None), Subject::Unknown);
    assert_eq!(Reference::default().subject(None), Subject::Unknown);
}

pub(super) fn patient(id: &str, identifiers: &[(&str, &str)]) -> String {
    let identifiers = identifiers.iter();
    let identifiers = identifiers.map(|(system, value)| json!({"system": system, "value": value}));
    let identifiers: Vec<_> = identifiers.collect();
    json!({"resourceType": "Patient", "id": id, "identifier": identifiers}).to_string()
}

pub(super) fn condition(id: &str, subject: &Value) -> String {
    json!({"resourceType": "Condition", "id": id, "subject": subject}).to_string()
}

pub(super) fn person(system: &str, value: &str) -> i64 {
    let identifier = RawIdentifier::new(system, value.to_owned());
    keys().person(&identifier.ok().unwrap()).get()
}

pub(super) fn local(id: &str) -> i64 {
    keys().person(&RawIdentifier::local(id).ok().unwrap()).get()
}

#[test]
fn every_kind_of_reference_finds_its_person() {
    let by_identifier = |system, value| json!({"identifier": {"system": system, "value": value}});
    let subjects = [
        (json!({"reference": "Patient/a"}), Ok(person(NIR, "1"))),
        (
            json!({"reference": "Patient/a/_history/9"}),
            Ok(person(NIR, "1")),
        ),
        (
            json!({"reference": "https://ehr.example/fhir/Patient/a"}),
            Ok(person(NIR, "1")),
        ),
        (
            json!({"reference": format!("urn:uuid:{UUID}")}),
            Ok(person(NIR, "2")),
        ),
        (by_identifier(NIR, " 1 "), Ok(person(NIR, "1"))),
        // The patient has an identifier of an earlier system too, which names it.
        (by_identifier(SECOND, "one"), Ok(person(NIR, "1"))),
        (
            by_identifier(SECOND, "nobody yet"),
            Ok(person(SECOND, "nobody yet")),
        ),
        (
            json!({"reference": format!("Patient?identifier={NIR}|2")}),
            Ok(person(NIR, "2")),
        ),
        (
            json!({"reference": format!("Patient?identifier={NIR}%7C2")}),
            Ok(person(NIR, "2")),
        ),
        (
            json!({"reference": "#p", "identifier": {"system": NIR, "value": "1"}}),
            Ok(person(NIR, "1")),
        ),
        (
            json!({"reference": "#p"}),
            Err("the record names no patient"),
        ),
        (
            by_identifier("urn:oid:9", "1"),
            Err("the record names a patient by an identifier of another system"),
        ),
        (
            json!({"identifier": {"system": NIR, "value": " "}}),
            Err("the record names a patient by an identifier of another system"),
        ),
        (
            json!({"reference": "https://other.example/fhir/Patient/a"}),
            Err("the record names a patient of another server"),
        ),
        (
            json!({"display": "Patient/a"}),
            Err("the record names no patient"),
        ),
        (
            json!([{"reference": "Patient/a"}]),
            Err("the record names no patient"),
        ),
        (Value::Null, Err("the record names no patient")),
    ];
    let lines: Vec<_> = subjects
        .iter()
        .enumerate()
        .map(|(n, (subject, _))| condition(&n.to_string(), subject))
        .collect();
    let patients = [
        patient("a", &[(SECOND, "one"), (NIR, "1")]),
        patient(UUID, &[(NIR, "2")]),
    ];
    let night = Night::new(&[
        ("Condition.ndjson", &lines.join("\n")),
        ("Patient.ndjson", &patients.join("\n")),
        (
            "manifest.json",
            "{\"transactionTime\":\"2025-06-01T00:00:00Z\",\
              \"request\":\"https://ehr.example/fhir/$export\"}",
        ),
    ]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<_> = subjects
        .iter()
        .filter_map(|(_, person)| person.ok())
        .collect();
    assert_eq!(got.numbers("condition", "person_id"), found);
    let reasons: Vec<_> = night
        .entries()
        .into_iter()
        .map(|entry| entry.reason)
        .collect();
    let expected: Vec<_> = subjects
        .iter()
        .filter_map(|(_, person)| person.err())
        .collect();
    assert_eq!(reasons, expected);
    let report = &got.end.report;
    assert_eq!((report.persons.new, report.persons.provisional), (2, 1));
    assert!(report.files.iter().all(crate::FileReport::reconciles));
}

#[test]
fn a_person_named_by_an_identifier_before_its_patient_comes_is_the_same() {
    let by = |system, value| json!({"identifier": {"system": system, "value": value}});
    let conditions = [
        condition("1", &by(NIR, "1")),
        condition("2", &by(SECOND, "one")),
    ];
    let night = Night::new(&[("Condition.ndjson", &conditions.join("\n"))]);
    let first = night.run(&shipped()).ok().unwrap();
    let expected = [person(NIR, "1"), person(SECOND, "one")];
    assert_eq!(first.numbers("condition", "person_id"), expected);
    assert_eq!(first.end.report.persons.provisional, 2);
    // One person has both identifiers: what the second named moves to the first's person.
    let next = Night::new(&[
        (
            "Patient.ndjson",
            &patient("a", &[(NIR, "1"), (SECOND, "one")]),
        ),
        ("Condition.ndjson", &conditions.join("\n")),
    ]);
    let second = next
        .run_with(&shipped(), first.end.identities)
        .ok()
        .unwrap();
    assert_eq!(
        second.numbers("condition", "person_id"),
        [person(NIR, "1"); 2]
    );
    assert_eq!(
        second.numbers("person", "person_id"),
        [person(NIR, "1")],
        "its first record"
    );
    let persons = &second.end.report.persons;
    assert_eq!(
        (persons.new, persons.moved, persons.second_records),
        (1, 1, 0)
    );
    assert_eq!(persons.provisional, 0);
    let path = next.folder.path().join("identities");
    second.end.identities.save(&path).unwrap();
    let third = Night::new(&[("Condition.ndjson", &condition("3", &by(SECOND, "ONE")))]);
    let third = third
        .run_with(&shipped(), Identities::load(&path).unwrap())
        .ok()
        .unwrap();
    assert_eq!(third.numbers("condition", "person_id"), [person(NIR, "1")]);
}

#[test]
fn what_people_write_into_display_is_neither_used_nor_kept() {
    let canary = "CANARY 1 85 05 78 006 084";
    let subject = json!({"reference": "Patient/a", "display": canary});
    let nobody = json!({"display": canary, "identifier": {"system": NIR, "value": ""}});
    let lines = [condition("1", &subject), condition("2", &nobody)].join("\n");
    let night = Night::new(&[
        ("Condition.ndjson", &lines),
        ("Patient.ndjson", &patient("a", &[(NIR, "1")])),
    ]);
    let got = night.run(&shipped()).ok().unwrap();
    assert_eq!(got.numbers("condition", "person_id"), [person(NIR, "1")]);
    assert_eq!(night.codes(), [(2, "no-person".to_owned())]);
    let rows = format!("{:?}", got.tables);
    let report = serde_json::to_string(&got.end.report).unwrap();
    let entries = format!("{:?}", night.entries());
    assert!(
        ![rows, report, entries]
            .iter()
            .any(|text| text.contains("CANARY"))
    );
}

#[test]
fn a_thousand_records_with_one_id_are_each_counted() {
    let lines: Vec<_> = (0..1000)
        .map(|_| condition("same", &json!({"reference": "Patient/a"})))
        .collect();
    let patients: Vec<_> = (0..1000)
        .map(|n| patient("a", &[(NIR, &n.to_string())]))
        .collect();
    let night = Night::new(&[
        ("Condition.ndjson", &lines.join("\n")),
        ("Patient.ndjson", &(patients.join("\n") + "\n")),
    ]);
    let got = night.run(&shipped()).ok().unwrap();
    let report = &got.end.report;
    assert_eq!(report.files[0].read, 1000);
    assert!(report.files.iter().all(crate::FileReport::reconciles));
    // The last of them counts: the lake keeps one row, by the resource.
    assert_eq!(
        got.numbers("condition", "person_id"),
        [person(NIR, "999"); 1000]
    );
    assert_eq!(
        got.numbers("person", "person_id"),
        [person(NIR, "999"); 1000]
    );
    assert_eq!((report.persons.new, report.persons.moved), (1, 999));
    let resource = keys().resource("Condition", "same");
    assert_eq!(got.numbers("condition", "_resource"), [resource; 1000]);
}

#[test]
fn a_device_of_nobody_is_not_a_person_and_anything_else_of_nobody_cannot_go_in() {
    let lines = |kind: &str| {
        let own = json!({"resourceType": kind, "id": "a"});
        let of = json!({"resourceType": kind, "id": "b", "patient": {"reference": "#p"}});
        format!("{own}\n{of}\n")
    };
    let (devices, allergies) = (lines("Device"), lines("AllergyIntolerance"));
    let night = Night::new(&[
        ("AllergyIntolerance.ndjson", &allergies),
        ("Device.ndjson", &devices),
    ]);
    let got = night.run(&shipped()).unwrap_or_else(|e| panic!("{e}"));
    let [allergy, device] = got.end.report.files.as_slice() else {
        panic!("two files were read");
    };
    assert_eq!(
        (device.not_a_person, device.quarantined["no-person"]),
        (1, 1)
    );
    assert_eq!(
        (allergy.not_a_person, allergy.quarantined["no-person"]),
        (0, 2)
    );
}
