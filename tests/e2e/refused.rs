//! What cannot be answered is refused with its reason, before a row is read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::request::Request;
use crate::support::files;
use crate::support::home::{Home, Outcome, dataset, synthetic};

/// A home whose records cannot be read: every data file is there and empty.
fn blind(name: &str) -> Home {
    let home = synthetic().copy(name);
    let parquet = |path: &&std::path::PathBuf| path.extension().is_some_and(|e| e == "parquet");
    let data = files(&home.dir().join("lake"));
    assert!(
        data.iter().any(|path| parquet(&path)),
        "there are data files to empty"
    );
    for path in data.iter().filter(parquet) {
        std::fs::write(path, b"").unwrap();
    }
    home
}

fn permit(home: &Home, allow: Option<Value>) -> String {
    let dp = json!({"epsilonTotal": 3.0, "epsilonPerQueryMax": 2.0});
    let what = json!({"allow": allow});
    home.permit(&json!({"dataset": dataset(), "what": what, "output": {"dp": dp}}))
}

fn ask(home: &Home, permit: &str, more: &[&str]) -> Outcome {
    let start = ["query", "--format", "json", "--permit", permit];
    home.lazaret(&[&start, more].concat())
}

/// `code: reason, at line 1, column 2; instead: hint`, on one line.
fn told(refusal: &Value) -> String {
    let text = |key: &str| refusal[key].as_str().unwrap_or_default();
    let mut line = format!("{}: {}", text("code"), text("reason"));
    if let (Some(at), Some(column)) = (refusal["line"].as_u64(), refusal["column"].as_u64()) {
        line += &format!(", at line {at}, column {column}");
    }
    for (key, word) in [("clause", "by"), ("hint", "instead")] {
        if !text(key).is_empty() {
            line += &format!("; {word}: {}", text(key));
        }
    }
    line.replace('\n', " ")
}

/// The refusal, or what came instead.
fn refusal(outcome: &Outcome) -> Result<Value, String> {
    let answer: Option<Value> = serde_json::from_str(&outcome.out).ok();
    match answer {
        Some(answer) if outcome.status == lazaret_cli::REFUSED => Ok(answer["refused"].clone()),
        _ => Err(format!(
            "exit {}: {}{}",
            outcome.status, outcome.out, outcome.err
        )),
    }
}

