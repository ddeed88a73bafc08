//! How precise an answer is to be: by what it may cost, or at what it costs.

use std::f64::consts::SQRT_2;
use std::fmt;
use std::str::FromStr;

use lazaret_disclosure::{Card, Estimate, Measure, Price, Priced, Role, Shape, price};
use lazaret_model::{Clamp, Decimal, Epsilon, NORMAL_95, Refusal, RefusalCode};
use lazaret_permit::Policy;

use crate::rules::not_private;

/// The steepest that a variance depends on its three coordinates, each 1 at most.
const WORST_SLOPE: f64 = 2.55;
/// Persons at which an accuracy is meant where none are stated.
const PERSONS_STATED: u64 = 1_000;
/// What an epsilon is a multiple of when it is solved for: a ten-thousandth.
const STEP_NANO: u64 = 100_000;

/// What a question wants of its answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Precision {
    /// The privacy loss that this query alone may cause.
    Epsilon(Epsilon),
    /// However little it takes to come so close.
    Within(Accuracy),
}

/// How close an answer comes: half of a 95 % interval, at a number of persons with a row each. For
/// a count it is a part of that number, for a sum of the most that so many can add up to, for all
/// else of the width of the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accuracy {
    millionths: u32,
    persons: u64,
}

impl fmt::Display for Accuracy {
    /// As it is read: `0.5%@2000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.millionths / 10_000, self.millionths % 10_000);
        write!(f, "{whole}.{rest:04}%@{}", self.persons)
    }
}

/// The standard error an estimate will have, in its own units; that of a mean at a group of
/// `rows` rows, at the worst place between its bounds; that of a quantile where values are
/// spread evenly between them. `None` where there is no such estimate.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "of bounds within 2^53")]
pub fn std_error(priced: &Priced, estimate: usize, rows: u64) -> Option<f64> {
    let shape = priced.shape();
    let measure = shape.estimates.get(estimate)?.measure;
    let column = priced.columns().get(shape.keys.len() + estimate)?;
    let Role::Estimate(Card { scale, .. }) = column.role else {
        return None;
    };
    let rows = rows.max(1) as f64;
    let width = |clamp: Clamp| {
        let units = clamp.high().abs_diff(clamp.low()) as f64;
        units / 10f64.powi(i32::from(clamp.scale()))
    };
    Some(match measure {
        Measure::Persons | Measure::Rows | Measure::Distinct | Measure::Sum(_) => scale,
        Measure::Mean(clamp) => (scale * SQRT_2 / rows).min(width(clamp) / 2.0),
        Measure::Spread(clamp, spread) => {
            let half = width(clamp) / 2.0;
            let part = (2.0 * scale / (half * half) / rows * WORST_SLOPE).min(1.0);
            // A deviation's error is told where it is half of the largest.
            part * if spread.root { half } else { half * half }
        }
        Measure::Quantile(clamp, _) => {
            let far = (measure.numbers() as f64 / 0.025).ln() * scale;
            (2.0 * far / rows).min(0.5) / NORMAL_95 * width(clamp)
        }
    })
}

impl FromStr for Accuracy {
    type Err = String;

    /// Reads `5%` or `0.5%@2000`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "an accuracy is a percentage and maybe a number of persons: 5% or 5%@1000".to_owned()
        };
        let (percent, persons) = match text.trim().split_once('@') {
            Some((percent, persons)) => (percent, persons.trim().parse().map_err(|_| wrong())?),
            None => (text.trim(), PERSONS_STATED),
        };
        let percent = percent.trim().strip_suffix('%').ok_or_else(wrong)?;
        let percent: Decimal = percent.parse().map_err(|_| wrong())?;
        let part = percent
            .at_scale(4)
            .filter(|part| (1..=1_000_000).contains(part));
        let part = part
            .and_then(|part| u32::try_from(part).ok())
            .ok_or_else(wrong)?;
        if !(1..=1_000_000_000).contains(&persons) {
            return Err(wrong());
        }
        Ok(Self {
            millionths: part,
            persons,
        })
    }
}

impl Precision {
    /// The persons at which precision is told.
    pub(super) const fn persons(self) -> u64 {
        match self {
            Self::Epsilon(_) => PERSONS_STATED,
            Self::Within(accuracy) => accuracy.persons,
        }
    }

