//! What one person's rows of one group come to, within the bounds.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::{Result, internal_datafusion_err};
use lazaret_disclosure::Measure;
use lazaret_model::Clamp;

use super::BoundEstimate;
use super::lot::{Lot, Name, Rank, start};
use crate::functions::in_units;

/// An argument column: numbers, or whether an expression is there.
pub(super) enum Argument<'a> {
    Number(&'a Float64Array),
    Present(&'a BooleanArray),
}

impl<'a> Argument<'a> {
    pub(super) fn of(column: &'a ArrayRef) -> Result<Self> {
        if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
            return Ok(Self::Number(numbers));
        }
        match column.as_boolean_opt() {
            Some(present) => Ok(Self::Present(present)),
            None => Err(internal_datafusion_err!(
                "an argument is a number or a truth value"
            )),
        }
    }

    /// Adds the numbers, or 1 for presence; NaN where there is none, or no number.
    pub(super) fn append(&self, rows: Range<usize>, to: &mut Vec<f64>) {
        match self {
            Self::Number(numbers) if numbers.null_count() == 0 => {
                to.extend_from_slice(numbers.values().get(rows).unwrap_or_default());
            }
            Self::Number(numbers) => to.extend(rows.map(|row| {
                let valid = numbers.is_valid(row);
                if valid { numbers.value(row) } else { f64::NAN }
            })),
            Self::Present(present) => to.extend(rows.map(|row| {
                let there = present.is_valid(row) && present.value(row);
                if there { 1.0 } else { f64::NAN }
            })),
        }
    }
}

/// The rows of one person in one group.
pub(super) struct Contribution<'a> {
    pub(super) rows: &'a [usize],
    pub(super) arguments: &'a [Vec<f64>],
    pub(super) masks: &'a [Option<usize>],
}

impl Contribution<'_> {
    fn argument(&self, mask: usize) -> Option<&[f64]> {
        let argument = self.masks.get(mask).copied().flatten()?;
        self.arguments.get(argument).map(Vec::as_slice)
    }

    /// Whether a row counts.
    pub(super) fn has(&self, mask: usize) -> bool {
        match self.argument(mask) {
            Some(argument) => self.values(argument).next().is_some(),
            None => !self.rows.is_empty(),
        }
    }

    /// How many rows count.
    fn count(&self, mask: usize) -> usize {
        match self.argument(mask) {
            Some(argument) => self.values(argument).count(),
            None => self.rows.len(),
        }
    }

    /// The values that are there.
    fn values<'v>(&'v self, argument: &'v [f64]) -> impl Iterator<Item = f64> + 'v {
        let values = self
            .rows
            .iter()
            .filter_map(|row| argument.get(*row).copied());
        values.filter(|value| !value.is_nan())
    }
}

/// An estimate, ready to be computed.
pub(super) struct Term {
    pub(super) measure: Measure,
    pub(super) mask: usize,
    pub(super) rows: usize,
    /// Units of the clamp's scale in 1.
    factor: f64,
    /// How many sums it has.
    pub(super) numbers: usize,
}

impl Term {
    pub(super) fn of(estimate: &BoundEstimate) -> Self {
        let scale = match estimate.measure {
            Measure::Sum(clamp)
            | Measure::Mean(clamp)
            | Measure::Spread(clamp, _)
            | Measure::Quantile(clamp, _) => clamp.scale(),
            Measure::Persons | Measure::Rows | Measure::Distinct => 0,
        };
        Self {
            measure: estimate.measure,
            mask: estimate.mask,
            rows: usize::try_from(estimate.rows_per_person).unwrap_or(usize::MAX),
            factor: 10f64.powi(i32::from(scale)),
            numbers: estimate.measure.numbers(),
        }
    }

