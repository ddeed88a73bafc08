//! The measurements of a shape: which there are, how much noise each needs, and their threshold.

use std::f64::consts::SQRT_2;

use lazaret_ledger::Cost;
use lazaret_model::{Account, Delta, Loss};
use opendp::traits::{InfCast, InfMul, InfSqrt};

use crate::DisclosureError::Parameters;
use crate::account::{exclusively, loss_below};
use crate::noise::{Noise, OpenDp};
use crate::{Checked, Estimate, Measure, Shape};

/// The most noise on a count: 64 standard deviations and 2^60 of count fit 64 bits.
const COUNT_SIGMA_MAX: f64 = (1u64 << 54) as f64;
/// The most noise on a sum: 64 standard deviations and 2^120 of sum fit 128 bits.
const SIGMA_MAX: f64 = (1u128 << 110) as f64;
/// Significant bits of a scale: few, because the sampler computes with exact fractions of it.
const SCALE_BITS: u32 = 32;

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    /// What is measured.
    pub(crate) source: Source,
    /// How its cost is counted.
    pub(crate) account: Account,
    /// The most one person moves the vector: in the Euclidean norm under `zcdp`, in the sum of all
    /// coordinates under `basic`.
    pub(crate) norm: f64,
    /// The groups one person touches.
    pub(crate) groups: u32,
    /// The scale of the noise.
    pub(crate) scale: f64,
    /// The noisy count from which a private key is released.
    pub(crate) threshold: Option<i128>,
    /// For a choice among candidates: how far one person moves a score of a group.
    pub(crate) score: Option<i64>,
}

/// What a measurement is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// An estimate of the shape, by its place.
    Estimate(usize),
    /// The persons of a mask, which no estimate counts.
    Persons(usize),
}

/// The measurement whose first coordinate counts the persons behind an estimate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backing {
    /// Its place among the measurements.
    pub(crate) measurement: usize,
    /// What one person adds: the width of the bounds for a mean, else 1.
    pub(crate) unit: i128,
}

/// The measurements of a shape, and for each estimate the one whose persons decide what is hidden.
///
/// Persons are counted by an estimate of persons with the same mask, or of rows at one row a person
/// and group, or by the first coordinate of a mean at one row a person: it is then the number of
/// persons with a value. Otherwise their number is bought. The threshold of private keys acts
/// on the persons of mask 0, as a plain count; that measurement comes first.
pub(crate) fn measurements(shape: &Shape) -> (Vec<Source>, Vec<Option<Backing>>) {
    let find = |mask: usize, counts: fn(&Estimate) -> bool| {
        shape
            .estimates
            .iter()
            .position(|e| e.mask == mask && counts(e))
            .map(Source::Estimate)
    };
    let places = 0..shape.estimates.len();
    let mut sources: Vec<_> = places.map(Source::Estimate).collect();
    if shape.is_private() {
        let count = find(0, Estimate::counts_persons).unwrap_or(Source::Persons(0));
        sources.retain(|source| *source != count);
        sources.insert(0, count);
    }
    let mut backings = Vec::new();
    for mask in shape.estimates.iter().map(|estimate| estimate.mask) {
        if shape.minimum == 0 {
            backings.push(None);
            continue;
        }
        let bought = Source::Persons(mask);
        let counted = find(mask, Estimate::counts_persons)
            .or_else(|| sources.contains(&bought).then_some(bought))
            .or_else(|| find(mask, Estimate::counts_values))
            .unwrap_or(bought);
        let found = sources.iter().position(|source| *source == counted);
        let measurement = found.unwrap_or(sources.len());
        if found.is_none() {
            sources.push(counted);
        }
        let unit = counted.estimate(shape).map_or(1, Estimate::first_unit);
        backings.push(Some(Backing { measurement, unit }));
    }
    (sources, backings)
}

/// Builds all measurements and adds up what their maps state.
pub(crate) fn build<N: Noise>(planned: &[Planned]) -> Checked<(Vec<N>, Cost)> {
    let (mut built, mut sum) = (Vec::new(), Cost::ZERO);
    for each in planned {
        let (measurement, cost) = N::build(each)?;
        sum = plus(sum, cost)?;
        built.push(measurement);
    }
    Ok((built, sum))
}

