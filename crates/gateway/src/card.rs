//! The result card: a release with everything needed to judge it, signed.

use std::collections::BTreeMap;
use std::fmt;

use lazaret_disclosure::Price;
use lazaret_lake::Snapshot;
use lazaret_ledger::Cost;
use lazaret_model::{Account, Delta, Epsilon, Instant, Loss, ReleaseId};
use lazaret_permit::{ActivePermit, PermitError, SigningKey, VerifyingKey};
use lazaret_query::{Answered, PrivatePlan};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{GatewayError, table};

/// A release as JSON, field by field as the contract has it. Made from an [`Answered`] or read back
/// from the store, which holds nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    release_id: String,
    permit_id: String,
    dataset: String,
    snapshot: String,
    query_sha256: String,
    released_at: Instant,
    /// Keys and estimates, in order.
    pub columns: Vec<CardColumn>,
    /// A value a column: a key's, or an estimate's cell.
    pub rows: Vec<Map<String, Value>>,
    account: String,
    /// What it cost.
    pub cost: Spent,
    /// What the permit has left after it.
    pub budget_left: BudgetLeft,
    /// Sentences for the reader.
    pub notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// A column of a card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardColumn {
    /// Its name.
    pub name: String,
    /// `key`, `estimate`, or `computed` of estimates.
    pub role: String,
    /// `utf8`, `int64`, `float64`, `boolean` or `date32`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Mechanism, scale, sensitivity, bounds, threshold of an estimate.
    #[serde(flatten)]
    pub protection: BTreeMap<String, Value>,
}

impl CardColumn {
    /// Whether it holds noisy numbers.
    #[must_use]
    pub fn is_estimate(&self) -> bool {
        self.role != "key"
    }
}

/// What a release cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// This query alone is (epsilon, delta/2)-private.
    pub epsilon: Epsilon,
    /// What a `zcdp` account was charged; a `basic` one is charged epsilon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rho: Option<Loss>,
    /// What thresholds were charged.
    pub delta: Delta,
}

impl Spent {
    pub(crate) fn of(price: &Price) -> Self {
        let Cost { loss, delta } = price.cost();
        Self {
            epsilon: price.epsilon(),
            rho: (price.account() == Account::Zcdp).then_some(loss),
            delta,
        }
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epsilon {}", self.epsilon)?;
        let rho = self.rho.map(|rho| format!("rho {rho}"));
        let delta = (self.delta > Delta::ZERO).then(|| format!("delta {}", self.delta));
        match [rho, delta].into_iter().flatten().collect::<Vec<_>>() {
            parts if parts.is_empty() => Ok(()),
            parts => write!(f, " ({})", parts.join(", ")),
        }
    }
}

/// What a permit has left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BudgetLeft {
    /// Of a `zcdp` account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rho: Option<Loss>,
    /// For thresholds.
    pub delta: Delta,
    /// What the rest converts to.
    pub epsilon: Epsilon,
    /// How many more queries of this price fit.
    pub queries_like_this: u64,
}

impl BudgetLeft {
    /// What is left, in the words of a card, for a permit of this delta and queries of this price.
    ///
    /// # Errors
    /// The text of what cannot be converted.
    pub(crate) fn of(left: Cost, price: &Price, permit_delta: Delta) -> Result<Self, String> {
        let (account, cost) = (price.account(), price.cost());
        let times = |left: u64, cost: u64| left.checked_div(cost).unwrap_or(u64::MAX);
        let queries = times(left.loss.units(), cost.loss.units());
        let queries = queries.min(times(left.delta.units(), cost.delta.units()));
        let epsilon = lazaret_disclosure::epsilon(account, left.loss, permit_delta);
        Ok(Self {
            rho: (account == Account::Zcdp).then_some(left.loss),
            delta: left.delta,
            epsilon: epsilon.map_err(|error| error.to_string())?,
            queries_like_this: queries,
        })
    }
}

/// What a card says besides the release.
pub(crate) struct Header<'a> {
    pub(crate) release_id: &'a ReleaseId,
    pub(crate) permit: &'a ActivePermit,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) plan: &'a PrivatePlan,
    pub(crate) at: Instant,
    pub(crate) left: Cost,
}

impl Card {
    /// The card of an answer, signed by the engine's key over its canonical JSON.
    pub(crate) fn signed(
        answered: &Answered,
        header: &Header<'_>,
        key: &SigningKey,
    ) -> Result<Self, CardError> {
        let Header {
            release_id,
            permit,
            snapshot,
            plan,
            at,
            left,
        } = header;
        let columns = Value::Array(table::columns(answered));
        let mut card = Self {
            release_id: release_id.to_string(),
            permit_id: permit.id().to_string(),
            dataset: permit.policy().dataset.to_string(),
            snapshot: snapshot.id.to_string(),
            query_sha256: plan.fingerprint().to_owned(),
            released_at: *at,
            columns: serde_json::from_value(columns)?,
            rows: table::rows(answered),
            account: plan.price().account().word().to_owned(),
            cost: Spent::of(plan.price()),
            budget_left: BudgetLeft::of(*left, plan.price(), permit.policy().delta)
                .map_err(CardError::Budget)?,
            notes: table::notes(plan),
            signature: None,
        };
        card.signature = Some(key.sign_json(&serde_json::to_value(&card)?)?);
        Ok(card)
    }

    /// Reads a card back.
    ///
    /// # Errors
    /// `Card`, when the bytes are none.
    pub fn parse(text: &str) -> Result<Self, GatewayError> {
        Ok(serde_json::from_str(text)?)
    }

    /// The release's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.release_id
    }

    /// The card as JSON, one line.
    ///
    /// # Errors
    /// `Card`, when JSON cannot hold it.
    pub fn to_json(&self) -> Result<String, GatewayError> {
        Ok(serde_json::to_string(self)?)
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// `Permit`, when it is missing or does not fit.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), GatewayError> {
        let signature = self.signature.as_deref().unwrap_or_default();
        Ok(key.verify_json(&serde_json::to_value(self)?, signature)?)
    }
}

/// Why a card could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CardError {
    #[error("the release cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the release cannot be signed: {0}")]
    Signature(#[from] PermitError),
    #[error("the budget left cannot be told: {0}")]
    Budget(String),
}
