//! Every cell of a Parquet file or a store, as text.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lazaret_model::Clock;
use lazaret_model::SystemClock;
use lazaret_store::{Event, EventKind, ReadTx, Store, StoreError};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::support::home::block_on;

/// A column's distinct values. Numbers with a fraction and days are measures: their values may be
/// equal to anything by chance.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) is_measure: bool,
    pub(super) values: std::collections::BTreeSet<String>,
}

/// The columns of a Parquet file, hidden ones too.
pub(super) fn of_parquet(path: &Path) -> Vec<Column> {
    let file = File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .unwrap()
        .build()
        .unwrap();
    let mut columns: Vec<Column> = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        for (at, field) in batch.schema().fields().iter().enumerate() {
            if columns.len() == at {
                let is_measure = matches!(field.data_type(), DataType::Float64 | DataType::Date32);
                let name = field.name().clone();
                columns.push(Column {
                    name,
                    is_measure,
                    values: Default::default(),
                });
            }
            let array = batch.column(at);
            let cells = ArrayFormatter::try_new(array, &FormatOptions::default()).unwrap();
            let cells = (0..array.len())
                .filter(|row| !array.is_null(*row))
                .map(|row| cells.value(row));
            columns[at]
                .values
                .extend(cells.map(|cell| cell.to_string()));
        }
    }
    columns
}

/// The columns of all tables of a store; the log's entries are among them.
pub(super) fn of_store(path: &Path) -> Vec<Column> {
    let url = format!("sqlite://{}", path.display());
    block_on(async {
        let store = Store::open(&url).await.unwrap();
        let read = async |tx: &mut ReadTx| -> Result<Vec<Column>, StoreError> {
            let mut columns = Vec::new();
            let tables = "SELECT name AS cell FROM sqlite_master WHERE type = 'table'";
            for table in texts(tx, tables.to_owned()).await? {
                let names = format!("SELECT name AS cell FROM pragma_table_info('{table}')");
                for name in texts(tx, names).await? {
                    let sql = format!("SELECT CAST(\"{name}\" AS TEXT) AS cell FROM \"{table}\"");
                    let values = texts(tx, sql).await?.into_iter().collect();
                    let name = format!("{table}.{name}");
                    columns.push(Column {
                        name,
                        is_measure: false,
                        values,
                    });
                }
            }
            Ok(columns)
        };
        store.read(read).await.unwrap()
    })
}

async fn texts(tx: &mut ReadTx, sql: String) -> Result<Vec<String>, StoreError> {
    // The store takes only texts that live as long as the program.
    let rows = tx.rows(String::leak(sql), &[]).await?;
    let mut found = Vec::new();
    for row in rows {
        found.extend(row.optional_text("cell")?.map(str::to_owned));
    }
    Ok(found)
}

/// A Parquet file with one column, compressed as the lake's are.
pub(super) fn write_parquet(path: &Path, cells: &[&str]) {
    let array: ArrayRef = Arc::new(StringArray::from(cells.to_vec()));
    let batch = RecordBatch::try_from_iter([("cell", array)]).unwrap();
    let compression = parquet::basic::Compression::ZSTD(Default::default());
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_compression(compression)
        .build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// A store whose log has one entry, about `subject`, with `detail`.
pub(super) fn write_store(path: &Path, subject: &str, detail: &str) {
    let url = format!("sqlite://{}", path.display());
    block_on(async {
        let store = Store::open(&url).await.unwrap();
        let event = Event::new(SystemClock.now(), "tests", EventKind::Init, subject);
        let event = event.detail(serde_json::json!({"said": detail}));
        store.record(event).await.unwrap();
        store.close().await.unwrap();
    });
}