    /// Adds what the person's rows come to, within the bounds.
    pub(super) fn add(&self, rows: &Contribution<'_>, person: i64, lot: &Lot, to: &mut [i128]) {
        match (self.measure, to) {
            (Measure::Persons, [count]) => *count += i128::from(rows.has(self.mask)),
            (Measure::Rows, [count]) => *count += rows.count(self.mask).min(self.rows) as i128,
            (Measure::Sum(clamp), [sum]) if rows.has(self.mask) => {
                let total = self.units(rows, clamp).map(i128::from).sum();
                *sum += moved(total, clamp, self.rows);
            }
            (Measure::Mean(clamp), [count, sum]) => {
                let kept = self.kept(self.units(rows, clamp).collect(), person, lot);
                *count += kept.len() as i128;
                *sum += kept.into_iter().map(i128::from).sum::<i128>();
            }
            (Measure::Spread(clamp, _), [count, sum, squares]) => {
                let kept = self.kept(self.units(rows, clamp).collect(), person, lot);
                *count += kept.len() as i128;
                for value in kept {
                    let ends = i128::from(clamp.low()) + i128::from(clamp.high());
                    let centred = 2 * i128::from(value) - ends;
                    *sum += centred;
                    *squares += centred * centred;
                }
            }
            (Measure::Quantile(clamp, _), counts) => {
                for value in self.kept(self.units(rows, clamp).collect(), person, lot) {
                    if let Some(count) = counts.get_mut(Measure::candidate(clamp, value)) {
                        *count += 1;
                    }
                }
            }
            _ => {}
        }
    }

    /// The values in units of the clamp's scale.
    fn units(&self, rows: &Contribution<'_>, clamp: Clamp) -> impl Iterator<Item = i64> {
        let argument = rows.argument(self.mask).unwrap_or_default();
        let per_one = self.factor;
        rows.values(argument)
            .map(move |value| in_units(value, per_one, clamp))
    }

    /// At most `rows` values, by the smallest keyed hashes of the person and the values. Rows of
    /// one value are told apart by their number, so that a value that is there often is drawn as
    /// often; they are interchangeable, so a tie cannot tell which was cut.
    fn kept(&self, mut values: Vec<i64>, person: i64, lot: &Lot) -> Vec<i64> {
        if values.len() <= self.rows {
            return values;
        }
        values.sort_unstable();
        let numbered = values.chunk_by(|a, b| a == b);
        let numbered = numbered.flat_map(|same| (0u64..).zip(same.iter().copied()));
        let drawn = numbered.map(|(at, value)| lot.draw(person, value.cast_unsigned(), at, value));
        smallest(drawn.collect(), self.rows)
    }

    /// At most `rows` different values of the person, by their numbers: those with the smallest
    /// keyed hashes of the person and the values.
    pub(super) fn different(
        &self,
        rows: &Contribution<'_>,
        person: i64,
        lot: &Lot,
        names: &[Name],
    ) -> Vec<u64> {
        let argument = rows.argument(self.mask).unwrap_or_default();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "numbers of values, whole and fewer than 2^53"
        )]
        let mut values: Vec<u64> = rows.values(argument).map(|value| value as u64).collect();
        values.sort_unstable();
        values.dedup();
        if values.len() <= self.rows {
            return values;
        }
        let name = |value: u64| {
            let name = usize::try_from(value)
                .ok()
                .and_then(|value| names.get(value));
            name.copied().unwrap_or_default()
        };
        let drawn = values.iter().map(|value| {
            let (hash, name) = lot.draw(person, start(&name(*value)), 0, name(*value));
            (hash, (name, *value))
        });
        let kept = smallest(drawn.collect(), self.rows);
        kept.into_iter().map(|(_, value)| value).collect()
    }
}

/// A person's total, moved into what so many bounded rows can give.
pub(super) fn moved(total: i128, clamp: Clamp, rows: usize) -> i128 {
    let (low, high, rows) = (
        i128::from(clamp.low()),
        i128::from(clamp.high()),
        rows as i128,
    );
    total.max(low.min(low * rows)).min(high.max(high * rows))
}

/// Those that are drawn first.
fn smallest<T: Ord>(mut drawn: Vec<Rank<T>>, most: usize) -> Vec<T> {
    drawn.sort_unstable();
    drawn.truncate(most);
    drawn.into_iter().map(|(_, value)| value).collect()
}
