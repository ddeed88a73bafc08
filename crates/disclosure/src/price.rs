//! The price of a query, from its shape alone: which measurements, how much noise, what threshold.

use lazaret_ledger::Cost;
use lazaret_model::{Account, Clamp, Delta, Epsilon, Loss};

use crate::DisclosureError::{self, Parameters};
use crate::account::{half, is_within, largest};
use crate::noise::{OpenDp, passes};
use crate::plan::{Backing, Planned, Source, build, measurements, plus};
use crate::table::{Bounds, Card, Column, Role};
use crate::{Checked, Key, Measure, Shape};

/// The part of the permit's delta for thresholds that one query takes at most.
const QUERIES_WITH_THRESHOLD: u64 = 100;
/// A number of persons that the query does not ask for, bought to hide small groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Bought {
    /// The mask whose persons are counted.
    pub mask: usize,
    /// The standard deviation of the count's noise, in persons.
    pub std_error: f64,
}

/// What a query costs. It is made by [`price`] alone and holds nothing measured.
#[derive(Debug, Clone)]
pub struct Price {
    account: Account,
    parts: Vec<Priced>,
    cost: Cost,
    epsilon: Epsilon,
}

/// The part of a price that is for one release, and the noise it buys.
#[derive(Debug, Clone)]
pub struct Priced {
    pub(crate) shape: Shape,
    pub(crate) planned: Vec<Planned>,
    pub(crate) backings: Vec<Option<Backing>>,
    columns: Vec<Column>,
}

/// Prices a query that is to be (epsilon, delta / 2)-private alone, delta being the permit's. All
/// numbers of all its releases get the same part of it.
///
/// # Errors
/// `Shape`, where a shape cannot be released; `Parameters`, where epsilon or delta leave no
/// room for a measurement or a threshold.
///
/// # Privacy
/// A function of the query's text and the permit: no row is read, so a price, and a refusal, may be
/// shown. The cost is the sum of what OpenDP's maps state for the very measurements that will
/// run, rounded up; it converts to (epsilon, delta / 2), which is checked once more at the end.
/// Thresholds together add at most a hundredth of the permit's other half of delta.
pub fn price(
    shapes: &[Shape],
    account: Account,
    epsilon: Epsilon,
    permit_delta: Delta,
) -> Result<Price, DisclosureError> {
    shapes.iter().try_for_each(Shape::check)?;
    let half = half(permit_delta);
    let measured: Vec<_> = shapes.iter().map(measurements).collect();
    let all: usize = measured.iter().map(|(sources, _)| sources.len()).sum();
    let private = shapes.iter().filter(|shape| shape.is_private()).count() as u64;
    let total = largest(account, epsilon, half)?;
    let share = Loss::from_pico(total.units().checked_div(all as u64).unwrap_or(0));
    if share == Loss::ZERO {
        return Err(Parameters("epsilon is too small for so many estimates"));
    }
    let limit = Delta::from_atto(half.units() / QUERIES_WITH_THRESHOLD / private.max(1));
    let (mut parts, mut cost) = (Vec::new(), Cost::ZERO);
    for (shape, (sources, backings)) in shapes.iter().zip(measured) {
        let planned = sources
            .into_iter()
            .map(|source| Planned::solve(shape, account, source, share));
        let mut planned = planned.collect::<Result<Vec<_>, _>>()?;
        if let Some(first) = planned.first_mut().filter(|_| shape.is_private()) {
            first.set_threshold(shape.minimum, limit)?;
        }
        cost = plus(cost, build::<OpenDp>(&planned)?.1)?;
        parts.push(Priced {
            shape: shape.clone(),
            columns: columns(shape, &planned)?,
            planned,
            backings,
        });
    }
    if cost.loss > total || !is_within(account, cost.loss, epsilon, half)? {
        return Err(Parameters("epsilon does not convert at this delta"));
    }
    Ok(Price {
        account,
        parts,
        cost,
        epsilon,
    })
}

impl Price {
    /// What the query costs: reserve exactly this.
    ///
    /// # Privacy
    /// As of [`price`]: a function of text and permit.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// The epsilon that was asked for.
    ///
    /// # Privacy
    /// As of [`price`].
    #[must_use]
    pub const fn epsilon(&self) -> Epsilon {
        self.epsilon
    }

    /// How it is counted.
    ///
    /// # Privacy
    /// As of [`price`]: the permit says it.
    #[must_use]
    pub const fn account(&self) -> Account {
        self.account
    }

    /// Its parts, one a release, in the order of the shapes.
    ///
    /// # Privacy
    /// As of [`price`].
    #[must_use]
    pub fn parts(&self) -> &[Priced] {
        &self.parts
    }
}

