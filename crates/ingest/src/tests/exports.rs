//! What counts as an export, and what does not.

use crate::manifest::{Manifest, time_in_log};
use crate::{Export, IngestError};

use super::fixture::{Got, Night, shipped};
use super::pieces::gzip;

const PATIENT: &str = "{\"resourceType\":\"Patient\",\"id\":\"p1\"}\n";

fn open(night: &Night) -> Result<Export, IngestError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(Export::open(&shipped(), night.export().to_str().unwrap()))
}

fn names(export: &Export) -> Vec<(&str, &str)> {
    export
        .files()
        .iter()
        .map(|f| (f.name.as_str(), f.resource_type.as_str()))
        .collect()
}

#[test]
fn files_are_known_by_their_names_and_patients_come_first() {
    let night = Night::new(&[
        ("Encounter.ndjson", ""),
        ("Claim.000.ndjson", ""),
        ("Patient.001.ndjson", PATIENT),
        ("Patient.000.ndjson.gz", ""),
        ("log.ndjson", "{}"),
        ("patient.ndjson", ""),
        ("Patient.json", ""),
        ("Patient.ndjson.bak", ""),
        ("Patient.a-b.ndjson", ""),
        ("notes.txt", ""),
    ]);
    night.write("Patient.000.ndjson.gz", &gzip(PATIENT.as_bytes()));
    let export = open(&night).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        names(&export),
        [
            ("Patient.000.ndjson.gz", "Patient"),
            ("Patient.001.ndjson", "Patient"),
            ("Claim.000.ndjson", "Claim"),
            ("Encounter.ndjson", "Encounter"),
        ]
    );
    let ignored = [
        "Patient.a-b.ndjson",
        "Patient.json",
        "Patient.ndjson.bak",
        "log.ndjson",
        "notes.txt",
        "patient.ndjson",
    ];
    assert_eq!(export.ignored, ignored);
}

#[test]
fn the_same_files_are_the_same_run() {
    let one = Night::new(&[("Patient.ndjson", PATIENT)]);
    let two = Night::new(&[("Patient.ndjson", PATIENT), ("readme.txt", "x")]);
    let three = Night::new(&[("Patient.ndjson", "{}\n")]);
    let four = Night::new(&[("Patient.0.ndjson", PATIENT)]);
    let runs: Vec<_> = [&one, &two, &three, &four]
        .map(|night| {
            open(night)
                .unwrap_or_else(|error| panic!("{error}"))
                .run()
                .clone()
        })
        .to_vec();
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert_ne!(runs[0], runs[3]);
}

