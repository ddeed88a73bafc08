//! What a ledger promises, on both databases: exact, durable, monotone, paid once.

#![allow(
    clippy::too_many_lines,
    reason = "a table of cases is as long as it is"
)]

mod charges;
mod model;
mod permits;

use std::process::Command;
use std::sync::Arc;

use lazaret_model::{DatasetName, Delta, Instant, Loss, PermitId, ReleaseId};
use lazaret_store::{Event, EventKind, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::*;

/// An empty database of the test's own: a SQLite file, or a schema of PostgreSQL.
#[derive(Clone)]
pub(crate) struct Place {
    url: String,
    _folder: Option<Arc<TempDir>>,
}

impl Place {
    pub(crate) async fn open(&self) -> Ledger {
        Ledger::new(Store::open(&self.url).await.unwrap())
    }
}

/// One test function, run on each database. Spawning it makes sure that its futures are Send.
macro_rules! both {
    ($($name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let place = crate::tests::sqlite();
                tokio::spawn(super::$name(place)).await.unwrap();
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let schema = concat!("lazaret_ledger_", stringify!($name));
                let Some(place) = crate::tests::postgres(schema) else { return };
                let done = tokio::spawn(super::$name(place)).await;
                crate::tests::psql(&format!("DROP SCHEMA {schema} CASCADE")).unwrap();
                done.unwrap();
            }
        }
    )*};
}
pub(crate) use both;

pub(crate) fn sqlite() -> Place {
    let folder = Arc::new(TempDir::new().unwrap());
    let url = format!("sqlite://{}", folder.path().join("store.db").display());
    Place {
        url,
        _folder: Some(folder),
    }
}

#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn postgres(schema: &str) -> Option<Place> {
    let made = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
    if let Err(reason) = psql(&made) {
        let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!is_ci, "PostgreSQL is not there, and CI needs it: {reason}");
        eprintln!("skipped: PostgreSQL is not there ({reason})");
        return None;
    }
    let base = server();
    let joint = if base.contains('?') { '&' } else { '?' };
    Some(Place {
        url: format!("{base}{joint}options[search_path]={schema}"),
        _folder: None,
    })
}

/// Schemas are made by PostgreSQL's own client: the store's door lets no such statement through.
pub(crate) fn psql(sql: &str) -> Result<(), String> {
    let client = Command::new("psql")
        .args(["-q", "-X", "-v", "ON_ERROR_STOP=1"])
        .env("PGOPTIONS", "--client-min-messages=warning")
        .args(["-d", &server(), "-c", sql])
        .output();
    let output = client.map_err(|error| format!("psql: {}", error.kind()))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() {
        Ok(())
    } else {
        Err(said)
    }
}

fn server() -> String {
    std::env::var("LAZARET_TEST_POSTGRES")
        .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into())
}

pub(crate) fn now() -> Instant {
    "2026-11-23T05:06:07.89Z".parse().unwrap()
}

pub(crate) fn dataset() -> DatasetName {
    DatasetName::new("fr-demo").unwrap()
}

pub(crate) fn permit(number: u32) -> PermitId {
    PermitId::new(format!("FR-2026-P-{number}")).unwrap()
}

pub(crate) fn release(name: &str) -> ReleaseId {
    ReleaseId::new(name).unwrap()
}

pub(crate) fn paid(loss: u64, delta: u64) -> Cost {
    Cost {
        loss: Loss::from_pico(loss),
        delta: Delta::from_atto(delta),
    }
}

pub(crate) fn ask(key: &str, plan: &str, cost: Cost) -> Ask {
    Ask {
        key: key.into(),
        plan_sha256: plan.into(),
        cost,
        at: now(),
        actor: "alice".into(),
        detail: json!({}),
    }
}

/// Grants a permit as the office does: its account opens in the transaction of the grant.
pub(crate) async fn grant(
    ledger: &Ledger,
    number: u32,
    total: Cost,
    most: u64,
) -> Result<(), LedgerError> {
    let permit = permit(number);
    let event = Event::new(now(), "officer", EventKind::PermitGranted, permit.as_str());
    let most = Loss::from_pico(most);
    let work = async |tx: &mut lazaret_store::Tx| {
        Ledger::open_permit(tx, &permit, &dataset(), budget(total, most)).await
    };
    ledger.store.write(event, work).await
}

/// A ledger with one dataset and permit 1 of that budget.
pub(crate) async fn granted(place: &Place, total: Cost) -> Ledger {
    let ledger = place.open().await;
    ledger
        .open_dataset(&dataset(), paid(1_000_000, 1_000_000), now(), "holder")
        .await
        .unwrap();
    grant(&ledger, 1, total, 1_000_000).await.unwrap();
    ledger
}

pub(crate) async fn charge(ledger: &Ledger, ask: Ask) -> Result<Reserved, LedgerError> {
    ledger.charge(&permit(1), &dataset(), ask).await
}

/// The reservation of a charge that is fresh.
pub(crate) async fn fresh(ledger: &Ledger, ask: Ask) -> Reservation {
    match charge(ledger, ask).await {
        Ok(Reserved::Fresh(reservation)) => reservation,
        Ok(Reserved::Again(_)) => panic!("it was charged before"),
        Err(error) => panic!("{error}"),
    }
}

/// A budget that takes of the cap what it holds.
fn budget(total: Cost, per_query_max: Loss) -> Budget {
    Budget {
        total,
        per_query_max,
        of_cap: total,
    }
}
