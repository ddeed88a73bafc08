//! Bad input of every kind: nothing is lost, and each record's reason is one clear code.

use std::collections::BTreeMap;

use super::fixture::{Got, Night, shipped};
use super::pieces::gzip;
use crate::IngestError;

fn condition(id: &str, rest: &str) -> String {
    format!(
        "{{\"resourceType\":\"Condition\",\"id\":\"{id}\",\
         \"subject\":{{\"reference\":\"Patient/a\"}}{rest}}}"
    )
}

/// Runs one file of conditions; every line is accounted for, and the codes are these.
fn run(bytes: &[u8], expected: &[(u64, &str)]) -> Got {
    let night = Night::new(&[]);
    night.write("Condition.ndjson", bytes);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let codes = night.codes();
    let codes: Vec<_> = codes
        .iter()
        .map(|(line, code)| (*line, code.as_str()))
        .collect();
    assert_eq!(codes, expected);
    let file = &got.end.report.files[0];
    assert!(file.reconciles());
    assert_eq!(file.quarantined_all(), expected.len() as u64);
    for entry in night.entries() {
        assert!(entry.reason.len() < 200 && !entry.reason.contains("Patient/a"));
    }
    got
}

#[test]
fn a_line_of_100_mb_is_one_record_in_quarantine() {
    let mut bytes = format!("{}\n", condition("a", "")).into_bytes();
    bytes.extend(condition("b", ",\"x\":\"").trim_end_matches('}').as_bytes());
    bytes.resize(bytes.len() + (100 << 20), b'x');
    bytes.extend(format!("\"}}\n{}", condition("c", "")).as_bytes());
    let got = run(&bytes, &[(2, "too-large")]);
    assert_eq!(got.end.report.files[0].accepted, 2);
    assert_eq!(got.end.report.files[0].bytes_inflated, bytes.len() as u64);
    // The same packed: 100 KB that inflate to 100 MB.
    let night = Night::new(&[]);
    night.write("Condition.ndjson.gz", &gzip(&bytes));
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(night.codes(), [(2, "too-large".to_owned())]);
    assert_eq!(got.end.report.files[0].accepted, 2);
}

#[test]
fn bytes_that_are_no_text_are_no_record() {
    for bad in [
        &b"\xff\xfe"[..],
        b"\xc3",
        b"\xed\xa0\x80",
        b"\xf5\x80\x80\x80",
    ] {
        let mut bytes = condition("a", ",\"x\":\"")
            .trim_end_matches('}')
            .as_bytes()
            .to_vec();
        bytes.extend(bad);
        bytes.extend(b"\"}\n");
        bytes.extend(condition("b", "").as_bytes());
        assert_eq!(
            run(&bytes, &[(1, "invalid-utf8")]).end.report.files[0].accepted,
            1
        );
    }
}

#[test]
fn nesting_costs_no_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!(",\"x\":{}1{}", open.repeat(100_000), close.repeat(100_000));
        let unclosed = format!(",\"x\":{}", open.repeat(100_000));
        let lines = [
            condition("a", &deep),
            condition("b", &unclosed),
            open.repeat(100_000),
            condition("c", ""),
        ];
        let expected = [(1, "too-deep"), (2, "too-deep"), (3, "too-deep")];
        run(lines.join("\n").as_bytes(), &expected);
    }
}

#[test]
fn marks_and_ends_of_lines_are_no_records() {
    let (a, b) = (condition("a", ""), condition("b", ""));
    for text in [
        format!("\u{feff}{a}\n{b}\n"),
        format!("{a}\r\n{b}\r\n"),
        format!("\r\n\n{a}\r\n \t\r\n{b}"),
        format!("\u{feff}\r\n{a}\n\n\n{b}\n\n"),
    ] {
        let got = run(text.as_bytes(), &[]);
        assert_eq!((got.end.report.files[0].read, got.touched.len()), (2, 2));
    }
    let text = format!("null\n{a}\ntrue\n\"text\"\n7\n{{}}\n\u{feff}{b}\n[]");
    let expected = [1, 3, 4, 5, 6, 8].map(|line| (line, "not-a-resource"));
    let mut expected = expected.to_vec();
    expected.insert(5, (7, "invalid-json"));
    run(text.as_bytes(), &expected);
}

#[test]
fn a_record_says_one_thing_once() {
    let lines = [
        condition(
            "a",
            ",\"recordedDate\":\"2024-01-01\",\"recordedDate\":\"2024-01-02\"",
        ),
        condition("b", ",\"code\":{\"text\":\"x\",\"text\":\"x\"}"),
        condition("c", ",\"\\u0063ode\":{},\"code\":{}"),
        condition("d", ",\"resourceType\":\"Patient\""),
    ];
    run(
        lines.join("\n").as_bytes(),
        &[1, 2, 3, 4].map(|line| (line, "duplicate-key")),
    );
}

#[test]
fn records_that_are_not_of_the_file_or_of_nobody_wait() {
    let lines = [
        condition("a", "").replace("Condition", "Patient"),
        condition("b", "").replace("Condition", "condition"),
        condition("c", "").replace("subject", "patient"),
        condition("d", "").replace("{\"reference\":\"Patient/a\"}", "null"),
        condition("e", "").replace("{\"reference\":\"Patient/a\"}", "[]"),
        condition("f", "").replace("\"Patient/a\"", "7"),
    ];
    let expected = [
        (1, "wrong-type"),
        (2, "not-a-resource"),
        (3, "no-person"),
        (4, "no-person"),
        (5, "no-person"),
        (6, "no-person"),
    ];
    run(lines.join("\n").as_bytes(), &expected);
}