#[test]
fn what_is_no_export_is_refused() {
    let empty = Night::new(&[]);
    assert!(
        open(&empty)
            .err()
            .unwrap()
            .to_string()
            .contains("no file is named `Type.ndjson`")
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let url = |url: &str| {
        runtime
            .block_on(Export::open(&shipped(), url))
            .err()
            .unwrap()
            .to_string()
    };
    assert!(url("/nonexistent/folder").starts_with("/nonexistent/folder: "));
    let file = Night::new(&[("Patient.ndjson", PATIENT)]);
    let path = file.export().join("Patient.ndjson");
    assert!(url(path.to_str().unwrap()).contains("not a folder"));
}

fn manifest(output: &str, deleted: &str) -> String {
    format!(
        "{{\"transactionTime\":\"2025-05-06T07:08:09Z\",\
         \"request\":\"https://ehr.example/fhir/Group/g1/$export?_type=Patient\",\
         \"requiresAccessToken\":true,\"output\":[{output}],\"deleted\":[{deleted}],\"error\":[]}}"
    )
}

#[test]
fn a_manifest_gives_time_types_counts_and_deletions() {
    let night = Night::new(&[
        ("1.ndjson", PATIENT),
        (
            "manifest.json",
            &manifest(
                "{\"type\":\"Patient\",\"url\":\"https://x/1.ndjson?a=b\",\"count\":1}",
                "{\"type\":\"Bundle\",\"url\":\"https://x/d.ndjson\"}",
            ),
        ),
        (
            "deleted/d.ndjson",
            "{\"resourceType\":\"Bundle\",\"entry\":[\
             {\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/p9\"}},\
             {\"request\":{\"method\":\"DELETE\",\
             \"url\":\"https://ehr.example/fhir/Encounter/e9\"}}]}\n{\"resourceType\":\"Bundle\"}",
        ),
    ]);
    let export = open(&night).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(names(&export), [("1.ndjson", "Patient")]);
    assert_eq!(export.time().to_rfc3339(), "2025-05-06T07:08:09+00:00");
    assert_eq!(export.base.as_deref(), Some("https://ehr.example/fhir"));
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let keys = super::fixture::keys();
    let expected = vec![
        keys.resource("Patient", "p9"),
        keys.resource("Encounter", "e9"),
    ];
    assert_eq!(got.end.deleted, expected);
    assert_eq!(got.end.report.deletions["Patient"], 1);
    assert_eq!(
        got.touched[0].updated, 1_746_515_289_000_000,
        "the transaction time"
    );
}

#[test]
fn an_export_that_is_less_than_its_manifest_is_refused() {
    let patient = "{\"type\":\"Patient\",\"url\":\"https://x/1.ndjson\",\"count\":2}";
    let other = "{\"type\":\"Patient\",\"url\":\"https://x/2.ndjson\"}";
    let list = "{\"type\":\"Bundle\",\"url\":\"https://x/d.ndjson\"}";
    let both = format!("{patient},{other}");
    for (text, expected) in [
        (manifest(&both, ""), "lists 2 files of Patient, 1 are there"),
        (
            manifest("", list),
            "a list of deletions in the manifest is not there",
        ),
        ("{".to_owned(), "not a manifest, line 1"),
        (
            "{\"transactionTime\":\"now\"}".to_owned(),
            "transactionTime is not a moment",
        ),
    ] {
        let night = Night::new(&[("1.ndjson", PATIENT), ("manifest.json", &text)]);
        let refused = open(&night)
            .err()
            .unwrap_or_else(|| panic!("{expected}"))
            .to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    let night = Night::new(&[
        ("1.ndjson", PATIENT),
        ("manifest.json", &manifest(patient, "")),
    ]);
    let refused = night.run(&shipped()).err().unwrap().to_string();
    assert!(
        refused.contains("1 resources where the manifest says 2"),
        "{refused}"
    );
}

#[test]
fn a_deletion_is_never_passed_over() {
    let request = |method: &str, url: &str| {
        let entry = serde_json::json!([{"request": {"method": method, "url": url}}]);
        serde_json::json!({"resourceType": "Bundle", "entry": entry}).to_string()
    };
    for line in [
        "x",
        "{}",
        "{\"resourceType\":\"Patient\",\"entry\":[]}",
        "{\"resourceType\":\"Bundle\",\"entry\":[{}]}",
        &request("PUT", "A/1"),
        &request("DELETE", "1"),
        &request("DELETE", "A?x=1"),
        &request("DELETE", "A/1/2"),
    ] {
        let list = "{\"type\":\"Bundle\",\"url\":\"d.ndjson\"}";
        let good = "{\"resourceType\":\"Bundle\",\"entry\":[]}\n";
        let night = Night::new(&[
            ("Patient.ndjson", PATIENT),
            ("d.ndjson", &format!("{good}{line}")),
            ("manifest.json", &manifest("", list)),
        ]);
        let refused = night
            .run(&shipped())
            .map(|_: Got| ())
            .err()
            .unwrap()
            .to_string();
        assert!(
            refused.starts_with("d.ndjson: line 2 is not a bundle"),
            "{line}: {refused}"
        );
    }
}

#[test]
fn the_server_is_what_stands_before_the_operation() {
    for (request, expected) in [
        ("https://x/fhir/$export", Some("https://x/fhir")),
        (
            "https://x/fhir/Patient/$export?_since=1",
            Some("https://x/fhir"),
        ),
        ("https://x/fhir/Group/7/$export", Some("https://x/fhir")),
        ("https://x/$export", Some("https://x")),
        ("https://x/fhir", None),
        ("$export", None),
    ] {
        let json = serde_json::json!({"request": request}).to_string();
        let manifest = Manifest::parse(json.as_bytes()).unwrap();
        assert_eq!(manifest.base().as_deref(), expected, "{request}");
    }
}

#[test]
fn a_log_may_know_the_time() {
    let log = b"garbage\n{\"eventDetail\":{}}\n\
        {\"eventDetail\":{\"transactionTime\":\"2024-01-01T00:00:00Z\"}}\n\
        {\"eventDetail\":{\"transactionTime\":\"2024-08-06T18:12:57Z\"}}\n";
    assert_eq!(
        time_in_log(log).unwrap().to_rfc3339(),
        "2024-08-06T18:12:57+00:00"
    );
    assert_eq!(time_in_log(b""), None);
}

#[test]
fn a_file_that_is_not_whole_gzip_stops_the_run() {
    let whole = gzip(PATIENT.as_bytes());
    let mut damaged = whole.clone();
    let middle = damaged.len() - 6;
    damaged[middle] ^= 1;
    for bytes in [
        &whole[..whole.len() - 1],
        &whole[..0],
        &damaged,
        b"no gzip at all",
    ] {
        let night = Night::new(&[]);
        night.write("Patient.ndjson.gz", bytes);
        let refused = night.run(&shipped()).err().unwrap();
        assert!(matches!(refused, IngestError::Read { .. }), "{refused}");
    }
}
