//! What a question gets: released rows, and of each column where it comes from.

use lazaret_disclosure::{Cell, Column, KeyValue, Number, Release};

use super::formula::Formula;

/// The rows of an answer, in their order, and its columns.
pub struct Answered {
    pub(super) release: Release,
    pub(super) output: Vec<Output>,
}

/// A column of an answer.
pub(super) struct Output {
    pub(super) name: String,
    pub(super) formula: Formula,
    pub(super) written: String,
}

/// Where a column comes from.
pub enum Origin<'a> {
    /// It is a released one, with its card.
    Released(&'a Column),
    /// It is computed of released ones, so.
    Computed(&'a str),
}

impl Answered {
    /// The columns, in order: their names and where they come from.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Origin<'_>)> {
        self.output.iter().map(|output| {
            let released = match output.formula {
                Formula::Column(column) => self.release.columns().nth(column),
                _ => None,
            };
            let computed = Origin::Computed(&output.written);
            (
                output.name.as_str(),
                released.map_or(computed, Origin::Released),
            )
        })
    }

    /// How many rows there are.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.release.rows()
    }

    /// A value of a key's column.
    #[must_use]
    pub fn key(&self, row: usize, column: usize) -> Option<&KeyValue> {
        match self.output.get(column)?.formula {
            Formula::Column(column) => self.release.key(row, column),
            _ => None,
        }
    }

    /// A number of another column.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        match &self.output.get(column)?.formula {
            Formula::Column(column) => self.release.cell(row, *column),
            computed => Some(computed.cell(&|column| self.number(row, column))),
        }
    }

    /// A released number and its standard error; a key's is zero.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a real number is computed of it"
    )]
    fn number(&self, row: usize, column: usize) -> Option<(f64, f64)> {
        match (
            self.release.key(row, column),
            self.release.cell(row, column),
        ) {
            (Some(KeyValue::Integer(value)), _) => Some((*value as f64, 0.0)),
            (None, Some(Cell::Shown(shown))) => match shown.value {
                Number::Whole(value) => Some((value as f64, shown.std_error)),
                Number::Real(value) => Some((value, shown.std_error)),
            },
            _ => None,
        }
    }
}
