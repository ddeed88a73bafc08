//! Records whose person is not known: both fallbacks, and what becomes of those that wait.

use std::fs;
use std::path::{Path, PathBuf};

use lazaret_pseudonym::Identities;
use serde_json::{Value, json};

use super::fixture::{Got, Night, custom, shipped};
use super::references::{condition, local, patient, person};
use crate::Pipeline;

const NIR: &str = "urn:oid:1.2.250.1.213.1.4.8";

/// The pipeline that ships, with records of unknown persons waiting for them.
fn waiting() -> Pipeline {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/fhir-r4");
    let toml = fs::read_to_string(dir.join("pipeline.toml")).unwrap();
    let toml = toml.replace("fallback = \"local-id\"", "fallback = \"pending\"");
    let views: Vec<_> = fs::read_dir(dir.join("views"))
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    let views: Vec<_> = views
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    custom(&toml, &views)
        .1
        .unwrap_or_else(|error| panic!("{error}"))
}

fn by_id(id: &str) -> Value {
    json!({"reference": format!("Patient/{id}")})
}

fn run(night: &Night, identities: Identities) -> Got {
    let got = night.run_with_pending(&waiting(), identities);
    got.unwrap_or_else(|error| panic!("{error}"))
}

/// The files of pending records.
fn files(night: &Night) -> Vec<PathBuf> {
    let dir = night.folder.path().join("pending/fhir-r4");
    let Ok(found) = fs::read_dir(dir) else {
        return Vec::new();
    };
    found.map(|file| file.unwrap().path()).collect()
}

#[test]
fn a_record_waits_for_its_person_and_goes_in_when_the_patient_was_read() {
    let night = Night::new(&[
        ("Patient.ndjson", &patient("a", &[(NIR, "1")])),
        (
            "Condition.ndjson",
            &[
                condition("1", &by_id("a")),
                condition("2", &by_id("late")),
                condition("3", &by_id("never")),
                condition("4", &json!({"identifier": {"system": NIR, "value": "7"}})),
                condition("5", &json!({"reference": "Device/d"})),
            ]
            .join("\n"),
        ),
        (
            "manifest.json",
            "{\"transactionTime\":\"2025-06-01T00:00:00Z\"}",
        ),
    ]);
    let first = run(&night, Identities::new());
    assert_eq!(first.numbers("condition", "person_id"), [person(NIR, "1")]);
    let report = &first.end.report;
    let file = &report.files[1];
    assert_eq!(
        (file.read, file.accepted, file.pending, file.not_a_person),
        (5, 1, 3, 1)
    );
    assert_eq!((report.pending(), report.quarantined()), (3, 0));
    assert_eq!((report.persons.new, report.persons.provisional), (1, 0));
    assert!(
        report
            .page()
            .contains("<b>3 resources wait</b> for a patient who has not come")
    );
    let told = crate::metrics(std::slice::from_ref(report));
    assert!(told.contains("lazaret_run_pending_resources{pipeline=\"fhir-r4\",dataset="));
    assert!(report.files.iter().all(crate::FileReport::reconciles));
    assert_eq!(first.touched.len(), 3, "what waits supersedes nothing");
    assert_eq!((night.entries(), files(&night).len()), (vec![], 1));
    let sealed = fs::read(&files(&night)[0]).unwrap();
    assert!(
        !sealed.windows(7).any(|window| window == b"Patient"),
        "encrypted"
    );
    first.end.retried.settle().unwrap();

    night.replace(&[
        ("Patient.ndjson", &patient("late", &[(NIR, "7")])),
        (
            "manifest.json",
            "{\"transactionTime\":\"2025-07-01T00:00:00Z\"}",
        ),
    ]);
    let second = run(&night, first.end.identities);
    assert_eq!(
        second.numbers("condition", "person_id"),
        [person(NIR, "7"); 2]
    );
    assert_eq!(
        second.numbers("condition", "_updated"),
        [1_748_736_000_000_000; 2],
        "the time of their own export"
    );
    let file = &second.end.report.files[1];
    assert_eq!(file.name, "pending");
    assert_eq!((file.read, file.accepted, file.pending), (3, 2, 1));
    assert!(file.reconciles());
    assert_eq!(
        files(&night).len(),
        2,
        "nothing is lost before the night is published"
    );
    second.end.retried.settle().unwrap();
    assert_eq!(files(&night).len(), 1);

    night.replace(&[
        (
            "manifest.json",
            "{\"transactionTime\":\"2025-08-01T00:00:00Z\"}",
        ),
        ("Patient.ndjson", ""),
    ]);
    let third = run(&night, second.end.identities);
    assert!(third.tables.is_empty());
    let file = &third.end.report.files[1];
    assert_eq!((file.read, file.pending), (1, 1), "it is tried for ever");
    third.end.retried.settle().unwrap();
    assert_eq!(files(&night).len(), 1);
}

#[test]
fn a_rerun_of_a_night_that_was_not_published_keeps_what_waits_once() {
    let night = Night::new(&[("Condition.ndjson", &condition("1", &by_id("x")))]);
    let first = run(&night, Identities::new());
    assert_eq!(first.end.report.pending(), 1);
    let again = run(&night, Identities::new());
    let counts: Vec<_> = again
        .end
        .report
        .files
        .iter()
        .map(|file| file.pending)
        .collect();
    assert_eq!((counts, files(&night).len()), (vec![1], 1));
    night.replace(&[("Patient.ndjson", &patient("x", &[]))]);
    let next = run(&night, Identities::new());
    assert_eq!(next.numbers("condition", "person_id"), [local("x")]);
    assert_eq!(next.end.report.pending(), 0);
    // A crash before it is settled: they are tried again, and the lake knows their rows.
    let next = run(&night, Identities::new());
    assert_eq!(next.numbers("condition", "person_id"), [local("x")]);
    next.end.retried.settle().unwrap();
    assert!(files(&night).is_empty());
}

