//! `cargo bench -p lazaret-cli --bench private_sql`: private answers beside plain ones.
//!
//! How to run it and what the figures mean: the README beside this file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark stops where it fails, reads the clock and prints"
)]

mod data;
mod duckdb;

use std::path::Path;
use std::time::{Duration, Instant};

use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use lazaret_disclosure::release;
use lazaret_lake::{Lake, Snapshot};
use lazaret_ledger::{Ledger, Reserved};
use lazaret_model::{Clock, SystemClock};
use lazaret_permit::{ActivePermit, SignedPermit, VerifyingKey};
use lazaret_query::{Ask, BoundingKey, Precision, plan, run};
use lazaret_store::Store;
use serde_json::json;
use tikv_jemallocator::Jemalloc;

// As in the binary.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A question: what is asked privately, its bounds, and what a plain engine is asked.
pub(crate) struct Case {
    name: &'static str,
    private: &'static str,
    plain: &'static str,
    /// The same bounds in DuckDB's SQL, where that can be said.
    bounded: Option<&'static str>,
}

const CASES: [Case; 6] = [
    Case {
        name: "count and sum by code",
        private: "SELECT code, COUNT(*) AS n, SUM(value) AS total FROM observation GROUP BY code",
        plain: "SELECT code, COUNT(*) AS n, SUM(value) AS total FROM observation GROUP BY code",
        bounded: Some(duckdb::BOUNDED),
    },
    Case {
        name: "persons by code",
        private: "SELECT code, COUNT(DISTINCT person_id) AS n FROM observation GROUP BY code",
        plain: "SELECT code, COUNT(DISTINCT person_id) AS n FROM observation GROUP BY code",
        bounded: None,
    },
    Case {
        name: "mean by code",
        private: "SELECT code, AVG(value) AS mean FROM observation GROUP BY code",
        plain: "SELECT code, AVG(value) AS mean FROM observation GROUP BY code",
        bounded: None,
    },
    Case {
        name: "median by code",
        private: "SELECT code, MEDIAN(value) AS half FROM observation GROUP BY code",
        plain: "SELECT code, APPROX_PERCENTILE_CONT(value, 0.5) AS half FROM observation \
                GROUP BY code",
        bounded: None,
    },
    Case {
        name: "highest value of each person",
        private: "SELECT AVG(clamp(highest, 0, 1000)) AS mean FROM (SELECT person_id, \
                  MAX(value) AS highest FROM observation GROUP BY person_id) AS t",
        plain: "SELECT AVG(highest) AS mean FROM (SELECT person_id, MAX(value) AS highest \
                FROM observation GROUP BY person_id) AS t",
        bounded: None,
    },
    Case {
        name: "join with person, filtered",
        private: "SELECT p.sex, COUNT(*) AS n FROM person p JOIN observation o \
                  ON o.person_id = p.person_id \
                  WHERE p.birth_year > 1950 AND o.value > 50 GROUP BY p.sex",
        plain: "SELECT p.sex, COUNT(*) AS n FROM person p JOIN observation o \
                ON o.person_id = p.person_id \
                WHERE p.birth_year > 1950 AND o.value > 50 GROUP BY p.sex",
        bounded: None,
    },
];
/// Bounds of every case.
const GROUPS_PER_PERSON: u32 = 8;
const ROWS_PER_PERSON: u32 = 3;

fn main() {
    let number = |name: &str, otherwise: u32| {
        let mut arguments = std::env::args().skip_while(|argument| argument != name);
        arguments
            .nth(1)
            .map_or(otherwise, |text| text.parse().unwrap())
    };
    let (persons, runs) = (number("--persons", 1_000_000), number("--runs", 5));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = data::folder(persons);
    let lake = runtime.block_on(data::lake(&folder, persons));
    let home = data::home(&folder);
    let snapshot = runtime
        .block_on(lake.snapshot(&data::dataset(), "latest"))
        .unwrap();
    let rows: u64 = snapshot.tables.iter().map(|table| table.rows).sum();
    println!("{persons} persons, {rows} rows, best of {runs} runs, seconds\n");
    println!(
        "{:28}{:>9}{:>9}{:>9}{:>9}{:>8}{:>9}{:>9}{:>8}",
        "", "plan", "reserve", "run", "release", "plain", "private/plain", "DuckDB", "bounded"
    );
    for case in &CASES {
        let stages = runtime.block_on(private(&home, &lake, &snapshot, case, runs));
        let plain = runtime.block_on(plain(&folder, &snapshot, case, runs));
        let duckdb = duckdb::seconds(&folder, case, runs);
        let total: Duration = stages.iter().sum();
        let seconds = |time: Duration| format!("{:.4}", time.as_secs_f64());
        let told = |time: Option<f64>| time.map_or("-".to_owned(), |time| format!("{time:.3}"));
        println!(
            "{:28}{:>9}{:>9}{:>9}{:>9}{:>8}{:>13.2}{:>9}{:>8}",
            case.name,
            seconds(stages[0]),
            seconds(stages[1]),
            seconds(stages[2]),
            seconds(stages[3]),
            format!("{:.3}", plain.as_secs_f64()),
            total.as_secs_f64() / plain.as_secs_f64(),
            told(duckdb[0]),
            told(duckdb[1]),
        );
    }
}

