//! What a query costs and what a permit may spend: integers, so that sums are exact.

use std::fmt;

use lazaret_model::{Delta, Loss};

/// An amount of privacy loss: of the noise, and delta for the thresholds on private keys. Both add
/// up over queries. The loss is rho under the account `zcdp` (Bun and Steinke 2016, zCDP and its
/// approximate form), epsilon under `basic`; which of them, the permit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Rho or epsilon, in units of 1e-12.
    pub loss: Loss,
    /// Failure probability of thresholds, in units of 1e-18.
    pub delta: Delta,
}

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self {
        loss: Loss::ZERO,
        delta: Delta::ZERO,
    };

    /// The sum, or `None` where it would not fit.
    ///
    /// # Privacy
    /// Composition within an account is the sum of both parts; an overflow is never wrapped, so a
    /// total cannot come out smaller than its parts.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let loss = self.loss.checked_add(other.loss)?;
        let delta = self.delta.checked_add(other.delta)?;
        Some(Self { loss, delta })
    }

    /// What is left of this amount when `other` is spent, nothing where `other` is more.
    ///
    /// # Privacy
    /// For display alone: whether an amount fits is decided by [`Cost::covers`].
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self {
            loss: self.loss.saturating_sub(other.loss),
            delta: self.delta.saturating_sub(other.delta),
        }
    }

    /// Whether this amount pays for `other`.
    ///
    /// # Privacy
    /// True only when both parts do: loss never pays for delta, nor delta for loss.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.loss >= other.loss && self.delta >= other.delta
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of privacy loss and delta {}", self.loss, self.delta)
    }
}

/// The budget a permit grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What may be spent in total, in the permit's own account.
    pub total: Cost,
    /// The loss of one query at most.
    pub per_query_max: Loss,
    /// What all of it is in the account of the dataset's cap, which is `zcdp`.
    pub of_cap: Cost,
}
