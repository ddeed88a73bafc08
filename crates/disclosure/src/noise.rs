//! Noise by OpenDP's discrete Gaussian and discrete Laplace, on integers, with the cost its own
//! maps state.

use std::collections::HashMap;

use lazaret_ledger::Cost;
use lazaret_model::{Account, Delta};
use opendp::core::{Domain, Measure, Measurement, Metric, MetricSpace};
use opendp::domains::{AtomDomain, MapDomain, VectorDomain};
use opendp::error::Fallible;
use opendp::measurements::{
    TopKMeasure, make_gaussian, make_gaussian_threshold, make_laplace, make_laplace_threshold,
    make_noisy_max,
};
use opendp::measures::{Approximate, MaxDivergence as Pure, ZeroConcentratedDivergence as Rho};
use opendp::metrics::{
    AbsoluteDistance, L1Distance, L01InfDistance, L2Distance, L02InfDistance, LInfDistance,
};
use opendp::traits::{InfCast, InfMul};

use crate::account::{delta_units, exclusively, loss_units};
use crate::plan::Planned;
use crate::{Checked, DisclosureError};

/// A measurement to be invoked: OpenDP's own function, its privacy map asked already.
type Invoke<I, O> = Box<dyn Fn(&I) -> Fallible<O>>;
type Choice<M> = Measurement<VectorDomain<AtomDomain<i64>>, LInfDistance<i64>, M, usize>;
type Distance = AbsoluteDistance<f64>;
/// A measurement with what it costs.
type Ready<I, O, C> = (Invoke<I, O>, C);

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
    Vector(Invoke<Vec<i128>, Vec<i128>>),
    /// Noise on the counts of the keys that exist, and a threshold.
    Keys(Invoke<Counts, Counts>, i128),
    /// One choice among candidates.
    Choice(Invoke<Vec<i64>, usize>),
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
        let (account, scale, norm) = (planned.account, planned.scale, planned.norm);
        let (built, loss, delta) = if let Some(score) = planned.score {
            let (choice, each) = match account {
                Account::Zcdp => ready(chosen(Rho, scale), &score),
                Account::Basic => ready(chosen(Pure, scale), &score),
            }?;
            let choices = f64::inf_cast(u64::from(planned.groups) * 3)?;
            let loss = exclusively(|| each.inf_mul(&choices))?;
            (Self::Choice(choice), loss, Delta::ZERO)
        } else if let Some(threshold) = planned.threshold {
            let (keys, (loss, delta)) =
                above(account, scale, threshold - 1, &(planned.groups, norm, 1.0))?;
            (Self::Keys(keys, threshold), loss, delta_units(delta)?)
        } else {
            let domain = VectorDomain::new(AtomDomain::<i128>::new_non_nan());
            let (l1, l2) = (L1Distance::<f64>::default(), L2Distance::<f64>::default());
            let (vector, loss) = match account {
                Account::Zcdp => {
                    ready::<_, _, Rho, _>(make_gaussian(domain, l2, scale, None), &norm)
                }
                Account::Basic => {
                    ready::<_, _, Pure, _>(make_laplace(domain, l1, scale, None), &norm)
                }
            }?;
            (Self::Vector(vector), loss, Delta::ZERO)
        };
        let loss = loss_units(loss)?;
        Ok((built, Cost { loss, delta }))
    }

    fn vector(&self, exact: Vec<i128>) -> Checked<Vec<i128>> {
        match self {
            Self::Vector(vector) => Ok(vector(&exact)?),
            Self::Keys(..) | Self::Choice(_) => Err(DisclosureError::Mismatch),
        }
    }

    fn choice(&self, scores: Vec<i64>) -> Checked<usize> {
        match self {
            Self::Choice(choice) => Ok(choice(&scores)?),
            _ => Err(DisclosureError::Mismatch),
        }
    }

    fn keys(&self, exact: Counts) -> Checked<Counts> {
        let Self::Keys(keys, threshold) = self else {
            return Err(DisclosureError::Mismatch);
        };
        let mut noisy = keys(&exact)?;
        noisy.retain(|_, count| *count >= *threshold);
        Ok(noisy)
    }

    fn sigma(planned: &Planned) -> f64 {
        planned.sigma()
    }

    fn shows(noisy: i128, unit: i128, minimum: u32) -> bool {
        noisy >= unit.saturating_mul(i128::from(minimum))
    }
}

/// The probability that noise of this size is at least `excess`, which is at least 1, bounded from
/// above: how often so many persons too few pass a minimum. OpenDP's own tail bound, read from the
/// map of a threshold for one group of one person: its delta at threshold `t` bounds
/// `P(noise > t - 1) = P(noise >= t)`.
pub(crate) fn passes(account: Account, scale: f64, excess: u32) -> Checked<f64> {
    let (_, (_, delta)) = above(account, scale, i128::from(excess), &(1, 1.0, 1.0))?;
    Ok(delta)
}

/// A measurement, and what it costs at a distance.
fn ready<DI, MI, MO, TO>(
    made: Fallible<Measurement<DI, MI, MO, TO>>,
    distance: &MI::Distance,
) -> Checked<Ready<DI::Carrier, TO, MO::Distance>>
where
    DI: Domain + 'static,
    MI: Metric + 'static,
    MO: Measure + 'static,
    TO: 'static,
    (DI, MI): MetricSpace,
{
    let made = made?;
    let cost = exclusively(|| made.map(distance))?;
    Ok((Box::new(move |exact| made.invoke(exact)), cost))
}

fn chosen<M: TopKMeasure>(measure: M, scale: f64) -> Fallible<Choice<M>> {
    let domain = VectorDomain::new(AtomDomain::<i64>::new_non_nan());
    make_noisy_max(domain, LInfDistance::default(), measure, scale, false)
}

/// Noise on the counts of keys, of which those above the threshold are given; the distance is that
/// of a person's groups, the norm over all of them, and one group.
fn above(
    account: Account,
    scale: f64,
    threshold: i128,
    distance: &(u32, f64, f64),
) -> Checked<Ready<Counts, Counts, (f64, f64)>> {
    let values = AtomDomain::<i128>::new_non_nan();
    let domain = MapDomain::new(AtomDomain::<String>::default(), values);
    match account {
        Account::Zcdp => {
            let metric = L02InfDistance::<Distance>::default();
            let made = make_gaussian_threshold(domain, metric, scale, threshold, None);
            ready::<_, _, Approximate<Rho>, _>(made, distance)
        }
        Account::Basic => {
            let metric = L01InfDistance::<Distance>::default();
            let made = make_laplace_threshold(domain, metric, scale, threshold, None);
            ready::<_, _, Approximate<Pure>, _>(made, distance)
        }
    }
}
