//! With noise off, what we compute is what DuckDB computes over the published Parquet.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use lazaret_disclosure::{Cell, KeyValue, Number, Role, release_without_noise};
use lazaret_ledger::{Ledger, Reserved};
use lazaret_model::{Clock, SystemClock};
use lazaret_permit::{ActivePermit, SignedPermit, VerifyingKey};
use lazaret_query::{Answered, Ask, BoundingKey, Origin, Precision, plan, run};
use lazaret_store::Store;
use serde_json::{Value, json};

use super::request::Request;
use crate::support::home::{Home, block_on, dataset, synthea};
use crate::support::python;

/// The engine under test: the same planning, reserving and running as for an answer, and a release
/// without noise, which only this build has.
struct Engine<'a> {
    home: &'a Home,
    ledger: Ledger,
    permit: ActivePermit,
}

impl<'a> Engine<'a> {
    fn open(home: &'a Home) -> Self {
        let id = home.permit(&json!({"dataset": dataset()}));
        let jws = home.lazaret(&["permit", "export", &id]).done().out;
        let key = VerifyingKey::from_file(&home.dir().join("keys/permit.pub.pem")).unwrap();
        let permit = SignedPermit::new(&jws)
            .verify(&key, SystemClock.now())
            .unwrap();
        let url = format!("sqlite://{}", home.dir().join("store.db").display());
        let store = block_on(async { Store::open(&url).await.unwrap() });
        Self {
            home,
            ledger: Ledger::new(store),
            permit,
        }
    }

    /// The answer's rows and which of its columns are keys, or what stood in the way.
    fn answer(&self, request: &Request) -> Result<(Vec<Row>, Vec<bool>), String> {
        let ask = Ask {
            sql: request.text.clone(),
            precision: Precision::Epsilon("0.01".parse().unwrap()),
            rows_per_person: request.number("rows"),
            groups_per_person: request.number("groups"),
        };
        let (lake, snapshot) = self.home.snapshot();
        block_on(async {
            let plan = plan(self.permit.policy(), &snapshot, lake.store(), &ask).await;
            let plan = plan.map_err(|refusal| refusal.to_string())?;
            let charge = lazaret_ledger::Ask {
                key: request.name().to_owned(),
                plan_sha256: plan.fingerprint().to_owned(),
                cost: plan.price().cost(),
                at: SystemClock.now(),
                actor: "tests".to_owned(),
                detail: json!({}),
            };
            let paid = match self.ledger.reserve(&self.permit, charge).await {
                Ok(Reserved::Fresh(paid)) => paid,
                Ok(Reserved::Again(_)) => return Err("it was paid for already".to_owned()),
                Err(error) => return Err(error.to_string()),
            };
            let secret = BoundingKey::new([7; 32]);
            let exact = run(&plan, &paid, &secret)
                .await
                .map_err(|error| error.to_string())?;
            let release = release_without_noise(exact, plan.price());
            let release = release.map_err(|error| error.to_string())?;
            let answered = plan
                .finish(release)
                .await
                .map_err(|error| error.to_string())?;
            let is_key = |(_, origin): (&str, Origin<'_>)| match origin {
                Origin::Released(column) => matches!(column.role, Role::Key { .. }),
                Origin::Computed(_) => false,
            };
            let is_key = answered.columns().map(is_key).collect();
            let rows = (0..answered.rows()).map(|row| ours(&answered, row));
            Ok((rows.collect(), is_key))
        })
    }
}