    /// The price of a query's releases at this precision.
    ///
    /// # Errors
    /// A refusal, where the permit's maximum a query does not go so far.
    pub(super) fn price(self, shapes: &[Shape], policy: &Policy) -> Result<Price, Refusal> {
        let most = policy.epsilon_per_query_max;
        let priced = |epsilon: Epsilon| {
            let priced = price(shapes, policy.account, epsilon, policy.delta);
            priced.map_err(|error| not_private(error.to_string()))
        };
        let too_dear = |reason: String| {
            Refusal::new(RefusalCode::Budget, reason).clause("policy.output.dp.epsilonPerQueryMax")
        };
        match self {
            Self::Epsilon(epsilon) if epsilon > most => Err(too_dear(format!(
                "epsilon {epsilon} is over the permit's maximum a query, {most}"
            ))),
            Self::Epsilon(epsilon) => priced(epsilon),
            Self::Within(accuracy) => {
                let best = priced(most)?;
                let share = accuracy.reached(&best);
                if share > accuracy.share() {
                    let reason = format!(
                        "the permit's maximum a query, epsilon {most}, comes within {:.3} % at {} \
                         persons, not within {} %",
                        100.0 * share,
                        accuracy.persons,
                        100.0 * accuracy.share()
                    );
                    let hint = "fewer columns, tighter bounds, or more persons";
                    return Err(too_dear(reason).hint(hint));
                }
                accuracy.least(best, &priced)
            }
        }
    }
}

impl Accuracy {
    /// The least price that comes so close, `best` being one that does.
    fn least(
        self,
        best: Price,
        priced: &dyn Fn(Epsilon) -> Result<Price, Refusal>,
    ) -> Result<Price, Refusal> {
        let (mut low, mut high) = (0, best.epsilon().units().div_ceil(STEP_NANO));
        let mut found = best;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            // What is too small to be priced is not close enough either.
            match priced(Epsilon::from_nano(middle * STEP_NANO)) {
                Ok(priced) if self.reached(&priced) <= self.share() => {
                    (found, high) = (priced, middle);
                }
                _ => low = middle,
            }
        }
        Ok(found)
    }

    /// How close, as a part of the whole.
    fn share(self) -> f64 {
        f64::from(self.millionths) / 1e6
    }

    /// How close all estimates come.
    fn reached(self, price: &Price) -> f64 {
        let width = price.account().deviations_95();
        let each = price.parts().iter().flat_map(|part| {
            let estimates = part.shape().estimates.iter().enumerate();
            estimates.map(move |(at, estimate)| {
                let error = std_error(part, at, self.persons).unwrap_or(f64::INFINITY);
                width * error / self.whole(estimate)
            })
        });
        each.fold(0.0, f64::max)
    }

    /// What a part is meant of.
    #[allow(clippy::cast_precision_loss, reason = "of bounds within 2^53")]
    fn whole(self, estimate: &Estimate) -> f64 {
        let persons = self.persons as f64;
        let unit = |scale: u8| 10f64.powi(i32::from(scale));
        match estimate.measure {
            Measure::Persons | Measure::Rows | Measure::Distinct => persons,
            Measure::Sum(clamp) => {
                let largest = clamp.low().unsigned_abs().max(clamp.high().unsigned_abs());
                persons * largest as f64 / unit(clamp.scale())
            }
            Measure::Mean(clamp) | Measure::Quantile(clamp, _) => {
                clamp.high().abs_diff(clamp.low()) as f64 / unit(clamp.scale())
            }
            Measure::Spread(clamp, spread) => {
                let half = clamp.high().abs_diff(clamp.low()) as f64 / unit(clamp.scale()) / 2.0;
                if spread.root { half } else { half * half }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracies_are_read_as_people_write_them() {
        let read = |text: &str| {
            text.parse::<Accuracy>()
                .ok()
                .map(|a| (a.millionths, a.persons))
        };
        assert_eq!(read("5%"), Some((50_000, 1_000)));
        assert_eq!(read(" 0.25 % @ 20000 "), Some((2_500, 20_000)));
        let written = "0.25%@20000".parse::<Accuracy>().unwrap().to_string();
        assert_eq!(read(&written), Some((2_500, 20_000)));
        for wrong in [
            "5", "%", "5%@", "5%@0", "0%", "101%", "-1%", "5%@1e3", "5@1000%", "",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