impl Priced {
    /// Keys, estimates and bounds of the release.
    ///
    /// # Privacy
    /// As of [`price`].
    #[must_use]
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The columns of the answer, keys first, each with its card.
    ///
    /// # Privacy
    /// As of [`price`]: mechanism, scale, sensitivity and bounds are all declared.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The numbers of persons bought besides the estimates.
    ///
    /// # Privacy
    /// As of [`price`]. A bought count decides what is hidden and is not itself released.
    #[must_use]
    pub fn bought(&self) -> Vec<Bought> {
        let persons = self.planned.iter().filter_map(|each| match each.source {
            Source::Persons(mask) => Some(Bought {
                mask,
                std_error: each.sigma(),
            }),
            Source::Estimate(_) => None,
        });
        persons.collect()
    }

    /// The noisy number of persons from which a private key is shown.
    ///
    /// # Privacy
    /// As of [`price`].
    #[must_use]
    pub fn threshold(&self) -> Option<u64> {
        threshold(&self.planned)
    }

    /// How surely a group of `persons` is shown by noise, at most, where that many are under the
    /// minimum. `None` where a threshold decides, or nothing is hidden.
    ///
    /// # Privacy
    /// As of [`price`]: it follows from the noise, not from data.
    #[must_use]
    pub fn shown_by_noise(&self, persons: u32) -> Option<f64> {
        let missing = self
            .shape
            .minimum
            .checked_sub(persons)
            .filter(|missing| *missing > 0)?;
        let scales = self.backings.iter().flatten().filter_map(|backing| {
            Some(self.planned.get(backing.measurement)?.scale / backing.unit as f64)
        });
        let scale = scales
            .reduce(f64::max)
            .filter(|_| self.threshold().is_none())?;
        let account = self.planned.first()?.account;
        passes(account, scale, missing).ok()
    }
}

/// The width of a pair of bounds in units.
pub(crate) fn width(clamp: Clamp) -> f64 {
    clamp.high().abs_diff(clamp.low()) as f64
}

/// How many units one is.
pub(crate) fn unit(clamp: Clamp) -> f64 {
    10f64.powi(i32::from(clamp.scale()))
}

fn threshold(planned: &[Planned]) -> Option<u64> {
    planned
        .iter()
        .find_map(|each| each.threshold)
        .and_then(|threshold| threshold.try_into().ok())
}

/// The columns with their cards. Scale and sensitivity are in the column's own units; for a mean
/// they are those of its centred sum, the sum of `x - (low + high) / 2`, for a spread of its
/// squares, for a quantile of rows.
fn columns(shape: &Shape, planned: &[Planned]) -> Checked<Vec<Column>> {
    let threshold = threshold(planned);
    let key = |key: &Key| {
        let role = Role::Key {
            kind: key.kind.name(),
        };
        Column {
            name: key.name.clone(),
            role,
        }
    };
    let mut columns: Vec<_> = shape.keys.iter().map(key).collect();
    for (at, estimate) in shape.estimates.iter().enumerate() {
        let own = planned
            .iter()
            .find(|each| each.source == Source::Estimate(at));
        let own = own.ok_or(DisclosureError::Mismatch)?;
        let (kind, clamp, per_unit) = match estimate.measure {
            Measure::Persons | Measure::Rows | Measure::Distinct => ("int64", None, 1.0),
            Measure::Sum(clamp) => ("float64", Some(clamp), unit(clamp)),
            Measure::Mean(clamp) => ("float64", Some(clamp), 2.0 * unit(clamp)),
            Measure::Spread(clamp, _) => ("float64", Some(clamp), 8.0 * unit(clamp).powi(2)),
            Measure::Quantile(clamp, _) => ("float64", Some(clamp), 1e3),
        };
        let mechanism = match (own.account, own.score) {
            (Account::Zcdp, None) => "discrete_gaussian",
            (Account::Basic, None) => "discrete_laplace",
            (Account::Zcdp, Some(_)) => "exponential",
            (Account::Basic, Some(_)) => "permute_and_flip",
        };
        let (groups_per_person, rows_per_person) = (own.groups, estimate.rows_per_person);
        let card = Card {
            kind,
            mechanism,
            scale: own.sigma() / per_unit,
            sensitivity: own.norm / per_unit,
            bounds: Bounds {
                groups_per_person,
                rows_per_person,
                clamp,
            },
            threshold,
        };
        columns.push(Column {
            name: estimate.name.clone(),
            role: Role::Estimate(card),
        });
    }
    Ok(columns)
}
