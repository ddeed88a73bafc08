//! What becomes of records: treatments, persons, order, counts.

use lazaret_pseudonym::{Identities, RawIdentifier};

use crate::{Export, Run};

use super::fixture::{Night, PATIENT, SUBJECT, custom, keys, now, shipped, toml, view};

const NIR: &str = "urn:oid:1.2.250.1.213.1.4.8";

fn manifest() -> (&'static str, &'static str) {
    (
        "manifest.json",
        "{\"transactionTime\":\"2025-06-01T00:00:00Z\"}",
    )
}

fn person(value: &str) -> i64 {
    keys()
        .person(&RawIdentifier::new(NIR, value.to_owned()).unwrap())
        .get()
}

fn local(id: &str) -> i64 {
    keys().person(&RawIdentifier::local(id).unwrap()).get()
}

#[test]
fn patients_become_persons() {
    let patients = [
        r#"{"resourceType":"Patient","id":"a","gender":"female","birthDate":"1934-12-31",
            "identifier":[{"system":"https://x","value":"9"},
            {"system":"urn:oid:1.2.250.1.213.1.4.8","value":" 2 34 "}],
            "address":[{"postalCode":"75001","country":"FR"}],"deceasedBoolean":false}"#,
        r#"{"resourceType":"Patient","id":"b","gender":"x","birthDate":"1935",
            "address":[{"postalCode":"1","state":"MA","country":"us"}],
            "deceasedDateTime":"2024-03-04T05:06:07Z",
            "meta":{"lastUpdated":"2025-01-01T00:00:00Z"}}"#,
        r#"{"resourceType":"Patient","id":"c","birthDate":"1899-01-01","deceasedBoolean":true,
            "identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.8","value":" "}]}"#,
    ]
    .map(|text| text.replace('\n', " "))
    .join("\n");
    let night = Night::new(&[("Patient.ndjson", &patients), manifest()]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        got.numbers("person", "person_id"),
        [person("234"), local("b"), local("c")]
    );
    assert_eq!(got.column("person", "sex"), ["female", "x", "-"]);
    assert_eq!(got.column("person", "birth_year"), ["1934", "1935", "1934"]);
    assert_eq!(got.column("person", "region"), ["FR10", "US-MA", "ZZ"]);
    assert_eq!(got.column("person", "country"), ["FR", "US", "ZZ"]);
    assert_eq!(got.column("person", "deceased"), ["false", "true", "true"]);
    assert_eq!(got.column("person", "deceased_year"), ["-", "2024", "-"]);
    let resource = |id| keys().resource("Patient", id);
    assert_eq!(
        got.numbers("person", "_resource"),
        ["a", "b", "c"].map(resource)
    );
    let exported = 1_748_736_000_000_000;
    let changed = 1_735_689_600_000_000;
    assert_eq!(
        got.numbers("person", "_updated"),
        [exported, changed, exported]
    );
    assert_eq!(got.end.report.persons.new, 3);
    assert_eq!(got.end.report.persons.unidentified, 2);
    let table = &got.end.report.tables[&"person".parse().unwrap()];
    assert_eq!(table.rows, 3);
    assert_eq!(
        table.column("sex").unwrap().outside,
        1,
        "`x` is no code of the value set"
    );
    assert!(night.entries().is_empty());
}

