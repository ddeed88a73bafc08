//! Two small tables, rows for them, and what the tests look at.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray,
};
use arrow::util::display::array_value_to_string;
use chrono::DateTime;
use futures::TryStreamExt;
use lazaret_model::{DatasetName, Instant, RunId, SnapshotId, TableDescription, TableName};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::json;

use crate::file::{self, Columns, Keys, sha256};
use crate::{Begin, Lake, LakeError, Night, Published, Snapshot, Touched};

/// A row of either table: its person, resource and number, and one value the rest follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) person: i64,
    pub(super) resource: i64,
    pub(super) ordinal: i32,
    pub(super) value: i64,
}

pub(super) fn person() -> TableDescription {
    serde_json::from_value(json!({"name": "person", "rows_per_person": 1, "columns": [
        {"name": "person_id", "type": "pseudonym", "treatment": "person"},
        {"name": "birth_year", "type": "integer", "treatment": "age-cap90"},
        {"name": "sex", "type": "text", "treatment": "keep"},
    ]}))
    .unwrap()
}

pub(super) fn visit() -> TableDescription {
    serde_json::from_value(json!({"name": "visit", "rows_per_person": 50, "columns": [
        {"name": "person_id", "type": "pseudonym", "treatment": "person"},
        {"name": "visit_id", "type": "pseudonym", "treatment": "record"},
        {"name": "code", "type": "text", "treatment": "keep"},
        {"name": "day", "type": "date", "treatment": "date"},
        {"name": "urgent", "type": "boolean", "treatment": "keep"},
        {"name": "cost", "type": "number", "treatment": "keep"},
    ]}))
    .unwrap()
}

pub(super) fn tables() -> Vec<TableDescription> {
    vec![person(), visit()]
}

pub(super) fn dataset() -> DatasetName {
    DatasetName::new("demo").unwrap()
}

pub(super) fn name(table: &str) -> TableName {
    TableName::new(table).unwrap()
}

pub(super) fn run(number: usize) -> RunId {
    RunId::new(format!("run-{number}")).unwrap()
}

pub(super) fn id(number: usize) -> SnapshotId {
    SnapshotId::new(format!("snapshot-{number}")).unwrap()
}

pub(super) fn at(number: usize) -> Instant {
    DateTime::from_timestamp(1_800_000_000 + i64::try_from(number).unwrap() * 86_400, 0).unwrap()
}

/// What a table shows of a row, as text; `None` is a cell with nothing in it.
pub(super) fn cells(table: &str, line: &Line) -> Vec<String> {
    let value = line.value;
    let shown = |cell: Option<String>| cell.unwrap_or_default();
    if table == "person" {
        let sex = (value % 3 > 0).then(|| format!("sex-{}", value % 3));
        return vec![
            line.person.to_string(),
            (1900 + value).to_string(),
            shown(sex),
        ];
    }
    let day = DateTime::from_timestamp(value * 86_400, 0)
        .unwrap()
        .format("%Y-%m-%d")
        .to_string();
    vec![
        line.person.to_string(),
        line.resource.to_string(),
        shown((value % 4 > 0).then(|| format!("code-{value}"))),
        day,
        shown((value % 5 > 0).then(|| (value % 2 == 0).to_string())),
        format!("{:?}", f64::from(i32::try_from(value).unwrap()) / 2.0),
    ]
}

pub(super) fn batch(table: &str, lines: &[(Line, i64)]) -> RecordBatch {
    let ids = |f: fn(&(Line, i64)) -> i64| {
        Arc::new(lines.iter().map(f).collect::<Int64Array>()) as ArrayRef
    };
    let values = || lines.iter().map(|(line, _)| line.value);
    let mut columns = vec![("person_id", ids(|(line, _)| line.person))];
    if table == "person" {
        let sexes = values().map(|v| (v % 3 > 0).then(|| format!("sex-{}", v % 3)));
        columns.push(("birth_year", ids(|(line, _)| 1900 + line.value)));
        columns.push(("sex", Arc::new(sexes.collect::<StringArray>())));
    } else {
        let codes = values().map(|v| (v % 4 > 0).then(|| format!("code-{v}")));
        let days = values().map(|v| i32::try_from(v).ok());
        let urgent = values().map(|v| (v % 5 > 0).then_some(v % 2 == 0));
        let costs = values().map(|v| Some(f64::from(i32::try_from(v).unwrap()) / 2.0));
        columns.push(("visit_id", ids(|(line, _)| line.resource)));
        columns.push(("code", Arc::new(codes.collect::<StringArray>())));
        columns.push(("day", Arc::new(days.collect::<Date32Array>())));
        columns.push(("urgent", Arc::new(urgent.collect::<BooleanArray>())));
        columns.push(("cost", Arc::new(costs.collect::<Float64Array>())));
    }
    let ordinals: Int32Array = lines.iter().map(|(line, _)| Some(line.ordinal)).collect();
    columns.push(("_resource", ids(|(line, _)| line.resource)));
    columns.push(("_ordinal", Arc::new(ordinals)));
    columns.push(("_subject", ids(|(line, _)| line.person)));
    columns.push(("_updated", ids(|(_, updated)| *updated)));
    RecordBatch::try_from_iter(columns).unwrap()
}