/// The sum of two costs.
pub(crate) fn plus(sum: Cost, cost: Cost) -> Checked<Cost> {
    sum.checked_add(cost)
        .ok_or(Parameters("the cost cannot be counted"))
}

impl Source {
    /// The estimate it is of, where it is of one.
    pub(crate) fn estimate(self, shape: &Shape) -> Option<&Estimate> {
        match self {
            Self::Estimate(at) => shape.estimates.get(at),
            Self::Persons(_) => None,
        }
    }
}

impl Planned {
    /// The smallest noise, on a grid of few bits, whose map is within `share`.
    ///
    /// `rho = norm^2 / (2 scale^2)`, or `epsilon = norm / scale` (twice that for a
    /// choice, whose scores may move against each other), gives the place to begin, one step
    /// of the grid lower; the map of the measurement itself decides.
    pub(crate) fn solve(
        shape: &Shape,
        account: Account,
        source: Source,
        share: Loss,
    ) -> Checked<Self> {
        let groups = shape.groups_touched()?;
        let estimate = source.estimate(shape);
        let (reach, coordinates) =
            estimate.map_or((1, 1), |each| (each.reach(), each.coordinates()));
        let most = match estimate.is_none_or(Estimate::is_count) {
            true => COUNT_SIGMA_MAX,
            false => SIGMA_MAX,
        };
        let norm = norm(account, reach, groups, coordinates)?;
        let measure = estimate.map(|estimate| estimate.measure);
        let quantile = matches!(measure, Some(Measure::Quantile(..)));
        let score = quantile.then(|| i64::inf_cast(reach)).transpose()?;
        let share_below = loss_below(share)?;
        let begin = match (account, score) {
            (Account::Zcdp, _) => norm / (2.0 * share_below).sqrt(),
            (Account::Basic, None) => norm / share_below,
            (Account::Basic, Some(_)) => 2.0 * norm / share_below,
        };
        let step = 1u64 << (f64::MANTISSA_DIGITS - SCALE_BITS);
        let floor = begin.to_bits() / step * step;
        for scale in (0..16).map(|steps| f64::from_bits(floor + steps * step)) {
            if !scale.is_normal() || scale > most {
                return Err(Parameters("epsilon is too small for these bounds"));
            }
            let planned = Self {
                source,
                account,
                norm,
                groups,
                scale,
                threshold: None,
                score,
            };
            if OpenDp::build(&planned)?.1.loss <= share {
                return Ok(planned);
            }
        }
        Err(Parameters("no noise was found for this epsilon"))
    }

    /// The standard deviation of the noise; for a choice, the scale of its scores.
    pub(crate) fn sigma(&self) -> f64 {
        match (self.account, self.score) {
            (Account::Basic, None) => self.scale * SQRT_2,
            _ => self.scale,
        }
    }

    /// The smallest threshold, not under the minimum, whose delta is within `limit`.
    pub(crate) fn set_threshold(&mut self, minimum: u32, limit: Delta) -> Checked<()> {
        let delta = |threshold: i128| -> Checked<Delta> {
            let planned = Self {
                threshold: Some(threshold),
                ..self.clone()
            };
            Ok(OpenDp::build(&planned)?.1.delta)
        };
        // A threshold of 1 would release every key; 40 standard deviations are beyond any delta.
        let (mut low, mut high) = (1, i128::inf_cast(40.0 * self.scale)? + 2);
        if limit == Delta::ZERO || delta(high)? > limit {
            return Err(Parameters("delta is too small to release private keys"));
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if delta(middle)? <= limit {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.threshold = Some(high.max(i128::from(minimum)));
        Ok(())
    }
}

/// `reach * sqrt(groups * coordinates)`, or without the root under `basic`, rounded up: a person
/// moves each coordinate of at most `groups` groups by at most `reach`.
fn norm(account: Account, reach: u128, groups: u32, coordinates: u32) -> Checked<f64> {
    let all = u64::from(groups) * u64::from(coordinates);
    Ok(exclusively(|| {
        let all = f64::inf_cast(all)?;
        let zcdp = account == Account::Zcdp;
        let all = if zcdp { all.inf_sqrt()? } else { all };
        all.inf_mul(&f64::inf_cast(reach)?)
    })?)
}
