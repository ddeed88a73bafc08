//! The wire: what a researcher asks and gets, and the one function that answers.

mod answer;
mod apart;
mod card;
mod desk;
mod outgoing;
mod preview;
mod render;
mod table;

pub use answer::{Answer, NotAnswered, answer};
pub use apart::{Apart, Limits, answer_apart, answer_once};
pub use card::{BudgetLeft, Card, CardColumn, Spent};
pub use desk::{Desk, Question};
pub use outgoing::{Format, Outgoing};
pub use preview::{Preview, preview};

/// What fails while a question is prepared, before a row is read, for reasons that are the home's
/// own: a store that does not answer, a key that is missing.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The store did not answer.
    #[error("the store: {0}")]
    Store(#[from] lazaret_store::StoreError),
    /// The ledger did not answer.
    #[error("the ledger: {0}")]
    Ledger(#[from] lazaret_ledger::LedgerError),
    /// The lake did not answer.
    #[error("the lake: {0}")]
    Lake(#[from] lazaret_lake::LakeError),
    /// A signature could not be made or a permit not be found.
    #[error("the permit office: {0}")]
    Permit(#[from] lazaret_permit::PermitError),
    /// Bytes that are not the card they should be.
    #[error("a stored release cannot be read: {0}")]
    Card(#[from] serde_json::Error),
    /// The process that answers did not begin, or ended before anything was paid.
    #[error("the process that answers: {0}")]
    Apart(String),
    /// There were no random bytes for an id.
    #[error("the system gives no random bytes")]
    Random,
    /// A table could not be written as columns.
    #[error("the answer cannot be written as columns: {0}")]
    Columns(#[from] arrow::error::ArrowError),
}

impl From<parquet::errors::ParquetError> for GatewayError {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Columns(error.into())
    }
}

#[cfg(test)]
mod tests;
