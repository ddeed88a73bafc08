//! The life of a payment: reserved before a row is read, used by exactly one release.

use lazaret_model::PermitId;

use crate::Cost;

/// A payment that is durable in the ledger and not yet used. It is made by the ledger alone, and
/// neither copied nor printed; dropping it gives nothing back.
pub struct Reservation {
    id: i64,
    permit: PermitId,
    cost: Cost,
    plan_sha256: String,
}

/// A payment for which a release was made. It is turned in to store the release.
pub struct Used {
    id: i64,
    permit: PermitId,
    cost: Cost,
}

impl Reservation {
    pub(crate) const fn new(id: i64, permit: PermitId, cost: Cost, plan_sha256: String) -> Self {
        Self {
            id,
            permit,
            cost,
            plan_sha256,
        }
    }

    /// The number of the ledger's entry.
    ///
    /// # Privacy
    /// A running number: it says how many queries were paid, which the permit's holder knows.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// What was paid.
    ///
    /// # Privacy
    /// A function of the query's text and the permit, never of rows.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// The permit it was paid from.
    ///
    /// # Privacy
    /// Names the permit the caller already holds.
    #[must_use]
    pub const fn permit(&self) -> &PermitId {
        &self.permit
    }

    /// The plan it was paid for: no other runs on it.
    ///
    /// # Privacy
    /// A hash of the query's text, the permit and the snapshot's id.
    #[must_use]
    pub fn plan_sha256(&self) -> &str {
        &self.plan_sha256
    }

    /// Marks the payment as used: it cannot pay for a second release.
    ///
    /// # Privacy
    /// Takes the reservation by value, and there is no copy, so one payment makes one release.
    #[must_use]
    pub fn used(self) -> Used {
        Used {
            id: self.id,
            permit: self.permit,
            cost: self.cost,
        }
    }
}

impl Used {
    /// The number of the ledger's entry.
    ///
    /// # Privacy
    /// As of [`Reservation::id`].
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// What was paid.
    ///
    /// # Privacy
    /// As of [`Reservation::cost`].
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// The permit it was paid from.
    ///
    /// # Privacy
    /// As of [`Reservation::permit`].
    #[must_use]
    pub const fn permit(&self) -> &PermitId {
        &self.permit
    }
}
