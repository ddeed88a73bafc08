//! One bucket of a table: kept as it is, or written anew.

use std::iter::zip;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt;
use lazaret_model::TableDescription;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::bucket::Cut;
use crate::file::{self, Columns, Encoded, Keys};
use crate::{FileState, LakeError};

/// A row in the total order, with its place in the batches at hand.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) person: i64,
    pub(crate) resource: i64,
    pub(crate) ordinal: i32,
    pub(crate) batch: usize,
    pub(crate) row: usize,
}

/// What happens to one bucket of the old cut.
pub(crate) enum Job {
    /// Its file stays.
    Keep(FileState),
    /// Its rows are written anew.
    Write(Box<Rewrite>),
}

/// A bucket to be written: what stands, less what goes, and what comes.
pub(crate) struct Rewrite {
    pub(crate) description: TableDescription,
    pub(crate) schema: SchemaRef,
    pub(crate) file: Option<FileState>,
    pub(crate) masked: Vec<usize>,
    /// Its rows among those that come to the table, in the total order.
    pub(crate) new: Range<usize>,
    pub(crate) appended: Arc<Vec<Row>>,
    pub(crate) night: Arc<Vec<RecordBatch>>,
    pub(crate) cut: Cut,
    /// The first bucket of the new cut, and how many it becomes.
    pub(crate) first: u32,
    pub(crate) count: u32,
}

impl Job {
    /// Does it, and returns the files in the order of persons.
    pub(crate) async fn run(
        self,
        store: &Arc<dyn ObjectStore>,
        folder: &str,
    ) -> Result<Vec<FileState>, LakeError> {
        let rewrite = match self {
            Self::Keep(file) => return Ok(vec![file]),
            Self::Write(rewrite) => rewrite,
        };
        let old: Vec<RecordBatch> = match &rewrite.file {
            Some(file) => {
                file::read(store, file, Columns::All, None)
                    .await?
                    .try_collect()
                    .await?
            }
            None => Vec::new(),
        };
        let encoded = tokio::task::spawn_blocking(move || rewrite.encode(old)).await;
        let encoded = encoded.map_err(|source| LakeError::storage(folder, source))??;
        let mut files = Vec::with_capacity(encoded.len());
        for (
            Encoded {
                bytes,
                sha256,
                rows,
            },
            (person_low, person_high),
        ) in encoded
        {
            let name = sha256.get(..32).unwrap_or(&sha256);
            let path = format!("{folder}/part-{name}.parquet");
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let file = FileState {
                path,
                rows,
                bytes: size,
                sha256,
                person_low,
                person_high,
            };
            // Written over what an interrupted run may have left: the bytes are the same.
            let put = store.put(&file::path_of(&file), bytes.into()).await;
            put.map_err(|source| LakeError::storage(&file.path, source))?;
            files.push(file);
        }
        Ok(files)
    }
}

/// A file that was encoded, and the bounds of its bucket.
type Part = (Encoded, (i64, i64));

impl Rewrite {
    /// Sorts the rows and encodes one file for each bucket that has any.
    fn encode(&self, old: Vec<RecordBatch>) -> Result<Vec<Part>, LakeError> {
        let table = &self.description.name;
        let failed = |source| LakeError::storage(table, source);
        let mut rows = Vec::new();
        let (mut at, mut masked) = (0, self.masked.iter().copied().peekable());
        for (batch, columns) in old.iter().enumerate() {
            let keys = Keys::of(columns).ok_or_else(|| LakeError::damaged(table, "no keys"))?;
            let cells = zip(zip(keys.person, keys.resource), keys.ordinal);
            for (row, ((&person, &resource), &ordinal)) in cells.enumerate() {
                if masked.next_if_eq(&at).is_none() {
                    rows.push(Row {
                        person,
                        resource,
                        ordinal,
                        batch,
                        row,
                    });
                }
                at += 1;
            }
        }
        let new = self.appended.get(self.new.clone()).unwrap_or_default();
        rows.extend(new.iter().map(|row| Row {
            batch: old.len() + row.batch,
            ..*row
        }));
        rows.sort_unstable();
        let batches: Vec<&RecordBatch> = old.iter().chain(self.night.iter()).collect();
        let mut files = Vec::new();
        let mut rest = rows.as_slice();
        for bucket in self.first..self.first + self.count {
            let range = self.cut.range(bucket);
            let here = rest.partition_point(|row| row.person <= range.1);
            let (own, later) = rest.split_at_checked(here).unwrap_or((rest, &[]));
            rest = later;
            if own.is_empty() {
                continue;
            }
            let places: Vec<_> = own.iter().map(|row| (row.batch, row.row)).collect();
            let file = file::encode(&self.description, &self.schema, &batches, &places);
            files.push((file.map_err(failed)?, range));
        }
        Ok(files)
    }
}
