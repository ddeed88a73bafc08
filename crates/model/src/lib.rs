//! Names, quantities and time: the words every crate of the house speaks.

mod answer;
mod name;
mod purpose;
mod quantity;
mod table;
mod time;

pub use answer::{Fault, Refusal, RefusalCode};
pub use name::{ColumnName, DatasetName, PermitId, ReleaseId, RunId, SnapshotId, TableName};
pub use purpose::Purpose;
pub use quantity::{Account, Clamp, Decimal, Delta, Epsilon, Loss, NORMAL_95};
pub use table::{ColumnDescription, ColumnType, TableDescription, Treatment};
pub use time::{Clock, FixedClock, Instant, SystemClock};

/// A text that is not what its type says; the message names the text's kind, the value and the
/// form that is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not {kind}: {expected}")]
pub struct Malformed {
    /// What the text should have been, with its article: "an epsilon".
    pub kind: &'static str,
    /// The text that was given, shortened to 64 characters.
    pub value: String,
    /// The form that is expected.
    pub expected: &'static str,
}

impl Malformed {
    pub(crate) fn new(kind: &'static str, value: &str, expected: &'static str) -> Self {
        Self {
            kind,
            value: value.chars().take(64).collect(),
            expected,
        }
    }
}

#[cfg(test)]
mod tests;
