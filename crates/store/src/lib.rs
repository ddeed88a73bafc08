//! The door to the database: no statement writes without an entry in the log, in one transaction.
//!
//! ```no_run
//! # async fn example(now: lazaret_model::Instant) -> Result<(), lazaret_store::StoreError> {
//! use lazaret_store::{Event, EventKind, Store, StoreError};
//!
//! let store = Store::open("sqlite:///srv/lazaret/store.db").await?;
//! let event = Event::new(now, "clerk", EventKind::UserAdded, "alice");
//! store
//!     .write(event, async |tx| {
//!         let sql = "INSERT INTO account_user (name, role, created_at, disabled) \
//!                    VALUES ($1, $2, $3, 0)";
//!         tx.execute(sql, &["alice".into(), "auditor".into(), now.into()]).await?;
//!         Ok::<_, StoreError>(())
//!     })
//!     .await
//! # }
//! ```

mod error;
mod event;
mod lane;
mod log;
mod merkle;
mod postgres;
mod session;
mod sqlite;
mod statement;
mod store;
mod value;

pub use error::{Damage, StoreError};
pub use event::{Entry, Event, EventKind};
pub use merkle::{Hash, Head, Tree};
pub use store::{ReadTx, Store, Tx};
pub use value::{Row, Value};

#[cfg(test)]
mod tests;
