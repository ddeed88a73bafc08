//! Reports in all their forms: exact numbers, and nothing of a record.

use std::collections::BTreeSet;

use expect_test::expect_file;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::{Measured, Pipeline, Power, Resources, RunReport, Stored, metrics};

use super::fixture::{Night, PATIENT, SUBJECT, custom, now, view};

/// Stands wherever a record may hold a value.
const CANARY: &str = "CANARY5f3a";

const PIPELINE: &str = r#"
[pipeline]
name = "p"
dataset = "d"
title = "Patients and conditions"
format = "fhir-ndjson"
[identity]
system = "urn:oid:1.2.3"
fallback = "local-id"
[[table]]
name = "person"
view = "views/person.json"
rows_per_person = 1
[[table]]
name = "condition"
view = "views/condition.json"
rows_per_person = 5
"#;

fn pipeline() -> Pipeline {
    let person = [
        PATIENT,
        "sex|gender|code|lazaret/treatment=keep;lazaret/values=male,female",
        "birth_year|birthDate|date|lazaret/treatment=age-cap-90",
    ];
    let condition = [
        SUBJECT,
        "encounter_id|encounter.getReferenceKey(Encounter)|string|lazaret/treatment=record",
        "code|code.coding.first().code|code|lazaret/treatment=keep",
        "onset_date|onset.ofType(dateTime)|dateTime|lazaret/treatment=date",
    ];
    let views = [
        ("person.json", &*view("Patient", &person)),
        ("condition.json", &*view("Condition", &condition)),
    ];
    custom(PIPELINE, &views).1.unwrap()
}

/// A night of two patients, two conditions and what does not go in. What tells of the person is
/// written a little otherwise than what the tables keep, or the leak check would stop the run.
fn report() -> (Night, RunReport) {
    let c = CANARY;
    let own = format!("{c}s");
    let patients = [
        format!(
            "{{\"resourceType\":\"Patient\",\"id\":\"{c}\",\"gender\":\"{c}\",\
             \"birthDate\":\"1980-05-06\",\"name\":[{{\"family\":\"{own}\"}}],\
             \"identifier\":[{{\"system\":\"urn:oid:1.2.3\",\"value\":\"{own}\"}}],\
             \"meta\":{{\"lastUpdated\":\"2026-02-28T00:00:00Z\"}},\
             \"address\":[{{\"city\":\"{c}\",\"postalCode\":\"{c}\",\"country\":\"FR\"}}]}}"
        ),
        "{\"resourceType\":\"Patient\",\"id\":\"b\",\"gender\":\"female\"}".to_owned(),
        format!("{{\"{c}\":"),
        format!("{{\"resourceType\":\"{c}\",\"id\":\"{c}\"}}"),
    ];
    let condition = |id: &str, onset: &str| {
        format!(
            "{{\"resourceType\":\"Condition\",\"id\":\"{id}\",\"onsetDateTime\":\"{onset}\",\
             \"subject\":{{\"reference\":\"Patient/{c}\",\"display\":\"{own}\"}},\
             \"code\":{{\"coding\":[{{\"system\":\"urn:{c}\",\"code\":\"{c}\"}}]}}}}"
        )
    };
    let conditions = [condition("x", "1979-12-31"), condition("y", "2026-05-01")];
    let night = Night::new(&[
        ("Patient.ndjson", &patients.join("\n")),
        ("Condition.ndjson", &conditions.join("\n")),
        ("Basic.ndjson", "{\"resourceType\":\"Basic\"}"),
        ("log.ndjson", ""),
        (
            "manifest.json",
            "{\"transactionTime\":\"2026-03-01T00:00:00Z\"}",
        ),
    ]);
    let got = night.run(&pipeline());
    let mut report = got.unwrap_or_else(|error| panic!("{error}")).end.report;
    report.end(now());
    let resources = Resources {
        new: 4,
        ..Resources::default()
    };
    let stored = |(name, table): (&lazaret_model::TableName, &crate::TableReport)| {
        let stored = Stored {
            before: 10,
            appended: table.rows,
            masked: 1,
            after: 9 + table.rows,
        };
        (name.clone(), stored)
    };
    let rows: Vec<_> = report.tables.iter().map(stored).collect();
    report.publish("S-1".parse().unwrap(), 2, resources, rows);
    let measured = Measured {
        seconds: 2.0,
        cpu_seconds: Some(3.0),
        memory_bytes_max: Some(100 << 20),
    };
    let power = Power {
        watts: 12.0,
        gco2e_per_kwh: 50.0,
    };
    report.measure(measured, Some(power));
    (night, report)
}

/// The same report of another night, with so many rows of `condition` and share of codes.
fn night(run: &str, rows: u64, completeness: f64) -> RunReport {
    let (_, mut report) = report();
    report.run = run.parse().unwrap();
    let table = report.tables.get_mut(&"condition".parse().unwrap());
    let table = table.unwrap();
    table.rows = rows;
    for column in &mut table.columns {
        column.completeness = Some(completeness);
    }
    report
}

