//! Answers with noise on 615 real-looking persons: sensible intervals, small groups hidden.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::fhir::resources;
use crate::support::home::{Home, dataset, synthea, synthetic};
use crate::support::records;

fn ask(home: &Home, permit: &str, epsilon: &str, sql: &str) -> Value {
    let start = [
        "query",
        "--format",
        "json",
        "--permit",
        permit,
        "--epsilon",
        epsilon,
    ];
    home.lazaret(&[&start[..], &["--sql", sql]].concat())
        .done()
        .json()
}

fn permit(home: &Home, epsilon: f64) -> String {
    home.permit(&json!({"dataset": dataset(), "output": {"dp": {"epsilonTotal": epsilon}}}))
}

fn number(cell: &Value, part: &str) -> f64 {
    cell[part]
        .as_f64()
        .unwrap_or_else(|| panic!("no {part} in {cell}"))
}

/// Persons by sex, from the export's text.
fn persons_by_sex() -> BTreeMap<String, f64> {
    let mut persons = BTreeMap::new();
    resources(&records("fhir/synthea-615").unwrap(), |resource| {
        if resource["resourceType"] == "Patient" {
            let sex = resource["gender"].as_str().unwrap_or_default().to_owned();
            *persons.entry(sex).or_default() += 1.0;
        }
    });
    persons
}

#[test]
fn an_interval_holds_the_truth_and_says_how_wide_it_is() {
    let Some(home) = &synthea().map(|home| home.copy("interval")) else {
        return;
    };
    let permit = permit(home, 3.0);
    let sql = "SELECT sex, COUNT(DISTINCT person_id) AS n FROM person GROUP BY sex";
    let card = ask(home, &permit, "1", sql);
    let truth = persons_by_sex();
    let scale = number(&card["columns"][1], "scale");
    assert!(
        (1.0..20.0).contains(&scale),
        "an epsilon of 1 has little noise: {scale}"
    );
    let mut found = 0;
    for row in card["rows"].as_array().unwrap() {
        let cell = &row["n"];
        let exact = row["sex"]
            .as_str()
            .and_then(|sex| truth.get(sex))
            .copied()
            .unwrap_or(0.0);
        if cell["hidden"] == true {
            assert!(
                cell["value"].is_null() && exact < 10.0 + 8.0 * scale,
                "{row}"
            );
            continue;
        }
        let (value, error) = (number(cell, "value"), number(cell, "std_error"));
        let (low, high) = (number(cell, "low95"), number(cell, "high95"));
        assert!(
            (value - exact).abs() < 8.0 * scale,
            "{row} is not near {exact}"
        );
        assert!((error - scale).abs() < 0.1 * scale, "{row}");
        let width = (high - low) / (2.0 * error);
        assert!(
            low < value && value < high && (1.8..2.2).contains(&width),
            "{row}"
        );
        found += 1;
    }
    assert!(found >= 2, "both large groups are shown: {card}");
    assert_eq!(card["cost"]["epsilon"], json!(1));
}

#[test]
fn small_groups_and_rare_keys_do_not_appear() {
    let Some(home) = &synthea().map(|home| home.copy("small-groups")) else {
        return;
    };
    let permit = permit(home, 3.0);
    let mut persons: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
    resources(&records("fhir/synthea-615").unwrap(), |resource| {
        if resource["resourceType"] == "Condition" {
            let text = |path: &str| {
                resource
                    .pointer(path)
                    .and_then(Value::as_str)
                    .unwrap()
                    .to_owned()
            };
            let of_code = persons.entry(text("/code/coding/0/code")).or_default();
            of_code.insert(text("/subject/reference"));
        }
    });
    let sql = "SELECT code, COUNT(DISTINCT person_id) AS n FROM condition GROUP BY code";
    let card = ask(home, &permit, "2", sql);
    let scale = number(&card["columns"][1], "scale");
    let threshold = number(&card["columns"][1], "threshold");
    assert!(threshold >= 10.0, "rare keys have a threshold: {threshold}");
    let shown: BTreeMap<String, bool> = card["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["code"].as_str().unwrap().to_owned(),
                row["n"]["hidden"] == false,
            )
        })
        .collect();
    for (code, of_code) in &persons {
        let exact = of_code.len() as f64;
        let is_shown = shown.get(code).copied().unwrap_or(false);
        if exact < threshold - 8.0 * scale {
            assert!(!is_shown, "{code} has {exact} persons and is shown");
        }
        if exact > threshold + 8.0 * scale {
            assert!(is_shown, "{code} has {exact} persons and is not shown");
        }
    }
    assert!(shown.len() < persons.len(), "rare codes are left out");
}

