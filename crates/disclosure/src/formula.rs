//! Computing with released numbers: post-processing, with the error that follows.

use std::collections::BTreeMap;

use crate::cell::NORMAL_95;
use crate::table::Values;
use crate::{Cell, Checked, Column, DisclosureError, KeyValue, Number, Release, Role, Shown};

/// A number computed of a release's columns.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// A column, by its place: an estimate, or a key that is a whole number.
    Column(usize),
    /// A literal.
    Number(f64),
    /// Two numbers and what is done to them.
    Of(Operation, Box<Formula>, Box<Formula>),
}

/// What is done to two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `a + b`.
    Plus,
    /// `a - b`.
    Minus,
    /// `a * b`.
    Times,
    /// `a / b`; hidden where `b` is within three standard errors of zero.
    Over,
}

/// A number, and by how much it changes with each estimate.
struct Dual {
    value: f64,
    slopes: BTreeMap<usize, f64>,
}

impl Release {
    /// The release with one more column, computed row by row. Its standard error follows from those
    /// of the estimates in it, which have independent noise, by the delta method; its interval is
    /// that of a normal distribution.
    ///
    /// # Errors
    /// `Part`, where a column is not there or is no number.
    ///
    /// # Privacy
    /// Post-processing: it reads released numbers alone. What is hidden stays hidden in all that
    /// is computed of it.
    pub fn compute(&self, name: &str, written: &str, formula: &Formula) -> Checked<Self> {
        let cells = (0..self.rows()).map(|row| {
            let dual = formula.at(self, row)?.filter(|dual| dual.value.is_finite());
            Ok(dual.map_or(Cell::Hidden, |dual| self.shown(row, &dual)))
        });
        let cells = cells.collect::<Checked<Vec<Cell>>>()?;
        let role = Role::Computed {
            kind: "float64",
            formula: written.to_owned(),
        };
        let name = name.to_owned();
        Ok(self.with(Column { name, role }, Values::Cells(cells)))
    }

    fn shown(&self, row: usize, dual: &Dual) -> Cell {
        let parts = dual.slopes.iter().map(|(column, slope)| {
            let error = self
                .shown_at(row, *column)
                .map_or(0.0, |shown| shown.std_error);
            (slope * error).powi(2)
        });
        let std_error = parts.sum::<f64>().sqrt();
        let half = NORMAL_95 * std_error;
        Cell::Shown(Shown {
            value: Number::Real(dual.value),
            std_error,
            low95: Number::Real(dual.value - half),
            high95: Number::Real(dual.value + half),
        })
    }

    fn shown_at(&self, row: usize, column: usize) -> Option<Shown> {
        match self.cell(row, column)? {
            Cell::Shown(shown) => Some(shown),
            Cell::Hidden => None,
        }
    }
}

impl Formula {
    /// The number in a row; nothing where something in it is hidden or NULL.
    fn at(&self, release: &Release, row: usize) -> Checked<Option<Dual>> {
        let exactly = |value| Dual {
            value,
            slopes: BTreeMap::new(),
        };
        match self {
            Self::Number(value) => Ok(Some(exactly(*value))),
            Self::Column(column) => match (release.key(row, *column), release.cell(row, *column)) {
                (Some(KeyValue::Integer(value)), _) => Ok(Some(exactly(*value as f64))),
                (Some(KeyValue::Null), _) | (None, Some(Cell::Hidden)) => Ok(None),
                (None, Some(Cell::Shown(shown))) => Ok(Some(Dual {
                    value: match shown.value {
                        Number::Whole(value) => value as f64,
                        Number::Real(value) => value,
                    },
                    slopes: BTreeMap::from([(*column, 1.0)]),
                })),
                _ => Err(DisclosureError::Part("a column that is a number")),
            },
            Self::Of(operation, left, right) => {
                let (left, right) = (left.at(release, row)?, right.at(release, row)?);
                let (Some(left), Some(right)) = (left, right) else {
                    return Ok(None);
                };
                Ok(operation.of(&left, &right, release, row))
            }
        }
    }
}

impl Operation {
    fn of(self, left: &Dual, right: &Dual, release: &Release, row: usize) -> Option<Dual> {
        let (a, b) = (left.value, right.value);
        let (value, by_left, by_right) = match self {
            Self::Plus => (a + b, 1.0, 1.0),
            Self::Minus => (a - b, 1.0, -1.0),
            Self::Times => (a * b, b, a),
            Self::Over => (a / b, 1.0 / b, -a / (b * b)),
        };
        if let (Self::Over, Cell::Shown(shown)) = (self, release.shown(row, right))
            && b.abs() <= 3.0 * shown.std_error
        {
            return None;
        }
        let mut slopes = BTreeMap::new();
        for (dual, factor) in [(left, by_left), (right, by_right)] {
            for (column, slope) in &dual.slopes {
                *slopes.entry(*column).or_insert(0.0) += slope * factor;
            }
        }
        Some(Dual { value, slopes })
    }
}
