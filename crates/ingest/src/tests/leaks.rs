//! Planted leaks are found, and what only looks like one stops no run.

use super::fixture::{Night, PATIENT, SUBJECT, custom, shipped, toml, view};
use super::pieces::gzip;
use crate::leak_filter::Filter;
use crate::leak_words::{normal, words};
use crate::{IngestError, Pipeline};

const PERSONS: &str = concat!(
    r#"{"resourceType":"Patient","id":"a","identifier":[{"system":"urn:oid:1.2.3","value":"2 69 05 49 588 157"}],"#,
    r#""name":[{"family":"Long","given":["Zoé","Marie-Claire"]}],"address":[{"line":["12 rue de la Paix"]}],"#,
    r#""telecom":[{"value":"zoe@example.org"},{"value":"01 23 45"}],"contact":[{"name":{"text":"Bertrand Durand"}}]}"#,
    "\n",
    r#"{"resourceType":"Patient","id":"b","identifier":{"system":"x","value":"73211009"},"#,
    r#""name":[{"family":"O'Hara","text":"Scarlett O'Hara"}]}"#,
);

/// A table of conditions with a kept text and a kept number; `note` should not be kept.
fn pipeline(values: &str) -> Pipeline {
    let note = format!("note|code.coding.first().code|code|lazaret/treatment=keep{values}");
    let columns = [SUBJECT, &note, "number|rank|integer|lazaret/treatment=keep"];
    let (_folder, pipeline) = custom(&toml(""), &[("v.json", &view("Condition", &columns))]);
    pipeline.unwrap_or_else(|error| panic!("{error}"))
}

fn condition(id: usize, patient: &str, note: &str, number: &str) -> String {
    format!(
        "{{\"resourceType\":\"Condition\",\"id\":\"{id}\",\"code\":{{\"coding\":[{{\"code\":\"{note}\"}}]}},\
         \"rank\":{number},\
         \"subject\":{{\"reference\":\"Patient/{patient}\"}}}}\n"
    )
}

/// Whether one row among others that are clean stops the run.
fn stops(pipeline: &Pipeline, patient: &str, note: &str, number: &str) -> bool {
    let rows: Vec<String> = (0..50)
        .map(|n| match n {
            30 => condition(n, patient, note, number),
            _ => condition(n, ["a", "b"][n % 2], "44054006", "100000"),
        })
        .collect();
    let night = Night::new(&[("Patient.ndjson", PERSONS)]);
    night.write("Condition.ndjson.gz", &gzip(rows.concat().as_bytes()));
    match night.run(pipeline) {
        Ok(_) => false,
        Err(IngestError::Pipeline { file, reason }) => {
            let column = if number == "1" { "note" } else { "number" };
            assert_eq!(file, format!("table `t`, column `{column}`"));
            assert!(
                !reason.contains(note) && !reason.contains(number),
                "no value: {reason}"
            );
            true
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_planted_leak_is_found() {
    let pipeline = pipeline("");
    for (patient, note) in [
        ("a", "269054958815 7"),
        ("b", "2-69-05-49-588-157"),
        ("b", "see ZOE@example.org: no"),
        ("b", "12, Rue de la Paix"),
        ("b", "bertrand durand"),
        ("a", "SCARLETT O'HARA"),
        ("a", "Zoé"),
        ("a", "mme Long"),
        ("a", "claire"),
        ("b", "hara"),
        ("b", "code 73211009"),
        ("a", "012345"),
    ] {
        assert!(stops(&pipeline, patient, note, "1"), "{patient} {note}");
    }
    assert!(
        stops(&pipeline, "b", "zzz", "73211009"),
        "a number is looked at too"
    );
    assert!(
        !stops(&pipeline, "a", "zzz", "12345"),
        "too short to be anybody's"
    );
}

#[test]
fn what_only_reads_like_a_person_stops_nothing() {
    let pipeline = pipeline("");
    for (patient, note) in [
        ("b", "Long QT"),
        ("b", "long"),
        ("a", "73211009"),
        ("a", "12"),
        ("a", "rue"),
        ("b", "Marie"),
        ("a", "paix"),
        ("b", "012345"),
    ] {
        assert!(!stops(&pipeline, patient, note, "1"), "{patient} {note}");
    }
    assert!(!stops(&pipeline, "a", "zzz", "73211009"));
    let declared = self::pipeline(";lazaret/values=long,short");
    assert!(
        !stops(&declared, "a", "long", "1"),
        "a declared value is a code"
    );
    assert!(stops(&declared, "a", "Zoé", "1"), "another is not");
}

#[test]
fn a_person_is_known_from_references_too() {
    let record = |subject: &str, note: &str| {
        format!(
            "{{\"resourceType\":\"Condition\",\"id\":\"1\",\"code\":{{\"coding\":[{{\"code\":\"{note}\"}}]}},\
             \"subject\":{{\"reference\":\"Patient/c\",{subject}}}}}"
        )
    };
    for (subject, note, stops) in [
        ("\"display\":\"Ada Martin\"", "Ada Martin", true),
        ("\"display\":\"Ada Martin\"", "martin", true),
        ("\"display\":\"Ada Martin\"", "adam", false),
        ("\"identifier\":{\"value\":\"99.88.77\"}", "998877", true),
    ] {
        let night = Night::new(&[("Condition.ndjson", &record(subject, note))]);
        let got = night.run(&pipeline(""));
        assert_eq!(got.is_err(), stops, "{subject} {note}");
    }
}

#[test]
fn patients_are_checked_like_others() {
    let columns = [
        PATIENT,
        "line|address.first().line.first()|string|lazaret/treatment=keep;lazaret/justification=x",
    ];
    let (_folder, pipeline) = custom(&toml(""), &[("v.json", &view("Patient", &columns))]);
    let pipeline = pipeline.unwrap_or_else(|error| panic!("{error}"));
    let night = Night::new(&[("Patient.ndjson", PERSONS)]);
    let refused = night.run(&pipeline).err().unwrap().to_string();
    assert!(
        refused.contains("column `line`") && !refused.contains("Paix"),
        "{refused}"
    );
    assert!(
        night.run(&shipped()).is_ok(),
        "the pipeline that ships keeps none of it"
    );
}

#[test]
fn words_are_compared_as_they_are_spoken() {
    let of = |text: &str| words(text);
    assert_eq!(normal("  Zoë-Anne ÉTÉ, 12 "), "zoëanneété12");
    assert_eq!(of("Long QT"), ["longqt", "long"]);
    assert_eq!(of("12345"), Vec::<String>::new());
    assert_eq!(of("123456"), ["123456"]);
    assert_eq!(of("mail a.b@c.org!"), ["mailabcorg", "mail", "abcorg"]);
    assert_eq!(of(""), Vec::<String>::new());
}

#[test]
fn a_filter_finds_what_was_put_in_and_little_else() {
    let filter = Filter::new(1 << 20);
    let hash = |n: u64| n.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ (n << 40);
    for n in 0..50_000 {
        filter.insert(hash(n));
    }
    assert!((0..50_000).all(|n| filter.contains(hash(n)) && !filter.insert(hash(n))));
    let by_chance = (50_000..150_000)
        .filter(|n| filter.contains(hash(*n)))
        .count();
    assert!(by_chance < 200, "{by_chance} of 100,000");
}
