//! Nothing that identifies a person of the source is anywhere in a home.

mod cells;
mod exclusions;
mod scan;
mod secrets;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use self::exclusions::{EXCLUSIONS, excluded};
use self::scan::{Hit, scan};
use self::secrets::{Kind, Secrets};
use crate::support::fhir::{resources, write_export};
use crate::support::home::{Home, dataset, fresh_folder, synthea};
use crate::support::records;

/// A home that has done everything a home does: two nights, the second with records that cannot be
/// taken in, a permit, an answer, a refusal.
fn used(home: &Home) -> Home {
    let home = home.copy("leak");
    let mut patients = Vec::new();
    resources(&records("fhir/synthea-615").unwrap(), |resource| {
        if resource["resourceType"] == "Patient" && patients.len() < 20 {
            patients.push(resource);
        }
    });
    let export = fresh_folder("leak-night");
    for (at, patient) in patients.iter_mut().enumerate() {
        patient["birthDate"] = json!(if at % 4 == 0 {
            "a day in May"
        } else {
            "1950-05-05"
        });
        patient["meta"]["lastUpdated"] = json!("2099-12-31T02:30:00Z");
    }
    write_export(&export, "2099-12-31T02:30:00Z", &patients, &[]);
    let file = export.join("Patient.000.ndjson");
    let whole = std::fs::read_to_string(&file).unwrap();
    let broken = whole.get(..whole.len() - 40).unwrap();
    std::fs::write(&file, broken).unwrap();
    let night = home.lazaret(&[
        "ingest",
        &crate::support::home::pipeline(),
        "--from",
        export.to_str().unwrap(),
        "--quarantine-max",
        "1",
    ]);
    assert_eq!(
        night.status,
        lazaret_cli::QUARANTINED,
        "{}{}",
        night.out,
        night.err
    );
    let listed = home
        .lazaret(&["quarantine", "list", "--format", "json"])
        .done();
    assert!(
        listed.json().as_array().unwrap().len() > 1,
        "{}",
        listed.out
    );

    let permit = home.permit(&json!({"dataset": dataset()}));
    let ask = |sql: &str| {
        home.lazaret(&["query", "--permit", &permit, "--sql", sql])
            .status
    };
    let sql = "SELECT region, COUNT(DISTINCT person_id) AS n FROM person GROUP BY region";
    assert_eq!(ask(sql), lazaret_cli::DONE);
    assert_eq!(ask("SELECT * FROM person"), lazaret_cli::REFUSED);
    // What people see on the way is a log as well.
    let logs = [night.out, night.err, listed.out, listed.err].concat();
    std::fs::write(home.dir().join("transcript.log"), logs).unwrap();
    home
}

fn shown(secrets: &Secrets, hits: &[Hit]) -> String {
    let line = |hit: &Hit| {
        let (kind, value) = secrets.get(hit.secret);
        format!("{:?} `{value}` as {:?} in {}", kind, hit.form, hit.place)
    };
    hits.iter()
        .take(40)
        .map(line)
        .collect::<Vec<_>>()
        .join("\n  ")
}

#[test]
fn nothing_of_the_source_that_identifies_is_in_the_home() {
    let Some(home) = synthea() else { return };
    let home = used(home);
    let secrets = Secrets::of(&records("fhir/synthea-615").unwrap());
    for (kind, least) in [
        (Kind::Resource, 180_000),
        (Kind::Identifier, 3_000),
        (Kind::Name, 1_500),
        (Kind::AddressLine, 600),
        (Kind::Telecom, 600),
    ] {
        assert!(
            secrets.count(kind) >= least,
            "{kind:?}: {}",
            secrets.count(kind)
        );
    }
    let hits = scan(home.dir(), &secrets);
    let (known, unknown): (Vec<Hit>, Vec<Hit>) = hits
        .into_iter()
        .partition(|hit| excluded(&secrets, hit).is_some());
    assert!(
        unknown.is_empty(),
        "{} hits:\n  {}",
        unknown.len(),
        shown(&secrets, &unknown)
    );
    for exclusion in &EXCLUSIONS {
        let used = |hit: &Hit| excluded(&secrets, hit).is_some_and(|e| std::ptr::eq(e, exclusion));
        assert!(
            known.iter().any(used),
            "nothing needs this exclusion any more: {}",
            exclusion.why
        );
    }
}

