//! What a night leaves for people and programs: its log, its report and page, its metrics.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::fhir::write_export;
use crate::support::files;
use crate::support::home::{Home, Outcome, fresh_folder, pipeline};

/// A home, and two nights of a hundred people.
fn nights(name: &str) -> (Home, [PathBuf; 2]) {
    let home = Home::fresh(name);
    let export = fresh_folder(&format!("{name}-export"));
    let out = export.to_str().unwrap();
    let people = ["synth", "fhir", "--persons", "100", "--nights", "2"];
    let made = home.lazaret(&[&people[..], &["--out", out]].concat());
    made.done();
    (home, ["night-1", "night-2"].map(|night| export.join(night)))
}

fn ingest(home: &Home, export: &Path, options: &[&str]) -> Outcome {
    let pipeline = pipeline();
    let command = ["ingest", &pipeline, "--from", export.to_str().unwrap()];
    home.lazaret(&[&command[..], options].concat())
}

/// The log, each line an object.
fn events(outcome: &Outcome) -> Vec<Value> {
    let lines = outcome.err.lines();
    let parse = |line| serde_json::from_str::<Value>(line).unwrap_or_else(|_| panic!("{line}"));
    let events: Vec<Value> = lines.map(parse).collect();
    for event in &events {
        assert!(event["ts"].as_str().unwrap().ends_with("+00:00"), "{event}");
    }
    events
}

fn names(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| match event["phase"].as_str() {
        Some(phase) => phase.to_owned(),
        None => event["event"].as_str().unwrap().to_owned(),
    };
    // How often progress is told depends on the machine.
    let steady = events.iter().filter(|event| event["event"] != "progress");
    let mut names: Vec<_> = steady.map(name).collect();
    names.dedup();
    names
}

