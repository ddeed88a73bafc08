//! What a published table promises: the facts ingest checks and `query` relies on.

use serde::{Deserialize, Serialize};

use crate::{Clamp, ColumnName, TableName};

/// How a column's values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Pseudonyms: 63 bits, never negative.
    Pseudonym,
    /// Whole numbers of 64 bits.
    Integer,
    /// Finite numbers of 64 bits.
    Number,
    /// Text: codes, never free text.
    Text,
    /// Truth values.
    Boolean,
    /// Days.
    Date,
}

/// What was decided about a column before it left the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Treatment {
    /// The person's pseudonym.
    Person,
    /// The pseudonym of a record, for joins inside the lake.
    Record,
    /// Kept as it is.
    Keep,
    /// The day is kept; a partial date's missing parts are the first ones, and its precision has a
    /// column of its own.
    Date,
    /// Only the year is kept.
    Year,
    /// The year of birth, everyone over 90 at the export's time in one class.
    AgeCap90,
    /// A place made coarser: a region's code.
    Region,
    /// Computed from columns that are not stored.
    Derived,
}

/// One column of a published table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnDescription {
    /// Its name.
    pub name: ColumnName,
    /// How its values are stored.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// What was done to it.
    pub treatment: Treatment,
    /// What it means, for the dictionary.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Bounds of a number, from outside the records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<Clamp>,
    /// The value set of a code, from outside the records; empty when it is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// One published table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDescription {
    /// Its name.
    pub name: TableName,
    /// What a row is, for the dictionary.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The columns, `person_id` first.
    pub columns: Vec<ColumnDescription>,
    /// Rows one person plausibly has: the default bound of a query. One means the table has one
    /// row a person, which publication checks.
    pub rows_per_person: u32,
}

impl TableDescription {
    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&ColumnDescription> {
        self.columns
            .iter()
            .find(|column| column.name.as_str() == name)
    }
}
