//! What a night brings in, counted a second time without any of the code that does it.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use lazaret_model::TableName;
use serde_json::{Value, json};

use crate::support::fhir::{reference, resources, write_export};
use crate::support::home::{Home, block_on, fresh_folder, synthea};
use crate::support::{files, records};

/// Tables by the resource that each of their rows is made of.
const TABLES: [(&str, &str); 16] = [
    ("Patient", "person"),
    ("Encounter", "encounter"),
    ("Condition", "condition"),
    ("Observation", "observation"),
    ("Procedure", "procedure"),
    ("MedicationRequest", "medication_request"),
    ("MedicationDispense", "medication_dispense"),
    ("MedicationAdministration", "medication_administration"),
    ("Immunization", "immunization"),
    ("AllergyIntolerance", "allergy"),
    ("DiagnosticReport", "diagnostic_report"),
    ("ImagingStudy", "imaging_study"),
    ("CarePlan", "care_plan"),
    ("Device", "device"),
    ("Claim", "claim"),
    ("ExplanationOfBenefit", "explanation_of_benefit"),
];

fn table_of(resource: &Value) -> Option<&'static str> {
    TABLES
        .iter()
        .find(|(kind, _)| resource["resourceType"] == *kind)
        .map(|(_, table)| *table)
}

/// Rows a resource makes: one, and one more for each component.
fn rows_of(resource: &Value) -> u64 {
    1 + resource["component"]
        .as_array()
        .map_or(0, |components| components.len() as u64)
}

/// Rows by table, straight from the export's text.
fn counted(export: &Path) -> BTreeMap<String, u64> {
    let mut rows = BTreeMap::new();
    resources(export, |resource| {
        if let Some(table) = table_of(&resource) {
            *rows.entry(table.to_owned()).or_default() += rows_of(&resource);
        }
    });
    rows
}

/// Rows by table in the newest snapshot.
fn published(home: &Home) -> BTreeMap<String, u64> {
    let (_, snapshot) = home.snapshot();
    let tables = snapshot.tables.iter();
    tables
        .map(|table| (table.description.name.to_string(), table.rows))
        .collect()
}

/// Every visible row of every table as text, with how often it stands there.
fn contents(home: &Home) -> BTreeMap<(String, String), i64> {
    let (lake, snapshot) = home.snapshot();
    let mut rows = BTreeMap::new();
    for table in &snapshot.tables {
        let name: &TableName = &table.description.name;
        let batches = block_on(async { lake.read_table(&snapshot, name).await.unwrap() });
        let options = FormatOptions::default().with_null("NULL");
        for batch in batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
                .collect();
            for row in 0..batch.num_rows() {
                let cells = columns.iter().map(|column| column.value(row).to_string());
                let text = cells.collect::<Vec<_>>().join("|");
                *rows.entry((name.to_string(), text)).or_default() += 1;
            }
        }
    }
    rows
}

/// Rows that went and rows that came, by table.
fn difference(before: &Home, after: &Home) -> BTreeMap<String, (u64, u64)> {
    let mut rows = contents(after);
    for (row, times) in contents(before) {
        *rows.entry(row).or_default() -= times;
    }
    let mut tables: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for ((table, _), times) in rows.into_iter().filter(|(_, times)| *times != 0) {
        let (gone, came) = tables.entry(table).or_default();
        *(if times < 0 { gone } else { came }) += times.unsigned_abs();
    }
    tables
}

/// Every file of the lake with its bytes.
fn lake_files(home: &Home) -> BTreeMap<String, Vec<u8>> {
    let lake = home.dir().join("lake");
    let read = |path: &std::path::PathBuf| {
        let name = path.strip_prefix(&lake).unwrap().display().to_string();
        (name, std::fs::read(path).unwrap())
    };
    files(&lake).iter().map(read).collect()
}

#[test]
fn a_night_holds_every_record_of_the_export() {
    let Some(home) = synthea() else { return };
    let expected = counted(&records("fhir/synthea-615").unwrap());
    let published = published(home);
    for (_, table) in TABLES {
        // The export has no resources for some of the tables.
        let rows = expected.get(table).copied().unwrap_or_default();
        let found = published.get(table).copied().unwrap_or_default();
        assert_eq!(found, rows, "{table}");
    }
    assert_eq!(expected.len(), 13, "tables with rows");
    assert!(published.len() <= TABLES.len());
    let home = home.copy("counted");
    let listed = home
        .lazaret(&["quarantine", "list", "--format", "json"])
        .done();
    assert_eq!(listed.json(), json!([]), "nothing is quarantined");
    let (_, snapshot) = home.snapshot();
    assert_eq!(snapshot.persons, expected["person"]);
}

