//! What can go wrong at the door; no message holds a value of a row, a parameter or a password.

use std::fmt;

/// Why the store did not do what it was asked. A write that fails has written nothing: neither
/// its statements nor its event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The address is not one of a store.
    #[error("`{0}` is no store: write sqlite:///path/to/store.db or postgres://user@host/database")]
    Url(String),
    /// The database is there, and does not hold what the store promises.
    #[error("the store cannot be used: {0}")]
    Unfit(String),
    /// Another writer has held the lock for too long, or two writers met. Trying again is safe.
    #[error("the store is held by another writer: try again, or look for a process that hangs")]
    Busy,
    /// A row breaks a constraint of the schema: unique, check, not null or foreign key.
    #[error("the store refused a row: {0}")]
    Violated(String),
    /// The database failed: disk full, connection lost, I/O. A commit whose connection was lost
    /// is in doubt: look whether its event is in the log before doing it again.
    #[error("the database failed: {0}")]
    Database(String),
    /// A statement that the door does not let through: a mistake in the code that calls it.
    #[error("a statement was not run because {why}: {sql}")]
    Statement {
        /// What is wrong with it.
        why: &'static str,
        /// Its text, which holds no values.
        sql: &'static str,
    },
    /// A cell or a parameter is not what was asked for.
    #[error("`{column}` {why}")]
    Column {
        /// The column's name.
        column: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The log does not verify. Nothing can be appended to a log whose head is broken.
    #[error("the log does not verify at entry {seq}: {damage}; keep a copy and call the auditor")]
    Broken {
        /// The first entry that does not fit, counted from 0.
        seq: u64,
        /// How it does not fit.
        damage: Damage,
    },
}

/// How a log differs from what was once written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The entry's bytes, its leaf hash or a column copied from it are not the ones written.
    Changed,
    /// The entry is gone, later ones are there.
    Missing,
    /// The entry was written under another number.
    Moved,
    /// The log ends here, its head says it is longer.
    Truncated,
    /// The log goes on here, its head says it ends.
    Beyond,
    /// The root that the entry recorded is not the root of the entries before it: it or the one
    /// before it was written anew, hashes and all.
    Rewritten,
    /// The head's hashes are not those of the entries: it or the last entry was written anew.
    Head,
    /// The entries up to here are not the ones a witness saw.
    Witness,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "it was changed",
            Self::Missing => "it is missing",
            Self::Moved => "it stood elsewhere",
            Self::Truncated => "the log was cut off here",
            Self::Beyond => "the log goes on after its head",
            Self::Rewritten => "it or the one before it was rewritten",
            Self::Head => "the last entry or the head was rewritten",
            Self::Witness => "the log up to here is not what the witness saw",
        })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(inner) => {
                if let Some(error) = inner.try_downcast_ref::<sqlx::sqlite::SqliteError>() {
                    crate::sqlite::error(error)
                } else if let Some(error) =
                    inner.try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                {
                    crate::postgres::error(error)
                } else {
                    Self::Database("an error of an unknown kind".into())
                }
            }
            sqlx::Error::Io(error) => {
                Self::Database(format!("the connection broke ({})", error.kind()))
            }
            sqlx::Error::Tls(_) => Self::Database("no secure connection could be made".into()),
            sqlx::Error::WorkerCrashed => Self::Database("the database's thread ended".into()),
            sqlx::Error::Configuration(_) => Self::Unfit("its address cannot be read".into()),
            // What is left are faults of protocol or decoding, whose text may quote a value.
            _ => Self::Database("the driver could not read the database's reply".into()),
        }
    }
}
