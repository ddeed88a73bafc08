//! From the permit's (epsilon, delta) to rho and back, by OpenDP's own conversion.

use std::sync::{Mutex, PoisonError};

use lazaret_ledger::{Budget, Cost};
use lazaret_model::{Account, Delta, Epsilon, Loss};
use opendp::combinators::ConcentratedMeasure;
use opendp::measures::ZeroConcentratedDivergence;
use opendp::traits::{InfCast, InfDiv, InfMul};

use crate::DisclosureError::Parameters;
use crate::{Checked, DisclosureError};

const NANO: f64 = 1e9;
const PICO: f64 = 1e12;
const PICO_PER_NANO: u64 = 1_000;
const ATTO: f64 = 1e18;
const ONE: Delta = Delta::from_atto(1_000_000_000_000_000_000);

/// The cap of a dataset: the largest rho that is (epsilon, delta / 2)-private, and the other half
/// of delta for thresholds.
///
/// # Errors
/// `Parameters`, where no rho of 1e-12 fits, or one of the two is zero.
///
/// # Privacy
/// Whatever is spent within this cap is (epsilon, delta)-differentially private in total: rho
/// adds up over mechanisms, converts at delta / 2 by OpenDP's bound, which holds for every rho
/// up to this one, and thresholds fail with at most the other half together (union bound). All
/// roundings are downwards.
pub fn cap(epsilon: Epsilon, delta: Delta) -> Result<Cost, DisclosureError> {
    let delta = half(delta);
    let loss = largest(Account::Zcdp, epsilon, delta)?;
    Ok(Cost { loss, delta })
}

/// The budget of a permit with this epsilon, this most for one query, and this delta.
///
/// # Errors
/// As of [`cap`].
///
/// # Privacy
/// Under `zcdp` as of [`cap`]. Under `basic` epsilons add up to the permit's, and deltas of
/// thresholds to half of its delta; of the cap it takes `epsilon^2 / 2`, rounded up, which the
/// mechanisms are in rho (Bun and Steinke 2016, proposition 1.4).
pub fn budget(
    account: Account,
    epsilon: Epsilon,
    per_query_max: Epsilon,
    delta: Delta,
) -> Result<Budget, DisclosureError> {
    let delta = half(delta);
    let loss = largest(account, epsilon, delta)?;
    let pico = u128::from(loss.units());
    let of_cap = match account {
        Account::Zcdp => Ok(loss.units()),
        Account::Basic => u64::try_from((pico * pico).div_ceil(2_000_000_000_000)),
    };
    let of_cap = of_cap.map_err(|_| Parameters("epsilon is too large to be counted"))?;
    let total = Cost { loss, delta };
    let loss = Loss::from_pico(of_cap);
    Ok(Budget {
        total,
        per_query_max: largest(account, per_query_max, delta)?,
        of_cap: Cost { loss, delta },
    })
}

/// The epsilon that a loss comes to at half of `delta`, a rho's rounded up: for statements.
///
/// # Errors
/// `Parameters`, where delta is zero or epsilon would be too large to write.
///
/// # Privacy
/// Computed from the budget alone, never from rows.
pub fn epsilon(account: Account, loss: Loss, delta: Delta) -> Result<Epsilon, DisclosureError> {
    if account == Account::Basic || loss == Loss::ZERO {
        return Ok(Epsilon::from_nano(loss.units() / PICO_PER_NANO));
    }
    let too_large = Parameters("this rho has no epsilon at this delta");
    let profile = ZeroConcentratedDivergence::convert(above(loss.units(), PICO)?)?;
    let delta = below(half(delta).units(), ATTO)?;
    let nano = exclusively(|| {
        profile
            .epsilon(delta)
            .and_then(|epsilon| epsilon.inf_mul(&NANO))
    });
    Ok(Epsilon::from_nano(
        u64::inf_cast(nano?).map_err(|_| too_large)?,
    ))
}

/// Half of a delta, rounded down.
pub(crate) const fn half(delta: Delta) -> Delta {
    Delta::from_atto(delta.units() / 2)
}

