//! Records in quarantine, read again by a pipeline that takes them.

use lazaret_model::Instant;
use lazaret_pseudonym::Identities;

use super::fixture::{Got, Night, SUBJECT, custom, now, run_export, shipped, toml, view};
use crate::{IngestError, Pipeline, Retry, Settled};

fn condition(id: &str, rest: &str) -> String {
    format!(
        "{{\"resourceType\":\"Condition\",\"id\":\"{id}\",\
         \"subject\":{{\"reference\":\"Patient/a\"}}{rest}}}"
    )
}

/// A pipeline that takes the recorded date, or one that does not look at it.
fn pipeline(strict: bool) -> Pipeline {
    let strict = strict.then_some("recorded|recordedDate|date|lazaret/treatment=date");
    let columns: Vec<&str> = [SUBJECT].into_iter().chain(strict).collect();
    custom(&toml(""), &[("v.json", &view("Condition", &columns))])
        .1
        .unwrap()
}

fn retry(night: &Night, pipeline: &Pipeline) -> Result<(Got, Settled), IngestError> {
    let quarantine = night.quarantine();
    let run = Retry::runs(&quarantine, pipeline)?.remove(0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let retry = Retry::open(pipeline, &quarantine, &run, &night.secret()).await?;
        let aside = retry.quarantine(&quarantine)?;
        let got = run_export(pipeline, retry.export(), Identities::new(), aside).await?;
        let settled = retry.settle(&quarantine, now())?;
        Ok((got, settled))
    })
}

fn night() -> Night {
    let lines = [
        condition("good", ""),
        condition("late", ",\"recordedDate\":\"2024-02-30\""),
        condition("never", ",\"x\":1e999"),
        "no record".to_owned(),
        condition("absolute", ",\"recordedDate\":\"19xx\"")
            .replace("Patient/a", "https://server/fhir/Patient/a"),
    ];
    let manifest = "{\"transactionTime\":\"2025-01-01T00:00:00Z\",\
        \"request\":\"https://server/fhir/$export\",\"output\":[]}";
    Night::new(&[
        ("Condition.ndjson", &lines.join("\n")),
        ("manifest.json", manifest),
    ])
}

#[test]
fn what_goes_in_now_is_resolved_and_the_rest_stays() {
    let night = night();
    let first = night
        .run(&pipeline(true))
        .unwrap_or_else(|error| panic!("{error}"));
    let before = night.entries();
    let codes: Vec<_> = before.iter().map(|entry| entry.code.as_str()).collect();
    let expected = [
        "impossible-date",
        "invalid-number",
        "invalid-json",
        "impossible-date",
    ];
    assert_eq!(codes, expected);
    let (got, settled) = retry(&night, &pipeline(false)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        settled,
        Settled {
            resolved: 2,
            failed: 1,
            left: 1
        }
    );
    assert_eq!(got.tables["t"].num_rows(), 2);
    assert_eq!(
        got.end.report.exported, "2025-01-01T00:00:00+00:00",
        "no later than its night"
    );
    assert!(
        got.end
            .report
            .files
            .iter()
            .all(crate::FileReport::reconciles)
    );
    assert_ne!(got.end.report.run, first.end.report.run);
    let after = night.entries();
    let by: Vec<_> = after
        .iter()
        .map(|entry| entry.resolved.as_ref().map(|by| by.by.clone()))
        .collect();
    let run = Some(got.end.report.run.clone());
    assert_eq!(by, [run.clone(), None, None, run]);
    for (before, after) in before.iter().zip(&after) {
        let mut after = after.clone();
        after.resolved = None;
        assert_eq!(before, &after, "an entry stays as it was");
        let shown = night
            .quarantine()
            .show(&after.run, after.number, &night.secret());
        assert!(shown.is_ok(), "a resolved record can still be looked at");
    }
    let (got, settled) = retry(&night, &pipeline(false)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        settled,
        Settled {
            resolved: 0,
            failed: 1,
            left: 1
        }
    );
    assert_eq!(got.end.report.read(), 1, "what went in is not read again");
    let folder = night.folder.path().join("quarantine");
    let folders = std::fs::read_dir(folder).unwrap();
    let folders = folders.filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(folders.count(), 0, "nothing is left behind");
}

#[test]
fn the_same_retry_is_the_same_run() {
    let night = night();
    night.run(&pipeline(true)).ok().unwrap();
    let open = |pipeline: &Pipeline| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let quarantine = night.quarantine();
        let run = Retry::runs(&quarantine, pipeline).unwrap().remove(0);
        let secret = night.secret();
        let retry = Retry::open(pipeline, &quarantine, &run, &secret);
        runtime.block_on(retry).unwrap().export().run().clone()
    };
    assert_eq!(open(&pipeline(false)), open(&pipeline(false)));
    assert_ne!(open(&pipeline(false)), open(&pipeline(true)));
}

#[test]
fn a_retry_needs_the_key_and_something_to_retry() {
    let night = night();
    night.run(&pipeline(true)).ok().unwrap();
    let quarantine = night.quarantine();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let pipeline = pipeline(false);
    let runs = Retry::runs(&quarantine, &pipeline).unwrap();
    let wrong = Retry::open(&pipeline, &quarantine, &runs[0], "AGE-SECRET-KEY-1X");
    assert!(matches!(
        runtime.block_on(wrong).err(),
        Some(IngestError::Quarantine { .. })
    ));
    let unknown = "0123".parse().unwrap();
    let secret = night.secret();
    let none = Retry::open(&pipeline, &quarantine, &unknown, &secret);
    assert!(runtime.block_on(none).is_err());
    let clean = Night::new(&[("Condition.ndjson", &condition("good", ""))]);
    clean.run(&pipeline).ok().unwrap();
    let other = shipped();
    assert!(
        Retry::runs(&quarantine, &other).unwrap().is_empty(),
        "another pipeline's"
    );
    assert!(
        Retry::runs(&clean.quarantine(), &pipeline)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_retry_never_overtakes_a_later_night() {
    let night = night();
    night.run(&pipeline(true)).ok().unwrap();
    let (got, _) = retry(&night, &pipeline(false)).unwrap_or_else(|e| panic!("{e}"));
    let of_its_night = "2025-01-01T00:00:00Z".parse::<Instant>().unwrap();
    let updated: Vec<_> = got.touched.iter().map(|touched| touched.updated).collect();
    assert_eq!(updated, [of_its_night.timestamp_micros(); 2]);
}