#[test]
fn a_report_as_json_is_as_it_was() {
    let (_, mut report) = report();
    report.pipeline_sha256 = "of the pipeline".to_owned();
    report.run = "run".parse().unwrap();
    report.compare(&[night("earlier", 4, 0.5)]);
    let json = serde_json::to_string_pretty(&report).unwrap() + "\n";
    expect_file!["report.json"].assert_eq(&json);
    let again: RunReport = serde_json::from_str(&json).unwrap();
    assert_eq!(again, report, "what was written is read back");
    report.snapshot = None;
    for table in report.tables.values_mut() {
        table.stored = None;
    }
    let dry = serde_json::to_string(&report).unwrap();
    let again: RunReport = serde_json::from_str(&dry).unwrap();
    assert_eq!(again, report, "a dry run's too");
}

#[test]
fn no_form_has_anything_of_a_record() {
    let (night, mut report) = report();
    let forms = |report: &RunReport| {
        let json = serde_json::to_string_pretty(report).unwrap();
        [json, report.page(), metrics(std::slice::from_ref(report))]
    };
    assert_eq!(report.quarantined(), 2);
    for form in forms(&report) {
        assert!(!form.contains(CANARY), "{form}");
    }
    for file in std::fs::read_dir(night.folder.path().join("quarantine")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let mut windows = bytes.windows(CANARY.len());
        assert!(!windows.any(|window| window == CANARY.as_bytes()));
    }
    report.title = CANARY.to_owned();
    let shown = forms(&report).map(|form| form.contains(CANARY));
    assert_eq!(shown, [true, true, false], "it would be found");
}

/// What is wrong with a page's form, and the names of its elements.
fn elements(page: &str) -> (Vec<String>, BTreeSet<String>) {
    let mut reader = Reader::from_str(page);
    let (mut wrong, mut names, mut ids) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return (wrong, names),
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                names.insert(String::from_utf8(tag.name().as_ref().to_vec()).unwrap());
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap();
                    let value = String::from_utf8(attribute.value.to_vec()).unwrap();
                    if attribute.key.as_ref() == b"id" && !ids.insert(value.clone()) {
                        wrong.push(format!("id {value} is there twice"));
                    }
                }
            }
            Ok(_) => {}
            Err(error) => {
                wrong.push(error.to_string());
                return (wrong, names);
            }
        }
    }
}

#[test]
fn a_page_is_well_formed_and_stands_alone() {
    let (_, mut report) = report();
    report.title = "<b>&\"'".to_owned();
    report.files[0].name = "</td><script>".to_owned();
    report.compare(&[
        night("a", 40, 0.1),
        night("b", 60, 0.1),
        night("c", 50, 0.1),
    ]);
    let page = report.page();
    let (wrong, names) = elements(&page);
    assert!(wrong.is_empty(), "{wrong:?}");
    for asking in ["script", "link", "img", "iframe", "object", "form", "a"] {
        assert!(!names.contains(asking), "{asking}");
    }
    for asking in ["http:", "https:", "url(", "@import", "src="] {
        assert!(!page.contains(asking), "{asking}");
    }
    let (wrong, _) = elements(&page.replacen("</table>", "", 1));
    assert!(!wrong.is_empty(), "it would be found");
    for said in [
        "Published, 2 records in quarantine",
        "&lt;b&gt;&amp;&quot;&#39;",
        "<b>condition</b> has 2 rows tonight: 0.04 times the mean",
        "Rows read tonight, rows in the lake, and tonight beside 3 nights before.",
        "<caption><span>Each file in the order it was read, in resources.</span></caption>",
    ] {
        assert!(page.contains(said), "{said}\n{page}");
    }
}

#[test]
fn a_quiet_night_and_a_dry_run_say_so() {
    let (_, mut report) = report();
    report.files.clear();
    report.tables.clear();
    report.persons.unidentified = 0;
    report.persons.provisional = 0;
    report.totals.quarantined = 0;
    report.quarantined.clear();
    let page = report.page();
    assert!(page.contains("Nothing: every record went in") && page.contains("<b>Published</b>"));
    assert!(elements(&page).0.is_empty());
    report.snapshot = None;
    assert!(report.page().contains("Dry run: nothing was published"));
}

#[test]
fn drift_is_against_the_mean_of_the_last_nights() {
    let name = "condition".parse().unwrap();
    let (_, mut tonight) = report();
    let mut other = night("other", 1_000_000, 0.0);
    other.pipeline = "another".to_owned();
    let mut earlier = vec![night("first", 1_000_000, 0.0), other];
    earlier.extend((1..=6).map(|n| night(&format!("n{n}"), 4, 0.98)));
    earlier.push(night("n7", 4, 0.84));
    earlier.push(tonight.clone());
    tonight.compare(&earlier);
    let drift = tonight.drift.clone().unwrap();
    assert_eq!(
        drift.nights.len(),
        7,
        "not the first, not itself, not another pipeline's"
    );
    let table = &drift.tables[&name];
    assert_eq!(table.rows, vec![Some(4); 7]);
    assert_eq!((table.rows_mean, table.rows_ratio), (Some(4.0), Some(0.5)));
    assert!(table.unusual, "half of the mean");
    let code = &table.columns[&"code".parse().unwrap()];
    assert_eq!((code.completeness_mean, code.change), (0.96, 0.04));
    assert!(!code.unusual);
    let encounter = &table.columns[&"encounter_id".parse().unwrap()];
    assert_eq!(encounter.change, -0.96);
    assert!(encounter.unusual);
}

