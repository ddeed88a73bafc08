//! Opening accounts: a dataset's cap once, a permit's budget out of that cap.

use lazaret_model::{DatasetName, Delta, Instant, Loss, PermitId};
use lazaret_store::{Event, EventKind, ReadTx, Row, StoreError, Tx, Value};
use serde_json::json;

use crate::{Budget, Cost, Halt, Ledger, LedgerError};

/// An account as it stands.
pub(crate) struct Account {
    pub(crate) dataset: String,
    pub(crate) total: Cost,
    pub(crate) spent: Cost,
    pub(crate) per_query_max: Option<Loss>,
}

impl Ledger {
    /// Gives a dataset its cap, once: what all permits together may grant, over all snapshots, for
    /// the dataset's lifetime. The same cap again changes nothing.
    ///
    /// # Errors
    /// `Account`, when the dataset has another cap; `Store`.
    ///
    /// # Privacy
    /// A cap cannot be raised, lowered or opened anew, so spending that was covered by it stays
    /// covered; each change would be a new promise to the persons in the dataset.
    pub async fn open_dataset(
        &self,
        dataset: &DatasetName,
        cap: Cost,
        at: Instant,
        actor: &str,
    ) -> Result<(), LedgerError> {
        let detail = json!({"loss": cap.loss, "delta": cap.delta});
        let event =
            Event::new(at, actor, EventKind::DatasetOpened, dataset.as_str()).detail(detail);
        let done = self.store.write(event, async |tx| {
            if let Some(account) = Account::find(tx.reading(), "dataset", dataset.as_str()).await? {
                let other = format!("the dataset `{dataset}` has another cap, which cannot change");
                return Err(match account.total == cap {
                    true => Halt::Instead(()),
                    false => LedgerError::Account(other).into(),
                });
            }
            Account::open(tx, "dataset", dataset.as_str(), dataset, cap, None).await?;
            Ok(())
        });
        Halt::settle(done.await)
    }

    /// Opens a permit's account inside the transaction that grants the permit, and debits the whole
    /// budget from the dataset's cap.
    ///
    /// # Errors
    /// `OverCap`, when less is left under the cap; `Account`, when the dataset has no cap or the
    /// permit has an account; `Store`. The caller's transaction must then fail too.
    ///
    /// # Privacy
    /// The cap adds up what budgets come to in one account: a loss of epsilon is one of
    /// `epsilon^2 / 2` in rho (Bun and Steinke 2016, proposition 1.4). Colluding permit holders
    /// together spend at most what their permits grant, and all permits of a dataset grant at most
    /// its cap: what is granted is debited at issue, in one conditional statement, and never
    /// returned, whether or not it is spent. No loss is counted across datasets here.
    pub async fn open_permit(
        tx: &mut Tx,
        permit: &PermitId,
        dataset: &DatasetName,
        budget: Budget,
    ) -> Result<(), LedgerError> {
        if Account::find(tx.reading(), "permit", permit.as_str())
            .await?
            .is_some()
        {
            return Err(LedgerError::Account(format!(
                "the permit `{permit}` has an account"
            )));
        }
        let of_cap = budget.of_cap;
        if Account::debit(tx, "dataset", dataset.as_str(), dataset, of_cap).await? == 0 {
            let cap = Account::find(tx.reading(), "dataset", dataset.as_str()).await?;
            return Err(match cap {
                Some(cap) => LedgerError::OverCap {
                    asked: of_cap,
                    left: cap.left(),
                },
                None => LedgerError::Account(format!("the dataset `{dataset}` has no cap yet")),
            });
        }
        Account::open(
            tx,
            "permit",
            permit.as_str(),
            dataset,
            budget.total,
            Some(budget.per_query_max),
        )
        .await?;
        Ok(())
    }
}

impl Account {
    /// What can still be spent.
    pub(crate) const fn left(&self) -> Cost {
        self.total.saturating_sub(self.spent)
    }

    pub(crate) async fn find(
        tx: &mut ReadTx,
        kind: &'static str,
        name: &str,
    ) -> Result<Option<Self>, StoreError> {
        let sql = "SELECT dataset, loss_total, loss_spent, delta_total, delta_spent, \
                   loss_per_query_max FROM account WHERE kind = $1 AND name = $2";
        let row = tx.row(sql, &[kind.into(), name.into()]).await?;
        row.map(|row| Self::read(&row)).transpose()
    }

    pub(crate) fn read(row: &Row) -> Result<Self, StoreError> {
        let per_query_max = match row.optional_integer("loss_per_query_max")? {
            Some(_) => Some(Loss::from_pico(row.unsigned("loss_per_query_max")?)),
            None => None,
        };
        Ok(Self {
            dataset: row.text("dataset")?.to_owned(),
            total: cost(row, "loss_total", "delta_total")?,
            spent: cost(row, "loss_spent", "delta_spent")?,
            per_query_max,
        })
    }

    /// Adds a cost to what an account has spent, if it is there, of that dataset, and has as much
    /// left; the number of accounts debited, 1 or 0. One statement, so it holds at any isolation,
    /// and subtraction on the left, so that no sum can overflow.
    pub(crate) async fn debit(
        tx: &mut Tx,
        kind: &'static str,
        name: &str,
        dataset: &DatasetName,
        cost: Cost,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE account SET loss_spent = loss_spent + $1, delta_spent = delta_spent + $2 \
                   WHERE kind = $3 AND name = $4 AND dataset = $5 \
                   AND loss_total - loss_spent >= $1 AND delta_total - delta_spent >= $2";
        let [loss, delta] = amounts(cost)?;
        tx.execute(
            sql,
            &[
                loss,
                delta,
                kind.into(),
                name.into(),
                dataset.as_str().into(),
            ],
        )
        .await
    }

    async fn open(
        tx: &mut Tx,
        kind: &'static str,
        name: &str,
        dataset: &DatasetName,
        total: Cost,
        per_query_max: Option<Loss>,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO account (kind, name, dataset, loss_total, loss_spent, delta_total, \
                   delta_spent, loss_per_query_max) \
                   VALUES ($1, $2, $3, $4, 0, $5, 0, CAST($6 AS BIGINT))";
        let [loss, delta] = amounts(total)?;
        let most = match per_query_max {
            Some(most) => Value::try_from(most.units())?,
            None => Value::Null,
        };
        let row = [
            kind.into(),
            name.into(),
            dataset.as_str().into(),
            loss,
            delta,
            most,
        ];
        tx.execute(sql, &row).await?;
        Ok(())
    }
}

/// The two amounts as parameters.
pub(crate) fn amounts(cost: Cost) -> Result<[Value; 2], StoreError> {
    Ok([
        Value::try_from(cost.loss.units())?,
        Value::try_from(cost.delta.units())?,
    ])
}

/// The cost in two columns of a row.
pub(crate) fn cost(row: &Row, loss: &str, delta: &str) -> Result<Cost, StoreError> {
    let loss = Loss::from_pico(row.unsigned(loss)?);
    Ok(Cost {
        loss,
        delta: Delta::from_atto(row.unsigned(delta)?),
    })
}