#[test]
fn a_night_is_told_to_programs() {
    let (home, [first, second]) = nights("night-log");
    let json = ["--log", "json", "--format", "json"];
    let night = ingest(&home, &first, &json);
    assert_eq!(night.status, lazaret_cli::DONE, "{night:?}");
    let events = events(&night);
    let told = [
        "opening",
        "begin",
        "reading",
        "file",
        "writing",
        "recording",
        "note",
        "end",
    ];
    assert_eq!(names(&events), told);
    let report = night.json();
    let end = events.last().unwrap();
    assert_eq!(end["status"], 0);
    for same in ["run", "snapshot"] {
        assert_eq!(end[same], report[same]);
    }
    assert_eq!(end["rows"], report["totals"]["rows"]);
    let page = end["report"].as_str().unwrap();
    let kept = std::fs::read_to_string(Path::new(page).with_extension("json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), report);
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.contains("<b>Published</b>"));
    let metrics = std::fs::read_to_string(home.dir().join("metrics/lazaret.prom")).unwrap();
    let persons = "lazaret_dataset_persons{pipeline=\"fhir-r4\",dataset=\"fr-demo\"} 100\n";
    assert!(metrics.contains(persons), "{metrics}");
    let unfinished = |file: &PathBuf| file.extension().is_some_and(|name| name == "new");
    assert!(!files(home.dir()).iter().any(unfinished));
    assert_eq!(report["drift"], Value::Null, "there is no night before");
    assert_eq!(
        report["effort"]["energy"],
        Value::Null,
        "nothing is configured"
    );

    let again = ingest(&home, &first, &json).done();
    assert_eq!(again.json(), report, "a rerun changes nothing");
    let lost = files(&home.dir().join("reports"));
    lost.iter()
        .for_each(|file| std::fs::remove_file(file).unwrap());
    ingest(&home, &first, &json).done();
    assert_eq!(
        files(&home.dir().join("reports")),
        lost,
        "they are there again"
    );
    let next = ingest(&home, &second, &json).done().json();
    assert_eq!(next["drift"]["nights"][0], report["exported"]);
}

#[test]
fn a_night_costs_energy_where_watts_are_configured() {
    let (home, [first, _]) = nights("night-energy");
    let file = home.dir().join("lazaret.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let energy = "\n[energy]\nwatts = 10.0\ngco2e_per_kwh = 50.0\n";
    std::fs::write(&file, text + energy).unwrap();
    let report = ingest(&home, &first, &["--format", "json"]).done().json();
    let effort = &report["effort"];
    assert_eq!(effort["energy"]["watts"], 10.0);
    let watt_hours = effort["energy"]["watt_hours"].as_f64().unwrap();
    let expected = effort["cpu_seconds"].as_f64().unwrap() * 10.0 / 3600.0;
    assert!(
        watt_hours > 0.0 && (watt_hours - expected).abs() < 1e-3,
        "{effort}"
    );
}

#[test]
fn the_status_says_how_a_night_ended() {
    let (home, [first, _]) = nights("night-status");
    let dry = ingest(&home, &first, &["--dry-run"]).done();
    assert!(dry.err.contains("nothing is published"), "{}", dry.err);
    let pages = files(&home.dir().join("reports"));
    let page = pages
        .iter()
        .find(|file| file.extension().unwrap() == "html");
    let page = std::fs::read_to_string(page.unwrap()).unwrap();
    assert!(page.contains("Dry run: nothing was published"));
    let nobody = "{\"resourceType\":\"Condition\",\"id\":\"a\"}\n";
    std::fs::write(first.join("Condition.900.ndjson"), nobody).unwrap();
    std::fs::remove_file(first.join("manifest.json")).unwrap();
    let some = ingest(&home, &first, &[]);
    assert_eq!(some.status, lazaret_cli::QUARANTINED, "{some:?}");
    assert!(
        some.err
            .contains("persons, 1 records in quarantine\nreport: "),
        "{}",
        some.err
    );
    let missing = ingest(&home, Path::new("/nowhere"), &[]);
    assert_eq!(missing.status, lazaret_cli::FAILED);
    assert_eq!(
        (missing.err.lines().count(), missing.out.as_str()),
        (1, ""),
        "{missing:?}"
    );
    let missing = ingest(&home, Path::new("/nowhere"), &["--log", "json"]);
    assert_eq!(missing.status, lazaret_cli::FAILED);
    assert_eq!(events(&missing).last().unwrap()["event"], "failed");
    for flags in [
        &["--full"][..],
        &["--accept-loss"],
        &["--opt-out", "list.csv"],
    ] {
        let refused = ingest(&home, &first, flags);
        assert_eq!(refused.status, lazaret_cli::USAGE, "{refused:?}");
        assert!(refused.err.contains("not supported yet"), "{refused:?}");
    }
}

#[test]
fn a_night_that_is_stopped_tells_what_it_read() {
    let (home, [first, _]) = nights("night-stopped");
    let nobody = "{\"resourceType\":\"Condition\",\"id\":\"a\"}\n".repeat(9);
    std::fs::write(first.join("Condition.900.ndjson"), nobody).unwrap();
    std::fs::remove_file(first.join("manifest.json")).unwrap();
    let stopped = ingest(&home, &first, &["--quarantine-max", "0"]);
    assert_eq!(stopped.status, lazaret_cli::FAILED, "{stopped:?}");
    let told = stopped
        .err
        .lines()
        .find_map(|line| line.strip_prefix("report of what was read: "));
    let page = std::fs::read_to_string(told.unwrap()).unwrap();
    assert!(
        page.contains("<b>Stopped, nothing was published: "),
        "{page}"
    );
    let kept = Path::new(told.unwrap()).with_extension("json");
    let kept: Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    assert_eq!(kept["quarantined"]["no-person"], 9);
    assert!(stopped.err.contains(kept["stopped"].as_str().unwrap()));
    assert_eq!(
        (&kept["snapshot"], &kept["drift"]),
        (&Value::Null, &Value::Null)
    );
}

/// A record whose patient has not come waits, and goes in on the night the patient does.
#[test]
fn a_record_waits_for_its_patient() {
    let home = Home::fresh("night-pending");
    let pipeline_here = fresh_folder("night-pending-pipeline");
    let shipped = PathBuf::from(pipeline());
    for file in files(&shipped) {
        let to = pipeline_here.join(file.strip_prefix(&shipped).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&file, &to).unwrap();
    }
    let toml = pipeline_here.join("pipeline.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    let waiting = text.replace("fallback = \"local-id\"", "fallback = \"pending\"");
    assert_ne!(text, waiting);
    std::fs::write(&toml, waiting).unwrap();
    let night = |name: &str, time: &str, resource: Value| {
        let export = fresh_folder(name);
        write_export(&export, time, &[resource], &[]);
        let (pipeline, from) = (pipeline_here.to_str().unwrap(), export.to_str().unwrap());
        home.lazaret(&["ingest", pipeline, "--from", from, "--format", "json"])
            .done()
            .json()
    };
    let condition = json!({"resourceType": "Condition", "id": "c",
        "subject": {"reference": "Patient/late"}});
    let first = night("night-pending-1", "2026-01-01T00:00:00Z", condition);
    assert_eq!(
        (&first["totals"]["pending"], &first["totals"]["rows"]),
        (&json!(1), &json!(0))
    );
    let patient = json!({"resourceType": "Patient", "id": "late", "gender": "female"});
    let second = night("night-pending-2", "2026-01-02T00:00:00Z", patient);
    assert_eq!(second["totals"]["pending"], 0);
    for table in ["person", "condition"] {
        assert_eq!(second["tables"][table]["after"], 1, "{table}");
    }
    let waits = files(&home.dir().join("pending"));
    assert!(waits.is_empty(), "{waits:?}");
}