#[test]
fn what_was_deleted_while_it_waited_does_not_go_in() {
    let conditions = [condition("1", &by_id("x")), condition("2", &by_id("x"))];
    let night = Night::new(&[("Condition.ndjson", &conditions.join("\n"))]);
    let first = run(&night, Identities::new());
    night.replace(&[
        ("Patient.ndjson", &patient("x", &[])),
        (
            "deleted/d.ndjson",
            "{\"resourceType\":\"Bundle\",\"entry\":[{\"request\":\
              {\"method\":\"DELETE\",\"url\":\"Condition/1\"}}]}",
        ),
        (
            "manifest.json",
            "{\"transactionTime\":\"2026-07-01T00:00:00Z\",\
              \"deleted\":[{\"type\":\"Bundle\",\"url\":\"d.ndjson\"}]}",
        ),
    ]);
    let got = run(&night, first.end.identities);
    let resource = super::fixture::keys().resource("Condition", "2");
    assert_eq!(got.numbers("condition", "_resource"), [resource]);
    let file = &got.end.report.files[1];
    assert_eq!((file.read, file.accepted, file.filtered), (2, 1, 1));
    assert_eq!(got.end.deleted.len(), 1);
}

#[test]
fn what_waits_and_is_damaged_goes_to_quarantine_when_it_is_tried() {
    let line = "{\"resourceType\":\"Condition\",\"id\":\"1\",\
        \"subject\":{\"reference\":\"Patient/x\"},\"recordedDate\":\"2024-02-30\"}";
    let night = Night::new(&[("Condition.ndjson", line)]);
    let first = run(&night, Identities::new());
    assert_eq!((first.end.report.pending(), night.entries().len()), (1, 0));
    night.replace(&[("Patient.ndjson", &patient("x", &[]))]);
    let got = run(&night, first.end.identities);
    assert_eq!(night.codes(), [(1, "impossible-date".to_owned())]);
    assert!(got.end.report.files[1].reconciles());
}

#[test]
fn another_key_does_not_open_what_waits() {
    let night = Night::new(&[("Condition.ndjson", &condition("1", &by_id("x")))]);
    run(&night, Identities::new());
    let other = Night::new(&[]);
    let folder = other.folder.path().join("pending/fhir-r4");
    fs::create_dir_all(&folder).unwrap();
    let path = files(&night).pop().unwrap();
    fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    other.replace(&[("Patient.ndjson", &patient("x", &[]))]);
    let refused = other.run_with_pending(&waiting(), Identities::new());
    let refused = refused.err().unwrap().to_string();
    assert!(
        refused.contains("cannot be decrypted with this key"),
        "{refused}"
    );
}

#[test]
fn with_the_local_id_as_fallback_nothing_waits() {
    let night = Night::new(&[("Condition.ndjson", &condition("1", &by_id("x")))]);
    let got = night.run(&shipped()).ok().unwrap();
    assert_eq!(got.numbers("condition", "person_id"), [local("x")]);
    assert_eq!((got.end.report.pending(), files(&night).len()), (0, 0));
    assert_eq!(got.end.report.persons.provisional, 1);
}

#[test]
fn what_waits_waits_for_its_own_pipeline() {
    let night = Night::new(&[("Condition.ndjson", &condition("1", &by_id("x")))]);
    let first = run(&night, Identities::new());
    night.replace(&[("Patient.ndjson", &patient("x", &[]))]);
    let columns = [
        super::fixture::SUBJECT,
        "code|code.coding.first().code|code|lazaret/treatment=keep",
    ];
    let view = super::fixture::view("Condition", &columns);
    let other = custom(&super::fixture::toml(""), &[("v.json", &view)])
        .1
        .unwrap();
    let got = night
        .run_with_pending(&other, Identities::new())
        .ok()
        .unwrap();
    assert!(got.tables.is_empty() && got.end.report.files.len() == 1);
    let got = run(&night, first.end.identities);
    assert_eq!(got.numbers("condition", "person_id"), [local("x")]);
}

#[test]
fn a_run_that_is_not_published_leaves_nothing_waiting() {
    let night = Night::new(&[("Condition.ndjson", &condition("1", &by_id("x")))]);
    let got = run(&night, Identities::new());
    assert_eq!(files(&night).len(), 1);
    got.end.retried.abandon().unwrap();
    assert!(files(&night).is_empty());
}

#[test]
fn a_record_of_quarantine_that_has_to_wait_waits_beside_all_of_it() {
    let night = Night::new(&[("Condition.ndjson", &condition("1", &by_id("x")))]);
    let inner = night.quarantine().within("retry-1").unwrap();
    let url = night.export();
    let got = super::fixture::run_at(&waiting(), url.to_str().unwrap(), Identities::new(), inner);
    assert_eq!(got.ok().unwrap().end.report.pending(), 1);
    assert_eq!(files(&night).len(), 1);
}
