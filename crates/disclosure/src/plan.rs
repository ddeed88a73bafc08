//! The measurements of a shape: which there are, how much noise each needs, and their threshold.

use lazaret_ledger::Cost;
use lazaret_model::{Delta, Rho};
use opendp::traits::{InfCast, InfMul, InfSqrt};

use crate::DisclosureError::{self, Parameters};
use crate::account::{exclusively, rho_below};
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
    /// The most one person moves the vector, in the Euclidean norm.
    pub(crate) l2: f64,
    /// The groups one person touches.
    pub(crate) groups: u32,
    /// The scale of the noise.
    pub(crate) sigma: f64,
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
    /// `rho = l2^2 / (2 sigma^2)` gives the place to begin, one step of the grid lower; the map of
    /// the measurement itself decides.
    pub(crate) fn solve(shape: &Shape, source: Source, share: Rho) -> Checked<Self> {
        let groups = shape.groups_touched()?;
        let (reach, coordinates, most) = match source.estimate(shape) {
            None => (1, 1, COUNT_SIGMA_MAX),
            Some(estimate) => {
                let most = if estimate.is_count() {
                    COUNT_SIGMA_MAX
                } else {
                    SIGMA_MAX
                };
                (estimate.reach(), estimate.coordinates(), most)
            }
        };
        let l2 = l2(reach, groups, coordinates)?;
        let quantile = source.estimate(shape).map(|estimate| estimate.measure);
        let score = match quantile {
            Some(Measure::Quantile(..)) => Some(i64::inf_cast(reach)?),
            _ => None,
        };
        let begin = l2 / (2.0 * rho_below(share)?).sqrt();
        let step = 1u64 << (f64::MANTISSA_DIGITS - SCALE_BITS);
        let floor = begin.to_bits() / step * step;
        for sigma in (0..16).map(|steps| f64::from_bits(floor + steps * step)) {
            if !sigma.is_normal() || sigma > most {
                return Err(Parameters("epsilon is too small for these bounds"));
            }
            let planned = Self {
                source,
                l2,
                groups,
                sigma,
                threshold: None,
                score,
            };
            if OpenDp::build(&planned)?.1.rho <= share {
                return Ok(planned);
            }
        }
        Err(Parameters("no noise was found for this epsilon"))
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
        let (mut low, mut high) = (1, i128::inf_cast(40.0 * self.sigma)? + 2);
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

/// `reach * sqrt(groups * coordinates)`, rounded up: a person moves each coordinate of at most
/// `groups` groups by at most `reach`.
fn l2(reach: u128, groups: u32, coordinates: u32) -> Result<f64, DisclosureError> {
    let all = u64::from(groups) * u64::from(coordinates);
    Ok(exclusively(|| {
        f64::inf_cast(all)?
            .inf_sqrt()?
            .inf_mul(&f64::inf_cast(reach)?)
    })?)
}
