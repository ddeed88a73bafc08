//! A small lake in memory: persons with visits, in one file or many.

use std::sync::Arc;

use arrow::array::{Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use lazaret_lake::{FileState, Snapshot, TableState};
use lazaret_model::{DatasetName, RunId, SnapshotId, TableDescription};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use parquet::arrow::ArrowWriter;
use serde_json::json;

/// Persons (id, sex, birth year) and visits (person, code, value), in any order.
#[derive(Debug, Clone, Default)]
pub(super) struct Records {
    pub(super) persons: Vec<(i64, Option<&'static str>, i64)>,
    pub(super) visits: Vec<(i64, &'static str, Option<f64>)>,
}

impl Records {
    /// Publishes the records in up to `files` files a table, each of a range of persons.
    pub(super) async fn published(&self, files: usize) -> (Arc<dyn ObjectStore>, Snapshot) {
        let store = Arc::new(InMemory::new());
        let mut persons = self.persons.clone();
        persons.sort_by_key(|row| row.0);
        let mut visits = self.visits.clone();
        visits.sort_by_key(|row| row.0);
        let end = persons.last().map_or(0, |row| row.0) + 1;
        let mut states = [Vec::new(), Vec::new()];
        for range in cut(end, files) {
            let within = |id: &i64| (range.0..=range.1).contains(id);
            let some: Vec<_> = persons
                .iter()
                .filter(|row| within(&row.0))
                .copied()
                .collect();
            let path = format!("person/{}.parquet", range.0);
            states[0].push(put(&store, path, person_batch(&some), range).await);
            let some: Vec<_> = visits
                .iter()
                .filter(|row| within(&row.0))
                .copied()
                .collect();
            // A range in which a table has no row has no file.
            if !some.is_empty() || files == 1 {
                let path = format!("visit/{}.parquet", range.0);
                states[1].push(put(&store, path, visit_batch(&some), range).await);
            }
        }
        let [persons, visits] = states;
        let tables = vec![table(person(), persons), table(visit(), visits)];
        let snapshot = Snapshot {
            id: SnapshotId::new("S-1").unwrap(),
            dataset: DatasetName::new("test").unwrap(),
            run: RunId::new("R-1").unwrap(),
            created_at: "2026-11-01T00:00:00Z".parse().unwrap(),
            previous: None,
            persons: self.persons.len() as u64,
            buckets: 1,
            tables,
        };
        (store, snapshot)
    }
}

/// So many ranges of the persons before `end`, in order; fewer where there are fewer persons.
fn cut(end: i64, files: usize) -> Vec<(i64, i64)> {
    let files = i64::try_from(files).unwrap();
    let starts = (0..files).map(|file| file * end / files);
    let mut starts: Vec<i64> = starts.collect();
    starts.dedup();
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, next)| (*start, next - 1))
        .collect()
}

fn person() -> TableDescription {
    serde_json::from_value(json!({
        "name": "person", "rows_per_person": 1,
        "columns": [
            { "name": "person_id", "type": "pseudonym", "treatment": "person" },
            { "name": "sex", "type": "text", "treatment": "keep", "values": ["male", "female"] },
            { "name": "birth_year", "type": "integer", "treatment": "year" },
        ],
    }))
    .unwrap()
}

fn visit() -> TableDescription {
    serde_json::from_value(json!({
        "name": "visit", "rows_per_person": 4,
        "columns": [
            { "name": "person_id", "type": "pseudonym", "treatment": "person" },
            { "name": "code", "type": "text", "treatment": "keep" },
            { "name": "value", "type": "number", "treatment": "keep",
              "bounds": { "low": 0, "high": 1000, "scale": 1 } },
        ],
    }))
    .unwrap()
}

fn table(description: TableDescription, files: Vec<FileState>) -> TableState {
    let rows = files.iter().map(|file| file.rows).sum();
    TableState {
        description,
        version: 1,
        rows,
        files,
    }
}

fn person_batch(rows: &[(i64, Option<&str>, i64)]) -> RecordBatch {
    let fields = vec![
        Field::new("person_id", DataType::Int64, false),
        Field::new("sex", DataType::Utf8, true),
        Field::new("birth_year", DataType::Int64, true),
    ];
    let ids: Int64Array = rows.iter().map(|row| Some(row.0)).collect();
    let sexes: StringArray = rows.iter().map(|row| row.1).collect();
    let years: Int64Array = rows.iter().map(|row| Some(row.2)).collect();
    let columns = vec![
        Arc::new(ids) as _,
        Arc::new(sexes) as _,
        Arc::new(years) as _,
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn visit_batch(rows: &[(i64, &str, Option<f64>)]) -> RecordBatch {
    let fields = vec![
        Field::new("person_id", DataType::Int64, false),
        Field::new("code", DataType::Utf8, true),
        Field::new("value", DataType::Float64, true),
    ];
    let ids: Int64Array = rows.iter().map(|row| Some(row.0)).collect();
    let codes: StringArray = rows.iter().map(|row| Some(row.1)).collect();
    let values: Float64Array = rows.iter().map(|row| row.2).collect();
    let columns = vec![
        Arc::new(ids) as _,
        Arc::new(codes) as _,
        Arc::new(values) as _,
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

async fn put(
    store: &Arc<InMemory>,
    path: String,
    batch: RecordBatch,
    (person_low, person_high): (i64, i64),
) -> FileState {
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    let size = bytes.len() as u64;
    store
        .put(&Path::from(path.as_str()), PutPayload::from(bytes))
        .await
        .unwrap();
    FileState {
        path,
        rows: batch.num_rows() as u64,
        bytes: size,
        sha256: String::new(),
        person_low,
        person_high,
    }
}