/// The next file is read ahead, but not before the last patient of several pieces is linked.
#[test]
fn records_are_read_after_their_persons() {
    // Two large records fill pieces of their own; the many behind them take their time.
    let patient = |n: usize| {
        let filler = "x".repeat(if n < 2 { 5 << 20 } else { 0 });
        format!(r#"{{"resourceType":"Patient","id":"p{n}","text":{{"div":"{filler}"}},"#)
            + &format!(r#""identifier":[{{"system":"{NIR}","value":"{n}"}}]}}"#)
    };
    let condition = |n: usize| {
        format!(
            r#"{{"resourceType":"Condition","id":"c{n}","subject":{{"reference":"Patient/p{n}"}}}}"#
        )
    };
    let patients: Vec<String> = (0..3000).map(patient).collect();
    let conditions: Vec<String> = (2900..3000).map(condition).collect();
    let night = Night::new(&[
        ("Patient.ndjson", &patients.join("\n")),
        ("Condition.ndjson", &conditions.join("\n")),
        manifest(),
    ]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let persons: Vec<i64> = (0..3000).map(|n| person(&n.to_string())).collect();
    assert!(got.numbers("person", "person_id") == persons);
    assert!(got.numbers("condition", "person_id") == persons[2900..]);
}

#[test]
fn dates_are_treated_before_they_lose_their_time() {
    let encounter = |id: &str, period: &str| {
        format!(
            "{{\"resourceType\":\"Encounter\",\"id\":\"{id}\",\
             \"subject\":{{\"reference\":\"Patient/a\"}},\"period\":{{{period}}}}}"
        )
    };
    let lines = [
        encounter(
            "1",
            "\"start\":\"2024-01-01T23:00:00+01:00\",\"end\":\"2024-01-02T00:30:00Z\"",
        ),
        encounter("2", "\"start\":\"2024-02\",\"end\":\"2024-03-01\""),
        encounter("3", "\"start\":\"2024\""),
    ];
    let night = Night::new(&[("Encounter.ndjson", &lines.join("\n")), manifest()]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        got.column("encounter", "start_date"),
        ["2024-01-01", "2024-02-01", "2024-01-01"]
    );
    assert_eq!(
        got.column("encounter", "start_date_precision"),
        ["day", "month", "year"]
    );
    assert_eq!(
        got.column("encounter", "end_date"),
        ["2024-01-02", "2024-03-01", "-"]
    );
    assert_eq!(got.column("encounter", "length_hours"), ["2.5", "-", "-"]);
    let record = |id| keys().record("Encounter", id).get();
    assert_eq!(
        got.numbers("encounter", "encounter_id"),
        ["1", "2", "3"].map(record)
    );
}

#[test]
fn an_observation_has_a_row_for_each_component() {
    let observation = r#"{"resourceType":"Observation","id":"o","status":"final",
        "subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/e"},
        "code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},
        "effectivePeriod":{"start":"2024-05-01"},
        "component":[
          {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
           "valueQuantity":{"value":120,"code":"mm[Hg]"}},
          {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
           "valueQuantity":{"value":80.5,"code":"mm[Hg]"}}]}"#;
    let night = Night::new(&[
        ("Observation.ndjson", &observation.replace('\n', " ")),
        manifest(),
    ]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        got.column("observation", "code"),
        ["85354-9", "8480-6", "8462-4"]
    );
    assert_eq!(
        got.column("observation", "component_of"),
        ["-", "85354-9", "85354-9"]
    );
    assert_eq!(
        got.column("observation", "value_number"),
        ["-", "120.0", "80.5"]
    );
    assert_eq!(
        got.column("observation", "effective_date"),
        ["2024-05-01"; 3]
    );
    assert_eq!(got.column("observation", "_ordinal"), ["0", "1", "2"]);
    let e = keys().record("Encounter", "e").get();
    assert_eq!(got.numbers("observation", "encounter_id"), [e; 3]);
}

fn condition(id: &str, subject: &str) -> String {
    let subject = serde_json::json!({"reference": subject});
    serde_json::json!({"resourceType": "Condition", "id": id, "subject": subject}).to_string()
}

fn patient(id: &str, value: &str) -> String {
    let identifier = serde_json::json!([{"system": NIR, "value": value}]);
    serde_json::json!({"resourceType": "Patient", "id": id, "identifier": identifier}).to_string()
}

#[test]
fn one_person_may_have_several_records_and_the_patient_may_come_later() {
    let conditions = [
        condition("1", "Patient/a"),
        condition("2", "Patient/b"),
        condition("3", "Patient/late"),
        condition("4", "Device/d"),
    ];
    let night = Night::new(&[
        ("Condition.ndjson", &conditions.join("\n")),
        (
            "Patient.ndjson",
            &[patient("a", "1"), patient("b", "1")].join("\n"),
        ),
    ]);
    let first = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let expected = [person("1"), person("1"), local("late")];
    assert_eq!(first.numbers("condition", "person_id"), expected);
    let report = &first.end.report;
    assert_eq!((report.persons.new, report.persons.provisional), (2, 1));
    assert_eq!(report.files[1].not_a_person, 1);
    assert_eq!(
        first.touched.len(),
        6,
        "what belongs to nobody supersedes its older rows too"
    );

    let subject = first.numbers("condition", "_subject")[2];
    let next = Night::new(&[
        (
            "Condition.ndjson",
            &[condition("3", "Patient/late"), condition("5", "Patient/a")].join("\n"),
        ),
        ("Patient.ndjson", &patient("late", "7")),
    ]);
    let second = next
        .run_with(&shipped(), first.end.identities)
        .ok()
        .unwrap();
    assert_eq!(
        second.numbers("condition", "person_id"),
        [person("7"), person("1")]
    );
    let persons = &second.end.report.persons;
    assert_eq!((persons.new, persons.moved, persons.provisional), (0, 1, 0));
    assert_eq!(
        subject,
        second.numbers("condition", "_subject")[0],
        "the record's person is the same subject, so what it left can be found"
    );
}

#[test]
fn a_person_with_two_records_has_one_row() {
    let patients = [patient("a", "1"), patient("b", "2"), patient("c", "1")].join("\n");
    let night = Night::new(&[
        ("Patient.ndjson", &patients),
        ("Condition.ndjson", &condition("1", "Patient/c")),
    ]);
    let first = night.run(&shipped()).ok().unwrap();
    assert_eq!(
        first.numbers("person", "person_id"),
        [person("1"), person("2")]
    );
    assert_eq!(first.numbers("condition", "person_id"), [person("1")]);
    assert_eq!(first.end.report.persons.second_records, 1);
    let file = &first.end.report.files[0];
    assert_eq!((file.read, file.accepted, file.filtered), (3, 2, 1));
    assert_eq!(first.touched.len(), 4);
    // The first record keeps its row whichever arrives later.
    let next = Night::new(&[(
        "Patient.ndjson",
        &[patient("c", "1"), patient("a", "1")].join("\n"),
    )]);
    let second = next
        .run_with(&shipped(), first.end.identities)
        .ok()
        .unwrap();
    let resource = keys().resource("Patient", "a");
    assert_eq!(second.numbers("person", "_resource"), [resource]);
    assert_eq!(second.end.report.persons.second_records, 1);
}

#[test]
fn identities_survive_between_nights() {
    let night = Night::new(&[("Patient.ndjson", &patient("a", "1"))]);
    let got = night.run(&shipped()).ok().unwrap();
    let path = night.folder.path().join("identities");
    got.end.identities.save(&path).unwrap();
    let next = Night::new(&[("Condition.ndjson", &condition("1", "Patient/a"))]);
    let got = next
        .run_with(&shipped(), Identities::load(&path).unwrap())
        .ok()
        .unwrap();
    assert_eq!(got.numbers("condition", "person_id"), [person("1")]);
    // A patient whose identifier is missing tonight stays who it was.
    let bare = "{\"resourceType\":\"Patient\",\"id\":\"a\"}";
    let next = Night::new(&[("Patient.ndjson", bare)]);
    let got = next
        .run_with(&shipped(), Identities::load(&path).unwrap())
        .ok()
        .unwrap();
    assert_eq!(got.numbers("person", "person_id"), [person("1")]);
    assert_eq!(got.end.report.persons.moved, 0);
}

#[test]
fn rows_come_in_the_order_of_lines_however_many_threads_read() {
    let keys = keys();
    let lines: Vec<_> = (0..150_000)
        .map(|n| condition(&n.to_string(), "Patient/a"))
        .collect();
    let night = Night::new(&[("Condition.ndjson", &lines.join("\n"))]);
    let got = night.run(&shipped()).ok().unwrap();
    assert!(got.batches > 1);
    let expected: Vec<_> = (0..150_000)
        .map(|n| keys.resource("Condition", &n.to_string()))
        .collect();
    assert_eq!(got.numbers("condition", "_resource"), expected);
    let touched: Vec<_> = got.touched.iter().map(|touched| touched.resource).collect();
    assert_eq!(touched, expected);
}

#[test]
fn types_without_a_table_and_records_without_a_row_are_counted() {
    let json = serde_json::json!({"name": "v", "resource": "Condition",
        "where": [{"path": "code.exists()"}], "select": [{"column": [
            {"name": "person_id", "path": "subject.getReferenceKey(Patient)",
             "tag": [{"name": "lazaret/treatment", "value": "person"}]}]}]});
    let (_folder, pipeline) = custom(&toml(""), &[("v.json", &json.to_string())]);
    let night = Night::new(&[
        ("Condition.ndjson", &condition("1", "Patient/a")),
        ("Claim.ndjson", "not even JSON\n\n{}\n"),
    ]);
    let got = night.run(&pipeline.unwrap()).ok().unwrap();
    let files = &got.end.report.files;
    assert_eq!((files[0].read, files[0].ignored_type), (2, 2));
    assert_eq!((files[1].read, files[1].filtered), (1, 1));
    assert!(got.tables.is_empty());
    assert_eq!(got.touched.len(), 1);
    assert!(night.entries().is_empty());
}

#[test]
fn an_input_without_a_country_of_its_own_has_the_pipelines() {
    let columns = [
        PATIENT,
        "region|address.first().postalCode|string|lazaret/treatment=region;lazaret/state=s",
        "s|address.first().state|string|lazaret/treatment=input",
    ];
    let text = toml("").replace("title = \"t\"", "title = \"t\"\ncountry = \"de\"");
    let (_folder, pipeline) = custom(&text, &[("v.json", &view("Patient", &columns))]);
    let line = r#"{"resourceType":"Patient","id":"a","address":[{"state":"BY"}]}"#;
    let night = Night::new(&[("Patient.ndjson", line)]);
    let got = night.run(&pipeline.unwrap()).ok().unwrap();
    assert_eq!(got.column("t", "region"), ["DE-BY"]);
}

#[test]
fn a_run_that_did_not_read_everything_does_not_end_well() {
    let night = Night::new(&[("Patient.ndjson", &patient("a", "1"))]);
    let pipeline = shipped();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let refused = runtime.block_on(async {
        let url = night.export();
        let export = Export::open(&pipeline, url.to_str().unwrap())
            .await
            .ok()
            .unwrap();
        let quarantine = night.quarantine();
        let identities = Identities::new();
        let run = Run::begin(&pipeline, &export, keys(), identities, quarantine, now());
        run.ok().unwrap().finish().await.err().unwrap().to_string()
    });
    assert_eq!(refused, "Patient.ndjson: not read to its end");
}

#[test]
fn a_file_that_changes_while_it_is_read_stops_the_run() {
    let night = Night::new(&[("Patient.ndjson", &patient("a", "1"))]);
    let pipeline = shipped();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let refused = runtime.block_on(async {
        let url = night.export();
        let export = Export::open(&pipeline, url.to_str().unwrap())
            .await
            .ok()
            .unwrap();
        night.write("Patient.ndjson", patient("a", "2").as_bytes());
        let (identities, quarantine) = (Identities::new(), night.quarantine());
        let run = Run::begin(&pipeline, &export, keys(), identities, quarantine, now());
        let mut run = run.ok().unwrap();
        let mut reader = run.read(&export.files()[0]).await.ok().unwrap();
        loop {
            match run.next(&mut reader).await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it was not noticed"),
                Err(error) => return error.to_string(),
            }
        }
    });
    assert!(
        refused.contains("it changed while it was read"),
        "{refused}"
    );
}

#[test]
fn a_subject_of_several_levels_is_found() {
    let columns = [
        SUBJECT.replace("subject", "patientInfo.subject"),
        "c|code|code|lazaret/treatment=keep".into(),
    ];
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let (_folder, pipeline) = custom(&toml(""), &[("v.json", &view("Basic", &columns))]);
    let line = "{\"resourceType\":\"Basic\",\"id\":\"a\",\"code\":\"k\",\
        \"patientInfo\":{\"subject\":{\"reference\":\"Patient/x\"}}}";
    let night = Night::new(&[("Basic.ndjson", line)]);
    let got = night.run(&pipeline.unwrap()).ok().unwrap();
    assert_eq!(got.numbers("t", "person_id"), [local("x")]);
}
