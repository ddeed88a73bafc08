//! Parquet files: how rows are written, and how columns, rows and counts are read.

use std::collections::HashSet;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{Int32Type, Int64Type, SchemaRef};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};
use lazaret_model::TableDescription;
use lazaret_pseudonym::{HIDDEN_COLUMNS, PERSON_COLUMN};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, RowSelection};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::arrow::{ArrowWriter, ParquetRecordBatchStreamBuilder, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};

use crate::{FileState, LakeError, schema};

/// Rows of a row group: small enough to read one person's range, large enough to compress.
const ROW_GROUP_ROWS: usize = 131_072;
/// Rows of a batch when files are read.
const BATCH_ROWS: usize = 65_536;

/// The columns by which rows are ordered, told apart and superseded.
pub(crate) struct Keys<'a> {
    pub(crate) person: &'a [i64],
    pub(crate) resource: &'a [i64],
    pub(crate) ordinal: &'a [i32],
    pub(crate) updated: &'a [i64],
}

impl<'a> Keys<'a> {
    /// The key columns of a batch, if it has them.
    pub(crate) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let [resource, ordinal, _, updated] = HIDDEN_COLUMNS;
        let long = |name| {
            let column = batch
                .column_by_name(name)?
                .as_primitive_opt::<Int64Type>()?;
            Some(column.values().as_ref())
        };
        let ordinal = batch
            .column_by_name(ordinal)?
            .as_primitive_opt::<Int32Type>()?
            .values();
        let (person, resource) = (long(PERSON_COLUMN)?, long(resource)?);
        Some(Self {
            person,
            resource,
            ordinal: ordinal.as_ref(),
            updated: long(updated)?,
        })
    }

    /// The names of the key columns.
    pub(crate) const fn names() -> [&'static str; 4] {
        let [resource, ordinal, _, updated] = HIDDEN_COLUMNS;
        [PERSON_COLUMN, resource, ordinal, updated]
    }
}

/// Which columns are read.
pub(crate) enum Columns {
    /// All of the file.
    All,
    /// The key columns.
    Keys,
    /// Those of the table's description.
    Visible,
}

/// One file as it will be written.
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) sha256: String,
    pub(crate) rows: u64,
}

/// Writes rows, given as places in `batches`, in that order. The same rows give the same bytes.
pub(crate) fn encode(
    table: &TableDescription,
    schema: &SchemaRef,
    batches: &[&RecordBatch],
    rows: &[(usize, usize)],
) -> ParquetResult<Encoded> {
    // Without the Arrow schema in its footer a file is what any other writer would have made.
    let options = ArrowWriterOptions::new()
        .with_properties(properties(table, schema)?)
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), options)?;
    for group in rows.chunks(ROW_GROUP_ROWS) {
        writer.write(&interleave_record_batch(batches, group)?)?;
    }
    let bytes = Bytes::from(writer.into_inner()?);
    let rows = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    Ok(Encoded {
        sha256: sha256(&bytes),
        rows,
        bytes,
    })
}

/// The SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

/// Reads columns of a file, of all rows or of those selected, in the file's order.
pub(crate) async fn read(
    store: &Arc<dyn ObjectStore>,
    file: &FileState,
    columns: Columns,
    selection: Option<RowSelection>,
) -> Result<BoxStream<'static, Result<RecordBatch, LakeError>>, LakeError> {
    let path = file.path.clone();
    let failed = move |source: ParquetError| LakeError::storage(&path, source);
    let object = Object {
        store: store.clone(),
        path: path_of(file),
        size: file.bytes,
    };
    let mut builder = ParquetRecordBatchStreamBuilder::new(object)
        .await
        .map_err(&failed)?;
    let parquet = builder.parquet_schema();
    let mask = match columns {
        Columns::All => ProjectionMask::all(),
        Columns::Keys => ProjectionMask::columns(parquet, Keys::names()),
        Columns::Visible => {
            let hidden = HashSet::from(HIDDEN_COLUMNS);
            let names = parquet.columns().iter().map(|column| column.name());
            ProjectionMask::columns(parquet, names.filter(|name| !hidden.contains(name)))
        }
    };
    builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
    if let Some(selection) = selection {
        builder = builder.with_row_selection(selection);
    }
    Ok(builder.build().map_err(&failed)?.map_err(failed).boxed())
}