#[test]
fn the_same_night_again_changes_nothing() {
    let Some(home) = synthea() else { return };
    let again = home.copy("synthea-again");
    let before = lake_files(&again);
    let outcome = again.ingest(&records("fhir/synthea-615").unwrap()).done();
    assert!(
        before == lake_files(&again),
        "a file was written or changed"
    );
    let list = ["lake", "snapshots", "fr-demo", "--format", "json"];
    let snapshots = |home: &Home| home.lazaret(&list).done().json();
    assert_eq!(
        snapshots(home),
        snapshots(&again),
        "{}{}",
        outcome.out,
        outcome.err
    );
}

/// Ten resources of the export with a change in a published column, and three others to delete,
/// one of them with components.
struct Second {
    changed: Vec<Value>,
    deleted: Vec<Value>,
}

/// A later version of the resource, or `None` where it has nothing to change.
fn later(resource: &Value) -> Option<Value> {
    let mut later = resource.clone();
    let field = match resource["resourceType"].as_str()? {
        "Patient" => json!({"deceasedBoolean": true}),
        "Condition" => json!({"onsetDateTime": "1977-07-07"}),
        "Observation" => json!({"effectiveDateTime": "1978-08-08"}),
        "MedicationRequest" => json!({"authoredOn": "1979-09-09"}),
        "Immunization" => json!({"occurrenceDateTime": "1976-06-06"}),
        _ => return None,
    };
    for (name, value) in field.as_object()? {
        later[name] = value.clone();
    }
    later["meta"]["lastUpdated"] = json!(SECOND_NIGHT);
    Some(later)
}

/// After every time in the records and after the first night; a night may be dated ahead.
const SECOND_NIGHT: &str = "2099-12-31T02:30:00Z";

fn second(export: &Path) -> Second {
    let wanted = [
        ("Patient", 1),
        ("Condition", 3),
        ("Observation", 3),
        ("MedicationRequest", 2),
        ("Immunization", 1),
    ];
    let mut left: BTreeMap<&str, usize> = wanted.into_iter().collect();
    let mut night = Second {
        changed: Vec::new(),
        deleted: Vec::new(),
    };
    let delete = ["Condition", "Immunization"];
    resources(export, |resource| {
        let kind = resource["resourceType"].as_str().unwrap_or_default();
        let alive = resource["deceasedDateTime"].is_null();
        let simple = resource["component"].is_null();
        let of_kind = night
            .deleted
            .iter()
            .filter(|r| r["resourceType"] == kind)
            .count();
        match left.get_mut(kind) {
            Some(more) if *more > 0 && alive && simple => {
                *more -= 1;
                night.changed.extend(later(&resource));
            }
            Some(0) if delete.contains(&kind) && of_kind == 0 => night.deleted.push(resource),
            Some(_) if kind == "Observation" && !simple && of_kind == 0 => {
                night.deleted.push(resource);
            }
            _ => {}
        }
    });
    night
}

#[test]
fn a_second_night_changes_what_changed_and_nothing_else() {
    let Some(home) = synthea() else { return };
    let night = second(&records("fhir/synthea-615").unwrap());
    assert_eq!((night.changed.len(), night.deleted.len()), (10, 3));
    let export = fresh_folder("second-night");
    let gone: Vec<String> = night.deleted.iter().map(reference).collect();
    write_export(&export, SECOND_NIGHT, &night.changed, &gone);

    let after = home.copy("synthea-second");
    let outcome = after.ingest(&export).done();
    let mut expected: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for resource in &night.changed {
        let (gone, came) = expected
            .entry(table_of(resource).unwrap().to_owned())
            .or_default();
        (*gone, *came) = (*gone + 1, *came + 1);
    }
    for resource in &night.deleted {
        expected
            .entry(table_of(resource).unwrap().to_owned())
            .or_default()
            .0 += rows_of(resource);
    }
    assert!(
        expected["observation"].0 > 4,
        "the deleted observation has components"
    );
    assert_eq!(
        difference(home, &after),
        expected,
        "{}{}",
        outcome.out,
        outcome.err
    );

    let (_, first) = home.snapshot();
    let (_, second) = after.snapshot();
    assert_eq!(second.previous.as_ref(), Some(&first.id));
    let untouched = |name: &str| !expected.contains_key(name);
    for (before, after) in first.tables.iter().zip(&second.tables) {
        if untouched(before.description.name.as_str()) {
            assert_eq!(
                before.files, after.files,
                "no file of an untouched table is written"
            );
        }
    }
    let list = ["lake", "verify", "fr-demo"];
    after.lazaret(&list).done();
    after.lazaret(&["audit", "verify"]).done();
}
