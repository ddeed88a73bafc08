//! What a run did, in numbers: nothing of a record, no identifier.

use std::collections::BTreeMap;

use lazaret_model::{ColumnName, DatasetName, Instant, RunId, TableName};
use serde::Serialize;

/// The report of a run. Times are RFC 3339.
#[derive(Debug, Clone, Serialize)]
pub struct RunReport {
    /// The pipeline's name.
    pub pipeline: String,
    /// SHA-256 of the pipeline's files.
    pub pipeline_sha256: String,
    /// The dataset it feeds.
    pub dataset: DatasetName,
    /// The run.
    pub run: RunId,
    /// When the export's state was taken.
    pub exported: String,
    /// When the run began.
    pub started: String,
    /// When it ended, once the caller said so.
    pub ended: Option<String>,
    /// Each file in the order it was read.
    pub files: Vec<FileReport>,
    /// Files that are no resources.
    pub ignored_files: Vec<String>,
    /// Each table.
    pub tables: BTreeMap<TableName, TableReport>,
    /// What became of the patients.
    pub persons: Persons,
    /// Deletions listed, by type.
    pub deletions: BTreeMap<String, u64>,
}

/// One file, in resources: read = accepted + filtered + not a person + ignored + quarantined.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Its name.
    pub name: String,
    /// The type of its resources.
    pub resource_type: String,
    /// Its size as it is stored.
    pub bytes: u64,
    /// Its size inflated.
    pub bytes_inflated: u64,
    /// Resources read: lines that are not blank.
    pub read: u64,
    /// Resources that gave rows.
    pub accepted: u64,
    /// Resources of persons that the views have no row for, and second records of a person.
    pub filtered: u64,
    /// Resources about groups, devices and places.
    pub not_a_person: u64,
    /// Resources of a type that no table needs.
    pub ignored_type: u64,
    /// Resources in quarantine, by code.
    pub quarantined: BTreeMap<String, u64>,
}

/// One table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// Rows handed out.
    pub rows: u64,
    /// Values that are not in the declared set or bounds, by column. They are kept.
    pub outside: BTreeMap<ColumnName, u64>,
}

/// What became of the patients of the export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Persons {
    /// Local ids that were not known before.
    pub new: u64,
    /// Local ids whose person is another one now: what they left in the lake before and what does
    /// not arrive again stays with the other person. A full export puts that right.
    pub moved: u64,
    /// Patients without an identifier of the pipeline's systems.
    pub unidentified: u64,
    /// Patients whose person has an earlier record in the source: they give no row to tables of
    /// one row a person, and their records go to that person. Merge them in the source.
    pub second_records: u64,
    /// Patients that records name and no `Patient` was ever read for, first met in this run.
    pub provisional: u64,
}

impl RunReport {
    /// Notes the end of the run.
    pub fn end(&mut self, at: Instant) {
        self.ended = Some(at.to_rfc3339());
    }

    /// Resources read of types that tables need.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.files
            .iter()
            .map(|file| file.read - file.ignored_type)
            .sum()
    }

    /// Resources in quarantine.
    #[must_use]
    pub fn quarantined(&self) -> u64 {
        self.files.iter().map(FileReport::quarantined_all).sum()
    }
}

impl FileReport {
    /// Resources in quarantine.
    #[must_use]
    pub fn quarantined_all(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Whether every resource is accounted for.
    #[must_use]
    pub fn reconciles(&self) -> bool {
        let known = self.accepted + self.filtered + self.not_a_person + self.ignored_type;
        self.read == known + self.quarantined_all()
    }
}