#[test]
fn a_spent_budget_refuses_and_an_answer_given_stays() {
    let Some(home) = &synthea().map(|home| home.copy("spent")) else {
        return;
    };
    let permit = permit(home, 0.5);
    let sql = "SELECT sex, COUNT(DISTINCT person_id) AS n FROM person GROUP BY sex";
    let first = ask(home, &permit, "0.4", sql);
    let again = ask(home, &permit, "0.4", sql);
    assert_eq!(
        first, again,
        "the same question has the same answer, for nothing"
    );
    let start = [
        "query",
        "--format",
        "json",
        "--permit",
        &permit,
        "--epsilon",
        "0.4",
        "--sql",
    ];
    let other = "SELECT deceased, COUNT(DISTINCT person_id) AS n FROM person GROUP BY deceased";
    let refused = home.lazaret(&[&start[..], &[other]].concat());
    assert_eq!(
        refused.status,
        lazaret_cli::REFUSED,
        "{}{}",
        refused.out,
        refused.err
    );
    assert_eq!(refused.json()["refused"]["code"], "budget");
}

#[test]
fn a_release_is_signed() {
    let Some(home) = &synthea().map(|home| home.copy("signed")) else {
        return;
    };
    let permit = permit(home, 1.0);
    let sql = "SELECT COUNT(*) AS n FROM person";
    let card = ask(home, &permit, "0.1", sql);
    let file = crate::support::home::fresh_folder("release").join("card.json");
    let verify = |card: &Value| {
        std::fs::write(&file, card.to_string()).unwrap();
        home.lazaret(&["release", "verify", file.to_str().unwrap()])
            .status
    };
    assert_eq!(verify(&card), lazaret_cli::DONE);
    let mut forged = card.clone();
    forged["rows"][0]["n"]["value"] = json!(1_000_000);
    assert_eq!(verify(&forged), lazaret_cli::FAILED);
}

/// Under the account `basic` epsilons add up, and few answers are precise.
#[test]
fn a_basic_permit_spends_epsilon() {
    let home = &synthetic().copy("basic");
    let permit = home.permit(&json!({
        "dataset": dataset(), "account": "basic", "output": {"dp": {"epsilonTotal": 1.0}}
    }));
    let by_sex = "SELECT sex, COUNT(DISTINCT person_id) AS n FROM person GROUP BY sex";
    let card = ask(home, &permit, "0.6", by_sex);
    assert_eq!(card["account"], "basic");
    assert_eq!(card["columns"][1]["mechanism"], "discrete_laplace");
    let scale = number(&card["columns"][1], "scale");
    assert!((scale - 2f64.sqrt() / 0.6).abs() < 1e-6, "{scale}");
    assert_eq!(card["cost"], json!({"epsilon": 0.6, "delta": 0}));
    assert_eq!(card["budget_left"]["epsilon"].as_f64(), Some(0.4));
    assert!(card["budget_left"].get("rho").is_none());
    let words = ["query", "--permit", &permit, "--epsilon", "0.5", "--sql"];
    let refused = home.lazaret(&[&words[..], &["SELECT COUNT(*) FROM person"]].concat());
    assert_eq!(
        refused.status,
        lazaret_cli::REFUSED,
        "{}{}",
        refused.out,
        refused.err
    );
    assert!(refused.err.contains("0.4"), "{}", refused.err);
    let median = "SELECT MEDIAN(clamp(birth_year, 1900, 2020)) AS year FROM person";
    let card = ask(home, &permit, "0.4", median);
    assert_eq!(card["columns"][0]["mechanism"], "permute_and_flip");
    let year = &card["rows"][0]["year"];
    let (low, high) = (number(year, "low95"), number(year, "high95"));
    assert!((1900.0..=high).contains(&low) && high <= 2020.0, "{year}");
}
