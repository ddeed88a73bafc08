//! What a query costs and what a permit may spend: integers, so that sums are exact.

use std::fmt;

use lazaret_model::{Delta, Epsilon, Rho};

/// An amount of privacy loss under the `zcdp` account: rho for the noise, delta for the thresholds
/// on private keys. Both add up over queries (Bun and Steinke 2016, zCDP and its approximate form).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Zero-concentrated privacy loss, in units of 1e-12.
    pub rho: Rho,
    /// Failure probability of thresholds, in units of 1e-18.
    pub delta: Delta,
}

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self {
        rho: Rho::ZERO,
        delta: Delta::ZERO,
    };

    /// The sum, or `None` where it would not fit.
    ///
    /// # Privacy
    /// Composition of `zcdp` mechanisms is the sum of both parts; an overflow is never wrapped, so
    /// a total cannot come out smaller than its parts.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let rho = self.rho.checked_add(other.rho)?;
        let delta = self.delta.checked_add(other.delta)?;
        Some(Self { rho, delta })
    }

    /// What is left of this amount when `other` is spent, nothing where `other` is more.
    ///
    /// # Privacy
    /// For display alone: whether an amount fits is decided by [`Cost::covers`].
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self {
            rho: self.rho.saturating_sub(other.rho),
            delta: self.delta.saturating_sub(other.delta),
        }
    }

    /// Whether this amount pays for `other`.
    ///
    /// # Privacy
    /// True only when both parts do: rho never pays for delta, nor delta for rho.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.rho >= other.rho && self.delta >= other.delta
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rho {} and delta {}", self.rho, self.delta)
    }
}

/// The budget a permit grants: the words of the permit and the amount they come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What may be spent in total.
    pub total: Cost,
    /// The epsilon on the permit.
    pub epsilon: Epsilon,
    /// The delta on the permit; half of it converts rho, half pays for thresholds.
    pub delta: Delta,
}
