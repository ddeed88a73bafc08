//! SQLite: how it is opened so that what it acknowledges is on disk, and how its cells are read.

use std::fs;
use std::io;
use std::path::Path;
use std::str::FromStr;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteError, SqliteJournalMode, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Arguments, Column, ConnectOptions, Row as _, SqliteConnection, TypeInfo, ValueRef};

use crate::lane::LOCK_WAIT;
use crate::statement::Role;
use crate::value::wrong;
use crate::{StoreError, Value};

/// The schema in SQLite's words.
pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// The first release without the bug that can corrupt a database when the log is reset.
const VERSION_MIN: [u32; 3] = [3, 51, 3];

/// Makes the file of the database where there is none, readable by its owner alone. SQLite gives
/// the files it puts beside it the same mode.
pub(crate) fn prepare(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::Url("sqlite:".into()))?
        .disable_statement_logging();
    if url.contains(":memory:") || url.contains('?') {
        return Err(StoreError::Url(
            "a database in memory, or with options".into(),
        ));
    }
    let path = std::path::absolute(options.get_filename())
        .map_err(|_| StoreError::Url("sqlite: without a path".into()))?;
    make_file(&path).map_err(|error| {
        let kind = error.kind();
        StoreError::Unfit(format!(
            "its file cannot be made or owned ({kind}): check its folder"
        ))
    })?;
    Ok(options
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(LOCK_WAIT)
        .pragma("mmap_size", "0"))
}

/// The options of one connection.
pub(crate) fn options(base: &SqliteConnectOptions, role: Role) -> SqliteConnectOptions {
    match role {
        Role::Reader => base.clone().read_only(true),
        Role::Writer => base
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("trusted_schema", "OFF"),
    }
}

/// Makes sure that the library and the connection do what was asked of them.
pub(crate) async fn attest(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *connection)
        .await?;
    let numbers: Vec<u32> = version
        .split('.')
        .filter_map(|part| part.parse().ok())
        .collect();
    if numbers.as_slice() < VERSION_MIN.as_slice() {
        let why = format!("SQLite is {version}; before 3.51.3 it can corrupt its files");
        return Err(StoreError::Unfit(why));
    }
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&mut *connection)
        .await?;
    let full: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(&mut *connection)
        .await?;
    let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(&mut *connection)
        .await?;
    if (mode.as_str(), full, keys) != ("wal", 2, 1) {
        let why = "SQLite did not take WAL, synchronous=FULL and foreign_keys=ON: \
                   put it on a local disk";
        return Err(StoreError::Unfit(why.into()));
    }
    Ok(())
}

/// The parameters, as SQLite takes them: `$1` is bound by its number.
pub(crate) fn arguments(params: &[Value]) -> Result<SqliteArguments, StoreError> {
    let mut arguments = SqliteArguments::default();
    for param in params {
        match param {
            Value::Text(text) => arguments.add(text.clone()),
            Value::Integer(integer) => arguments.add(*integer),
            Value::Null => arguments.add(None::<i64>),
        }
        .map_err(|_| wrong("a parameter", "cannot be sent"))?;
    }
    Ok(arguments)
}

/// The names of a row's columns.
pub(crate) fn names(row: &SqliteRow) -> Vec<String> {
    row.columns()
        .iter()
        .map(|column| column.name().to_owned())
        .collect()
}

/// The cells of a row.
pub(crate) fn cells(row: &SqliteRow) -> Result<Vec<Value>, StoreError> {
    let cell = |column: &sqlx::sqlite::SqliteColumn| {
        let place = column.ordinal();
        let raw = row.try_get_raw(place)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        let kind = raw.type_info().name().to_owned();
        match kind.as_str() {
            "TEXT" => Ok(Value::Text(row.try_get_unchecked(place)?)),
            "INTEGER" => Ok(Value::Integer(row.try_get_unchecked(place)?)),
            _ => Err(wrong(column.name(), "is neither text nor an integer")),
        }
    };
    row.columns().iter().map(cell).collect()
}

/// What an error means to the caller.
pub(crate) fn error(error: &SqliteError) -> StoreError {
    let code: u32 = error
        .code()
        .and_then(|code| code.parse().ok())
        .unwrap_or_default();
    // The low byte is the primary code: busy, locked, constraint. SQLite's texts hold names of
    // tables, columns and constraints, never values.
    match code & 0xff {
        5 | 6 => StoreError::Busy,
        19 => StoreError::Violated(error.message().to_owned()),
        _ => StoreError::Database(format!("SQLite {code}, {}", error.message())),
    }
}

/// Leaves a file to its owner alone.
#[cfg(unix)]
fn own(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(file)?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(file, fs::Permissions::from_mode(0o600))
}

#[cfg(unix)]
fn make_file(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    match fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => {
            file.sync_all()?;
            // The name is durable only when its folder is.
            path.parent()
                .map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            for suffix in ["", "-wal", "-shm"] {
                let mut name = path.as_os_str().to_owned();
                name.push(suffix);
                match own(Path::new(&name)) {
                    // Whoever closes the database last takes the two beside it away.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    owned => owned?,
                }
            }
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn make_file(path: &Path) -> io::Result<()> {
    fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .map(drop)
}
