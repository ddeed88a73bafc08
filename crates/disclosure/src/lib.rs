//! The only place where an exact result is opened and a release is made.
//!
//! A query is priced from its [`Shape`] alone, paid through the ledger, and its sealed [`Exact`]
//! result is turned into a [`Release`] by OpenDP's discrete Gaussian under the `zcdp` account, by
//! its discrete Laplace under `basic`.
#![forbid(unsafe_code)]

mod account;
mod cell;
mod exact;
mod groups;
mod noise;
#[cfg(feature = "noiseless")]
#[path = "../tests/noiseless/mod.rs"]
mod noiseless;
mod plan;
mod price;
#[cfg(doctest)]
#[path = "../tests/refused/cases.rs"]
mod refused;
mod release;
mod shape;
mod table;

pub use account::{budget, cap, epsilon};
pub use cell::{Cell, Number, Shown};
pub use exact::{Exact, Group};
#[cfg(feature = "noiseless")]
pub use noiseless::release_without_noise;
pub use price::{Bought, Price, Priced, price};
pub use release::release;
pub use shape::{Estimate, Key, KeyType, KeyValue, Measure, Shape, Spread};
pub use table::{Bounds, Card, Column, Release, Role};

/// Why there is no price or no release. The messages hold what the query's text says, never what
/// a row holds.
#[derive(Debug, thiserror::Error)]
pub enum DisclosureError {
    /// The query has a shape that cannot be released; it is known before a row is read.
    #[error("this query cannot be released: {0}")]
    Shape(String),
    /// The epsilon, the delta or both are too small or too large for this query.
    #[error("the privacy parameters do not fit this query: {0}")]
    Parameters(&'static str),
    /// The exact result is not of the shape that was priced: a defect of the engine.
    #[error("the exact result does not fit the priced shape: {0}")]
    Exact(&'static str),
    /// The price was made for another number of releases.
    #[error("the price was made for another plan: price the plan that is released")]
    Mismatch,
    /// The measurements cost more than was paid.
    #[error("the measurements cost more than was paid: reserve the whole price first")]
    Underpaid,
    /// OpenDP did not build or run a measurement.
    #[error("the noise mechanism failed: {0}")]
    Mechanism(String),
}

/// What most of this crate's own functions give.
type Checked<T> = Result<T, DisclosureError>;

impl From<opendp::error::Error> for DisclosureError {
    /// Keeps the kind of OpenDP's error and drops its text, which may hold values.
    fn from(error: opendp::error::Error) -> Self {
        Self::Mechanism(format!("{:?}", error.variant))
    }
}

#[cfg(test)]
mod tests;
