//! The store: a door for writing that leaves a trace of each passage, and one for reading.

use std::sync::Arc;

use crate::lane::Lane;
use crate::merkle::Head;
use crate::session::{Address, Guarded};
use crate::statement::Role;
use crate::{Damage, Entry, Event, Row, StoreError, Value, log};

/// The schema this code reads and writes.
const VERSION: i64 = 2;

/// Transactions that may read at once.
const READERS: usize = 4;

/// A database and its log. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    address: Address,
    writer: Lane,
    readers: Lane,
}

/// A transaction that may change rows. Its event is written when the work has succeeded.
///
/// Parameters are `$1`, `$2`, ...; a null whose type does not follow from its place needs a cast,
/// and so does a sum: `CAST(SUM(rho) AS BIGINT)`. After a statement that failed, for whatever
/// reason, no other runs and the transaction cannot succeed: where a conflict is expected, write
/// `ON CONFLICT DO NOTHING` or a condition, and look at the number of rows.
pub struct Tx {
    reading: ReadTx,
    event: Event,
}

/// A transaction that can only ask, and sees the database as it was at its first question.
pub struct ReadTx(Guarded);

impl Store {
    /// Opens the store at `sqlite:///path/to/store.db` or `postgres://user@host/database`, and
    /// makes its tables where there are none. A SQLite file is readable by its owner alone, its
    /// path is percent-decoded, and its folder must be there, on a local disk.
    ///
    /// # Errors
    /// `Url`, when the address is another's; `Unfit`, when the database is not durable, too old or
    /// holds another version's schema; `Busy` or `Database`, when it does not answer.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        let writer = Lane::new(Role::Writer, 1);
        let readers = Lane::new(Role::Reader, READERS);
        let store = Self(Arc::new(Inner {
            address,
            writer,
            readers,
        }));
        Box::pin(store.create()).await?;
        Ok(store)
    }

    /// Runs `f` in one transaction with its event's entry in the log: both are written, durably,
    /// or neither is. Writers take turns; do not call this within `f`.
    ///
    /// # Errors
    /// What `f` returned; or, of the store, what made the event, the commit or `f` impossible.
    pub async fn write<T, E, F>(&self, event: Event, f: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut Tx) -> Result<T, E>,
        E: From<StoreError>,
    {
        let turn = self.0.writer.turn().await?;
        let work = Box::pin(turn.begin(&self.0.address)).await?;
        let mut tx = Tx {
            reading: ReadTx(work),
            event,
        };
        let done = Box::pin(f(&mut tx)).await;
        let Tx {
            reading: ReadTx(mut work),
            event,
        } = tx;
        let done = match (done, work.finish()) {
            (Ok(value), Ok(session)) => match Box::pin(log::append(session, event)).await {
                Ok(()) => Ok(value),
                Err(error) => Err(error.into()),
            },
            (done, _) => done,
        };
        Box::pin(turn.end(work, done)).await
    }

    /// Writes an event alone: a refusal, a look at something, a thing done elsewhere.
    ///
    /// # Errors
    /// As `write`.
    pub async fn record(&self, event: Event) -> Result<(), StoreError> {
        self.write(event, async |_| Ok(())).await
    }

    /// Runs `f` in one transaction that can only ask.
    ///
    /// # Errors
    /// What `f` returned; or, of the store, what made asking impossible.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut ReadTx) -> Result<T, E>,
        E: From<StoreError>,
    {
        let turn = self.0.readers.turn().await?;
        let work = Box::pin(turn.begin(&self.0.address)).await?;
        let mut tx = ReadTx(work);
        let done = Box::pin(f(&mut tx)).await;
        Box::pin(turn.end(tx.0, done)).await
    }

    /// The log's size and root.
    ///
    /// # Errors
    /// `Broken`, when the head contradicts itself.
    pub async fn head(&self) -> Result<Head, StoreError> {
        self.read(async |tx| log::head(&mut tx.0).await).await
    }

    /// The entries from `from` on, in order, at most `limit`.
    ///
    /// # Errors
    /// `Broken`, when one of them is not what was written.
    pub async fn entries(&self, from: u64, limit: u64) -> Result<Vec<Entry>, StoreError> {
        self.read(async |tx| log::entries(&mut tx.0, from, limit).await)
            .await
    }

    /// Recomputes the whole log and gives its head.
    ///
    /// # Errors
    /// `Broken`, with the first entry that does not fit.
    pub async fn verify(&self) -> Result<Head, StoreError> {
        self.verify_against(&[]).await
    }

    /// The same, and makes sure that the log continues the ones that witnesses saw. Who owns the
    /// database can rewrite all of it, so only this finds everything.
    ///
    /// # Errors
    /// `Broken`, with the first entry that does not fit.
    pub async fn verify_against(&self, witnessed: &[Head]) -> Result<Head, StoreError> {
        self.read(async |tx| log::verify(&mut tx.0, witnessed).await)
            .await
    }

    /// Ends the connections that are not in use. Dropping the store does so too, but does not wait.
    ///
    /// # Errors
    /// `Database`, when a connection does not end in good order; nothing is lost by it.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.0.readers.close().await?;
        self.0.writer.close().await
    }

    /// Makes the tables and the empty log.
    async fn create(&self) -> Result<(), StoreError> {
        let turn = self.0.writer.turn().await?;
        let mut work = turn.begin(&self.0.address).await?;
        let done = create(&mut work).await;
        turn.end(work, done).await
    }

    #[cfg(test)]
    pub(crate) fn writer(&self) -> &Lane {
        &self.0.writer
    }
}

