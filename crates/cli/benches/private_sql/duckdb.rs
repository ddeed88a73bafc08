//! The same questions to DuckDB, where a Python with it is named.

use std::path::Path;
use std::process::Command;

use crate::Case;

/// At most 8 codes a person and 3 rows a code, chosen by hash, as the bound operator does.
pub(crate) const BOUNDED: &str = "WITH placed AS (
    SELECT code, value,
        row_number() OVER (PARTITION BY person_id, code ORDER BY hash(value)) AS place,
        dense_rank() OVER (PARTITION BY person_id ORDER BY hash(code)) AS place_of_code
    FROM observation)
SELECT code, count(*) AS n, sum(value) AS total FROM placed
WHERE place <= 3 AND place_of_code <= 8 GROUP BY code";

/// Reads two queries and how often each is run; prints the seconds of the best.
const PROGRAM: &str = "
import sys, time, duckdb
lake, runs, queries = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
db = duckdb.connect()
db.execute('SET threads=2')
db.execute('SET enable_progress_bar=false')
for table in ('person', 'observation'):
    db.execute(f\"CREATE VIEW {table} AS SELECT * FROM read_parquet('{lake}/{table}/part-*.parquet')\")
for sql in queries:
    best = 1e9
    for _ in range(runs):
        start = time.perf_counter()
        db.execute(sql).fetchall()
        best = min(best, time.perf_counter() - start)
    print(best)
";

/// Seconds of the plain question and of the bounded one.
pub(crate) fn seconds(folder: &Path, case: &Case, runs: u32) -> [Option<f64>; 2] {
    let Some(python) = std::env::var_os("LAZARET_PYTHON") else {
        return [None; 2];
    };
    let mut command = Command::new(python);
    let lake = folder.join("lake").join(crate::data::DATASET);
    command
        .args(["-c", PROGRAM])
        .arg(lake)
        .arg(runs.min(3).to_string());
    let plain = case
        .plain
        .replace("APPROX_PERCENTILE_CONT", "approx_quantile");
    command.args([Some(plain.as_str()), case.bounded].into_iter().flatten());
    let told = command.output().unwrap();
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    let told = String::from_utf8(told.stdout).unwrap();
    let mut lines = told.lines().map(|line| line.parse().unwrap());
    [lines.next(), lines.next()]
}
