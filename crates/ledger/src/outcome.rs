//! What became of a reservation: a stored release, or a fault; the charge stays either way.

use lazaret_model::{Instant, PermitId, ReleaseId};
use lazaret_permit::{PermitError, PermitStatus, Role, set_status};
use lazaret_store::{Event, EventKind, Row, StoreError, Tx};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::account::cost;
use crate::{Ledger, LedgerError, Used};

/// The ticket of a reservation whose process ended before it did.
const UNFINISHED: &str = "unfinished";
/// Faults after which a permit is suspended, and again after as many more.
const FAULTS_MAX: i64 = 3;

impl Ledger {
    /// Stores the reply of a used reservation, before it is sent, so that a retry gets the same
    /// bytes. The release's card is what the reply's `columns`, `account` and `cost` say.
    ///
    /// # Errors
    /// `Account`, when the reservation is not one that waits; `Store`. The reply must not be sent
    /// then: what is sent and not stored could be asked for again with fresh noise.
    ///
    /// # Privacy
    /// Takes a [`Used`] payment, of which there is one for each reservation, so a reservation has
    /// one release. The log keeps the hash of the reply, not the reply.
    pub async fn record(
        &self,
        used: Used,
        release: &ReleaseId,
        bytes: &str,
        at: Instant,
    ) -> Result<(), LedgerError> {
        let sha256: String = Sha256::digest(bytes.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let detail = json!({"release": release, "reply_sha256": sha256, "reservation": used.id()});
        let event = Event::new(at, "engine", EventKind::Released, used.permit().as_str());
        let work = async |tx: &mut Tx| -> Result<(), LedgerError> {
            let sql = "UPDATE reservation SET state = 'released', release_id = $2, reply = $3 \
                       WHERE id = $1 AND permit_id = $4 AND state = 'reserved' \
                       RETURNING plan_sha256, loss, delta";
            let permit = used.permit().as_str();
            let row = [
                used.id().into(),
                release.as_str().into(),
                bytes.into(),
                permit.into(),
            ];
            let entry = tx.row(sql, &row).await?.ok_or_else(not_waiting)?;
            let sql = "INSERT INTO release (id, permit_id, reservation_id, plan_sha256, card, at) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
            let card = card(&entry, bytes)?;
            let plan = entry.text("plan_sha256")?;
            let id = used.id().into();
            let row = [
                release.as_str().into(),
                permit.into(),
                id,
                plan.into(),
                card.into(),
                at.into(),
            ];
            tx.execute(sql, &row).await?;
            Ok(())
        };
        self.store.write(event.detail(detail), work).await
    }

    /// Marks a reservation as failed, under the ticket the researcher is given.
    ///
    /// # Errors
    /// `Account`, when the reservation is not one that waits; `Store`.
    ///
    /// # Privacy
    /// The charge is kept: whether a query fails may depend on rows, and a refund would tell. Each
    /// fault may be one bit without noise, so every third suspends the permit until the access body
    /// has looked.
    /// `detail` goes to the log that the access body reads; it is the caller's duty to put no value
    /// of a row into it.
    pub async fn fault(
        &self,
        reservation: i64,
        ticket: &str,
        at: Instant,
        detail: Value,
    ) -> Result<(), LedgerError> {
        let event = Event::new(at, "engine", EventKind::Faulted, ticket).detail(detail);
        let work = async |tx: &mut Tx| -> Result<(), LedgerError> {
            let sql = "UPDATE reservation SET state = 'failed', ticket = $2 \
                       WHERE id = $1 AND state = 'reserved' RETURNING permit_id";
            let row = tx.row(sql, &[reservation.into(), ticket.into()]).await?;
            let permit = row.ok_or_else(not_waiting)?.text("permit_id")?.to_owned();
            tx.note("ticket", ticket.into());
            tx.note("reservation", reservation.into());
            suspend(tx, &permit).await?;
            tx.set_subject(permit);
            Ok(())
        };
        self.store.write(event, work).await
    }

    /// Marks as failed what was reserved before a moment and has neither a release nor a fault: the
    /// process that reserved it has ended. Gives their number.
    ///
    /// # Errors
    /// `Store`.
    ///
    /// # Privacy
    /// A crash loses budget, never privacy: the charges are kept.
    pub async fn close_unfinished(
        &self,
        before: Instant,
        at: Instant,
        actor: &str,
    ) -> Result<u64, LedgerError> {
        let event = Event::new(at, actor, EventKind::Faulted, UNFINISHED);
        let work = async |tx: &mut Tx| -> Result<u64, Found> {
            let sql = "UPDATE reservation SET state = 'failed', ticket = $2 \
                       WHERE state = 'reserved' AND at < $1 RETURNING permit_id";
            let closed = tx.rows(sql, &[before.into(), UNFINISHED.into()]).await?;
            if closed.is_empty() {
                return Err(Found::Nothing);
            }
            tx.note("reservations", closed.len().into());
            for row in &closed {
                suspend(tx, row.text("permit_id")?).await?;
            }
            Ok(closed.len() as u64)
        };
        match self.store.write(event, work).await {
            Ok(closed) => Ok(closed),
            Err(Found::Nothing) => Ok(0),
            Err(Found::Failed(error)) => Err(error.into()),
        }
    }
}

/// Why nothing was closed.
enum Found {
    Nothing,
    Failed(StoreError),
}

impl From<StoreError> for Found {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Suspends a permit that is in force when the number of its faults, crashes among them, has come
/// to a multiple of [`FAULTS_MAX`].
async fn suspend(tx: &mut Tx, permit: &str) -> Result<(), StoreError> {
    let sql = "SELECT COUNT(*) AS faults FROM reservation \
               WHERE permit_id = $1 AND state = 'failed'";
    let row = tx.row(sql, &[permit.into()]).await?;
    let faults = row.map_or(Ok(0), |row| row.integer("faults"))?;
    let Ok(id) = permit.parse::<PermitId>() else {
        return Ok(());
    };
    if faults == 0 || faults % FAULTS_MAX != 0 {
        return Ok(());
    }
    // An account may stand without a permit of this store, or the permit may have ended: then there
    // is nothing to suspend.
    match set_status(tx, &id, PermitStatus::Suspended, Role::System).await {
        Err(PermitError::Store(error)) => Err(error),
        _ => Ok(()),
    }
}

fn not_waiting() -> LedgerError {
    LedgerError::Account("this reservation is not there, or it has its outcome".into())
}

/// The mechanisms and costs of a release: as the reply states them, the amounts as the ledger does.
fn card(entry: &Row, bytes: &str) -> Result<String, StoreError> {
    let reply: Map<String, Value> = serde_json::from_str(bytes).unwrap_or_default();
    let mut card: Map<String, Value> = reply
        .into_iter()
        .filter(|(name, _)| matches!(name.as_str(), "columns" | "account" | "cost"))
        .collect();
    let paid = cost(entry, "loss", "delta")?;
    card.insert(
        "paid".into(),
        json!({"loss": paid.loss, "delta": paid.delta}),
    );
    Ok(Value::Object(card).to_string())
}
