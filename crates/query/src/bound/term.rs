//! What one person's rows of one group come to, within the bounds.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::datatypes::Float64Type;
use datafusion::common::{Result, internal_datafusion_err};
use lazaret_disclosure::Measure;
use lazaret_model::Clamp;

use super::BoundEstimate;
use super::lot::{Lot, Rank};

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
    fn count(&self, mask: usize) -> i128 {
        let count = match self.argument(mask) {
            Some(argument) => self.values(argument).count(),
            None => self.rows.len(),
        };
        count as i128
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
    measure: Measure,
    mask: usize,
    rows: i128,
    /// Units of the clamp's scale in 1.
    factor: f64,
}

impl Term {
    pub(super) fn of(estimate: &BoundEstimate) -> Self {
        let scale = match estimate.measure {
            Measure::Sum(clamp) | Measure::Mean(clamp) => clamp.scale(),
            Measure::Persons | Measure::Rows => 0,
        };
        Self {
            measure: estimate.measure,
            mask: estimate.mask,
            rows: i128::from(estimate.rows_per_person),
            factor: 10f64.powi(i32::from(scale)),
        }
    }

    /// What the person's rows come to, within the bounds.
    pub(super) fn bounded(&self, rows: &Contribution<'_>, person: i64, lot: &Lot) -> [i128; 2] {
        match self.measure {
            Measure::Persons => [i128::from(rows.has(self.mask)), 0],
            Measure::Rows => [rows.count(self.mask).min(self.rows), 0],
            Measure::Sum(clamp) => [self.sum(self.units(rows, clamp), clamp), 0],
            Measure::Mean(clamp) => self.mean(self.units(rows, clamp).collect(), person, lot),
        }
    }

    /// The values in units of the clamp's scale: half to even, saturating, clamped.
    fn units(&self, rows: &Contribution<'_>, clamp: Clamp) -> impl Iterator<Item = i64> {
        let argument = rows.argument(self.mask).unwrap_or_default();
        let factor = self.factor;
        rows.values(argument).map(move |value| {
            let units = (value * factor).round_ties_even();
            #[allow(
                clippy::cast_possible_truncation,
                reason = "`as` saturates, and the clamp follows"
            )]
            let units = units as i64;
            units.clamp(clamp.low(), clamp.high())
        })
    }

    /// The person's total, moved into what `rows` bounded rows can give.
    fn sum(&self, values: impl Iterator<Item = i64>, clamp: Clamp) -> i128 {
        let mut values = values.map(i128::from).peekable();
        if values.peek().is_none() {
            return 0;
        }
        let (low, high) = (i128::from(clamp.low()), i128::from(clamp.high()));
        values
            .sum::<i128>()
            .max(low.min(low * self.rows))
            .min(high.max(high * self.rows))
    }

    /// Number and sum of at most `rows` rows, by the smallest keyed hashes of the person and their
    /// values. Rows of one value are told apart by their number, so that a value that is there
    /// often is drawn as often; they are interchangeable, so a tie cannot tell which was cut.
    fn mean(&self, mut values: Vec<i64>, person: i64, lot: &Lot) -> [i128; 2] {
        let most = usize::try_from(self.rows).unwrap_or(usize::MAX);
        if values.len() > most {
            values.sort_unstable();
            let numbered = values.chunk_by(|a, b| a == b);
            let numbered = numbered.flat_map(|same| (0u64..).zip(same.iter().copied()));
            let drawn =
                numbered.map(|(at, value)| lot.draw(person, value.cast_unsigned(), at, value));
            let mut drawn: Vec<Rank<i64>> = drawn.collect();
            drawn.sort_unstable();
            values = drawn
                .into_iter()
                .take(most)
                .map(|(_, value)| value)
                .collect();
        }
        let sum = values.iter().copied().map(i128::from).sum();
        [values.len() as i128, sum]
    }
}