/// The largest loss that is within `epsilon`: epsilon itself, or the largest rho whose conversion
/// at `delta` is, rounded down.
///
/// Bisection between a rho that the simple bound `epsilon = rho + 2 sqrt(rho ln(1 / delta))` allows
/// and one that is too much; what is returned has itself been converted, so the search is trusted
/// with nothing but tightness.
pub(crate) fn largest(account: Account, epsilon: Epsilon, delta: Delta) -> Checked<Loss> {
    if account == Account::Basic {
        let pico = epsilon.units().checked_mul(PICO_PER_NANO);
        let pico = pico.ok_or(Parameters("epsilon is too large to be counted"))?;
        return Ok(Loss::from_pico(pico));
    }
    let too_small = Parameters("epsilon and delta must allow a rho of 1e-12");
    if epsilon == Epsilon::ZERO || delta == Delta::ZERO {
        return Err(too_small);
    }
    if delta >= ONE {
        return Err(Parameters("delta must be a probability below 1"));
    }
    let fits = |pico: u64| is_within(account, Loss::from_pico(pico), epsilon, delta);
    let fits = |pico: u64| fits(pico).unwrap_or(false);
    let log = -below(delta.units(), ATTO)?.ln();
    let simple = ((log + below(epsilon.units(), NANO)?).sqrt() - log.sqrt()).powi(2);
    let mut low = u64::inf_cast(simple * 0.9 * PICO).unwrap_or(u64::MAX / 4);
    if !fits(low) {
        low = 0;
    }
    let mut high = low.saturating_mul(2).max(2);
    while fits(high) {
        low = high;
        high = high.saturating_mul(2);
        if low == high {
            return Err(Parameters("epsilon is too large to be counted"));
        }
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) {
            low = middle
        } else {
            high = middle
        }
    }
    if low == 0 {
        Err(too_small)
    } else {
        Ok(Loss::from_pico(low))
    }
}

/// Whether a loss is (epsilon, delta)-private, a rho by OpenDP's conversion, all roundings against
/// it.
pub(crate) fn is_within(
    account: Account,
    loss: Loss,
    epsilon: Epsilon,
    delta: Delta,
) -> Checked<bool> {
    if account == Account::Basic {
        return Ok(loss.units().div_ceil(PICO_PER_NANO) <= epsilon.units());
    }
    let profile = ZeroConcentratedDivergence::convert(above(loss.units(), PICO)?)?;
    let epsilon = below(epsilon.units(), NANO)?;
    let stated = exclusively(|| profile.delta(epsilon))?;
    Ok(stated <= below(delta.units(), ATTO)?)
}

/// A loss of a privacy map in ledger units, rounded up.
pub(crate) fn loss_units(loss: f64) -> Checked<Loss> {
    Ok(Loss::from_pico(u64::inf_cast(exclusively(|| {
        loss.inf_mul(&PICO)
    })?)?))
}

/// A delta of a privacy map in ledger units, rounded up.
pub(crate) fn delta_units(delta: f64) -> Checked<Delta> {
    Ok(Delta::from_atto(u64::inf_cast(exclusively(|| {
        delta.inf_mul(&ATTO)
    })?)?))
}

/// A loss as a float that is not above it.
pub(crate) fn loss_below(loss: Loss) -> Checked<f64> {
    below(loss.units(), PICO)
}

/// Runs OpenDP's directed arithmetic alone in the process: to catch overflow it swaps the panic
/// hook, which is global, and two threads at it could leave the process without one.
pub(crate) fn exclusively<T>(work: impl FnOnce() -> T) -> T {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    work()
}

fn below(units: u64, per_one: f64) -> Checked<f64> {
    Ok(exclusively(|| {
        f64::neg_inf_cast(units)?.neg_inf_div(&per_one)
    })?)
}

fn above(units: u64, per_one: f64) -> Checked<f64> {
    Ok(exclusively(|| f64::inf_cast(units)?.inf_div(&per_one))?)
}
