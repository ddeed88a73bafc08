//! Everything an answer needs, opened: keys, ledger, lake, clock.

use std::sync::Arc;

use lazaret_lake::Lake;
use lazaret_ledger::Ledger;
use lazaret_model::Clock;
use lazaret_permit::{SignedPermit, SigningKey, VerifyingKey};
use lazaret_query::{Ask, BoundingKey};
use lazaret_store::Store;

use crate::GatewayError;

/// The desk of a home at which questions are answered.
pub struct Desk {
    /// The store: ledger, releases, log.
    pub store: Store,
    /// The budget.
    pub ledger: Ledger,
    /// The records.
    pub lake: Lake,
    /// The access body's public key: what it signed is allowed.
    pub access_body: VerifyingKey,
    /// The key that signs releases.
    pub release_key: SigningKey,
    /// The secret behind every release's bounding.
    pub bounding_key: BoundingKey,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// 16 random bytes, for ids and tickets; noise has its own source.
    pub draw: Arc<dyn Fn() -> Option<[u8; 16]> + Send + Sync>,
}

/// A question under a permit.
pub struct Question {
    /// The permit, as signed.
    pub permit: SignedPermit,
    /// What is asked.
    pub ask: Ask,
    /// A name of this request: asked again under the same name, the same answer comes.
    pub idempotency_key: Option<String>,
    /// Who asks, for the log.
    pub actor: String,
}

impl Desk {
    /// A random name for an id or a ticket.
    pub(crate) fn name(&self, prefix: &str) -> Result<String, GatewayError> {
        let bytes = (self.draw)().ok_or(GatewayError::Random)?;
        Ok(bytes.iter().fold(format!("{prefix}-"), |name, byte| {
            format!("{name}{byte:02x}")
        }))
    }
}
