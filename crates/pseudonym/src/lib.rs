//! The only place where an identifier becomes a pseudonym.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod batch;
mod identifier;
mod identities;
mod key;
mod pseudonymiser;
#[cfg(doctest)]
mod refused;

use std::io;
use std::path::PathBuf;

pub use batch::{
    ColumnRole, HIDDEN_COLUMNS, Origin, PERSON_COLUMN, PseudonymisedBatch, RawBatch, Role,
};
pub use identifier::{PersonId, RawIdentifier, RecordId, Token};
pub use identities::{Identities, Linked};
pub use key::{CentreKey, HolderKey};
pub use pseudonymiser::Pseudonymiser;

/// Why nothing was pseudonymised. No message holds an identifier, a key or a record's value.
#[derive(Debug, thiserror::Error)]
pub enum PseudonymError {
    /// A file of keys or identities cannot be read or written.
    #[error("{path}: {source}: check that the file is there and belongs to this user")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner may read a key.
    #[error("{path}: a key must be a plain file of its owner alone: run chmod 600 on it")]
    Exposed {
        /// The key's file.
        path: PathBuf,
    },
    /// A key has another form.
    #[error("a key is 64 hexadecimal digits of random bytes: make one with `keys new`")]
    MalformedKey,
    /// An identifier is empty, or stands in a domain that is reserved.
    #[error("an identifier needs a value and the name of its system, other than `local`")]
    MalformedIdentifier,
    /// The identity file is damaged.
    #[error("{path}: not a sorted file of 24-byte entries: restore it from a backup")]
    MalformedIdentities {
        /// The identity file.
        path: PathBuf,
    },
    /// Nobody decided what a column is, or the decision does not fit it.
    #[error("column `{column}`: {reason}")]
    Column {
        /// The column's name, from the view.
        column: String,
        /// What does not fit.
        reason: &'static str,
    },
    /// The columns of a batch do not fit together.
    #[error("the batch cannot be built: {reason}")]
    Shape {
        /// What does not fit.
        reason: &'static str,
    },
}

#[cfg(test)]
mod tests;
