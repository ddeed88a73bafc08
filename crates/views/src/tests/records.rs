//! Records: what is refused before a view sees it, and what a resource tells of itself.

use super::{column, patient, push};
use crate::{Limits, RecordError, Resource};

fn refused(bytes: &[u8], limits: &Limits) -> RecordError {
    Resource::parse(bytes, &mut Vec::new(), limits).unwrap_err()
}

/// What is wrong, the bytes, the code.
const MALFORMED: &[(&str, &[u8], &str)] = &[
    ("nothing", b"", "invalid-json"),
    ("white space", b" \n", "invalid-json"),
    (
        "a cut record",
        br#"{"resourceType":"Patient","id":"p"#,
        "invalid-json",
    ),
    (
        "an open object",
        br#"{"resourceType":"Patient""#,
        "invalid-json",
    ),
    (
        "two records",
        br#"{"resourceType":"Patient"}{"resourceType":"Patient"}"#,
        "invalid-json",
    ),
    (
        "a byte order mark",
        b"\xef\xbb\xbf{\"resourceType\":\"Patient\"}",
        "invalid-json",
    ),
    (
        "a trailing comma",
        br#"{"resourceType":"Patient",}"#,
        "invalid-json",
    ),
    (
        "a comment",
        br#"{"resourceType":"Patient"/* */}"#,
        "invalid-json",
    ),
    (
        "single quotes",
        br"{'resourceType':'Patient'}",
        "invalid-json",
    ),
    ("no quotes", br#"{resourceType:"Patient"}"#, "invalid-json"),
    (
        "not a number",
        br#"{"resourceType":"Patient","a":NaN}"#,
        "invalid-json",
    ),
    (
        "a raw NUL",
        b"{\"resourceType\":\"Pat\0ient\"}",
        "invalid-json",
    ),
    (
        "a raw line end",
        b"{\"resourceType\":\"Pat\nient\"}",
        "invalid-json",
    ),
    (
        "a NUL between",
        b"{\"resourceType\":\"Patient\"\0}",
        "invalid-json",
    ),
    (
        "a written NUL",
        br#"{"resourceType":"Patient","a":"x\u0000"}"#,
        "nul-character",
    ),
    (
        "a NUL in a name",
        br#"{"resourceType":"Patient","a\u0000":1}"#,
        "nul-character",
    ),
    (
        "no UTF-8",
        b"{\"resourceType\":\"Patient\",\"a\":\"\xff\"}",
        "invalid-utf8",
    ),
    (
        "cut UTF-8",
        b"{\"resourceType\":\"Patient\",\"a\":\"\xe2\x82\"}",
        "invalid-utf8",
    ),
    (
        "Latin-1",
        b"{\"resourceType\":\"Patient\",\"a\":\"caf\xe9\"}",
        "invalid-utf8",
    ),
    (
        "a high surrogate",
        br#"{"resourceType":"Patient","a":"\ud83d"}"#,
        "invalid-escape",
    ),
    (
        "a low surrogate",
        br#"{"resourceType":"Patient","a":"\ude00"}"#,
        "invalid-escape",
    ),
    (
        "two high",
        br#"{"resourceType":"Patient","a":"\ud83d\ud83d"}"#,
        "invalid-escape",
    ),
    (
        "an odd escape",
        br#"{"resourceType":"Patient","a":"\x41"}"#,
        "invalid-escape",
    ),
    (
        "a huge integer",
        br#"{"resourceType":"Patient","a":99999999999999999999}"#,
        "invalid-number",
    ),
    (
        "a huge decimal",
        br#"{"resourceType":"Patient","a":1e999}"#,
        "invalid-number",
    ),
    (
        "a leading zero",
        br#"{"resourceType":"Patient","a":01}"#,
        "invalid-number",
    ),
    (
        "a field twice",
        br#"{"resourceType":"Patient","id":"a","id":"b"}"#,
        "duplicate-key",
    ),
    (
        "twice within",
        br#"{"resourceType":"Patient","a":[{"b":1,"c":2,"b":1}]}"#,
        "duplicate-key",
    ),
    (
        "twice by escape",
        br#"{"resourceType":"Patient","id":"a","\u0069d":"b"}"#,
        "duplicate-key",
    ),
    (
        "an array",
        br#"[{"resourceType":"Patient"}]"#,
        "not-a-resource",
    ),
    ("text", br#""Patient""#, "not-a-resource"),
    ("no type", br#"{"id":"p"}"#, "not-a-resource"),
    ("null", b"null", "not-a-resource"),
];

#[test]
fn malformed() {
    for (name, bytes, code) in MALFORMED {
        let error = refused(bytes, &Limits::default());
        assert_eq!(error.code(), *code, "{name}: {error}");
    }
}

#[test]
fn types_that_are_none() {
    for kind in [
        "1",
        "null",
        "true",
        "[\"Patient\"]",
        "{}",
        "\"\"",
        "\"patient\"",
        "\"A B\"",
    ] {
        let error = refused(
            format!(r#"{{"resourceType":{kind}}}"#).as_bytes(),
            &Limits::default(),
        );
        assert_eq!(error.code(), "not-a-resource", "{kind}");
    }
    let long = format!(r#"{{"resourceType":"{}"}}"#, "A".repeat(65));
    assert_eq!(
        refused(long.as_bytes(), &Limits::default()).code(),
        "not-a-resource"
    );
}

/// Duplicates among many fields are found by sorting, and many fields that differ are fine.
#[test]
fn many_fields() {
    for fields in [2, 31, 32, 33, 20_000] {
        let all: Vec<String> = (0..fields).map(|field| format!("\"f{field}\":1")).collect();
        let fine = patient(&all.join(","));
        assert!(
            Resource::parse(fine.as_bytes(), &mut Vec::new(), &Limits::default()).is_ok(),
            "{fields}"
        );
        let twice = patient(&format!("{},\"f{}\":2", all.join(","), fields / 2));
        let error = refused(twice.as_bytes(), &Limits::default());
        assert_eq!(error.code(), "duplicate-key", "{fields}");
    }
}

#[test]
fn limits() {
    let record = patient(r#""a":[[{"b":1}]]"#);
    let bytes = record.len();
    let parse = |bytes_max, nesting_max| {
        let limits = Limits {
            bytes_max,
            nesting_max,
        };
        Resource::parse(record.as_bytes(), &mut Vec::new(), &limits)
            .map(|_| ())
            .map_err(|e| e.code())
    };
    assert_eq!(parse(bytes, 4), Ok(()));
    assert_eq!(parse(bytes - 1, 4), Err("too-large"));
    assert_eq!(parse(bytes, 3), Err("too-deep"));
    assert_eq!(parse(bytes, 0), Err("too-deep"));
    assert_eq!(parse(0, 4), Err("too-large"));
    // The same thread's buffers serve the next record with its own limit.
    assert_eq!(parse(bytes, 4), Ok(()));
}

/// Nesting far beyond any stack is refused, closed or not.
#[test]
fn deep_nesting() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let depth = 1_000_000;
        let closed = patient(&format!(
            "\"a\":{}1{}",
            open.repeat(depth),
            close.repeat(depth)
        ));
        let cut = patient(&format!("\"a\":{}", open.repeat(depth)));
        for record in [closed, cut] {
            assert_eq!(
                refused(record.as_bytes(), &Limits::default()).code(),
                "too-deep"
            );
        }
        let allowed = patient(&format!("\"a\":{}1{}", open.repeat(63), close.repeat(63)));
        assert!(Resource::parse(allowed.as_bytes(), &mut Vec::new(), &Limits::default()).is_ok());
    }
}

#[test]
fn what_a_resource_tells() {
    let record = r#"{"resourceType":"Patient","id":"p","meta":{"lastUpdated":"2020-01-01T00:00:00Z",
        "tag":[]},"active":null,"gender":"other","identifier":[{"system":"s","value":"1"},
        {"value":"2"},{"system":"s"},3,{"system":4,"value":"5"}]}"#;
    let mut copy = Vec::new();
    let resource = Resource::parse(record.as_bytes(), &mut copy, &Limits::default()).unwrap();
    assert_eq!(resource.resource_type(), "Patient");
    assert_eq!(resource.id(), Some("p"));
    assert_eq!(
        resource.text(&["meta", "lastUpdated"]),
        Some("2020-01-01T00:00:00Z")
    );
    for path in [
        &["meta"][..],
        &["meta", "tag"],
        &["gender", "x"],
        &["nothing", "x"],
        &[],
    ] {
        assert_eq!(resource.text(path), None, "{path:?}");
    }
    assert!(resource.has("gender") && resource.has("meta"));
    assert!(!resource.has("active") && !resource.has("birthDate"));
    let identifiers: Vec<_> = resource.identifiers().collect();
    assert_eq!(identifiers, [(Some("s"), "1"), (None, "2"), (None, "5")]);
    assert_eq!(format!("{resource:?}"), "Resource { .. }");

    let single = br#"{"resourceType":"Bundle","id":7,"identifier":{"value":"b"}}"#;
    let mut copy = Vec::new();
    let resource = Resource::parse(single, &mut copy, &Limits::default()).unwrap();
    assert_eq!(resource.id(), None);
    assert_eq!(resource.identifiers().collect::<Vec<_>>(), [(None, "b")]);
    assert_eq!(
        Resource::parse(
            br#"{"resourceType":"Bundle"}"#,
            &mut Vec::new(),
            &Limits::default()
        )
        .unwrap()
        .identifiers()
        .count(),
        0
    );
}

/// No error tells what a record holds.
#[test]
fn errors_hold_no_content() {
    let secret = "SECRET";
    let records = [
        format!(r#"{{"resourceType":"{secret} {secret}"}}"#),
        format!(r#"{{"resourceType":"Patient","{secret}":1,"{secret}":1}}"#),
        format!(r#"{{"resourceType":"Patient","a":"{secret}\x"}}"#),
        patient(&format!(r#""c":"{secret}""#)),
        patient(&format!(r#""c":{{"{secret}":"{secret}"}}"#)),
        patient(&format!(r#""c":["{secret}","{secret}"]"#)),
    ];
    let mut program = column("c", "integer").unwrap().compile().unwrap();
    for record in records {
        let error = push(&mut program, &record).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}
