//! Reserving: the charge is durable before a row is read, and asked for twice it is paid once.

use lazaret_model::{DatasetName, Instant, PermitId, ReleaseId};
use lazaret_permit::ActivePermit;
use lazaret_store::{Event, EventKind, ReadTx, Row, StoreError, Tx};
use serde_json::{Value, json};

use crate::account::{Account, amounts};
use crate::{Cost, Halt, Ledger, LedgerError, Reservation};

/// What is to be charged.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The request's idempotency key: a retry has the same.
    pub key: String,
    /// Hash of the canonical plan with its snapshot and parameters.
    pub plan_sha256: String,
    /// What the query costs.
    pub cost: Cost,
    /// When it is asked.
    pub at: Instant,
    /// Who asks: a local name.
    pub actor: String,
    /// More for the log's entry, an object; nothing measured and nothing personal.
    pub detail: Value,
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRelease {
    /// Its id.
    pub id: ReleaseId,
    /// The reply, byte for byte.
    pub bytes: String,
}

/// What came of asking.
pub enum Reserved {
    /// The charge is in the ledger.
    Fresh(Reservation),
    /// The same request, or the same plan under this permit, was answered before: nothing is
    /// charged.
    Again(StoredRelease),
}

/// What became of a request that was charged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is being answered, or the process that did has ended: the number of its entry.
    Waiting(i64),
    /// It was answered.
    Released(StoredRelease),
    /// It ended in a fault.
    Failed {
        /// The fault's ticket.
        ticket: String,
    },
}

impl StoredRelease {
    pub(crate) fn read(row: &Row) -> Result<Self, LedgerError> {
        let wrong = |_| LedgerError::Account("a stored release has no valid id".into());
        let id = ReleaseId::new(row.text("release_id")?).map_err(wrong)?;
        Ok(Self {
            id,
            bytes: row.text("reply")?.to_owned(),
        })
    }
}

impl Ledger {
    /// Charges a query to its permit. When this returns, the charge is durable.
    ///
    /// # Errors
    /// `Exhausted` or `OverQueryMax`, by text and permit alone; `KeyReused`, `InProgress` and
    /// `Failed` for an idempotency key that was used; `Account`, when the permit has no account
    /// for its dataset; `Store`, after which a lost connection leaves in doubt whether the charge
    /// was made: ask again with the same key.
    ///
    /// # Privacy
    /// One transaction checks and charges with a conditional statement, so charges never add up to
    /// more than the budget, however many are asked at once. There is no way to give a charge
    /// back. The one way to rows is the [`Reservation`], which is given only after the commit; a
    /// stored reply is post-processing of what was paid. It is found before the budget is looked
    /// at, so it is free also when nothing is left.
    pub async fn reserve(&self, permit: &ActivePermit, ask: Ask) -> Result<Reserved, LedgerError> {
        self.charge(permit.id(), &permit.policy().dataset, ask)
            .await
    }

    /// What became of the request with this idempotency key; `None` where it was not charged.
    ///
    /// # Errors
    /// `Store`.
    ///
    /// # Privacy
    /// As of [`Ledger::stored`].
    pub async fn outcome(
        &self,
        permit: &PermitId,
        key: &str,
    ) -> Result<Option<Outcome>, LedgerError> {
        let found = self.store.read(async |tx| by_key(tx, permit, key).await);
        Ok(found.await?.map(|(_, outcome)| outcome))
    }

    pub(crate) async fn charge(
        &self,
        permit: &PermitId,
        dataset: &DatasetName,
        ask: Ask,
    ) -> Result<Reserved, LedgerError> {
        let event = Event::new(
            ask.at,
            ask.actor.as_str(),
            EventKind::Reserved,
            permit.as_str(),
        )
        .detail(ask.detail.clone());
        let done = self.store.write(event, async |tx| {
            if let Some(stored) = earlier(tx, permit, &ask).await? {
                return Err(Halt::Instead(Reserved::Again(stored)));
            }
            within_query_max(tx, permit, ask.cost).await?;
            if Account::debit(tx, "permit", permit.as_str(), dataset, ask.cost).await? == 0 {
                return Err(exhausted(tx, permit, dataset, ask.cost).await?.into());
            }
            let id = enter(tx, permit, &ask).await?;
            tx.note("reservation", id.into());
            tx.note("plan_sha256", ask.plan_sha256.as_str().into());
            tx.note("loss", json!(ask.cost.loss));
            tx.note("delta", json!(ask.cost.delta));
            Ok(Reserved::Fresh(Reservation::new(
                id,
                permit.clone(),
                ask.cost,
                ask.plan_sha256.clone(),
            )))
        });
        Halt::settle(done.await)
    }
}