#[test]
fn one_night_tells_of_columns_and_not_of_rows() {
    let (_, mut tonight) = report();
    tonight.compare(&[]);
    assert_eq!(tonight.drift, None);
    let mut first = night("first", 1000, 1.0);
    first.tables.remove(&"person".parse().unwrap());
    tonight.compare(&[first]);
    let drift = tonight.drift.unwrap();
    let table = &drift.tables[&"condition".parse().unwrap()];
    assert_eq!((table.rows_ratio, table.unusual), (Some(0.002), false));
    assert!(table.columns[&"encounter_id".parse().unwrap()].unusual);
    let person = &drift.tables[&"person".parse().unwrap()];
    assert_eq!((&person.rows, person.rows_ratio), (&vec![None], None));
    assert!(person.columns.is_empty());
}

#[test]
fn effort_is_counted_in_the_units_it_says() {
    let (_, mut report) = report();
    report.totals.bytes_inflated = 50_000_000;
    report.totals.resources = 1000;
    let measured = Measured {
        seconds: 2.0,
        cpu_seconds: Some(3600.0),
        memory_bytes_max: None,
    };
    let power = Power {
        watts: 20.0,
        gco2e_per_kwh: 50.0,
    };
    report.measure(measured, Some(power));
    let effort = report.effort.unwrap();
    assert_eq!(
        (effort.megabytes_per_second, effort.resources_per_second),
        (25.0, 500.0)
    );
    let energy = effort.energy.unwrap();
    assert_eq!((energy.watt_hours, energy.gco2e), (20.0, 1.0));
    report.measure(measured, None);
    assert_eq!(
        report.effort.unwrap().energy,
        None,
        "not configured, not reported"
    );
}

/// Name, labels and value of each sample; what Prometheus' text format asks for is checked.
fn samples(text: &str) -> Vec<(String, String, f64)> {
    let (mut helped, mut typed) = (BTreeSet::new(), BTreeSet::new());
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap();
            assert!(
                help.ends_with('.') && helped.insert(name.to_owned()),
                "{line}"
            );
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(kind == "gauge" && typed.insert(name.to_owned()), "{line}");
            continue;
        }
        let (name, rest) = line.split_once('{').unwrap();
        let (labels, value) = rest.rsplit_once("} ").unwrap();
        assert!(helped.contains(name) && typed.contains(name), "{line}");
        let plain = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
        assert!(
            name.starts_with("lazaret_") && name.chars().all(plain),
            "{line}"
        );
        for label in labels.split("\",") {
            let (key, value) = label.split_once("=\"").unwrap();
            let known = ["pipeline", "dataset", "table", "reason", "outcome"];
            assert!(known.contains(&key) && !value.contains('\n'), "{line}");
        }
        found.push((name.to_owned(), labels.to_owned(), value.parse().unwrap()));
    }
    assert!(text.ends_with('\n'));
    found
}

#[test]
fn metrics_are_what_prometheus_reads() {
    let (_, report) = report();
    let mut other = report.clone();
    other.pipeline = "a \"quoted\" \\ one".to_owned();
    let text = metrics(&[report, other]);
    let samples = samples(&text);
    let distinct: BTreeSet<_> = samples.iter().map(|(n, l, _)| (n, l)).collect();
    assert_eq!(distinct.len(), samples.len());
    let value = |name: &str, label: &str| {
        let of = "pipeline=\"p\",dataset=\"d\"".to_owned() + label;
        let mut found = samples.iter().filter(|(n, l, _)| n == name && *l == of);
        found
            .next()
            .unwrap_or_else(|| panic!("{name}{label}\n{text}"))
            .2
    };
    assert_eq!(value("lazaret_run_quarantined_resources", ""), 2.0);
    assert_eq!(value("lazaret_run_duration_seconds", ""), 2.0);
    assert_eq!(value("lazaret_run_energy_joules", ""), 36.0);
    assert_eq!(
        value("lazaret_run_ended_timestamp_seconds", ""),
        1_772_413_200.0
    );
    assert_eq!(
        value("lazaret_run_resources_by_outcome", ",outcome=\"new\""),
        4.0
    );
    assert_eq!(value("lazaret_run_table_rows", ",table=\"condition\""), 2.0);
    assert_eq!(value("lazaret_table_rows", ",table=\"condition\""), 11.0);
    assert_eq!(
        value("lazaret_run_table_outside_values", ",table=\"person\""),
        1.0
    );
    assert_eq!(
        value(
            "lazaret_run_table_implausible_dates",
            ",table=\"condition\""
        ),
        2.0
    );
    assert!(text.contains("pipeline=\"a \\\"quoted\\\" \\\\ one\""));
    assert_eq!(metrics(&[]), "");
}
