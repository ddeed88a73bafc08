//! A lake: where it is, what it holds, how a night begins.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use futures::TryStreamExt;
use lazaret_model::{DatasetName, RunId, TableDescription, TableName};
use object_store::ObjectStore;
use url::Url;

use crate::durable::Durable;
use crate::file::{self, Columns};
use crate::night::Room;
use crate::record::Records;
use crate::spill::Budget;
use crate::{LakeError, Night, Snapshot};

/// Tables on an object store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lake {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The folder of what a night spills.
    spill: PathBuf,
    pub(crate) budget: Budget,
}

/// How a run begins.
#[derive(Debug)]
pub enum Begin {
    /// The run was published before: there is nothing to do. This is the snapshot it made.
    Done(Snapshot),
    /// The run is new, or was stopped before it published.
    Open(Night),
}

impl Lake {
    /// The lake in a folder, given as a path or as a `file://` URL; the folder is made if it is
    /// not there. Files are flushed to disk before they count.
    ///
    /// # Errors
    /// `Location`, when the folder cannot be made or the URL is of another kind.
    pub fn open(url: &str) -> Result<Self, LakeError> {
        let wrong = |reason: String| LakeError::Location {
            location: url.to_owned(),
            reason,
        };
        let folder: PathBuf = match Url::parse(url) {
            Ok(parsed) if parsed.scheme() == "file" => parsed
                .to_file_path()
                .map_err(|()| wrong("it is not the path of a folder".to_owned()))?,
            Ok(parsed) if url.contains("://") => {
                let scheme = parsed.scheme();
                return Err(wrong(format!(
                    "{scheme} is not known: give a path or file://"
                )));
            }
            _ => Path::new(url).to_owned(),
        };
        let store = Durable::open(&folder).map_err(|source| wrong(source.to_string()))?;
        Ok(Self::with_store(Arc::new(store)))
    }

    /// The lake at the root of any store that has conditional writes (`PutMode::Create`) and lists
    /// in the order of names. `LocalFileSystem` does not: use `Lake::open`.
    #[must_use]
    pub fn with_store(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            store,
            spill: std::env::temp_dir(),
            budget: Budget::default(),
        }
    }

    /// The same lake, whose nights spill into this local folder instead of the system's for
    /// temporary files. What is spilled is pseudonymised, in a file without a name that only the
    /// owner can open and that is gone with the process.
    #[must_use]
    pub fn with_spill(self, spill: &Path) -> Self {
        let spill = spill.to_owned();
        Self { spill, ..self }
    }

    /// The store that the files' paths are relative to.
    #[must_use]
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        self.store.clone()
    }

    /// Begins a night on top of the newest snapshot. Writes nothing.
    ///
    /// # Errors
    /// `Mismatch`, when a description differs from the one that stands, or a table that stands is
    /// missing; `Storage` or `Damaged`, when the newest snapshot cannot be read.
    pub async fn begin(
        &self,
        dataset: &DatasetName,
        run: &RunId,
        tables: &[TableDescription],
    ) -> Result<Begin, LakeError> {
        let records = Records {
            store: &self.store,
            dataset,
        };
        let newest = records.newest().await?;
        if let Some(newest) = &newest
            && let Some(number) = newest.number_of(run)
        {
            return records
                .read(number)
                .await
                .map(|record| Begin::Done(record.snapshot));
        }
        let base = newest.map(Box::new);
        let room = Room {
            folder: self.spill.clone(),
            budget: self.budget,
        };
        Night::new(dataset.clone(), run.clone(), base, tables, room).map(Begin::Open)
    }

    /// All snapshots of a dataset, oldest first; none of a dataset that is not there.
    ///
    /// # Errors
    /// `Storage` or `Damaged`, when one cannot be read.
    pub async fn snapshots(&self, dataset: &DatasetName) -> Result<Vec<Snapshot>, LakeError> {
        let records = Records {
            store: &self.store,
            dataset,
        }
        .all()
        .await?;
        Ok(records.into_iter().map(|record| record.snapshot).collect())
    }

    /// A snapshot of a dataset: `latest`, or one by its id.
    ///
    /// # Errors
    /// `Unknown`, when there is none; `Storage` or `Damaged`, when it cannot be read.
    pub async fn snapshot(
        &self,
        dataset: &DatasetName,
        which: &str,
    ) -> Result<Snapshot, LakeError> {
        let found = if which == "latest" {
            let records = Records {
                store: &self.store,
                dataset,
            };
            records.newest().await?.map(|record| record.snapshot)
        } else {
            let snapshots = self.snapshots(dataset).await?;
            snapshots
                .into_iter()
                .rev()
                .find(|snapshot| snapshot.id.as_str() == which)
        };
        let (dataset, snapshot) = (dataset.clone(), which.to_owned());
        found.ok_or(LakeError::Unknown { dataset, snapshot })
    }

    /// Compares every file of a snapshot with what was published: its size, hash and rows.
    ///
    /// # Errors
    /// `Damaged`, at the first file that differs or is missing; `Storage`, when one cannot be read.
    pub async fn verify(&self, snapshot: &Snapshot) -> Result<(), LakeError> {
        for file in snapshot.tables.iter().flat_map(|table| &table.files) {
            file::verify(&self.store, file).await?;
        }
        Ok(())
    }

    /// All rows of a table in their order, without the hidden columns: for exports and tests, as
    /// they are in memory at once.
    ///
    /// # Errors
    /// `Mismatch`, when the snapshot has no such table; `Storage`, when a file cannot be read.
    pub async fn read_table(
        &self,
        snapshot: &Snapshot,
        table: &TableName,
    ) -> Result<Vec<RecordBatch>, LakeError> {
        let state = snapshot
            .table(table)
            .ok_or_else(|| LakeError::mismatch(table, "the snapshot has no such table"))?;
        let mut batches = Vec::new();
        for file in &state.files {
            let rows = file::read(&self.store, file, Columns::Visible, None).await?;
            batches.append(&mut rows.try_collect().await?);
        }
        Ok(batches)
    }
}
