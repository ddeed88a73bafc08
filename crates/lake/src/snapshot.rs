//! What a snapshot says: the tables of a dataset and the files that hold them.

use std::collections::BTreeMap;

use lazaret_model::{DatasetName, Instant, RunId, SnapshotId, TableDescription, TableName};
use serde::{Deserialize, Serialize};

/// A published state of a dataset: all its tables after one night.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// The dataset.
    pub dataset: DatasetName,
    /// The run that made it.
    pub run: RunId,
    /// When it was published.
    #[serde(with = "moment")]
    pub created_at: Instant,
    /// The snapshot it follows.
    pub previous: Option<SnapshotId>,
    /// Different persons in all tables together.
    pub persons: u64,
    /// How many buckets all its tables are cut into.
    pub buckets: u32,
    /// The tables, in the pipeline's order.
    pub tables: Vec<TableState>,
}

impl Snapshot {
    /// The table of that name.
    #[must_use]
    pub fn table(&self, name: &TableName) -> Option<&TableState> {
        self.tables
            .iter()
            .find(|table| table.description.name == *name)
    }
}

/// One table of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableState {
    /// What the table promises.
    pub description: TableDescription,
    /// The version of the Delta table that lists the same files.
    pub version: i64,
    /// Its rows.
    pub rows: u64,
    /// Its files in the order of persons; their ranges do not overlap.
    pub files: Vec<FileState>,
}

/// One Parquet file: one bucket of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileState {
    /// Its path, relative to the lake's root.
    pub path: String,
    /// Its rows.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// The first `person_id` of its bucket, whether or not that person is there.
    pub person_low: i64,
    /// The last `person_id` of its bucket, whether or not that person is there.
    pub person_high: i64,
}

/// What a night did.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The snapshot it made.
    pub snapshot: Snapshot,
    /// What it counted.
    pub counts: Counts,
}

/// A night's resources and rows. An update that yields no row, of a resource that has none, is
/// counted nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Resources that had no row and now have.
    pub new: u64,
    /// Resources whose rows were replaced, or that yield none any more.
    pub changed: u64,
    /// Resources whose rows are equal to those that stand.
    pub unchanged: u64,
    /// Resources older than what stands.
    pub stale: u64,
    /// Versions of a resource that another one of the same night superseded.
    pub duplicates: u64,
    /// Resources that stood, after the night's updates, and were deleted.
    pub deleted: u64,
    /// Deletions of resources that stand nowhere.
    pub unknown_deletions: u64,
    /// Rows, by table.
    pub rows: BTreeMap<TableName, RowCounts>,
}

/// A night's rows in one table: after = before + appended - masked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Rows of the snapshot before.
    pub before: u64,
    /// Rows that came.
    pub appended: u64,
    /// Rows that went.
    pub masked: u64,
    /// Rows of the new snapshot.
    pub after: u64,
}

/// Moments as RFC 3339 text in UTC, to the microsecond.
mod moment {
    use chrono::{DateTime, SecondsFormat, Utc};
    use lazaret_model::Instant;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Micros, true))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
        let text = String::deserialize(from)?;
        let at = DateTime::parse_from_rfc3339(&text).map_err(D::Error::custom)?;
        Ok(at.with_timezone(&Utc))
    }
}
