//! The program itself: a question is answered by a second process of it.

#![allow(
    clippy::expect_used,
    reason = "a test stops where it cannot go on, in its helpers too"
)]

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program in a home.
fn lazaret(home: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazaret"));
    command.arg("--home").arg(home).args(words);
    command.output().expect("the program starts")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    format!("{}: {out}{err}", output.status)
}

#[test]
fn a_question_is_answered_by_a_process_of_its_own() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("apart");
    std::fs::remove_dir_all(&dir).ok();
    let (home, export) = (dir.join("home"), dir.join("export"));
    let run = |words: &[&str]| {
        let output = lazaret(&home, words);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{words:?}: {}",
            said(&output)
        );
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    run(&["init", "--demo"]);
    let out = export.to_str().expect("UTF-8");
    let night = run(&["synth", "fhir", "--persons", "200", "--out", out]);
    let pipeline = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/fhir-r4");
    run(&[
        "ingest",
        pipeline.to_str().expect("UTF-8"),
        "--from",
        night.trim(),
    ]);
    let policy = dir.join("policy.json");
    std::fs::write(&policy, r#"{"dataset": "fr-demo"}"#).expect("a policy");
    let permit = run(&["permit", "grant", policy.to_str().expect("UTF-8")]);
    let sql = "SELECT sex, COUNT(*) AS n FROM person GROUP BY sex";
    let ask = [
        "query",
        "--permit",
        permit.trim(),
        "--epsilon",
        "1",
        "--format",
        "json",
        "--sql",
    ];
    let ask = |sql| lazaret(&home, &[&ask[..], &[sql]].concat());
    let first = ask(sql);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert!(said(&first).contains("\"release_id\""), "{}", said(&first));
    let again = ask(sql);
    assert_eq!(again.stdout, first.stdout, "{}", said(&again));
    assert!(said(&again).contains("asked before"), "{}", said(&again));
    let refused = ask("SELECT * FROM person");
    assert_eq!(refused.status.code(), Some(4), "{}", said(&refused));
    assert!(said(&refused).contains("not_private"), "{}", said(&refused));
    // A process for which there is no room at all is stopped before it has paid.
    let config = home.join("lazaret.toml");
    let text = std::fs::read_to_string(&config).expect("a configuration");
    let tight = format!("{text}\n[query]\nmemory_max_mib = 0\n");
    std::fs::write(&config, tight).expect("a configuration");
    let stopped = ask("SELECT COUNT(*) AS n FROM person");
    if cfg!(target_os = "linux") {
        assert_eq!(stopped.status.code(), Some(1), "{}", said(&stopped));
        assert!(
            said(&stopped).contains("too much memory"),
            "{}",
            said(&stopped)
        );
    }
}
