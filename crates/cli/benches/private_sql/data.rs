//! Persons and observations, made and published through the lake as a night would.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use lazaret_cli::Answering;
use lazaret_lake::{Begin, Lake, Night, Touched};
use lazaret_model::{Clock, ColumnType, DatasetName, RunId, SystemClock, TableDescription};
use lazaret_pseudonym::{
    CentreKey, ColumnRole, HolderKey, Origin, Pseudonymiser, RawBatch, RawIdentifier, Role,
};
use serde_json::json;

/// The dataset of a demo home.
pub(crate) const DATASET: &str = "fr-demo";
/// Observations of a person.
const OBSERVATIONS: usize = 20;
/// Codes that observations have.
pub(crate) const CODES: usize = 50;
/// Persons of a batch.
const BATCH: u32 = 50_000;

pub(crate) fn dataset() -> DatasetName {
    DATASET.parse().unwrap()
}

/// Where a home of so many persons is kept from run to run.
pub(crate) fn folder(persons: u32) -> PathBuf {
    let beside = Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned();
    let folder = std::env::var_os("LAZARET_BENCH_DIR").map_or(beside, PathBuf::from);
    folder.join(format!("private-sql-{persons}"))
}

/// Runs a command in the home; what it prints.
pub(crate) fn lazaret(home: &Path, arguments: &[&str]) -> String {
    let all = [&["--home", home.to_str().unwrap()], arguments].concat();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = lazaret_cli::run(&all, &Answering::Here, &mut out, &mut err);
    assert_eq!(
        status,
        lazaret_cli::DONE,
        "{}",
        String::from_utf8_lossy(&err)
    );
    String::from_utf8(out).unwrap()
}

/// A fresh home, whose caps are whole, over the lake in the folder.
pub(crate) fn home(folder: &Path) -> PathBuf {
    let home = folder.join("home");
    std::fs::remove_dir_all(&home).ok();
    lazaret(&home, &["init", "--demo"]);
    home
}

/// The lake, made unless it is there.
pub(crate) async fn lake(folder: &Path, persons: u32) -> Lake {
    let path = folder.join("lake");
    if folder.join("whole").exists() {
        return Lake::open(path.to_str().unwrap()).unwrap();
    }
    std::fs::remove_dir_all(folder).ok();
    std::fs::create_dir_all(folder).unwrap();
    let lake = Lake::open(path.to_str().unwrap()).unwrap();
    let run = RunId::new("bench").unwrap();
    let Ok(Begin::Open(mut night)) = lake.begin(&dataset(), &run, &tables()).await else {
        panic!("the night does not begin");
    };
    append(&mut night, persons);
    let id = "S-bench".parse().unwrap();
    lake.publish(night, id, SystemClock.now()).await.unwrap();
    std::fs::write(folder.join("whole"), "").unwrap();
    lake
}

fn tables() -> Vec<TableDescription> {
    let codes: Vec<String> = (0..CODES).map(code).collect();
    let person = json!({"name": "person_id", "type": "pseudonym", "treatment": "person"});
    let tables = json!([
        {"name": "person", "rows_per_person": 1, "columns": [person,
            {"name": "sex", "type": "text", "treatment": "keep", "values": ["female", "male"]},
            {"name": "birth_year", "type": "integer", "treatment": "year"}]},
        {"name": "observation", "rows_per_person": OBSERVATIONS, "columns": [person,
            {"name": "code", "type": "text", "treatment": "keep", "values": codes},
            {"name": "value", "type": "number", "treatment": "keep",
             "bounds": {"low": 0, "high": 10000, "scale": 2}}]},
    ]);
    serde_json::from_value(tables).unwrap()
}

fn code(number: usize) -> String {
    format!("{:05}-{}", 10_000 + 97 * number, number % 10)
}

fn append(night: &mut Night, persons: u32) {
    let hex = |first: u8| {
        (first..first + 32)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let keys = Pseudonymiser::new(
        HolderKey::parse(&hex(0)).unwrap(),
        CentreKey::parse(&hex(100)).unwrap(),
    );
    let codes: Vec<String> = (0..CODES).map(code).collect();
    let mut random = Random(1);
    for first in (0..persons).step_by(usize::try_from(BATCH).unwrap()) {
        let some = first..persons.min(first + BATCH);
        let origin = |person: u32, kind: &str| {
            let id = person.to_string();
            Origin {
                person: keys.person(&RawIdentifier::local(&id).unwrap()),
                subject: keys.subject(&keys.token("Patient", &id)),
                resource: keys.resource(kind, &id),
                ordinal: 0,
                updated: 0,
            }
        };
        let own: Vec<Origin> = some
            .clone()
            .map(|person| origin(person, "Patient"))
            .collect();
        let sexes = own.iter().map(|_| ["female", "male"][random.below(2)]);
        let sexes: ArrayRef = Arc::new(sexes.map(Some).collect::<StringArray>());
        let years = own
            .iter()
            .map(|_| Some(1920 + i64::try_from(random.below(100)).unwrap()));
        let years: ArrayRef = Arc::new(years.collect::<Int64Array>());
        let columns = [
            ("sex", sexes, ColumnType::Text),
            ("birth_year", years, ColumnType::Integer),
        ];
        put(night, &keys, "person", columns, own);

        let observed = some.flat_map(|person| {
            let of_person = origin(person, "Observation");
            (0..OBSERVATIONS).map(move |ordinal| Origin {
                ordinal: i32::try_from(ordinal).unwrap(),
                ..of_person
            })
        });
        let observed: Vec<Origin> = observed.collect();
        let drawn = observed
            .iter()
            .map(|_| codes[random.skewed(CODES)].as_str());
        let drawn: ArrayRef = Arc::new(drawn.map(Some).collect::<StringArray>());
        let values = observed
            .iter()
            .map(|_| Some(random.below(10_000) as f64 / 100.0));
        let values: ArrayRef = Arc::new(values.collect::<Float64Array>());
        let columns = [
            ("code", drawn, ColumnType::Text),
            ("value", values, ColumnType::Number),
        ];
        put(night, &keys, "observation", columns, observed);
    }
}

fn put(
    night: &mut Night,
    keys: &Pseudonymiser,
    table: &str,
    columns: [(&str, ArrayRef, ColumnType); 2],
    origins: Vec<Origin>,
) {
    let role = |(name, _, kind): &(&str, ArrayRef, ColumnType)| ColumnRole {
        name: name.parse().unwrap(),
        role: Role::Plain(*kind),
    };
    let roles: Vec<ColumnRole> = columns.iter().map(role).collect();
    let touched = origins.iter().filter(|origin| origin.ordinal == 0);
    let touched: Vec<Touched> = touched
        .map(|origin| Touched {
            resource: origin.resource,
            updated: origin.updated,
        })
        .collect();
    let columns = columns.map(|(name, column, _)| (name, column, true));
    let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let rows = keys
        .batch(RawBatch::seal(rows, &roles, origins).unwrap())
        .unwrap();
    night.append(&table.parse().unwrap(), rows).unwrap();
    night.touch(&touched).unwrap();
}

/// Numbers that are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % most as u64).unwrap()
    }

    /// Small numbers more often.
    fn skewed(&mut self, most: usize) -> usize {
        self.below(most).min(self.below(most))
    }
}
