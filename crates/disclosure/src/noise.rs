//! Noise by OpenDP's discrete Gaussian, on integers, with the cost its own maps state.

use std::collections::HashMap;

use lazaret_ledger::Cost;
use lazaret_model::Delta;
use opendp::core::Measurement;
use opendp::domains::{AtomDomain, MapDomain, VectorDomain};
use opendp::measurements::{make_gaussian, make_gaussian_threshold, make_noisy_max};
use opendp::measures::{Approximate, ZeroConcentratedDivergence};
use opendp::metrics::{AbsoluteDistance, L2Distance, L02InfDistance, LInfDistance};
use opendp::traits::{InfCast, InfMul};

use crate::account::{delta_units, exclusively, rho_units};
use crate::plan::Planned;
use crate::{Checked, DisclosureError};

type VectorMeasurement = Measurement<
    VectorDomain<AtomDomain<i128>>,
    L2Distance<f64>,
    ZeroConcentratedDivergence,
    Vec<i128>,
>;
type KeysMeasurement = Measurement<
    MapDomain<AtomDomain<String>, AtomDomain<i128>>,
    L02InfDistance<AbsoluteDistance<f64>>,
    Approximate<ZeroConcentratedDivergence>,
    HashMap<String, i128>,
>;

type ChoiceMeasurement = Measurement<
    VectorDomain<AtomDomain<i64>>,
    LInfDistance<i64>,
    ZeroConcentratedDivergence,
    usize,
>;

/// Counts by the code of their key.
pub(crate) type Counts = HashMap<String, i128>;

/// A way to add noise. Private to the crate, so nobody adds a third.
pub(crate) trait Noise: Sized {
    /// Builds one planned measurement, and says what it costs for a person's contribution.
    fn build(planned: &Planned) -> Checked<(Self, Cost)>;
    /// Noisy coordinates, in the order given.
    fn vector(&self, exact: Vec<i128>) -> Checked<Vec<i128>>;
    /// Noisy counts of the keys that reach the threshold.
    fn keys(&self, exact: Counts) -> Checked<Counts>;
    /// The place of a score that is nearly the highest.
    fn choice(&self, scores: Vec<i64>) -> Checked<usize>;
    /// The standard deviation of what this adds; for a choice, the scale of its scores.
    fn sigma(planned: &Planned) -> f64;
    /// Whether a noisy number of persons, in units of `unit`, is shown at this minimum.
    fn shows(noisy: i128, unit: i128, minimum: u32) -> bool;
}

/// OpenDP's measurements: the implementor every answer comes from.
pub(crate) enum OpenDp {
    /// Independent noise on each coordinate of a vector.
    Vector(VectorMeasurement),
    /// Noise on the counts of the keys that exist, and a threshold.
    Keys(KeysMeasurement, i128),
    /// One choice among candidates.
    Choice(ChoiceMeasurement),
}

impl Noise for OpenDp {
    /// OpenDP's proof releases a key when its noisy count is *above* the threshold of the map; its
    /// code also lets an equal one through, whose probability the map's delta leaves out. So the
    /// measurement and its map are taken at `threshold - 1`, and equal counts are dropped in
    /// `keys`: what is left is the mechanism that was proven, releasing counts of `threshold` on.
    ///
    /// A quantile is three choices in each group, of which one person touches `groups`: a person's
    /// groups are fixed by the bounding, so the choices compose over these alone.
    fn build(planned: &Planned) -> Checked<(Self, Cost)> {
        if let Some(score) = planned.score {
            let choice = chosen(planned.sigma)?;
            let choices = f64::inf_cast(u64::from(planned.groups) * 3)?;
            let rho = exclusively(|| choice.map(&score)?.inf_mul(&choices))?;
            let cost = Cost {
                rho: rho_units(rho)?,
                delta: Delta::ZERO,
            };
            return Ok((Self::Choice(choice), cost));
        }
        let Some(threshold) = planned.threshold else {
            let vector = gaussian(planned.sigma)?;
            let rho = rho_units(exclusively(|| vector.map(&planned.l2))?)?;
            return Ok((
                Self::Vector(vector),
                Cost {
                    rho,
                    delta: Delta::ZERO,
                },
            ));
        };
        let keys = gaussian_above(planned.sigma, threshold - 1)?;
        let (rho, delta) = exclusively(|| keys.map(&(planned.groups, planned.l2, 1.0)))?;
        let cost = Cost {
            rho: rho_units(rho)?,
            delta: delta_units(delta)?,
        };
        Ok((Self::Keys(keys, threshold), cost))
    }

