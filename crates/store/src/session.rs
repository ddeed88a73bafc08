//! One connection to either database, and the statements it runs.

use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};

use crate::statement::{self, Role};
use crate::{Row, StoreError, Value, postgres, sqlite};

/// How to reach a database.
pub(crate) enum Address {
    /// A file.
    Sqlite(Box<SqliteConnectOptions>),
    /// A server.
    Postgres(Box<PgConnectOptions>),
}

/// A connection. Dropping it in the midst of a transaction rolls back: SQLite when its file is
/// closed, PostgreSQL when its client has gone.
pub(crate) enum Session {
    /// To a file, through a thread of its own.
    Sqlite(SqliteConnection),
    /// To a server.
    Postgres(PgConnection),
}

impl Address {
    /// The address that a URL names; for SQLite, the file is made where it is not there.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "sqlite" => Ok(Self::Sqlite(Box::new(sqlite::prepare(url)?))),
            "postgres" | "postgresql" => Ok(Self::Postgres(Box::new(postgres::prepare(url)?))),
            // What follows the scheme may hold a password.
            _ => Err(StoreError::Url(scheme.chars().take(16).collect())),
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self, role: Role) -> Result<Session, StoreError> {
        match self {
            Self::Sqlite(base) => {
                let mut connection = sqlite::options(base, role).connect().await?;
                if role == Role::Writer {
                    sqlite::attest(&mut connection).await?;
                }
                Ok(Session::Sqlite(connection))
            }
            Self::Postgres(options) => Ok(Session::Postgres(options.connect().await?)),
        }
    }
}

impl Session {
    /// Begins a transaction: a writer's waits until no other writes, a reader's sees one moment.
    pub(crate) async fn begin(&mut self, role: Role) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                // Only IMMEDIATE takes the lock before the first read, so nothing read is stale.
                let begin = match role {
                    Role::Reader => "BEGIN",
                    Role::Writer => "BEGIN IMMEDIATE",
                };
                sqlx::raw_sql(begin).execute(connection).await?;
                Ok(())
            }
            Self::Postgres(connection) => postgres::begin(connection, role).await,
        }
    }

    /// Makes the transaction last.
    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        self.raw("COMMIT").await
    }

    /// Undoes the transaction. It fails where SQLite has done so by itself (disk full, I/O error):
    /// the caller then drops the connection and keeps the first error.
    pub(crate) async fn rollback(&mut self) -> Result<(), StoreError> {
        self.raw("ROLLBACK").await
    }

    /// Runs a statement and counts the rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query_with(sql, sqlite::arguments(params)?);
                Ok(query.execute(connection).await?.rows_affected())
            }
            Self::Postgres(connection) => {
                // A prepared statement is found by its text and keeps the types it first had.
                let query = sqlx::query_with(sql, postgres::arguments(params)?).persistent(false);
                Ok(query.execute(connection).await?.rows_affected())
            }
        }
    }

    /// Runs a statement and reads its rows.
    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                let query = sqlx::query_with(sql, sqlite::arguments(params)?);
                let rows = query.fetch_all(connection).await?;
                let names: Arc<[String]> =
                    rows.first().map(sqlite::names).unwrap_or_default().into();
                rows.iter()
                    .map(|row| Ok(Row::new(Arc::clone(&names), sqlite::cells(row)?)))
                    .collect()
            }
            Self::Postgres(connection) => {
                let query = sqlx::query_with(sql, postgres::arguments(params)?).persistent(false);
                let rows = query.fetch_all(connection).await?;
                let names: Arc<[String]> =
                    rows.first().map(postgres::names).unwrap_or_default().into();
                rows.iter()
                    .map(|row| Ok(Row::new(Arc::clone(&names), postgres::cells(row)?)))
                    .collect()
            }
        }
    }

    /// Makes what the schema has and the database has not.
    pub(crate) async fn create(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                sqlx::raw_sql(sqlite::SCHEMA).execute(connection).await?;
            }
            Self::Postgres(connection) => {
                // Fixed text of this crate with three words replaced.
                let schema = AssertSqlSafe(postgres::schema());
                sqlx::raw_sql(schema).execute(connection).await?;
            }
        }
        Ok(())
    }

    /// Whether the connection still answers.
    pub(crate) async fn alive(&mut self) -> bool {
        match self {
            Self::Sqlite(connection) => connection.ping().await.is_ok(),
            Self::Postgres(connection) => connection.ping().await.is_ok(),
        }
    }

    /// Ends the connection in good order.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => connection.close().await?,
            Self::Postgres(connection) => connection.close().await?,
        }
        Ok(())
    }

    async fn raw(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(connection) => {
                sqlx::raw_sql(sql).execute(connection).await?;
            }
            Self::Postgres(connection) => {
                sqlx::raw_sql(sql).execute(connection).await?;
            }
        }
        Ok(())
    }
}

/// A session inside a transaction. After a statement that failed it runs no other: PostgreSQL
/// would refuse them, but SQLite, which may have rolled back, would run them outside any
/// transaction.
pub(crate) struct Guarded {
    session: Session,
    role: Role,
    failed: Option<&'static str>,
}

impl Guarded {
    pub(crate) const fn new(session: Session, role: Role) -> Self {
        Self {
            session,
            role,
            failed: None,
        }
    }

    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<u64, StoreError> {
        self.admit(sql, params)?;
        let done = Box::pin(self.session.execute(sql, params)).await;
        self.note(sql, done)
    }

    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        params: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        self.admit(sql, params)?;
        let done = Box::pin(self.session.rows(sql, params)).await;
        self.note(sql, done)
    }

    /// The session, once the work is done: with an error if a statement failed and the work went
    /// on all the same.
    pub(crate) fn finish(&mut self) -> Result<&mut Session, StoreError> {
        match self.failed {
            None => Ok(&mut self.session),
            Some(sql) => Err(StoreError::Statement {
                why: "it failed and the work went on",
                sql,
            }),
        }
    }

    pub(crate) fn into_session(self) -> Session {
        self.session
    }

    fn admit(&mut self, sql: &'static str, params: &[Value]) -> Result<(), StoreError> {
        if self.failed.is_some() {
            let why = "an earlier one of its transaction failed";
            return Err(StoreError::Statement { why, sql });
        }
        let checked = statement::check(sql, params, self.role);
        self.note(sql, checked)
    }

    fn note<T>(&mut self, sql: &'static str, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if done.is_err() {
            self.failed = Some(sql);
        }
        done
    }
}
