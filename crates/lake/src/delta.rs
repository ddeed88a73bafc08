//! The Delta log of one table, kept to what the snapshots say.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use deltalake_core::DeltaTableError;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{
    Action, Add, CommitInfo, EagerSnapshot, Metadata, Remove, Transaction,
};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use lazaret_model::{DatasetName, Instant, RunId, TableDescription};
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use serde_json::{Value, json};
use url::Url;

use crate::file::sha256;
use crate::{FileState, LakeError, schema};

/// Commits between two checkpoints, as Delta's own writers have it.
const CHECKPOINT_INTERVAL: &str = "10";

/// What a commit says of itself.
pub(crate) struct Commit<'a> {
    /// The running number of the night.
    pub(crate) number: u64,
    pub(crate) run: &'a RunId,
    pub(crate) at: Instant,
}

/// The Delta log of one table.
pub(crate) struct Log<'a> {
    store: &'a Arc<dyn ObjectStore>,
    dataset: &'a DatasetName,
    table: &'a TableDescription,
}

/// The state of a log that counts here.
struct Head {
    snapshot: EagerSnapshot,
    /// Sizes by file name.
    files: BTreeMap<String, u64>,
    /// The last night that was committed.
    night: Option<i64>,
}

impl<'a> Log<'a> {
    pub(crate) const fn new(
        store: &'a Arc<dyn ObjectStore>,
        dataset: &'a DatasetName,
        table: &'a TableDescription,
    ) -> Self {
        Self {
            store,
            dataset,
            table,
        }
    }