/// Planning, reserving, running, releasing: the best of each.
async fn private(
    home: &Path,
    lake: &Lake,
    snapshot: &Snapshot,
    case: &Case,
    runs: u32,
) -> [Duration; 4] {
    let (ledger, permit) = desk(home).await;
    let secret = BoundingKey::new([7; 32]);
    let mut best = [Duration::MAX; 4];
    for number in 0..runs {
        let ask = Ask {
            sql: case.private.to_owned(),
            // Another price each time, or the stored answer would come.
            precision: Precision::Epsilon(format!("0.0{}", 100 + number).parse().unwrap()),
            rows_per_person: Some(ROWS_PER_PERSON),
            groups_per_person: Some(GROUPS_PER_PERSON),
        };
        let mut at = Instant::now();
        let mut lap = || std::mem::replace(&mut at, Instant::now()).elapsed();
        let plan = plan(permit.policy(), snapshot, lake.store(), &ask).await;
        let plan = plan.unwrap_or_else(|refusal| panic!("{}: {refusal}", case.name));
        let planned = lap();
        let charge = lazaret_ledger::Ask {
            key: format!("{}-{number}-{}", case.name, std::process::id()),
            plan_sha256: plan.fingerprint().to_owned(),
            cost: plan.price().cost(),
            at: SystemClock.now(),
            actor: "bench".to_owned(),
            detail: json!({}),
        };
        let Ok(Reserved::Fresh(paid)) = ledger.reserve(&permit, charge).await else {
            panic!("{}: not reserved", case.name);
        };
        let reserved = lap();
        let exact = run(&plan, &paid, &secret).await.unwrap();
        let ran = lap();
        let released = release(exact, plan.price(), paid);
        let (tables, _) = released.unwrap_or_else(|(error, _)| panic!("{error}"));
        plan.finish(tables).await.unwrap();
        for (best, lap) in best.iter_mut().zip([planned, reserved, ran, lap()]) {
            *best = lap.min(*best);
        }
    }
    best
}

/// A permit of the home that lasts for all runs, and its ledger.
async fn desk(home: &Path) -> (Ledger, ActivePermit) {
    let policy = json!({"dataset": data::DATASET});
    let file = home.join("bench-policy.json");
    std::fs::write(&file, policy.to_string()).unwrap();
    let granted = data::lazaret(home, &["permit", "grant", file.to_str().unwrap()]);
    let jws = data::lazaret(home, &["permit", "export", granted.trim()]);
    let key = VerifyingKey::from_file(&home.join("keys/permit.pub.pem")).unwrap();
    let permit = SignedPermit::new(&jws)
        .verify(&key, SystemClock.now())
        .unwrap();
    let url = format!("sqlite://{}", home.join("store.db").display());
    (Ledger::new(Store::open(&url).await.unwrap()), permit)
}

/// The plain aggregate, by the engine as it comes, over the same files.
async fn plain(base: &Path, snapshot: &Snapshot, case: &Case, runs: u32) -> Duration {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let context =
        SessionContext::new_with_config(SessionConfig::new().with_target_partitions(cores));
    for table in &snapshot.tables {
        let name = table.description.name.as_str();
        let folder = Path::new(&table.files[0].path).parent().unwrap();
        let folder = base.join("lake").join(folder);
        let options = ParquetReadOptions::default();
        context
            .register_parquet(name, folder.to_str().unwrap(), options)
            .await
            .unwrap();
    }
    let mut best = Duration::MAX;
    for _ in 0..runs {
        let start = Instant::now();
        context
            .sql(case.plain)
            .await
            .unwrap()
            .collect()
            .await
            .unwrap();
        best = best.min(start.elapsed());
    }
    best
}