pub(super) fn add(night: &mut Night, table: &str, updated: i64, lines: &[Line]) {
    let rows: Vec<(Line, i64)> = lines.iter().map(|line| (*line, updated)).collect();
    night
        .append_rows(&name(table), &batch(table, &rows))
        .unwrap();
}

pub(super) fn touch(night: &mut Night, resource: i64, updated: i64) {
    night.touch(&[Touched { resource, updated }]).unwrap();
}

pub(super) fn line(person: i64, resource: i64, ordinal: i32, value: i64) -> Line {
    Line {
        person,
        resource,
        ordinal,
        value,
    }
}

pub(super) async fn open(lake: &Lake, number: usize) -> Night {
    match lake
        .begin(&dataset(), &run(number), &tables())
        .await
        .unwrap()
    {
        Begin::Open(night) => night,
        Begin::Done(_) => panic!("the run is done"),
    }
}

pub(super) async fn publish(
    lake: &Lake,
    number: usize,
    night: Night,
) -> Result<Published, LakeError> {
    lake.publish(night, id(number), at(number)).await
}

/// A night that brings, of so many persons, each one's `person` row.
pub(super) fn bring(night: &mut Night, persons: std::ops::Range<i64>, updated: i64, value: i64) {
    for person in persons {
        add(
            night,
            "person",
            updated,
            &[line(person << 50, person, 0, value)],
        );
        touch(night, person, updated);
    }
}

/// All rows of a table as text, in their order.
pub(super) async fn rows(lake: &Lake, snapshot: &Snapshot, table: &str) -> Vec<Vec<String>> {
    let batches = lake.read_table(snapshot, &name(table)).await.unwrap();
    let row = |batch: &RecordBatch, row| {
        batch
            .columns()
            .iter()
            .map(|c| array_value_to_string(c, row).unwrap())
            .collect()
    };
    batches
        .iter()
        .flat_map(|b| (0..b.num_rows()).map(move |at| row(b, at)))
        .collect()
}

/// Checks what every snapshot promises: the order, the ranges, the counts, the hashes and Delta.
pub(super) async fn check(lake: &Lake, snapshot: &Snapshot) {
    lake.verify(snapshot).await.unwrap();
    for table in &snapshot.tables {
        let (mut last, mut end, mut rows) = (None, -1, 0);
        for file in &table.files {
            assert!(file.person_low > end, "files overlap");
            end = file.person_high;
            let store = lake.store();
            let batches = file::read(&store, file, Columns::All, None).await.unwrap();
            for batch in batches.try_collect::<Vec<_>>().await.unwrap() {
                let keys = Keys::of(&batch).unwrap();
                for row in 0..batch.num_rows() {
                    let key = (keys.person[row], keys.resource[row], keys.ordinal[row]);
                    assert!(last < Some(key), "rows are not in the total order");
                    assert!(file.person_low <= key.0 && key.0 <= file.person_high);
                    last = Some(key);
                    rows += 1;
                }
            }
        }
        assert_eq!(rows, table.rows);
        super::layout::same_in_delta(lake, snapshot, table).await;
    }
}

/// All objects with their hashes, by path.
pub(super) async fn objects(store: &Arc<dyn ObjectStore>) -> BTreeMap<String, String> {
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut objects = BTreeMap::new();
    for object in listed {
        let bytes = store
            .get(&object.location)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        objects.insert(object.location.to_string(), sha256(&bytes));
    }
    objects
}

/// All JSON lines of a table's Delta log.
pub(super) async fn log(store: &Arc<dyn ObjectStore>, table: &str) -> Vec<serde_json::Value> {
    let folder = Path::from(format!("demo/{table}/_delta_log"));
    let mut listed: Vec<_> = store.list(Some(&folder)).try_collect().await.unwrap();
    listed.sort_by(|a, b| a.location.cmp(&b.location));
    let mut lines = Vec::new();
    for object in listed
        .iter()
        .filter(|object| object.location.extension() == Some("json"))
    {
        let bytes = store
            .get(&object.location)
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        lines.extend(text.lines().map(|line| serde_json::from_str(line).unwrap()));
    }
    lines
}