    fn vector(&self, exact: Vec<i128>) -> Checked<Vec<i128>> {
        match self {
            Self::Vector(vector) => Ok(vector.invoke(&exact)?),
            Self::Keys(..) | Self::Choice(_) => Err(DisclosureError::Mismatch),
        }
    }

    fn choice(&self, scores: Vec<i64>) -> Checked<usize> {
        match self {
            Self::Choice(choice) => Ok(choice.invoke(&scores)?),
            _ => Err(DisclosureError::Mismatch),
        }
    }

    fn keys(&self, exact: Counts) -> Checked<Counts> {
        let Self::Keys(keys, threshold) = self else {
            return Err(DisclosureError::Mismatch);
        };
        let mut noisy = keys.invoke(&exact)?;
        noisy.retain(|_, count| *count >= *threshold);
        Ok(noisy)
    }

    fn sigma(planned: &Planned) -> f64 {
        planned.sigma
    }

    fn shows(noisy: i128, unit: i128, minimum: u32) -> bool {
        noisy >= unit.saturating_mul(i128::from(minimum))
    }
}

/// Nothing is added and nothing hidden: for tests that compare with another engine.
#[cfg(feature = "noiseless")]
pub(crate) struct Exactly;

#[cfg(feature = "noiseless")]
impl Noise for Exactly {
    fn build(_: &Planned) -> Checked<(Self, Cost)> {
        Ok((Self, Cost::ZERO))
    }

    fn vector(&self, exact: Vec<i128>) -> Checked<Vec<i128>> {
        Ok(exact)
    }

    fn keys(&self, exact: Counts) -> Checked<Counts> {
        Ok(exact)
    }

    fn choice(&self, scores: Vec<i64>) -> Checked<usize> {
        let best = scores.iter().max().copied().unwrap_or_default();
        Ok(scores.iter().position(|score| *score == best).unwrap_or(0))
    }

    fn sigma(_: &Planned) -> f64 {
        0.0
    }

    fn shows(_: i128, _: i128, _: u32) -> bool {
        true
    }
}

/// The probability that noise of this size is at least `excess`, which is at least 1, bounded from
/// above: how often so many persons too few pass a minimum. OpenDP's own tail bound, read from the
/// map of a threshold for one group of one person: its delta at threshold `t` bounds
/// `P(noise > t - 1) = P(noise >= t)`.
pub(crate) fn passes(sigma: f64, excess: u32) -> Checked<f64> {
    let measurement = gaussian_above(sigma, i128::from(excess))?;
    let (_, delta) = exclusively(|| measurement.map(&(1, 1.0, 1.0)))?;
    Ok(delta)
}

fn chosen(scale: f64) -> Checked<ChoiceMeasurement> {
    let domain = VectorDomain::new(AtomDomain::<i64>::new_non_nan());
    let (metric, measure) = (LInfDistance::default(), ZeroConcentratedDivergence);
    Ok(make_noisy_max(domain, metric, measure, scale, false)?)
}

fn gaussian(sigma: f64) -> Checked<VectorMeasurement> {
    let domain = VectorDomain::new(AtomDomain::<i128>::new_non_nan());
    let metric = L2Distance::<f64>::default();
    Ok(make_gaussian(domain, metric, sigma, None)?)
}

fn gaussian_above(sigma: f64, threshold: i128) -> Checked<KeysMeasurement> {
    let values = AtomDomain::<i128>::new_non_nan();
    let domain = MapDomain::new(AtomDomain::<String>::default(), values);
    let metric = L02InfDistance::<AbsoluteDistance<f64>>::default();
    let measurement = make_gaussian_threshold(domain, metric, sigma, threshold, None);
    Ok(measurement?)
}