/// The rows of a file by its footer.
pub(crate) async fn count(
    store: &Arc<dyn ObjectStore>,
    file: &FileState,
) -> Result<u64, LakeError> {
    let mut object = Object {
        store: store.clone(),
        path: path_of(file),
        size: file.bytes,
    };
    let metadata = object.get_metadata(None).await;
    let metadata = metadata.map_err(|source| LakeError::storage(&file.path, source))?;
    rows(&metadata).ok_or_else(|| LakeError::damaged(&file.path, "its footer contradicts itself"))
}

/// Compares a file with what was published: size, hash and rows.
pub(crate) async fn verify(
    store: &Arc<dyn ObjectStore>,
    file: &FileState,
) -> Result<(), LakeError> {
    let failed = |source| match source {
        object_store::Error::NotFound { .. } => LakeError::damaged(&file.path, "it is missing"),
        other => LakeError::storage(&file.path, other),
    };
    let found = store.get(&path_of(file)).await.map_err(failed)?;
    let bytes = found.bytes().await.map_err(failed)?;
    if u64::try_from(bytes.len()).ok() != Some(file.bytes) || sha256(&bytes) != file.sha256 {
        return Err(LakeError::damaged(
            &file.path,
            "its bytes are not those that were published",
        ));
    }
    let metadata = ParquetMetaDataReader::new()
        .parse_and_finish(&bytes)
        .map_err(|source| LakeError::storage(&file.path, source))?;
    if rows(&metadata) != Some(file.rows) {
        return Err(LakeError::damaged(
            &file.path,
            "its rows are not those of the snapshot",
        ));
    }
    Ok(())
}

/// The place of a file in the store.
pub(crate) fn path_of(file: &FileState) -> Path {
    Path::from(file.path.as_str())
}

fn rows(metadata: &ParquetMetaData) -> Option<u64> {
    let rows = metadata.file_metadata().num_rows();
    let groups: i64 = metadata
        .row_groups()
        .iter()
        .map(|group| group.num_rows())
        .sum();
    u64::try_from(rows).ok().filter(|_| rows == groups)
}

fn properties(table: &TableDescription, schema: &SchemaRef) -> ParquetResult<WriterProperties> {
    let [resource, ordinal, ..] = HIDDEN_COLUMNS;
    let mut order = Vec::new();
    for name in [PERSON_COLUMN, resource, ordinal] {
        let column_idx = i32::try_from(schema.index_of(name)?)?;
        order.push(SortingColumn {
            column_idx,
            descending: false,
            nulls_first: false,
        });
    }
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_dictionary_enabled(true)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_sorting_columns(Some(order))
        // Hashes hardly repeat: a dictionary would only be built to be thrown away.
        .set_column_dictionary_enabled(ColumnPath::from(resource), false);
    for field in schema.fields() {
        if !schema::has_statistics(table, field.name()) {
            let column = ColumnPath::from(field.name().as_str());
            properties = properties.set_column_statistics_enabled(column, EnabledStatistics::None);
        }
    }
    Ok(properties.build())
}

/// A file of known size in a store, read by ranges.
struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

impl AsyncFileReader for Object {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.store
            .get_range(&self.path, range)
            .map_err(external)
            .boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move {
            self.store
                .get_ranges(&self.path, &ranges)
                .await
                .map_err(external)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let size = self.size;
            let reader = ParquetMetaDataReader::new().with_arrow_reader_options(options);
            reader.load_and_finish(self, size).await.map(Arc::new)
        }
        .boxed()
    }
}

fn external(source: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(source))
}
