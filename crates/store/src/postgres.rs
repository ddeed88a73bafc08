//! PostgreSQL: one writer at a time, durable commits, and how its cells are read.

use std::str::FromStr;

use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgColumn, PgConnectOptions, PgDatabaseError, PgRow, PgTypeInfo,
};
use sqlx::{
    Arguments, Column, ConnectOptions, PgConnection, Postgres, Row as _, Type, TypeInfo, ValueRef,
};

use crate::statement::Role;
use crate::value::wrong;
use crate::{StoreError, Value};

/// The settings and the lock of a write: the lock of this schema's one writer, held to the end of
/// the transaction. Each statement after it sees what the last writer committed.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1818326645, \
     hashtext(COALESCE(current_schema(), '')))";

/// A commit is acknowledged when it is on disk. `remote_apply` is more, and is left as it is.
const DURABLE: &str = "SELECT set_config('synchronous_commit', \
     CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' \
     ELSE 'on' END, true), current_setting('fsync')";

/// The options of a connection.
pub(crate) fn prepare(url: &str) -> Result<PgConnectOptions, StoreError> {
    PgConnectOptions::from_str(url)
        .map(|options| {
            options
                .application_name("lazaret")
                .disable_statement_logging()
        })
        .map_err(|_| StoreError::Url("postgres:".into()))
}

/// The schema in PostgreSQL's words.
pub(crate) fn schema() -> String {
    crate::sqlite::SCHEMA
        .replace(") STRICT;", ");")
        .replace(" INTEGER", " BIGINT")
        .replace(" TEXT", " TEXT COLLATE \"C\"")
}

/// Begins a transaction.
pub(crate) async fn begin(connection: &mut PgConnection, role: Role) -> Result<(), StoreError> {
    // The wait for the lock is `lane::LOCK_WAIT`.
    let begin = match role {
        Role::Reader => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Role::Writer => {
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '30s'"
        }
    };
    sqlx::raw_sql(begin).execute(&mut *connection).await?;
    if role == Role::Writer {
        sqlx::raw_sql(LOCK).execute(&mut *connection).await?;
        let (durable, synced): (String, String) =
            sqlx::query_as(DURABLE).fetch_one(&mut *connection).await?;
        if !matches!(durable.as_str(), "on" | "remote_apply") || synced != "on" {
            let why = "PostgreSQL does not keep commits: set fsync and synchronous_commit to on";
            return Err(StoreError::Unfit(why.into()));
        }
    }
    Ok(())
}

/// The parameters, each with its type: PostgreSQL is told that a text is a text and an integer has
/// 64 bits, and works out for itself what a null is.
pub(crate) fn arguments(params: &[Value]) -> Result<PgArguments, StoreError> {
    let mut arguments = PgArguments::default();
    for param in params {
        match param {
            Value::Text(text) => arguments.add(text.as_str()),
            Value::Integer(integer) => arguments.add(*integer),
            Value::Null => arguments.add(Untyped),
        }
        .map_err(|_| wrong("a parameter", "cannot be sent"))?;
    }
    Ok(arguments)
}

/// The names of a row's columns.
pub(crate) fn names(row: &PgRow) -> Vec<String> {
    row.columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect()
}

/// The cells of a row. Truth values become 0 and 1, as SQLite has them.
pub(crate) fn cells(row: &PgRow) -> Result<Vec<Value>, StoreError> {
    let cell = |column: &PgColumn| {
        let place = column.ordinal();
        if row.try_get_raw(place)?.is_null() {
            return Ok(Value::Null);
        }
        Ok(match column.type_info().name() {
            "TEXT" | "VARCHAR" | "NAME" | "UNKNOWN" => Value::Text(row.try_get(place)?),
            "INT8" => Value::Integer(row.try_get(place)?),
            "INT4" => Value::Integer(row.try_get::<i32, _>(place)?.into()),
            "BOOL" => Value::Integer(row.try_get::<bool, _>(place)?.into()),
            // A sum of 64-bit integers is a NUMERIC: CAST (SUM(x) AS BIGINT) is right in both.
            _ => {
                return Err(wrong(
                    column.name(),
                    "is neither text nor a 64-bit integer: cast it",
                ));
            }
        })
    };
    row.columns().iter().map(cell).collect()
}

/// What an error means to the caller.
pub(crate) fn error(error: &PgDatabaseError) -> StoreError {
    let code = error.code();
    match code {
        // Lock not available, serialization failure, deadlock.
        "55P03" | "40001" | "40P01" => StoreError::Busy,
        _ if code.starts_with("23") => {
            let names = [error.table(), error.column(), error.constraint()];
            StoreError::Violated(names.into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
        // A data exception quotes the datum.
        _ if code.starts_with("22") => StoreError::Database(format!("PostgreSQL {code}")),
        _ => StoreError::Database(format!("PostgreSQL {code}, {}", error.message())),
    }
}

/// A null whose type the server works out from where it stands: type number 0 of the protocol's
/// message Parse.
struct Untyped;

impl Type<Postgres> for Untyped {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Untyped {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}
