//! Real exports of synthetic patients, from the shared data folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lazaret_pseudonym::Identities;

use super::fixture::{Got, Night, run_at, shipped};

/// The folder of an export, or nothing where the data is not there and does not have to be.
fn sample(name: &str) -> Option<PathBuf> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("LAZARET_DATA").map_or(shared, PathBuf::from);
    let folder = data.join("fhir").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "CI needs {name}"
    );
    #[allow(clippy::print_stderr, reason = "a skipped test says so")]
    let () = eprintln!("skipped: {name} is not there; set LAZARET_DATA to the shared data folder");
    None
}

fn run(folder: &Path) -> Got {
    let night = Night::new(&[]);
    let url = url::Url::from_directory_path(folder).unwrap();
    let pipeline = shipped();
    let got = run_at(
        &pipeline,
        url.as_str(),
        Identities::new(),
        night.quarantine(),
    )
    .unwrap();
    assert_eq!(night.entries(), []);
    assert_eq!(got.end.report.quarantined(), 0);
    for file in &got.end.report.files {
        assert!(file.reconciles(), "{}", file.name);
    }
    for (table, batch) in &got.tables {
        assert_eq!(
            got.end.report.tables[&table.parse().unwrap()].rows,
            batch.num_rows() as u64
        );
    }
    got
}

fn rows(got: &Got) -> BTreeMap<&str, usize> {
    got.tables
        .iter()
        .map(|(table, batch)| (table.as_str(), batch.num_rows()))
        .collect()
}

fn distinct(values: Vec<i64>) -> usize {
    values
        .into_iter()
        .collect::<std::collections::HashSet<_>>()
        .len()
}

#[test]
fn synthea_100_goes_in_whole() {
    let Some(folder) = sample("synthea-100") else {
        return;
    };
    let got = run(&folder);
    // Counted without this program: resources, and the components of observations.
    let expected = BTreeMap::from([
        ("person", 100),
        ("encounter", 3697),
        ("condition", 639),
        ("observation", 16315 + 1970),
        ("medication_request", 2386),
        ("procedure", 2351),
        ("immunization", 1287),
        ("allergy", 38),
        ("diagnostic_report", 897),
        ("imaging_study", 16),
        ("care_plan", 278),
        ("device", 4),
        ("claim", 6083),
        ("explanation_of_benefit", 3697),
    ]);
    assert_eq!(rows(&got), expected);
    assert_eq!(distinct(got.numbers("person", "person_id")), 100);
    assert_eq!(distinct(got.numbers("encounter", "encounter_id")), 3697);
    let encounters: std::collections::HashSet<_> = got
        .numbers("encounter", "encounter_id")
        .into_iter()
        .collect();
    assert!(
        got.numbers("condition", "encounter_id")
            .iter()
            .all(|id| encounters.contains(id))
    );
    let persons: std::collections::HashSet<_> =
        got.numbers("person", "person_id").into_iter().collect();
    assert!(
        got.numbers("observation", "person_id")
            .iter()
            .all(|id| persons.contains(id))
    );
    let components = got.column("observation", "component_of");
    assert_eq!(components.iter().filter(|code| *code != "-").count(), 1970);
    let report = &got.end.report;
    assert_eq!(report.persons.new, 100);
    assert_eq!(
        (report.persons.unidentified, report.persons.provisional),
        (0, 0)
    );
    let ignored: u64 = report.files.iter().map(|file| file.ignored_type).sum();
    assert_eq!(report.read() + ignored, 38_472);
    assert_eq!(
        got.touched.len(),
        expected.values().sum::<usize>() - 1970,
        "each resource once, components not"
    );
    let columns = report.tables.values().flat_map(|table| &table.columns);
    let outside: Vec<_> = columns
        .filter(|column| column.outside > 0)
        .map(|column| (column.name.as_str(), column.outside))
        .collect();
    assert_eq!(
        outside,
        [("length_hours", 12)],
        "encounters longer than a year"
    );
}

#[test]
fn synthea_615_goes_in_whole() {
    let Some(folder) = sample("synthea-615") else {
        return;
    };
    let got = run(&folder);
    let expected = BTreeMap::from([
        ("person", 615),
        ("encounter", 18_098),
        ("condition", 4546),
        ("observation", 88_674 + 11_325),
        ("medication_request", 4712),
        ("procedure", 14_081),
        ("immunization", 7389),
        ("allergy", 374),
        ("diagnostic_report", 6262),
        ("imaging_study", 332),
        ("care_plan", 1769),
        ("claim", 22_810),
        ("explanation_of_benefit", 18_098),
    ]);
    assert_eq!(rows(&got), expected);
    assert_eq!(distinct(got.numbers("person", "person_id")), 615);
    assert!(
        got.batches > got.tables.len(),
        "a large table comes in several batches"
    );
    let deceased = got.column("person", "deceased");
    assert_eq!(
        deceased.iter().filter(|value| *value == "true").count(),
        124
    );
    assert_eq!(
        deceased.iter().filter(|value| *value == "false").count(),
        615 - 124
    );
    let report = &got.end.report;
    assert_eq!(
        report.files.iter().map(|file| file.read).sum::<u64>(),
        189_111
    );
    let observation = &report.tables[&"observation".parse().unwrap()];
    // `vital-sign` is no code of the value set: kept, and counted with its components.
    let outside = observation.columns.iter().filter(|c| c.outside > 0);
    assert_eq!(outside.count(), 1);
}

#[test]
fn a_chunked_bulk_export_goes_in() {
    let Some(folder) = sample("bulk-export-1144") else {
        return;
    };
    let got = run(&folder);
    let expected = BTreeMap::from([("person", 1144), ("allergy", 835), ("device", 2341)]);
    assert_eq!(rows(&got), expected);
    assert_eq!(
        got.end.report.exported, "2024-08-06T18:12:57+00:00",
        "from the log"
    );
    assert_eq!(got.end.report.ignored_files, ["log.ndjson"]);
}
