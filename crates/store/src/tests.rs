//! The same tests on both databases: a SQLite file and a PostgreSQL schema of each test's own.

mod door;
mod log;
mod merkle;
mod place;
mod statement;
mod value;

use std::fmt::Write as _;
use std::sync::Arc;

use lazaret_model::Instant;
use serde_json::json;
use tempfile::TempDir;

use crate::session::{Address, Session};
use crate::statement::Role;
use crate::{Event, EventKind, Store, Value};

/// An empty database of the test's own.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) folder: Option<Arc<TempDir>>,
}

impl Place {
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    /// A connection that goes round the door, as an intruder's would.
    pub(crate) async fn intruder(&self) -> Session {
        Address::parse(&self.url)
            .unwrap()
            .connect(Role::Writer)
            .await
            .unwrap()
    }

    pub(crate) const fn is_sqlite(&self) -> bool {
        self.folder.is_some()
    }
}

/// One test function, run on each database. Spawning it makes sure that its futures are Send.
macro_rules! both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                crate::tests::on_sqlite(super::$name).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                crate::tests::on_postgres(concat!(module_path!()), super::$name).await;
            }
        }
    )*};
}
pub(crate) use both;

pub(crate) async fn on_sqlite<F: Future<Output = ()> + Send + 'static>(test: fn(Place) -> F) {
    let folder = Arc::new(TempDir::new().unwrap());
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    tokio::spawn(test(Place {
        url,
        folder: Some(folder),
    }))
    .await
    .unwrap();
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) async fn on_postgres<F>(name: &str, test: fn(Place) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let base = std::env::var("LAZARET_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into());
    let mut server = match Address::parse(&base).unwrap().connect(Role::Writer).await {
        Ok(server) => server,
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("PostgreSQL is not there, and CI needs it: {error}")
        }
        Err(error) => {
            eprintln!("skipped: PostgreSQL is not there ({error})");
            return;
        }
    };
    let name = name.rsplit("::").next().unwrap();
    let schema = format!("lazaret_test_{name}_{}", std::process::id());
    ddl(
        &mut server,
        format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}"),
    )
    .await;
    let joint = if base.contains('?') { '&' } else { '?' };
    let url = format!("{base}{joint}options[search_path]={schema}");
    let done = tokio::spawn(test(Place { url, folder: None })).await;
    ddl(&mut server, format!("DROP SCHEMA {schema} CASCADE")).await;
    done.unwrap();
}

/// Runs statements that the door would not let through.
pub(crate) async fn ddl(session: &mut Session, sql: String) {
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    match session {
        Session::Sqlite(connection) => drop(sql.execute(connection).await.unwrap()),
        Session::Postgres(connection) => drop(sql.execute(connection).await.unwrap()),
    }
}

pub(crate) fn now() -> Instant {
    "2026-11-23T05:06:07.89Z".parse().unwrap()
}

pub(crate) fn event(subject: &str) -> Event {
    Event::new(now(), "clerk", EventKind::UserAdded, subject).detail(json!({"b": 1, "a": [2, 0.5]}))
}

pub(crate) const ADD_USER: &str =
    "INSERT INTO account_user (name, role, created_at, disabled) VALUES ($1, $2, $3, 0)";

pub(crate) fn user(name: &str) -> [Value; 3] {
    [name.into(), "auditor".into(), now().into()]
}

/// A store with so many users, each with its event.
pub(crate) async fn filled(place: &Place, entries: usize) -> Store {
    let store = place.open().await;
    for n in 0..entries {
        let mut name = String::from("user-");
        write!(name, "{n}").unwrap();
        let work = async |tx: &mut crate::Tx| tx.execute(ADD_USER, &user(&name)).await;
        store.write(event(&name), work).await.unwrap();
    }
    store
}

pub(crate) async fn users(store: &Store) -> i64 {
    let sql = "SELECT COUNT(*) AS n FROM account_user";
    store
        .read(async |tx| tx.row(sql, &[]).await?.unwrap().integer("n"))
        .await
        .unwrap()
}

/// The next writer is not hindered.
pub(crate) async fn filled_again(store: &Store) {
    let add = async |tx: &mut crate::Tx| tx.execute(ADD_USER, &user("next")).await;
    store.write(event("next"), add).await.unwrap();
    store.verify().await.unwrap();
}
