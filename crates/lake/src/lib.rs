//! Versioned, person-clustered tables on object storage.
//!
//! A lake holds datasets, a dataset holds tables. Each table is a Delta table of Parquet files; a
//! snapshot names, for all tables of a dataset at once, the files that count. Only a snapshot makes
//! a night visible, and it appears by one conditional PUT.
//!
//! ```text
//! <dataset>/_snapshots/<8 digits>.json     what readers see; the number decides who publishes
//! <dataset>/<table>/_delta_log/..          the same files, for Spark, DuckDB and delta-rs
//! <dataset>/<table>/part-<hash>.parquet    named by content, never changed
//! ```
//! Rows are totally ordered by (`person_id`, `_resource`, `_ordinal`). A file covers one bucket, an
//! aligned power-of-two range of the 63 bits of `person_id`; all tables of a dataset are cut at the
//! same points. The hidden columns are in the files, but neither in a table's description nor in
//! its Delta schema.
//!
//! # Known weaknesses
//! - Every person's number is in memory while a night is published, eight bytes each; rows and
//!   resources are spilled to local disk past a bound. While files are written, a few buckets are
//!   in memory besides.
//! - All tables of a dataset are cut alike, so those with few rows a person have small files.
//! - A bucket with one changed row is written anew (copy-on-write).
//! - A resource that was deleted, or now yields no row, leaves no trace: an older version of it
//!   that arrives in a later night counts as new. An update with equal rows is not written, so the
//!   time of the earlier version stands.
//! - Two versions of a resource with the same time within one round of `Night::append` and
//!   `Night::touch` are told apart by their rows' numbers, table by table: a table in which only
//!   the earlier one has rows keeps them. A source that repeats resources closes the round between.
//! - Files that a failed night wrote stay until they are collected.

#![deny(missing_docs)]

mod bucket;
mod coming;
mod compare;
mod delta;
mod durable;
mod file;
mod job;
mod lake;
mod night;
mod publish;
mod record;
mod resolve;
mod rewrite;
mod rows;
mod schema;
mod snapshot;
mod spill;
mod survey;
mod trace;

use std::error::Error;

use lazaret_model::{DatasetName, TableName};

pub use bucket::{BUCKETS_MAX, buckets};
pub use lake::{Begin, Lake};
pub use night::{Night, Touched};
pub use snapshot::{Counts, FileState, Published, RowCounts, Snapshot, TableState};

/// Why the lake did not do what it was asked. No message holds a row's value or a pseudonym.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// The place cannot hold a lake.
    #[error("`{location}` cannot hold a lake: {reason}")]
    Location {
        /// What was given.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store, the table format or the file format failed: try again, the run is resumable.
    #[error("{place}: {source}")]
    Storage {
        /// The file or table.
        place: String,
        /// What the library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A batch or a description is not the table's.
    #[error("table `{table}`: {reason}")]
    Mismatch {
        /// The table.
        table: TableName,
        /// What differs, and what to do.
        reason: String,
    },
    /// A table that promises one row a person would hold more.
    #[error(
        "table `{table}` promises one row a person and would hold more: \
         raise its rows per person, or let the view yield one row"
    )]
    NotUnique {
        /// The table.
        table: TableName,
    },
    /// The files of a table hold another number of rows than the night adds up to.
    #[error("table `{table}`: {expected} rows were expected and its files hold {counted}")]
    Unreconciled {
        /// The table.
        table: TableName,
        /// Rows before, and appended, less masked.
        expected: u64,
        /// Rows by the files' footers.
        counted: u64,
    },
    /// Another run published first, or is writing now.
    #[error("dataset `{dataset}`: another run came first at night {number}: begin this run again")]
    Conflict {
        /// The dataset.
        dataset: DatasetName,
        /// The number both wanted.
        number: u64,
    },
    /// A file is not what was published.
    #[error("{file}: {reason}: restore it from a backup")]
    Damaged {
        /// The file, relative to the lake's root.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such snapshot.
    #[error("dataset `{dataset}` has no snapshot `{snapshot}`: list its snapshots")]
    Unknown {
        /// The dataset.
        dataset: DatasetName,
        /// What was asked for.
        snapshot: String,
    },
}

impl LakeError {
    pub(crate) fn storage(
        place: impl ToString,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Storage {
            place: place.to_string(),
            source: source.into(),
        }
    }

    pub(crate) fn mismatch(table: &TableName, reason: impl Into<String>) -> Self {
        Self::Mismatch {
            table: table.clone(),
            reason: reason.into(),
        }
    }

    pub(crate) fn damaged(file: impl ToString, reason: impl Into<String>) -> Self {
        Self::Damaged {
            file: file.to_string(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests;