#[test]
fn dates_that_no_calendar_has_are_impossible() {
    let dates = [
        "2024-02-30",
        "2023-02-29",
        "19xx",
        "0000",
        "0000-00-00",
        "2024-00",
        "2024-1-1",
        "24",
        "2024-04-31T00:00:00Z",
        "2024-01-01T25:00:00Z",
        "NaN",
        "",
    ];
    let lines = dates.map(|date| condition("a", &format!(",\"recordedDate\":\"{date}\"")));
    let expected: Vec<_> = (1..=dates.len() as u64)
        .map(|n| (n, "impossible-date"))
        .collect();
    run(lines.join("\n").as_bytes(), &expected);
}

#[test]
fn numbers_that_are_none_wait() {
    let observation = |id: usize, value: &str| {
        format!(
            "{{\"resourceType\":\"Observation\",\"id\":\"{id}\",\"status\":\"final\",\
             \"code\":{{\"coding\":[{{\"code\":\"1\"}}]}},\"subject\":{{\"reference\":\"Patient/a\"}},\
             \"effectiveDateTime\":\"2024-01-01\",\"valueQuantity\":{{\"value\":{value}}}}}"
        )
    };
    let cases = [
        ("1e999", Some("invalid-number")),
        ("-1e999", Some("invalid-number")),
        ("NaN", Some("invalid-json")),
        ("Infinity", Some("invalid-json")),
        ("01", Some("invalid-")),
        ("\"NaN\"", Some("type-mismatch")),
        ("1.7976931348623157e308", None),
        ("-0.0", None),
        ("1e-999", None),
    ];
    let lines: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(n, (value, _))| observation(n, value))
        .collect();
    let night = Night::new(&[("Observation.ndjson", &lines.join("\n"))]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let codes: BTreeMap<u64, String> = night.codes().into_iter().collect();
    for (n, (value, expected)) in (1..).zip(&cases) {
        let code = codes.get(&n).map(String::as_str);
        let right = match (code, expected) {
            (Some(code), Some(expected)) => code.starts_with(expected),
            (code, expected) => code.is_none() && expected.is_none(),
        };
        assert!(right, "{value}: {code:?}");
    }
    assert!(got.end.report.files[0].reconciles());
}

#[test]
fn a_thousand_records_of_one_id_are_all_read() {
    let lines = vec![condition("a", ""); 1000].join("\n");
    let got = run(lines.as_bytes(), &[]);
    assert_eq!(got.end.report.files[0].read, 1000);
    let first = got.touched[0];
    assert_eq!(got.touched.len(), 1000);
    assert!(
        got.touched.iter().all(|touched| *touched == first),
        "the lake keeps one of them"
    );
}

#[test]
fn a_person_may_be_named_before_it_is_seen_or_never() {
    let conditions = [
        condition("1", ""),
        condition("2", "").replace("Patient/a", "Patient/never"),
    ];
    let patient = "{\"resourceType\":\"Patient\",\"id\":\"a\"}";
    // In its own name Condition comes before Patient.
    let night = Night::new(&[
        ("Condition.ndjson", &conditions.join("\n")),
        ("Patient.ndjson", patient),
    ]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(night.entries(), []);
    let person = got.numbers("person", "person_id");
    let persons = got.numbers("condition", "person_id");
    assert_eq!(persons.len(), 2);
    assert_eq!(persons.iter().filter(|id| **id == person[0]).count(), 1);
    assert_eq!(
        got.end.report.persons.provisional, 1,
        "the one that is never seen"
    );
}

#[test]
fn an_identifier_in_a_display_goes_nowhere() {
    let secret = "2690549588157";
    let lines = [
        condition("a", "").replace(
            "\"Patient/a\"",
            &format!("\"Patient/a\",\"display\":\"{secret}\""),
        ),
        condition("b", ",\"x\":1e999").replace(
            "\"Patient/a\"",
            &format!("\"Patient/a\",\"display\":\"{secret}\""),
        ),
    ];
    let night = Night::new(&[("Condition.ndjson", &lines.join("\n"))]);
    let got = night
        .run(&shipped())
        .unwrap_or_else(|error| panic!("{error}"));
    let table = format!("{:?}", got.tables);
    let report = serde_json::to_string(&got.end.report).unwrap();
    let index = format!("{:?}", night.entries());
    for text in [table, report, index] {
        assert!(!text.contains(secret));
    }
    let sealed = std::fs::read_dir(night.folder.path().join("quarantine")).unwrap();
    for file in sealed {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let found = bytes
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "the quarantine is encrypted");
    }
}

#[test]
fn a_packed_file_that_ends_early_publishes_nothing() {
    let lines: String = (0..2000)
        .map(|n| condition(&n.to_string(), "") + "\n")
        .collect();
    let whole = gzip(lines.as_bytes());
    for end in [whole.len() / 2, whole.len() - 9, whole.len() - 1, 3] {
        let night = Night::new(&[]);
        night.write("Condition.ndjson.gz", &whole[..end]);
        let error = night.run(&shipped()).err().unwrap();
        assert!(matches!(error, IngestError::Read { .. }), "{end}: {error}");
        let text = error.to_string();
        assert!(text.contains("Condition.ndjson.gz") && text.contains("nothing was published"));
    }
}
