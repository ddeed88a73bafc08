//! What a run did, in numbers: nothing of a record, no identifier.

use std::collections::BTreeMap;

use lazaret_model::{ColumnName, DatasetName, Instant, RunId, SnapshotId, TableName};
use serde::{Deserialize, Serialize};

mod drift;
mod effort;
mod files;
mod metrics;
mod page;
pub(crate) mod quality;

pub use drift::{ColumnDrift, Drift, NIGHTS_MAX, TableDrift};
pub use effort::{Effort, Energy, Measured, Power};
pub use files::FileReport;
pub use metrics::metrics;

use crate::export::Export;
use crate::pipeline::Pipeline;

/// The report of a run, as JSON and, by `page`, for people. Its fields may become more; what is
/// there keeps its name and meaning. Times are RFC 3339, shares are 0 to 1 with four digits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The pipeline's name.
    pub pipeline: String,
    /// SHA-256 of the pipeline's files.
    pub pipeline_sha256: String,
    /// What the pipeline is, for people.
    pub title: String,
    /// The dataset it feeds.
    pub dataset: DatasetName,
    /// The run.
    pub run: RunId,
    /// What it published; nothing in a dry run.
    pub snapshot: Option<SnapshotId>,
    /// Why it stopped before its end, where it did: nothing was published, and the counts are of
    /// what was read until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// When the export's state was taken.
    pub exported: String,
    /// When the run began.
    pub started: String,
    /// When it ended, once the caller said so.
    pub ended: Option<String>,
    /// Sums over the files and tables.
    pub totals: Totals,
    /// Resources in quarantine, by code.
    pub quarantined: BTreeMap<String, u64>,
    /// What became of the patients.
    pub persons: Persons,
    /// What became of the resources in the lake; nothing in a dry run.
    pub resources: Option<Resources>,
    /// Deletions listed, by type.
    pub deletions: BTreeMap<String, u64>,
    /// Each table.
    pub tables: BTreeMap<TableName, TableReport>,
    /// Against the nights before, where there are some.
    pub drift: Option<Drift>,
    /// What it cost, once the caller said so.
    pub effort: Option<Effort>,
    /// Each file in the order it was read.
    pub files: Vec<FileReport>,
    /// Files that are no resources.
    pub ignored_files: Vec<String>,
}

/// Sums over the files and tables.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Bytes of the files as they are stored.
    pub bytes: u64,
    /// Bytes of the files inflated.
    pub bytes_inflated: u64,
    /// Resources read, of types that tables need.
    pub resources: u64,
    /// Resources of other types.
    pub ignored_types: u64,
    /// Rows they gave.
    pub rows: u64,
    /// Resources in quarantine.
    pub quarantined: u64,
    /// Resources that wait for their person.
    #[serde(default)]
    pub pending: u64,
}

/// What became of the patients of the export.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persons {
    /// Persons of the dataset after the night; nothing in a dry run.
    pub total: Option<u64>,
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
    /// Patients that records name and no `Patient` was ever read for, first met in this run, whose
    /// records went in under a person of their own.
    pub provisional: u64,
}

/// What became of resources in the lake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Had no row and now have.
    pub new: u64,
    /// Rows replaced, or none any more.
    pub changed: u64,
    /// Rows equal to those that stand.
    pub unchanged: u64,
    /// Older than what stands.
    pub stale: u64,
    /// Versions of a resource that another one of the same night superseded.
    pub duplicates: u64,
    /// Stood and were deleted.
    pub deleted: u64,
    /// Deletions of resources that stand nowhere.
    pub unknown_deletions: u64,
}

/// One table: what the night brought it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableReport {
    /// Rows read.
    pub rows: u64,
    /// Its rows in the lake, `before`, `appended`, `masked` and `after`; absent in a dry run.
    #[serde(flatten)]
    pub stored: Option<Stored>,
    /// How old the rows' resources are at the export's time; nothing where no row was read.
    pub updated: Option<Timeliness>,
    /// Each column in the table's order.
    pub columns: Vec<ColumnReport>,
}

