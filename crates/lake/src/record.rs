//! The files that publish: numbered, each with a snapshot and the runs up to it.

use std::sync::Arc;

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use lazaret_model::{DatasetName, RunId};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use serde::{Deserialize, Serialize};

use crate::bucket::Cut;
use crate::{LakeError, Snapshot};

/// The form of the file this code reads and writes.
const FORMAT: u32 = 1;
/// A snapshot of a hundred tables of a thousand files is some 40 MiB.
const BYTES_MAX: u64 = 256 << 20;
/// Files that are read at once.
const PARALLEL: usize = 8;

/// What one snapshot file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    format: u32,
    /// The number in the file's name, from 1 without a gap.
    pub(crate) number: u64,
    /// The runs of all numbers up to this one, so that any of them is known again.
    pub(crate) runs: Vec<RunId>,
    pub(crate) snapshot: Snapshot,
}

impl Record {
    /// The record that follows `before`.
    pub(crate) fn following(before: Option<&Self>, snapshot: Snapshot) -> Self {
        let mut runs = before.map(|before| before.runs.clone()).unwrap_or_default();
        runs.push(snapshot.run.clone());
        let number = before.map_or(1, |before| before.number + 1);
        Self {
            format: FORMAT,
            number,
            runs,
            snapshot,
        }
    }

    /// The number under which a run was published.
    pub(crate) fn number_of(&self, run: &RunId) -> Option<u64> {
        let behind = self.runs.iter().rev().position(|known| known == run)?;
        self.number.checked_sub(u64::try_from(behind).ok()?)
    }

    /// Refuses what could not have been published.
    fn check(&self, dataset: &DatasetName, number: u64) -> Result<(), &'static str> {
        let snapshot = &self.snapshot;
        if self.format != FORMAT {
            return Err("it was written by another release of this program");
        }
        if self.number != number || snapshot.dataset != *dataset {
            return Err("it does not stand where it was published");
        }
        let cut = Cut::new(snapshot.buckets).ok_or("its number of buckets is no power of two")?;
        for table in &snapshot.tables {
            let home = format!("{dataset}/{}/part-", table.description.name);
            let mut next = 0;
            for file in &table.files {
                let bucket = cut.bucket(file.person_low, file.person_high);
                let bucket = bucket.ok_or("a file is not of one bucket")?;
                let named = file
                    .path
                    .strip_prefix(&home)
                    .is_some_and(|name| !name.contains('/'));
                if bucket < next || !named {
                    return Err("its files are out of order or not in their table");
                }
                next = bucket + 1;
            }
            if table.files.iter().map(|file| file.rows).sum::<u64>() != table.rows {
                return Err("a table's rows are not those of its files");
            }
        }
        Ok(())
    }
}

/// The snapshot files of one dataset.
pub(crate) struct Records<'a> {
    pub(crate) store: &'a Arc<dyn ObjectStore>,
    pub(crate) dataset: &'a DatasetName,
}

impl Records<'_> {
    /// The newest record, if anything was published.
    pub(crate) async fn newest(&self) -> Result<Option<Record>, LakeError> {
        match self.numbers().await?.last() {
            Some(number) => self.read(*number).await.map(Some),
            None => Ok(None),
        }
    }

    /// All records, oldest first.
    pub(crate) async fn all(&self) -> Result<Vec<Record>, LakeError> {
        let numbers = self.numbers().await?;
        let reads: Vec<_> = numbers
            .into_iter()
            .map(|number| self.read(number).boxed())
            .collect();
        stream::iter(reads).buffered(PARALLEL).try_collect().await
    }

    /// The record of a number.
    pub(crate) async fn read(&self, number: u64) -> Result<Record, LakeError> {
        let path = self.path(number);
        let failed = |source| LakeError::storage(&path, source);
        let found = self.store.get(&path).await.map_err(failed)?;
        if found.meta.size > BYTES_MAX {
            return Err(LakeError::damaged(
                &path,
                "it is larger than a snapshot can be",
            ));
        }
        let bytes = found.bytes().await.map_err(failed)?;
        let record: Record = serde_json::from_slice(&bytes)
            .map_err(|_| LakeError::damaged(&path, "it is not a snapshot"))?;
        record
            .check(self.dataset, number)
            .map_err(|why| LakeError::damaged(&path, why))?;
        Ok(record)
    }

    /// Fails where the number is taken.
    pub(crate) async fn check_free(&self, number: u64) -> Result<(), LakeError> {
        let path = self.path(number);
        match self.store.head(&path).await {
            Ok(_) => Err(self.conflict(number)),
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(LakeError::storage(&path, source)),
        }
    }

    /// Publishes: the one write that makes a night visible. Whoever creates the number's file
    /// first has it.
    pub(crate) async fn create(&self, record: &Record) -> Result<(), LakeError> {
        let path = self.path(record.number);
        let bytes = serde_json::to_vec(record);
        let bytes = bytes.map_err(|source| LakeError::storage(&path, source))?;
        let put = self
            .store
            .put_opts(&path, bytes.into(), PutMode::Create.into())
            .await;
        let Err(error) = put else { return Ok(()) };
        // The write may have succeeded although its answer was lost: what stands there decides.
        match self.read(record.number).await {
            Ok(there) if there == *record => Ok(()),
            Ok(_) => Err(self.conflict(record.number)),
            Err(_) => Err(LakeError::storage(&path, error)),
        }
    }

    /// The numbers that were published, in order.
    async fn numbers(&self) -> Result<Vec<u64>, LakeError> {
        let folder = Path::from_iter([self.dataset.as_str(), "_snapshots"]);
        let listed = self.store.list_with_delimiter(Some(&folder)).await;
        let listed = listed.map_err(|source| LakeError::storage(&folder, source))?;
        let names = listed
            .objects
            .iter()
            .filter_map(|object| object.location.filename());
        let mut numbers: Vec<u64> = names.filter_map(number).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn conflict(&self, number: u64) -> LakeError {
        LakeError::Conflict {
            dataset: self.dataset.clone(),
            number,
        }
    }

    fn path(&self, number: u64) -> Path {
        let name = format!("{number:08}.json");
        Path::from_iter([self.dataset.as_str(), "_snapshots", name.as_str()])
    }
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".json")?;
    let plain = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}