impl Tx {
    /// Runs an INSERT, UPDATE or DELETE, and counts its rows.
    ///
    /// # Errors
    /// `Violated`, when a row breaks a constraint; `Statement`, when the text or its parameters are
    /// not what may pass; `Database` and `Busy`.
    pub async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, StoreError> {
        self.reading.0.execute(sql, params).await
    }

    /// The rows of a SELECT, or of a change with RETURNING.
    ///
    /// # Errors
    /// As `execute`; `Column`, when a cell is neither text nor a 64-bit integer.
    pub async fn rows(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.reading.rows(sql, params).await
    }

    /// The one row of a question that has one or none.
    ///
    /// # Errors
    /// As `rows`, and `Statement` when there are several.
    pub async fn row(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        self.reading.row(sql, params).await
    }

    /// Names what the event is about, where that is known only now: an id given in here.
    pub fn set_subject(&mut self, subject: impl Into<String>) {
        self.event.subject = subject.into();
    }

    /// Adds a member to the event's detail, or replaces it.
    pub fn note(&mut self, name: &str, value: serde_json::Value) {
        if !self.event.detail.is_object() {
            let before = std::mem::take(&mut self.event.detail);
            let mut members = serde_json::Map::new();
            if !before.is_null() {
                members.insert("detail".into(), before);
            }
            self.event.detail = members.into();
        }
        if let Some(members) = self.event.detail.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    }

    /// The same transaction where only asking is wanted.
    pub const fn reading(&mut self) -> &mut ReadTx {
        &mut self.reading
    }
}

impl ReadTx {
    /// The rows of a SELECT.
    ///
    /// # Errors
    /// `Statement`, when the text or its parameters are not what may pass; `Column`, when a cell is
    /// neither text nor a 64-bit integer; `Database` and `Busy`.
    pub async fn rows(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.0.rows(sql, params).await
    }

    /// The one row of a question that has one or none.
    ///
    /// # Errors
    /// As `rows`, and `Statement` when there are several.
    pub async fn row(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Option<Row>, StoreError> {
        let mut rows = self.rows(sql, params).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            _ => Err(StoreError::Statement {
                why: "it has several rows where one may be",
                sql,
            }),
        }
    }
}

async fn create(work: &mut Guarded) -> Result<(), StoreError> {
    let session = work.finish()?;
    session.create().await?;
    let empty = crate::Tree::default();
    let head = "INSERT INTO tree_head (id, size, root, edge) VALUES (0, 0, $1, '') \
                ON CONFLICT (id) DO NOTHING";
    let made = session
        .execute(head, &[empty.root().to_string().into()])
        .await?;
    let version = "INSERT INTO store (id, version) VALUES (0, $1) ON CONFLICT (id) DO NOTHING";
    session.execute(version, &[VERSION.into()]).await?;
    let rows = session
        .rows(
            "SELECT version, (SELECT COUNT(*) FROM event) AS entries FROM store",
            &[],
        )
        .await?;
    let row = rows
        .first()
        .ok_or_else(|| StoreError::Unfit("it has no version".into()))?;
    let found = row.integer("version")?;
    if found != VERSION {
        let why = format!("its schema is version {found}, this program's is {VERSION}");
        return Err(StoreError::Unfit(why));
    }
    // A new head over old entries would begin a second history.
    if made == 1 && row.integer("entries")? != 0 {
        return Err(StoreError::Broken {
            seq: 0,
            damage: Damage::Head,
        });
    }
    Ok(())
}