    /// Makes the log's head list exactly `files`, by one commit where it does not yet, and returns
    /// the head's version.
    ///
    /// A night that was stopped, or lost the race to publish, may have left a commit: the head is
    /// compared with the files that are wanted, not with the snapshot before. A commit that
    /// deltalake reports as failed may stand all the same, and it would accept a transaction twice,
    /// so what the head holds decides, before and after.
    pub(crate) async fn bring(
        &self,
        files: &[FileState],
        commit: &Commit<'_>,
    ) -> Result<i64, LakeError> {
        let night = i64::try_from(commit.number).map_err(|source| self.failed(source))?;
        let wanted = self.wanted(files);
        let logs = self.logs()?;
        self.create(commit).await?;
        let head = self.head(&logs).await?;
        if head.files == wanted && self.has_schema(&head)? {
            return self.number(head.snapshot.version());
        }
        if head.night.is_some_and(|last| last > night) {
            return Err(self.conflict(commit));
        }
        let actions = self.actions(&head, &wanted, files, commit)?;
        let transaction = Transaction::new(self.application(), night);
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_application_transaction(transaction)
            .with_cleanup_expired_logs(Some(false));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: None,
            predicate: None,
        };
        let result = CommitBuilder::from(properties)
            .with_actions(actions)
            .build(Some(&head.snapshot), logs.clone(), operation)
            .await;
        let error = match result {
            Ok(committed) => return self.number(committed.version()),
            Err(error) => error,
        };
        let now = self.head(&logs).await?;
        if now.night == Some(night) && now.files == wanted {
            self.number(now.snapshot.version())
        } else if now.snapshot.version() > head.snapshot.version() {
            Err(self.conflict(commit))
        } else {
            Err(self.failed(error))
        }
    }

    /// Writes version 0 where there is none: deltalake's own would ask for a feature it cannot
    /// commit to afterwards.
    async fn create(&self, commit: &Commit<'_>) -> Result<(), LakeError> {
        let path = self
            .folder()
            .join("_delta_log")
            .join("00000000000000000000.json");
        let place = || LakeError::storage(&path, "it cannot be written");
        match self.store.head(&path).await {
            Ok(_) => return Ok(()),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(source) => return Err(LakeError::storage(&path, source)),
        }
        let millis = commit.at.timestamp_millis();
        let features = json!(["deletionVectors"]);
        let lines = [
            json!({"commitInfo": {
                "timestamp": millis, "operation": "CREATE TABLE", "operationParameters": {},
                "engineInfo": "lazaret", "runId": commit.run,
            }}),
            json!({"protocol": {
                "minReaderVersion": 3, "minWriterVersion": 7,
                "readerFeatures": features, "writerFeatures": features,
            }}),
            json!({"metaData": self.metadata(commit)}),
        ];
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        match self
            .store
            .put_opts(&path, text.into(), PutMode::Create.into())
            .await
        {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            // The answer may have been lost.
            Err(_) => self
                .store
                .head(&path)
                .await
                .map(|_| ())
                .map_err(|_| place()),
        }
    }

    fn metadata(&self, commit: &Commit<'_>) -> Value {
        let seed = format!("{}/{}/{}", self.dataset, self.table.name, commit.run);
        json!({
            "id": uuid(&sha256(seed.as_bytes())),
            "name": self.table.name,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": schema::delta(self.table).to_string(),
            "partitionColumns": [],
            "configuration": {
                "delta.enableDeletionVectors": "true",
                "delta.enableExpiredLogCleanup": "false",
                "delta.checkpointInterval": CHECKPOINT_INTERVAL,
            },
            "createdTime": commit.at.timestamp_millis(),
        })
    }

    /// Removes what the head lists and is not wanted, adds what is wanted and not listed.
    fn actions(
        &self,
        head: &Head,
        wanted: &BTreeMap<String, u64>,
        files: &[FileState],
        commit: &Commit<'_>,
    ) -> Result<Vec<Action>, LakeError> {
        let millis = commit.at.timestamp_millis();
        let operation_parameters = HashMap::from([("mode".to_owned(), json!("Append"))]);
        let mut actions = vec![Action::CommitInfo(CommitInfo {
            timestamp: Some(millis),
            operation: Some("WRITE".to_owned()),
            operation_parameters: Some(operation_parameters),
            engine_info: Some("lazaret".to_owned()),
            info: HashMap::from([("runId".to_owned(), json!(commit.run))]),
            ..CommitInfo::default()
        })];
        if !self.has_schema(head)? {
            let metadata: Metadata = serde_json::from_value(self.metadata(commit))
                .map_err(|source| self.failed(source))?;
            actions.push(Action::Metadata(metadata));
        }
        for (name, size) in head
            .files
            .iter()
            .filter(|(name, _)| !wanted.contains_key(*name))
        {
            actions.push(Action::Remove(Remove {
                path: name.clone(),
                data_change: true,
                deletion_timestamp: Some(millis),
                extended_file_metadata: Some(true),
                partition_values: Some(HashMap::new()),
                size: Some(size.cast_signed()),
                ..Remove::default()
            }));
        }
        for file in files {
            let path = self.name(file);
            if head.files.contains_key(&path) {
                continue;
            }
            actions.push(Action::Add(Add {
                path,
                partition_values: HashMap::new(),
                size: file.bytes.cast_signed(),
                modification_time: millis,
                data_change: true,
                // No least and greatest values: the log would keep an erased person's number.
                stats: Some(json!({"numRecords": file.rows}).to_string()),
                ..Add::default()
            }));
        }
        Ok(actions)
    }

    async fn head(&self, logs: &LogStoreRef) -> Result<Head, LakeError> {
        let failed = |source: DeltaTableError| self.failed(source);
        let snapshot = EagerSnapshot::try_new(logs.as_ref(), None)
            .await
            .map_err(failed)?;
        let night = snapshot
            .transaction_version(logs.as_ref(), self.application())
            .await;
        let listed = snapshot.try_log_data().map_err(failed)?;
        let files = listed.iter();
        let files = files.map(|file| (file.path().into_owned(), file.size().cast_unsigned()));
        let files = files.collect();
        Ok(Head {
            files,
            night: night.map_err(failed)?,
            snapshot,
        })
    }

    fn has_schema(&self, head: &Head) -> Result<bool, LakeError> {
        let metadata = serde_json::to_value(head.snapshot.metadata());
        let metadata = metadata.map_err(|source| self.failed(source))?;
        let text = metadata
            .get("schemaString")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let schema: Value = serde_json::from_str(text).map_err(|source| self.failed(source))?;
        Ok(schema == schema::delta(self.table))
    }

    fn number(&self, version: u64) -> Result<i64, LakeError> {
        i64::try_from(version).map_err(|source| self.failed(source))
    }

    fn wanted(&self, files: &[FileState]) -> BTreeMap<String, u64> {
        files
            .iter()
            .map(|file| (self.name(file), file.bytes))
            .collect()
    }

    /// A file's path within the table's folder.
    fn name(&self, file: &FileState) -> String {
        let folder = format!("{}/", self.folder());
        file.path
            .strip_prefix(&folder)
            .unwrap_or(&file.path)
            .to_owned()
    }

    /// Who writes: nights are numbered for each dataset.
    fn application(&self) -> String {
        format!("lazaret/{}", self.dataset)
    }

    fn folder(&self) -> Path {
        Path::from_iter([self.dataset.as_str(), self.table.name.as_str()])
    }

    /// The log through our own store. The address is one within the lake, whatever the lake is on:
    /// of a `file` address the kernel would ask the disk.
    fn logs(&self) -> Result<LogStoreRef, LakeError> {
        let location = format!("lake:///{}/", self.folder());
        let location = Url::parse(&location).map_err(|source| self.failed(source))?;
        let own: Arc<dyn ObjectStore> =
            Arc::new(PrefixStore::new(self.store.clone(), self.folder()));
        Ok(default_logstore(
            own,
            self.store.clone(),
            &location,
            &StorageConfig::default(),
        ))
    }

    fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LakeError {
        LakeError::storage(format!("the Delta log of {}", self.folder()), source)
    }

    fn conflict(&self, commit: &Commit<'_>) -> LakeError {
        LakeError::Conflict {
            dataset: self.dataset.clone(),
            number: commit.number,
        }
    }
}

/// An identifier in the form of RFC 9562, version 8, from a hash: a rerun writes the same one.
fn uuid(hash: &str) -> String {
    let part = |range| hash.get(range).unwrap_or_default();
    let (a, b, c, d, e) = (
        part(0..8),
        part(8..12),
        part(13..16),
        part(17..20),
        part(20..32),
    );
    format!("{a}-{b}-8{c}-8{d}-{e}")
}
