//! The privacy budget: reserving is spending.
//!
//! A dataset has a cap for its lifetime. A permit's whole budget is debited from it when the
//! permit is granted, and each query is charged to its permit before a row is read. Accounts only
//! rise: nothing is given back, not after a fault, a crash or a revocation.
#![forbid(unsafe_code)]
#![deny(clippy::float_arithmetic)]

mod account;
mod cost;
mod outcome;
#[cfg(doctest)]
mod refused;
mod reservation;
mod reserve;
mod statement;

use lazaret_model::{Loss, Refusal, RefusalCode};
use lazaret_store::{Store, StoreError};

pub use cost::{Budget, Cost};
pub use reservation::{Reservation, Used};
pub use reserve::{Ask, Outcome, Reserved, StoredRelease};
pub use statement::{DatasetStatement, Entry, Grant, State, Statement};

/// The accounts of a store. Clones are the same ledger.
#[derive(Clone)]
pub struct Ledger {
    store: Store,
}

impl Ledger {
    /// The ledger in a store.
    ///
    /// # Privacy
    /// Holds no amounts of its own: what is spent is what the store's transactions say.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }
}

/// Why nothing was reserved or written. None of it depends on rows of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// An account or an entry that is not there, or already there and different.
    #[error("{0}")]
    Account(String),
    /// The permit's account does not pay for this.
    #[error("this query costs {asked}, and {left} is left of the permit's budget")]
    Exhausted {
        /// What the query costs.
        asked: Cost,
        /// What is left of the permit.
        left: Cost,
    },
    /// The query costs more than the permit allows for one.
    #[error("this query costs {asked}, and the permit allows {most} for one: ask for less epsilon")]
    OverQueryMax {
        /// What the query costs.
        asked: Loss,
        /// What one query may cost.
        most: Loss,
    },
    /// The dataset's cap does not pay for this permit.
    #[error("this permit needs {asked}, and {left} is left under the dataset's cap")]
    OverCap {
        /// What the permit would grant.
        asked: Cost,
        /// What is left of the cap.
        left: Cost,
    },
    /// The idempotency key was used for another query.
    #[error("this idempotency key belongs to another query: use a new key")]
    KeyReused,
    /// The same request is being answered.
    #[error("the same request is still being answered: ask again later with the same key")]
    InProgress,
    /// The same request ended in a fault, and its charge stays.
    #[error("the same request ended in a fault (ticket {ticket}): a new key pays again")]
    Failed {
        /// The fault's ticket.
        ticket: String,
    },
    /// The store's own reason.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LedgerError {
    /// The refusal a researcher may be shown, where it is about the budget.
    ///
    /// # Privacy
    /// Amounts left follow from texts of earlier queries and the permit, never from rows.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        let clause = match self {
            Self::Exhausted { .. } => "output.dp.epsilonTotal",
            Self::OverQueryMax { .. } => "output.dp.epsilonPerQueryMax",
            Self::OverCap { .. } => "the dataset's cap",
            _ => return None,
        };
        Some(Refusal::new(RefusalCode::Budget, self.to_string()).clause(clause))
    }
}

/// Why a transaction is undone: it failed, or it has an answer that changes nothing.
enum Halt<T> {
    Failed(LedgerError),
    Instead(T),
}

impl<T> Halt<T> {
    /// The answer of a transaction, whether it was committed or undone for an answer.
    fn settle(result: Result<T, Self>) -> Result<T, LedgerError> {
        match result {
            Ok(value) | Err(Self::Instead(value)) => Ok(value),
            Err(Self::Failed(error)) => Err(error),
        }
    }
}

impl<T> From<StoreError> for Halt<T> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl<T> From<LedgerError> for Halt<T> {
    fn from(error: LedgerError) -> Self {
        Self::Failed(error)
    }
}

#[cfg(test)]
mod tests;
