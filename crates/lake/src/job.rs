//! One bucket of one table on its way: loaded, merged, encoded and written, or kept.

use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::bucket::Cut;
use crate::coming::Coming;
use crate::file::{self, Columns, Encoded};
use crate::night::Pending;
use crate::resolve::{Resolved, Verdict};
use crate::rewrite::{Merged, Part};
use crate::{FileState, LakeError};

/// What all buckets of a night have in common.
pub(crate) struct Tonight {
    pub(crate) tables: Vec<Pending>,
    pub(crate) resolved: Resolved,
    /// The cut of the files that stand, and the cut of those to come.
    pub(crate) old: Cut,
    pub(crate) cut: Cut,
    /// The folder of the tables.
    pub(crate) dataset: String,
}

/// A bucket of the old cut, in one table.
pub(crate) struct Job {
    pub(crate) tonight: Arc<Tonight>,
    pub(crate) table: usize,
    pub(crate) bucket: u32,
    /// Its file, if it has one.
    pub(crate) file: Option<FileState>,
    /// Whether the file may have rows of resources that the night touches.
    pub(crate) met: bool,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) table: usize,
    pub(crate) bucket: u32,
    pub(crate) files: Vec<FileState>,
    pub(crate) appended: u64,
    pub(crate) masked: u64,
    /// Resources whose rows differ from those that stood.
    pub(crate) changed: Vec<i64>,
    /// Persons of whom rows went or did not come.
    pub(crate) doubtful: Vec<i64>,
    /// Everybody who has rows afterwards; nothing where the file was kept unread.
    pub(crate) persons: Option<Vec<i64>>,
}

/// What merging gives: the persons with rows, and the files where anything changes.
struct Rewritten {
    merged: Merged,
    persons: Vec<i64>,
    parts: Option<Vec<Part>>,
}

/// What was loaded of a night for one bucket.
struct Loading {
    batches: Vec<RecordBatch>,
    coming: Coming,
    verdicts: Vec<Verdict>,
}

impl Job {
    /// Does it.
    ///
    /// # Errors
    /// As for `Lake::publish`.
    pub(crate) async fn run(self, store: &Arc<dyn ObjectStore>) -> Result<Done, LakeError> {
        let job = Arc::new(self);
        let done = Done {
            table: job.table,
            bucket: job.bucket,
            ..Done::default()
        };
        let recut = job.tonight.old != job.tonight.cut && job.file.is_some();
        let (low, high) = job.tonight.old.range(job.bucket);
        let pending = job.pending()?;
        if !recut && !job.met && !pending.rows.may_have(&(low..=high)) {
            return Ok(job.kept(done));
        }
        let loading = job.clone();
        let loaded = blocking(move || loading.load()).await?;
        if !recut && !job.met && loaded.coming.rows.is_empty() {
            let doubtful = loaded.coming.dropped;
            return Ok(job.kept(Done { doubtful, ..done }));
        }
        let mut batches: Vec<RecordBatch> = match &job.file {
            Some(file) => {
                let read = file::read(store, file, Columns::All, None).await?;
                read.try_collect().await?
            }
            None => Vec::new(),
        };
        let stood = batches.len();
        batches.extend(loaded.batches);
        let merging = job.clone();
        let (coming, verdicts) = (loaded.coming, loaded.verdicts);
        let merged = blocking(move || merging.merge(&batches, stood, coming, &verdicts, recut));
        let Rewritten {
            merged,
            persons,
            parts,
        } = merged.await?;
        let done = Done {
            appended: merged.appended,
            masked: merged.masked,
            changed: merged.changed,
            doubtful: merged.doubtful,
            persons: Some(persons),
            ..done
        };
        match parts {
            None => Ok(job.kept(done)),
            Some(parts) => job.put(store, parts, done).await,
        }
    }

    fn pending(&self) -> Result<&Pending, LakeError> {
        let pending = self.tonight.tables.get(self.table);
        pending.ok_or_else(|| LakeError::damaged(&self.tonight.dataset, "a table's place"))
    }

    fn kept(&self, done: Done) -> Done {
        Done {
            files: self.file.clone().into_iter().collect(),
            ..done
        }
    }

    fn load(&self) -> Result<Loading, LakeError> {
        let pending = self.pending()?;
        let (low, high) = self.tonight.old.range(self.bucket);
        let verdicts = self.tonight.resolved.bucket(self.bucket)?;
        let loaded = pending.rows.load(&(low..=high))?;
        let coming = Coming::of(pending, &loaded, &verdicts)?;
        Ok(Loading {
            batches: loaded.batches,
            coming,
            verdicts,
        })
    }

    /// Merges and encodes; no files where nothing changes.
    fn merge(
        &self,
        batches: &[RecordBatch],
        stood: usize,
        coming: Coming,
        verdicts: &[Verdict],
        recut: bool,
    ) -> Result<Rewritten, LakeError> {
        let pending = self.pending()?;
        let merged = Merged::of(pending, batches, stood, coming, verdicts)?;
        let persons = merged.persons(&pending.description)?;
        let mut parts = None;
        if recut || merged.appended > 0 || merged.masked > 0 {
            let Tonight { old, cut, .. } = &*self.tonight;
            let per = cut.per(*old);
            parts = Some(merged.encode(pending, batches, (*cut, self.bucket * per, per))?);
        }
        Ok(Rewritten {
            merged,
            persons,
            parts,
        })
    }

    async fn put(
        &self,
        store: &Arc<dyn ObjectStore>,
        parts: Vec<Part>,
        mut done: Done,
    ) -> Result<Done, LakeError> {
        let table = &self.pending()?.description.name;
        let folder = format!("{}/{table}", self.tonight.dataset);
        for (encoded, (person_low, person_high)) in parts {
            let Encoded {
                bytes,
                sha256,
                rows,
            } = encoded;
            let name = sha256.get(..32).unwrap_or(&sha256);
            let file = FileState {
                path: format!("{folder}/part-{name}.parquet"),
                rows,
                bytes: bytes.len() as u64,
                sha256,
                person_low,
                person_high,
            };
            // Written over what an interrupted run may have left: the bytes are the same.
            let put = store.put(&file::path_of(&file), bytes.into()).await;
            put.map_err(|source| LakeError::storage(&file.path, source))?;
            done.files.push(file);
        }
        Ok(done)
    }
}

/// Runs what computes apart from what waits.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
) -> Result<T, LakeError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|source| LakeError::storage("a bucket", source))?
}
