//! Statements: what was granted, what is spent, what is left, entry by entry.

use lazaret_model::{DatasetName, Instant, Loss, PermitId, ReleaseId};
use lazaret_store::Row;

use crate::account::{Account, cost};
use crate::{Cost, Ledger, LedgerError, StoredRelease};

/// A permit's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What was granted.
    pub total: Cost,
    /// What is spent.
    pub spent: Cost,
    /// What is left.
    pub left: Cost,
    /// What one query may cost.
    pub per_query_max: Loss,
    /// The charges, oldest first.
    pub entries: Vec<Entry>,
}

/// One charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The reservation's number.
    pub id: i64,
    /// When it was charged.
    pub at: Instant,
    /// Who asked: a local name.
    pub actor: String,
    /// The plan that was asked.
    pub plan_sha256: String,
    /// What it cost.
    pub cost: Cost,
    /// What became of it.
    pub state: State,
    /// The release, where there is one.
    pub release: Option<ReleaseId>,
}

/// Where a reservation stands. All three keep the charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Charged; no outcome yet.
    Reserved,
    /// Its reply is stored.
    Released,
    /// It ended in a fault.
    Failed,
}

/// A dataset's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetStatement {
    /// What all permits together may grant.
    pub cap: Cost,
    /// What they have granted.
    pub granted: Cost,
    /// What can still be granted.
    pub left: Cost,
    /// The permits' accounts, by number.
    pub permits: Vec<Grant>,
}

/// What a permit took from a dataset's cap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The permit.
    pub permit: PermitId,
    /// What it was granted.
    pub total: Cost,
    /// What it has spent.
    pub spent: Cost,
}

impl Ledger {
    /// A permit's account and all its charges.
    ///
    /// # Errors
    /// `Account`, when the permit has none; `Store`.
    ///
    /// # Privacy
    /// Amounts follow from the texts of queries. Which of them ended in a fault may depend on rows;
    /// their author has been told so already.
    pub async fn statement(&self, permit: &PermitId) -> Result<Statement, LedgerError> {
        let none = || LedgerError::Account(format!("the permit `{permit}` has no account"));
        let sql = "SELECT id, at, actor, plan_sha256, loss, delta, state, release_id \
                   FROM reservation WHERE permit_id = $1 ORDER BY id";
        self.store
            .read(async |tx| {
                let account = Account::find(tx, "permit", permit.as_str()).await?;
                let account = account.ok_or_else(none)?;
                let rows = tx.rows(sql, &[permit.as_str().into()]).await?;
                let entries = rows.iter().map(Entry::read).collect::<Result<_, _>>()?;
                Ok(Statement {
                    total: account.total,
                    spent: account.spent,
                    left: account.left(),
                    per_query_max: account.per_query_max.unwrap_or(account.total.loss),
                    entries,
                })
            })
            .await
    }

    /// A dataset's account: its cap, and what each permit took from it.
    ///
    /// # Errors
    /// `Account`, when the dataset has none; `Store`.
    ///
    /// # Privacy
    /// As of [`Ledger::statement`].
    pub async fn dataset_statement(
        &self,
        dataset: &DatasetName,
    ) -> Result<DatasetStatement, LedgerError> {
        let none = || LedgerError::Account(format!("the dataset `{dataset}` has no cap yet"));
        let sql = "SELECT name, dataset, loss_total, loss_spent, delta_total, delta_spent, \
                   loss_per_query_max FROM account WHERE kind = 'permit' AND dataset = $1 \
                   ORDER BY name";
        self.store
            .read(async |tx| {
                let account = Account::find(tx, "dataset", dataset.as_str()).await?;
                let account = account.ok_or_else(none)?;
                let rows = tx.rows(sql, &[dataset.as_str().into()]).await?;
                let permits = rows.iter().map(Grant::read).collect::<Result<_, _>>()?;
                Ok(DatasetStatement {
                    cap: account.total,
                    granted: account.spent,
                    left: account.left(),
                    permits,
                })
            })
            .await
    }
}

impl Ledger {
    /// The stored reply of a release, where there is one of that id.
    ///
    /// # Errors
    /// `Store`.
    ///
    /// # Privacy
    /// A reply is what was paid for, byte for byte. Who may see it, the caller has to know.
    pub async fn stored(&self, release: &ReleaseId) -> Result<Option<StoredRelease>, LedgerError> {
        let sql = "SELECT release_id, reply FROM reservation \
                   WHERE release_id = $1 AND state = 'released'";
        let read = self
            .store
            .read(async |tx| tx.row(sql, &[release.as_str().into()]).await);
        read.await?.map(|row| StoredRelease::read(&row)).transpose()
    }
}

impl Entry {
    fn read(row: &Row) -> Result<Self, LedgerError> {
        let release = match row.optional_text("release_id")? {
            Some(id) => Some(ReleaseId::new(id).map_err(|_| unreadable("release"))?),
            None => None,
        };
        let state = match row.text("state")? {
            "reserved" => State::Reserved,
            "released" => State::Released,
            "failed" => State::Failed,
            _ => return Err(unreadable("reservation's state")),
        };
        Ok(Self {
            id: row.integer("id")?,
            at: row.instant("at")?,
            actor: row.text("actor")?.to_owned(),
            plan_sha256: row.text("plan_sha256")?.to_owned(),
            cost: cost(row, "loss", "delta")?,
            state,
            release,
        })
    }
}

impl Grant {
    fn read(row: &Row) -> Result<Self, LedgerError> {
        let permit = PermitId::new(row.text("name")?).map_err(|_| unreadable("permit"))?;
        let account = Account::read(row)?;
        Ok(Self {
            permit,
            total: account.total,
            spent: account.spent,
        })
    }
}

fn unreadable(what: &str) -> LedgerError {
    LedgerError::Account(format!("the ledger holds a {what} that cannot be read"))
}