/// What this key or this plan brought about before.
async fn earlier(
    tx: &mut Tx,
    permit: &PermitId,
    ask: &Ask,
) -> Result<Option<StoredRelease>, LedgerError> {
    if let Some((plan_sha256, outcome)) = by_key(tx.reading(), permit, &ask.key).await? {
        if plan_sha256 != ask.plan_sha256 {
            return Err(LedgerError::KeyReused);
        }
        return match outcome {
            Outcome::Released(stored) => Ok(Some(stored)),
            Outcome::Waiting(_) => Err(LedgerError::InProgress),
            Outcome::Failed { ticket } => Err(LedgerError::Failed { ticket }),
        };
    }
    let by_plan = "SELECT release_id, reply FROM reservation \
                   WHERE permit_id = $1 AND plan_sha256 = $2 AND state = 'released' \
                   ORDER BY id LIMIT 1";
    let row = tx
        .row(
            by_plan,
            &[permit.as_str().into(), ask.plan_sha256.as_str().into()],
        )
        .await?;
    row.map(|row| StoredRelease::read(&row)).transpose()
}

/// The request of a key: which plan it was for, and what became of it.
async fn by_key(
    tx: &mut ReadTx,
    permit: &PermitId,
    key: &str,
) -> Result<Option<(String, Outcome)>, LedgerError> {
    let sql = "SELECT id, plan_sha256, state, release_id, reply, ticket FROM reservation \
               WHERE permit_id = $1 AND idempotency_key = $2";
    let Some(row) = tx.row(sql, &[permit.as_str().into(), key.into()]).await? else {
        return Ok(None);
    };
    let outcome = match row.text("state")? {
        "released" => Outcome::Released(StoredRelease::read(&row)?),
        "reserved" => Outcome::Waiting(row.integer("id")?),
        _ => Outcome::Failed {
            ticket: row.optional_text("ticket")?.unwrap_or("none").to_owned(),
        },
    };
    Ok(Some((row.text("plan_sha256")?.to_owned(), outcome)))
}

async fn within_query_max(tx: &mut Tx, permit: &PermitId, cost: Cost) -> Result<(), LedgerError> {
    let account = Account::find(tx.reading(), "permit", permit.as_str()).await?;
    let most = account.and_then(|account| account.per_query_max);
    match most {
        Some(most) if cost.loss > most => Err(LedgerError::OverQueryMax {
            asked: cost.loss,
            most,
        }),
        _ => Ok(()),
    }
}

/// Why an account was not debited.
async fn exhausted(
    tx: &mut Tx,
    permit: &PermitId,
    dataset: &DatasetName,
    asked: Cost,
) -> Result<LedgerError, StoreError> {
    let account = Account::find(tx.reading(), "permit", permit.as_str()).await?;
    Ok(
        match account.filter(|account| account.dataset == dataset.as_str()) {
            Some(account) => LedgerError::Exhausted {
                asked,
                left: account.left(),
            },
            None => LedgerError::Account(format!(
                "the permit `{permit}` has no account for the dataset `{dataset}`: import it first"
            )),
        },
    )
}

/// Enters the reservation under the next number. Writers take turns, so the number is free.
async fn enter(tx: &mut Tx, permit: &PermitId, ask: &Ask) -> Result<i64, StoreError> {
    let next = "SELECT CAST(COALESCE(MAX(id), 0) + 1 AS BIGINT) AS id FROM reservation";
    let id = match tx.row(next, &[]).await? {
        Some(row) => row.integer("id")?,
        None => 1,
    };
    let sql = "INSERT INTO reservation (id, permit_id, idempotency_key, plan_sha256, loss, delta, \
               state, at, actor) VALUES ($1, $2, $3, $4, $5, $6, 'reserved', $7, $8)";
    let [loss, delta] = amounts(ask.cost)?;
    let (permit, key, plan) = (permit.as_str(), ask.key.as_str(), ask.plan_sha256.as_str());
    let row = [
        id.into(),
        permit.into(),
        key.into(),
        plan.into(),
        loss,
        delta,
        ask.at.into(),
        ask.actor.as_str().into(),
    ];
    tx.execute(sql, &row).await?;
    Ok(id)
}
