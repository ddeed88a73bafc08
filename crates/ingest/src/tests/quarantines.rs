//! Records that cannot go in: why, where, and who can read them.

use age::secrecy::ExposeSecret;

use crate::{Entry, IngestError, Quarantine};

use super::fixture::{Night, PATIENT, custom, shipped, toml, view};

fn condition(rest: &str) -> String {
    format!(
        "{{\"resourceType\":\"Condition\",\"id\":\"c\",\
         \"subject\":{{\"reference\":\"Patient/a\"}}{rest}}}"
    )
}

#[test]
fn every_broken_line_has_its_code() {
    let deep = format!(",\"x\":{}1{}", "[".repeat(70), "]".repeat(70));
    let cases = [
        ("{\"resourceType\":\"Condition\"".to_owned(), "invalid-json"),
        ("nonsense".to_owned(), "invalid-json"),
        ("[1]".to_owned(), "not-a-resource"),
        ("{\"id\":\"1\"}".to_owned(), "not-a-resource"),
        (condition("").replace("Condition", "Patient"), "wrong-type"),
        (condition("").replace("\"id\":\"c\",", ""), "no-id"),
        (condition("").replace("\"c\"", "\"\""), "no-id"),
        (condition("").replace("\"c\"", "\"a b\""), "no-id"),
        (condition("").replace("\"c\"", "7"), "no-id"),
        (condition("").replace("Patient/a", "Patient/"), "no-person"),
        (condition("").replace("Patient/a", "#a"), "no-person"),
        (condition("").replace("subject", "object"), "no-person"),
        (
            condition(",\"recordedDate\":\"2023-02-30\""),
            "impossible-date",
        ),
        (condition(",\"recordedDate\":\"soon\""), "impossible-date"),
        (
            condition(",\"onsetDateTime\":\"2023-13\""),
            "impossible-date",
        ),
        (
            condition(",\"meta\":{\"lastUpdated\":\"2023-01-01\"}"),
            "impossible-date",
        ),
        (condition(",\"recordedDate\":7"), "type-mismatch"),
        (condition(&deep), "too-deep"),
        (condition(",\"x\":1e999"), "invalid-number"),
        (condition(",\"x\":\"\\u0000\""), "nul-character"),
        (condition(",\"id\":\"d\""), "duplicate-key"),
    ];
    let mut lines = vec![condition("")];
    for (line, _) in &cases {
        lines.push(line.clone());
        lines.push(condition(""));
    }
    let night = Night::new(&[("Condition.ndjson", &lines.join("\n"))]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let expected: Vec<_> = (1..)
        .zip(&cases)
        .map(|(n, (_, code))| (2 * n, (*code).to_owned()))
        .collect();
    assert_eq!(night.codes(), expected);
    let file = &got.end.report.files[0];
    assert_eq!(file.accepted, cases.len() as u64 + 1);
    assert_eq!(file.quarantined["impossible-date"], 4);
    assert!(file.reconciles());
    assert_eq!(
        got.tables["condition"].num_rows(),
        cases.len() + 1,
        "none of a broken record's"
    );
    assert_eq!(
        got.touched.len(),
        cases.len() + 1,
        "a broken record supersedes nothing"
    );
    for (entry, (line, _)) in night.entries().iter().zip(&cases) {
        let shown = night
            .quarantine()
            .show(&entry.run, entry.number, &night.secret())
            .unwrap();
        assert_eq!(shown, line.as_bytes());
        let at = usize::try_from(entry.offset).unwrap();
        assert_eq!(
            &lines.join("\n").as_bytes()[at..at + line.len()],
            line.as_bytes()
        );
        assert_eq!(entry.file, "Condition.ndjson");
    }
}

#[test]
fn values_that_contradict_each_other_are_impossible() {
    let encounter = "{\"resourceType\":\"Encounter\",\"id\":\"e\",\
        \"subject\":{\"reference\":\"Patient/a\"},\
        \"period\":{\"start\":\"2024-01-02T00:00:00Z\",\"end\":\"2024-01-01T00:00:00Z\"}}";
    let unborn = "{\"resourceType\":\"Patient\",\"id\":\"a\",\"birthDate\":\"2999-01-01\"}";
    let night = Night::new(&[("Encounter.ndjson", encounter), ("Patient.ndjson", unborn)]);
    night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let codes: Vec<_> = night
        .entries()
        .into_iter()
        .map(|e| (e.file, e.code))
        .collect();
    assert_eq!(
        codes,
        [
            ("Patient.ndjson".to_owned(), "impossible-date".to_owned()),
            ("Encounter.ndjson".to_owned(), "impossible-value".to_owned()),
        ]
    );
}

#[test]
fn a_field_that_must_not_be_there_is_rejected() {
    let columns = [
        PATIENT,
        "x|photo.first().contentType|code|lazaret/treatment=reject",
    ];
    let (_folder, pipeline) = custom(&toml(""), &[("v.json", &view("Patient", &columns))]);
    let lines = "{\"resourceType\":\"Patient\",\"id\":\"a\"}\n\
        {\"resourceType\":\"Patient\",\"id\":\"b\",\"photo\":[{\"contentType\":\"image/png\"}]}";
    let night = Night::new(&[("Patient.ndjson", lines)]);
    let got = night
        .run(&pipeline.unwrap())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(night.codes(), [(2, "rejected-field".to_owned())]);
    assert_eq!(got.tables["t"].num_rows(), 1);
    assert_eq!(
        got.end.report.persons.new, 1,
        "a rejected patient is not linked"
    );
}

#[test]
fn a_record_over_the_limit_is_kept_as_far_as_it_may_go() {
    let text = toml("").replace("[[table]]", "[limits]\nrecord_bytes_max = 1000\n[[table]]");
    let columns = [PATIENT, "sex|gender|code|lazaret/treatment=keep"];
    let (_folder, pipeline) = custom(&text, &[("v.json", &view("Patient", &columns))]);
    let pipeline = pipeline.unwrap();
    let long = |bytes: usize| {
        format!(
            "{{\"resourceType\":\"Patient\",\"id\":\"a\",\"x\":\"{}\"}}",
            "x".repeat(bytes)
        )
    };
    let good = "{\"resourceType\":\"Patient\",\"id\":\"b\"}";
    let lines = [good, &long(2000), good, &long(10 << 20), good].join("\n");
    let night = Night::new(&[("Patient.ndjson", &lines)]);
    let got = night
        .run(&pipeline)
        .unwrap_or_else(|error| panic!("{error}"));
    let expected = [(2, "too-large".to_owned()), (4, "too-large".to_owned())];
    assert_eq!(night.codes(), expected);
    let entries = night.entries();
    assert!(!entries[0].truncated && entries[1].truncated);
    let file = &got.end.report.files[0];
    assert_eq!((file.read, file.accepted), (5, 3));
}

#[test]
fn mostly_garbage_stops_the_run_and_keeps_the_quarantine() {
    let lines = |good: usize, bad: usize| {
        let good = std::iter::repeat_n(condition(""), good);
        good.chain(std::iter::repeat_n("x".to_owned(), bad))
            .collect::<Vec<_>>()
            .join("\n")
    };
    for (good, bad, stops) in [
        (989, 10, false),
        (0, 900, false),
        (990, 11, true),
        (1980, 20, false),
    ] {
        let night = Night::new(&[("Condition.ndjson", &lines(good, bad))]);
        match night.run(&shipped()) {
            Ok(_) => assert!(!stops, "{good} {bad}"),
            Err(IngestError::TooManyQuarantined { quarantined, read }) => {
                assert!(stops, "{good} {bad}");
                assert_eq!((quarantined, read), (bad as u64, (good + bad) as u64));
            }
            Err(other) => panic!("{other}"),
        }
        assert_eq!(night.entries().len(), bad, "the quarantine is kept");
    }
    let night = Night::new(&[("Condition.ndjson", &lines(1000, 500))]);
    let pipeline = shipped().with_quarantine_max_ratio(0.5).unwrap();
    assert!(night.run(&pipeline).is_ok(), "the limit can be raised");
    assert!(shipped().with_quarantine_max_ratio(1.5).is_err());
}

#[test]
fn a_rerun_replaces_what_a_broken_run_left() {
    let night = Night::new(&[("Condition.ndjson", "x\ny")]);
    night.run(&shipped()).ok().unwrap();
    let entries = night.entries();
    let index = night
        .folder
        .path()
        .join("quarantine")
        .join(format!("{}.jsonl", entries[0].run));
    let text = std::fs::read_to_string(&index).unwrap();
    std::fs::write(&index, &text[..text.len() - 20]).unwrap();
    assert_eq!(
        night.entries(),
        entries[..1],
        "an entry that a crash cut short does not count"
    );
    night.run(&shipped()).ok().unwrap();
    let places = |entries: &[Entry]| {
        entries
            .iter()
            .map(|e| (e.number, e.line))
            .collect::<Vec<_>>()
    };
    assert_eq!(places(&night.entries()), places(&entries));
    std::fs::write(&index, "{}\n").unwrap();
    let refused = night.quarantine().list().err().unwrap().to_string();
    assert!(refused.contains("entry 1 is damaged"), "{refused}");
}

#[test]
fn only_the_holder_of_the_key_can_look() {
    let night = Night::new(&[("Condition.ndjson", "secret")]);
    night.run(&shipped()).ok().unwrap();
    let entry = night.entries().remove(0);
    let quarantine = night.quarantine();
    let other = age::x25519::Identity::generate()
        .to_string()
        .expose_secret()
        .to_owned();
    for key in [other.as_str(), "", "AGE-SECRET-KEY-1X"] {
        assert!(quarantine.show(&entry.run, 1, key).is_err());
    }
    assert!(quarantine.show(&entry.run, 2, &night.secret()).is_err());
    assert_eq!(
        quarantine.show(&entry.run, 1, &night.secret()).unwrap(),
        b"secret"
    );
    let dir = night.folder.path().join("quarantine");
    assert!(Quarantine::open(&dir, "no key").is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for path in [dir.clone(), dir.join(format!("{}.age", entry.run))] {
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "others cannot look");
        }
    }
}