#[test]
fn every_request_of_queries_refused_is_refused() {
    let home = blind("refused");
    let mut permits: BTreeMap<String, String> = BTreeMap::new();
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for request in Request::all("refused") {
        let granted = request.granted();
        let key = granted.clone().unwrap_or_default().to_string();
        let permit = permits.entry(key).or_insert_with(|| permit(&home, granted));
        let file = request.path.to_str().unwrap();
        let outcome = ask(&home, permit, &[&request.options(), &[file][..]].concat());
        let told = refusal(&outcome).map_or_else(|other| other, |refusal| told(&refusal));
        let expected = request.setting("refused").unwrap_or_default();
        if told.contains(": ;") || told.ends_with(": ") {
            wrong.push(format!("{}: a refusal says why: {told}", request.name()));
            continue;
        }
        // The kind of reason is decided by whoever writes the request; its words are recorded.
        let kind = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
        if update && kind(&told) == kind(expected) {
            request.rewrite("refused", &told);
        } else if told != expected {
            wrong.push(format!(
                "{}\n    expected {expected}\n    but told {told}",
                request.name()
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE_EXPECT=1 records new words\n  {}",
        wrong.join("\n  ")
    );
    for permit in permits.values() {
        let budget = home
            .lazaret(&["budget", "--permit", permit, "--format", "json"])
            .done();
        assert_eq!(budget.json(), json!([]), "a refusal costs nothing");
    }
}

#[test]
fn a_question_that_reads_rows_faults_where_there_are_none_to_read() {
    let home = blind("fault");
    let permit = permit(&home, None);
    let sql = "SELECT sex, COUNT(DISTINCT person_id) AS n FROM person GROUP BY sex";
    let outcome = ask(&home, &permit, &["--sql", sql]);
    assert_eq!(outcome.status, lazaret_cli::FAILED, "{}", outcome.out);
    let fault = outcome.json();
    let keys: Vec<_> = fault["fault"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["ticket"], "a fault is a ticket number, nothing more");
    assert!(
        !outcome.err.to_lowercase().contains("parquet"),
        "{}",
        outcome.err
    );
    let preview = ask(&home, &permit, &["--preview", "--sql", sql]);
    assert_eq!(
        preview.status,
        lazaret_cli::DONE,
        "a preview reads no row: {}",
        preview.err
    );
}

/// Each fault may tell one bit, so the third is the last until the access body has looked.
#[test]
fn three_faults_suspend_a_permit() {
    let home = blind("faults");
    let permit = permit(&home, None);
    let again = |epsilon: &str| {
        let sql = "SELECT COUNT(*) AS n FROM person";
        ask(&home, &permit, &["--epsilon", epsilon, "--sql", sql])
    };
    for epsilon in ["0.1", "0.11", "0.12"] {
        assert!(again(epsilon).json()["fault"]["ticket"].is_string());
    }
    let refused = refusal(&again("0.13")).unwrap();
    assert!(told(&refused).contains("is SUSPENDED"), "{refused}");
    let reasons = ["--as", "Ada Assessor", "--reasons", "the disk was empty"];
    let resume = [&["permit", "resume", &permit], &reasons[..]].concat();
    home.lazaret(&resume).done();
    assert!(again("0.14").json()["fault"]["ticket"].is_string());
    let suspend = [&["permit", "suspend", &permit], &reasons[..]].concat();
    home.lazaret(&suspend).done();
    assert!(told(&refusal(&again("0.15")).unwrap()).contains("is SUSPENDED"));
}

/// Texts that are too much of something, written by a rule instead of by hand.
fn too_much() -> Vec<(&'static str, String)> {
    let count = "SELECT COUNT(*) FROM person WHERE ";
    let nested = |times: usize| {
        let mut sql = "person".to_owned();
        for at in 0..times {
            sql = format!("(SELECT person_id FROM {sql} t{at})");
        }
        format!("SELECT COUNT(*) FROM {sql} t")
    };
    let or = |times: usize| vec!["birth_year = 1950"; times].join(" OR ");
    let list: Vec<String> = (0..1500).map(|year| year.to_string()).collect();
    let bands: String = (0..9999).map(|n| format!(" WHEN {n} THEN {n}")).collect();
    vec![
        (
            "text",
            format!("{count}birth_year = {}1", " ".repeat(70_000)),
        ),
        ("words", format!("{count}{}", or(1500))),
        (
            "parentheses",
            format!("{count}{}1 = 1{}", "(".repeat(1900), ")".repeat(1900)),
        ),
        ("negations", format!("{count}{} 1 = 1", "NOT ".repeat(3000))),
        (
            "signs",
            format!("{count} birth_year = {}1", "- ".repeat(3000)),
        ),
        ("subqueries", nested(300)),
        (
            "list",
            format!("{count}birth_year IN ({})", list.join(", ")),
        ),
        (
            "bands",
            format!("SELECT CASE birth_year{bands} END, COUNT(*) FROM person GROUP BY 1"),
        ),
    ]
}

#[test]
fn what_is_too_much_is_refused_and_nothing_breaks() {
    let home = &synthetic().copy("too-much");
    let permit = permit(home, None);
    for (what, sql) in too_much() {
        let outcome = ask(home, &permit, &["--sql", &sql]);
        let refused = refusal(&outcome).unwrap_or_else(|other| panic!("{what}: {other}"));
        let code = refused["code"].as_str().unwrap();
        assert!(
            ["too_large", "syntax", "not_granted"].contains(&code),
            "{what}: {refused}"
        );
    }
}

#[test]
fn every_request_of_queries_examples_can_be_asked() {
    let home = &synthetic().copy("examples");
    let permit = permit(home, None);
    for request in Request::all("examples") {
        let file = request.path.to_str().unwrap();
        let more = [&request.options(), &["--preview", file][..]].concat();
        let outcome = ask(home, &permit, &more);
        assert_eq!(
            outcome.status,
            lazaret_cli::DONE,
            "{}: {}",
            request.name(),
            outcome.out
        );
    }
}