/// What DuckDB answers, by request: rows of cells in the order of the query.
fn reference(
    python: &std::path::Path,
    home: &Home,
    requests: &[Request],
) -> BTreeMap<String, Value> {
    let (_, snapshot) = home.snapshot();
    let lake = home.dir().join("lake");
    let tables: serde_json::Map<String, Value> = snapshot
        .tables
        .iter()
        // DuckDB reads no table of no file.
        .filter(|table| !table.files.is_empty())
        .map(|table| {
            let files = table
                .files
                .iter()
                .map(|file| lake.join(&file.path).display().to_string());
            let columns = table
                .description
                .columns
                .iter()
                .map(|column| column.name.as_str());
            let part =
                json!({"files": files.collect::<Vec<_>>(), "columns": columns.collect::<Vec<_>>()});
            (table.description.name.to_string(), part)
        })
        .collect();
    let asked: Vec<_> = requests
        .iter()
        .map(|r| json!({"name": r.name(), "sql": r.setting("duckdb").unwrap_or(&r.text)}))
        .collect();
    let script = crate::support::repository().join("tests/e2e/duckdb_reference.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = json!({"tables": tables, "requests": asked}).to_string();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "DuckDB did not answer");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A row as its keys' text and its numbers; hidden is `None`.
type Row = (Vec<String>, Vec<Option<f64>>);

fn ours(answered: &Answered, row: usize) -> Row {
    let mut parts: Row = Default::default();
    for column in 0..answered.columns().count() {
        match (answered.key(row, column), answered.cell(row, column)) {
            (Some(KeyValue::Text(text)), _) => parts.0.push(text.clone()),
            (Some(KeyValue::Integer(value)), _) => parts.0.push(value.to_string()),
            (Some(KeyValue::Boolean(truth)), _) => parts.0.push(truth.to_string()),
            (Some(KeyValue::Null), _) => parts.0.push("null".to_owned()),
            (Some(KeyValue::Date(days)), _) => panic!("no request has day {days} as a key"),
            (None, Some(Cell::Shown(shown))) => parts.1.push(Some(match shown.value {
                Number::Whole(value) => value as f64,
                Number::Real(value) => value,
            })),
            (None, _) => parts.1.push(None),
        }
    }
    parts
}

/// DuckDB's row cut like ours: as many cells are keys.
fn theirs(row: &Value, is_key: &[bool]) -> Row {
    let mut parts: Row = Default::default();
    for (cell, key) in row.as_array().unwrap().iter().zip(is_key) {
        match cell {
            number if !key => parts.1.push(number.as_f64()),
            Value::String(text) => parts.0.push(text.clone()),
            other => parts.0.push(other.to_string()),
        }
    }
    parts
}

fn equal(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(1.0),
        (None, None) => true,
        // A sum of nothing is zero here and NULL there.
        (a, b) => a.or(b) == Some(0.0),
    }
}

/// Differences between two answers, group by group; an empty public group is zero or hidden.
fn differences(ours: &[Row], theirs: &[Row]) -> Vec<String> {
    let mut found = Vec::new();
    let by_key = |rows: &[Row]| rows.iter().cloned().collect::<BTreeMap<_, _>>();
    let (a, b) = (by_key(ours), by_key(theirs));
    if a.len() != ours.len() || b.len() != theirs.len() {
        found.push("a group stands twice".to_owned());
    }
    for (key, values) in &a {
        let empty = vec![None; values.len()];
        let there = b.get(key).unwrap_or(&empty);
        let same = values.iter().zip(there).all(|(a, b)| equal(*a, *b));
        if !same || values.len() != there.len() {
            found.push(format!("{key:?}: ours {values:?}, DuckDB's {there:?}"));
        }
    }
    found.extend(
        b.keys()
            .filter(|key| !a.contains_key(*key))
            .map(|key| format!("{key:?}: missing")),
    );
    found
}

#[test]
fn every_request_of_queries_answered_agrees_with_duckdb() {
    let (Some(home), Some(python)) = (synthea(), python()) else {
        return;
    };
    let home = &home.copy("equivalence");
    let requests = Request::all("answered");
    let reference = reference(&python, home, &requests);
    let engine = Engine::open(home);
    let mut wrong = Vec::new();
    for request in &requests {
        let (rows, is_key) = match engine.answer(request) {
            Ok(answer) => answer,
            Err(why) => {
                wrong.push(format!("{}: {why}", request.name()));
                continue;
            }
        };
        let expected = reference[request.name()].as_array().unwrap();
        let expected: Vec<Row> = expected.iter().map(|row| theirs(row, &is_key)).collect();
        let found = differences(&rows, &expected);
        wrong.extend(
            found
                .into_iter()
                .take(5)
                .map(|line| format!("{}: {line}", request.name())),
        );
        let shown: Vec<_> = rows.iter().filter(|row| expected.contains(row)).collect();
        let last = request.text.rsplit(')').next().unwrap_or_default();
        let ordered = !last.contains("ORDER BY") || shown.iter().copied().eq(&expected);
        if wrong.is_empty() && !ordered {
            wrong.push(format!(
                "{}: the rows come in another order",
                request.name()
            ));
        }
        let nonempty = rows
            .iter()
            .flat_map(|row| &row.1)
            .any(|n| n.is_some_and(|n| n != 0.0));
        if !nonempty && request.name() != "nobody" {
            wrong.push(format!("{}: it compares nothing", request.name()));
        }
    }
    assert!(wrong.is_empty(), "\n  {}", wrong.join("\n  "));
}

#[test]
fn planted_differences_are_found() {
    let row = |key: &str, n: Option<f64>| (vec![key.to_owned()], vec![n]);
    let a = [
        row("a", Some(1.0)),
        row("b", Some(2.0)),
        row("none", Some(0.0)),
    ];
    assert!(differences(&a, &[row("a", Some(1.0)), row("b", Some(2.0))]).is_empty());
    assert_eq!(
        differences(&a, &[row("a", Some(1.0)), row("b", Some(2.1))]).len(),
        1
    );
    assert_eq!(differences(&a, &[row("a", Some(1.0))]).len(), 1);
    assert_eq!(differences(&a[..1], &a[..2]).len(), 1);
    assert_eq!(differences(&[a[0].clone(), a[0].clone()], &a[..1]).len(), 1);
}
