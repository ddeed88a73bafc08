//! SQL under a permit becomes a private plan, and the plan a sealed exact result.
//!
//! The specification is the privacy chapter of the design; `crates/README.md` lists what of it is
//! not here yet. Reading order: [`plan`] cuts a query at its release, `rules` are the closed
//! allow-list below it, `bound` is the operator that limits what one person can change, `run`
//! seals what comes out, `above` orders and filters what was released.

mod above;
mod bound;
mod functions;
mod grant;
mod plan;
mod rules;
mod run;
mod session;
mod statement;
mod tables;

pub use above::{Answered, Origin};
pub use plan::{Accuracy, Ask, Precision, PrivatePlan, plan, std_error};
pub use run::{BoundingKey, run};

use datafusion::error::DataFusionError;

/// What can go wrong below the line. It is kept for the access body's ledger under a ticket and
/// never shown to the researcher, because an engine's errors hold operands.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The engine failed.
    #[error("the engine failed: {0}")]
    Engine(#[from] DataFusionError),
    /// Columns did not fit what was planned.
    #[error("columns did not fit the plan: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The input broke an invariant on which privacy rests.
    #[error("the bound operator's input broke its contract: {0}")]
    Contract(&'static str),
}

impl QueryError {
    /// The kind of failure, as a word that holds no value.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Engine(error) => match error.find_root() {
                DataFusionError::ResourcesExhausted(_) => "engine: out of memory or disk",
                DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => "engine: storage",
                DataFusionError::ParquetError(_) => "engine: a file of the lake",
                DataFusionError::ArrowError(..) => "engine: columns",
                DataFusionError::Internal(_) => "engine: an invariant",
                _ => "engine: execution",
            },
            Self::Arrow(_) => "columns",
            Self::Contract(what) => what,
        }
    }
}

#[cfg(test)]
mod tests;