/// A table's rows in the lake: after = before + appended - masked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Rows of the snapshot before.
    pub before: u64,
    /// Rows that came.
    pub appended: u64,
    /// Rows that went.
    pub masked: u64,
    /// Rows of the new snapshot.
    pub after: u64,
}

/// Ages at the export's time, in whole hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeliness {
    /// Of the newest row.
    pub newest_hours: u64,
    /// The median, at most an eighth too low.
    pub median_hours: u64,
}

/// The quality of one column in the rows that were read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnReport {
    /// Its name.
    pub name: ColumnName,
    /// Rows with a value.
    pub present: u64,
    /// Their share; nothing where there is no row.
    pub completeness: Option<f64>,
    /// Values that are not in the declared set or bounds. They are kept.
    pub outside: u64,
    /// The share of values that are, or need not be.
    pub validity: Option<f64>,
    /// Days or years after the export was taken.
    pub after_export: u64,
    /// Days or years before the person's year of birth, where the night brought the person too.
    pub before_birth: u64,
}

impl RunReport {
    /// Nothing done yet.
    pub(crate) fn new(pipeline: &Pipeline, export: &Export, now: Instant) -> Self {
        Self {
            pipeline: pipeline.name().to_owned(),
            pipeline_sha256: pipeline.sha256().to_owned(),
            title: pipeline.title().to_owned(),
            dataset: pipeline.dataset().clone(),
            run: export.run().clone(),
            snapshot: None,
            stopped: None,
            exported: export.time().to_rfc3339(),
            started: now.to_rfc3339(),
            ended: None,
            totals: Totals::default(),
            quarantined: BTreeMap::new(),
            persons: Persons::default(),
            resources: None,
            deletions: BTreeMap::new(),
            tables: BTreeMap::new(),
            drift: None,
            effort: None,
            files: Vec::new(),
            ignored_files: export.ignored.clone(),
        }
    }

    /// Adds up the files and tables.
    pub(crate) fn sum(&mut self) {
        let files = &self.files;
        let sum = |of: fn(&FileReport) -> u64| files.iter().map(of).sum::<u64>();
        self.totals = Totals {
            bytes: sum(|file| file.bytes),
            bytes_inflated: sum(|file| file.bytes_inflated),
            resources: sum(|file| file.read - file.ignored_type),
            ignored_types: sum(|file| file.ignored_type),
            rows: self.tables.values().map(|table| table.rows).sum(),
            quarantined: sum(FileReport::quarantined_all),
            pending: sum(|file| file.pending),
        };
        self.quarantined.clear();
        for (code, count) in files.iter().flat_map(|file| &file.quarantined) {
            *self.quarantined.entry(code.clone()).or_default() += count;
        }
    }

    /// Notes the end of the run.
    pub fn end(&mut self, at: Instant) {
        self.ended = Some(at.to_rfc3339());
    }

    /// Notes what the lake made of it.
    pub fn publish(
        &mut self,
        snapshot: SnapshotId,
        persons: u64,
        resources: Resources,
        rows: impl IntoIterator<Item = (TableName, Stored)>,
    ) {
        self.snapshot = Some(snapshot);
        self.persons.total = Some(persons);
        self.resources = Some(resources);
        for (table, stored) in rows {
            self.tables.entry(table).or_default().stored = Some(stored);
        }
    }

    /// Resources read of types that tables need.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.totals.resources
    }

    /// Resources that wait for their person.
    #[must_use]
    pub const fn pending(&self) -> u64 {
        self.totals.pending
    }

    /// Resources in quarantine.
    #[must_use]
    pub const fn quarantined(&self) -> u64 {
        self.totals.quarantined
    }
}

impl TableReport {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnReport> {
        self.columns.iter().find(|c| c.name.as_str() == name)
    }
}

/// A share with four digits; none of nothing.
#[allow(clippy::cast_precision_loss, reason = "counts are below 2^53")]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| rounded(part as f64 / whole as f64, 4))
}

/// A number with so many digits after the point.
fn rounded(number: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(digits);
    (number * unit).round() / unit
}
