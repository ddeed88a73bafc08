//! Computing with released numbers: post-processing, with the error that follows.

use std::collections::BTreeMap;

use lazaret_disclosure::{Cell, Number, Shown};

/// A number computed of a release's columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Formula {
    /// A column, by its place: an estimate, or a key.
    Column(usize),
    /// A literal.
    Number(f64),
    /// Two numbers and what is done to them.
    Of(Operation, Box<Self>, Box<Self>),
}

/// What is done to two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Plus,
    Minus,
    Times,
    /// Hidden where the divisor is within three standard errors of zero.
    Over,
}

/// A released number.
pub(super) struct Told {
    pub(super) value: f64,
    /// Zero for a key.
    pub(super) std_error: f64,
    /// Release, row and column: a number that is read twice has the same noise twice.
    pub(super) of: [usize; 3],
}

/// A row: of each column its number; nothing where it is hidden, NULL or no number.
pub(super) type Row<'a> = &'a dyn Fn(usize) -> Option<Told>;

/// A number, and for each estimate in it by how much it changes with that, and its standard error.
struct Dual {
    value: f64,
    slopes: BTreeMap<[usize; 3], (f64, f64)>,
}

impl Formula {
    /// The number in a row. Its standard error follows from those of the estimates in it, which
    /// have independent noise, by the delta method; its interval is `width` of them to each side.
    /// What is hidden stays hidden in all that is computed of it.
    pub(super) fn cell(&self, row: Row<'_>, width: f64) -> Cell {
        let dual = self.at(row).filter(|dual| dual.value.is_finite());
        let Some(dual) = dual else {
            return Cell::Hidden;
        };
        let std_error = dual.error();
        let half = width * std_error;
        Cell::Shown(Shown {
            value: Number::Real(dual.value),
            std_error,
            low95: Number::Real(dual.value - half),
            high95: Number::Real(dual.value + half),
        })
    }

    /// As it was written, with the columns' names.
    pub(super) fn written(&self, name: &dyn Fn(usize) -> String) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Column(column) => name(*column),
            Self::Of(operation, left, right) => {
                let sign = match operation {
                    Operation::Plus => '+',
                    Operation::Minus => '-',
                    Operation::Times => '*',
                    Operation::Over => '/',
                };
                format!("({} {sign} {})", left.written(name), right.written(name))
            }
        }
    }

    fn at(&self, row: Row<'_>) -> Option<Dual> {
        match self {
            Self::Number(value) => Some(Dual {
                value: *value,
                slopes: BTreeMap::new(),
            }),
            Self::Column(column) => {
                let told = row(*column)?;
                Some(Dual {
                    value: told.value,
                    slopes: BTreeMap::from([(told.of, (1.0, told.std_error))]),
                })
            }
            Self::Of(operation, left, right) => {
                let (left, right) = (left.at(row)?, right.at(row)?);
                let over = *operation == Operation::Over;
                let nothing = over && right.value.abs() <= 3.0 * right.error();
                (!nothing).then(|| operation.of(&left, &right))
            }
        }
    }
}

impl Dual {
    fn error(&self) -> f64 {
        let parts = self.slopes.values().map(|(slope, error)| slope * error);
        parts.map(|part| part * part).sum::<f64>().sqrt()
    }
}

impl Operation {
    fn of(self, left: &Dual, right: &Dual) -> Dual {
        let (a, b) = (left.value, right.value);
        let (value, by_left, by_right) = match self {
            Self::Plus => (a + b, 1.0, 1.0),
            Self::Minus => (a - b, 1.0, -1.0),
            Self::Times => (a * b, b, a),
            Self::Over => (a / b, 1.0 / b, -a / (b * b)),
        };
        let mut slopes = BTreeMap::new();
        for (dual, factor) in [(left, by_left), (right, by_right)] {
            for (of, (slope, error)) in &dual.slopes {
                slopes.entry(*of).or_insert((0.0, *error)).0 += slope * factor;
            }
        }
        Dual { value, slopes }
    }
}

#[cfg(test)]
mod tests {
    use lazaret_model::NORMAL_95;

    use super::*;

    fn of(operation: Operation, left: Formula, right: Formula) -> Formula {
        Formula::Of(operation, left.into(), right.into())
    }

    fn told(column: usize, value: f64, std_error: f64) -> Option<Told> {
        Some(Told {
            value,
            std_error,
            of: [0, 0, column],
        })
    }

    fn real(number: Number) -> f64 {
        match number {
            Number::Real(value) => value,
            Number::Whole(_) => panic!("a real number is computed"),
        }
    }

    /// Points of a normal distribution: sums of twelve even numbers of a fixed sequence.
    fn normal(seed: &mut u64) -> f64 {
        let mut even = || {
            *seed = seed
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            (*seed >> 11) as f64 / (1u64 << 53) as f64
        };
        (0..12).map(|_| even()).sum::<f64>() - 6.0
    }

    #[test]
    fn intervals_of_what_is_computed_hold_the_truth() {
        let (all, some) = (|| Formula::Column(0), || Formula::Column(1));
        let share = of(Operation::Over, some(), all());
        let cases = [
            (of(Operation::Times, Formula::Number(100.0), share), 25.0),
            (of(Operation::Minus, all(), some()), 3_000.0),
            (of(Operation::Times, all(), some()), 4e6),
            (of(Operation::Plus, all(), all()), 8_000.0),
        ];
        let mut seed = 7;
        for (formula, truth) in cases {
            let holds = (0..2_000).filter(|_| {
                let drawn = [
                    4_000.0 + 60.0 * normal(&mut seed),
                    1_000.0 + 90.0 * normal(&mut seed),
                ];
                let row = |column: usize| told(column, drawn[column], [60.0, 90.0][column]);
                let Cell::Shown(shown) = formula.cell(&row, NORMAL_95) else {
                    panic!("shown")
                };
                real(shown.low95) <= truth && truth <= real(shown.high95)
            });
            let share = holds.count() as f64 / 2_000.0;
            assert!((0.93..0.97).contains(&share), "{truth}: {share}");
        }
    }

    #[test]
    fn what_says_nothing_is_hidden() {
        let column = Formula::Column;
        let row = |column: usize| match column {
            0 => told(0, 1_000.0, 40.0),
            1 => told(1, 100.0, 40.0),
            2 => told(2, 1_990.0, 0.0),
            _ => None,
        };
        let hidden = [
            of(Operation::Over, column(0), column(1)),
            of(
                Operation::Over,
                column(0),
                of(Operation::Minus, column(0), column(0)),
            ),
            of(Operation::Over, column(0), Formula::Number(0.0)),
            of(Operation::Plus, column(0), column(3)),
            of(Operation::Times, Formula::Number(f64::MAX), column(0)),
        ];
        for formula in hidden {
            assert_eq!(formula.cell(&row, NORMAL_95), Cell::Hidden, "{formula:?}");
        }
        let year = of(Operation::Minus, column(2), Formula::Number(1_900.0));
        let Cell::Shown(shown) = year.cell(&row, NORMAL_95) else {
            panic!("a key is exact")
        };
        assert_eq!((real(shown.value), shown.std_error), (90.0, 0.0));
        assert_eq!(year.written(&|_| "year".to_owned()), "(year - 1900)");
    }
}