/// A home with one planted leak, and the forms in which the planted secrets are found.
fn planted(name: &str, plant: impl FnOnce(&Path)) -> Vec<(String, String)> {
    let dir = fresh_folder(&format!("leak-planted-{name}"));
    plant(&dir);
    let secrets = Secrets::from_values(&[
        (Kind::Telecom, "555-978-4581"),
        (Kind::Name, "Koepp"),
        (Kind::Resource, "018f428e-34f6-4707-8009-5ad742f901e7"),
        (Kind::AddressLine, "313 Löckman Row"),
    ]);
    let found = |hit: &Hit| {
        (
            secrets.get(hit.secret).1.to_owned(),
            format!("{:?}", hit.form),
        )
    };
    let found: BTreeSet<_> = scan(&dir, &secrets).iter().map(found).collect();
    found.into_iter().collect()
}

fn text_file(bytes: &[u8]) -> impl FnOnce(&Path) {
    let bytes = bytes.to_vec();
    move |dir| std::fs::write(dir.join("run.log"), bytes).unwrap()
}

#[test]
fn a_planted_leak_of_each_kind_is_found() {
    let telecom = "555-978-4581";
    let hit = |value: &str, form: &str| vec![(value.to_owned(), form.to_owned())];
    let raw = text_file(b"call 555-978-4581 now");
    assert_eq!(planted("raw", raw), hit(telecom, "Raw"));
    let upper = text_file(b"at 018F428E-34F6-4707-8009-5AD742F901E7");
    let id = "018f428e-34f6-4707-8009-5ad742f901e7";
    assert_eq!(planted("upper", upper), hit(id, "Raw"));
    for (at, prefix) in ["", "x", "xy"].into_iter().enumerate() {
        let text = scan::base64(format!("{prefix}{telecom} and more").as_bytes());
        let found = planted(&format!("base64-{at}"), text_file(text.as_bytes()));
        assert_eq!(found, hit(telecom, "Base64"), "{text}");
    }
    let digits: String = telecom.bytes().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(
        planted("hex", text_file(digits.as_bytes())),
        hit(telecom, "Hex")
    );
    let line = "313 Löckman Row";
    let wide: Vec<u8> = format!("x{line}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(planted("utf-16-le", text_file(&wide)), hit(line, "Utf16"));
    let wide: Vec<u8> = format!("{line}x")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(planted("utf-16-be", text_file(&wide)), hit(line, "Utf16"));
    // Five letters: too short to be looked for in bytes, found as a whole cell.
    assert_eq!(planted("short", text_file(b"a Koepp in a text")), []);
    let cell = |dir: &Path| cells::write_parquet(&dir.join("a.parquet"), &["x", "Koepp", "y"]);
    assert_eq!(planted("cell", cell), hit("Koepp", "Whole"));
    let part = |dir: &Path| cells::write_parquet(&dir.join("a.parquet"), &["tel:555-978-4581"]);
    assert_eq!(planted("part-of-a-cell", part), hit(telecom, "Raw"));
    let store = |dir: &Path| cells::write_store(&dir.join("store.db"), "koepp", telecom);
    let found = planted("store", store);
    assert!(
        found.contains(&("Koepp".to_owned(), "Whole".to_owned())),
        "{found:?}"
    );
    assert!(
        found.contains(&(telecom.to_owned(), "Raw".to_owned())),
        "{found:?}"
    );
    assert_eq!(planted("nothing", text_file(b"nobody lives here")), []);
}

#[test]
fn a_file_that_cannot_be_looked_into_is_not_passed_over() {
    let dir = fresh_folder("leak-unreadable");
    std::fs::File::create(dir.join("a.parquet"))
        .unwrap()
        .write_all(b"PAR1 not really")
        .unwrap();
    let secrets = Secrets::from_values(&[(Kind::Name, "Koepp")]);
    let found = std::panic::catch_unwind(|| scan(&dir, &secrets));
    assert!(found.is_err(), "a damaged file fails the scan");
}
