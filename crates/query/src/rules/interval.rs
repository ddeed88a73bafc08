//! Bounds of computed numbers, by interval arithmetic over the bounds of their parts.
//!
//! What follows here sets the noise, so it may be too wide and never too narrow; values outside are
//! clamped all the same. Where a bound does not fit, there is none.

use datafusion::logical_expr::Operator;
use lazaret_model::{Clamp, Decimal};

/// Numbers from `low` to `high`, in units of `10^-scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    low: i64,
    high: i64,
    scale: u8,
}

/// Digits that a quotient keeps beyond those of its dividend.
const DIGITS_OF_A_QUOTIENT: u8 = 4;

impl Interval {
    pub(crate) const fn whole(low: i64, high: i64) -> Self {
        Self {
            low,
            high,
            scale: 0,
        }
    }

    pub(super) const fn point(number: Decimal) -> Self {
        Self {
            low: number.units,
            high: number.units,
            scale: number.scale,
        }
    }

    /// The bounds as they set the noise; a single number is given zero as its other end.
    pub(super) fn clamp(self) -> Option<Clamp> {
        let (low, high) = match self.low == self.high {
            true => (self.low.min(0), self.high.max(0).max(self.low.min(0) + 1)),
            false => (self.low, self.high),
        };
        Clamp::new(low, high, self.scale).ok()
    }

    /// Both, at one scale.
    fn align(self, other: Self) -> Option<(Self, Self)> {
        let scale = self.scale.max(other.scale);
        Some((self.at(scale)?, other.at(scale)?))
    }

    fn at(self, scale: u8) -> Option<Self> {
        let units = |units| {
            let scale_now = self.scale;
            Decimal {
                units,
                scale: scale_now,
            }
            .at_scale(scale)
        };
        Some(Self {
            low: units(self.low)?,
            high: units(self.high)?,
            scale,
        })
    }

    /// The smallest interval around both.
    pub(super) fn hull(self, other: Self) -> Option<Self> {
        let (a, b) = self.align(other)?;
        Some(Self {
            low: a.low.min(b.low),
            high: a.high.max(b.high),
            scale: a.scale,
        })
    }

    /// Where `self op other` lies.
    pub(super) fn with(self, op: Operator, other: Self) -> Option<Self> {
        match op {
            Operator::Plus => {
                let (a, b) = self.align(other)?;
                Some(Self {
                    low: a.low.checked_add(b.low)?,
                    high: a.high.checked_add(b.high)?,
                    scale: a.scale,
                })
            }
            Operator::Minus => self.with(Operator::Plus, other.negative()?),
            Operator::Multiply => {
                let ends = [
                    self.low.checked_mul(other.low)?,
                    self.low.checked_mul(other.high)?,
                    self.high.checked_mul(other.low)?,
                    self.high.checked_mul(other.high)?,
                ];
                let scale = self.scale.checked_add(other.scale)?;
                Some(Self {
                    low: ends.into_iter().min()?,
                    high: ends.into_iter().max()?,
                    scale,
                })
            }
            Operator::Divide if other.low > 0 => {
                let scale = self
                    .scale
                    .checked_add(DIGITS_OF_A_QUOTIENT)?
                    .min(Clamp::SCALE_MAX);
                let (a, b) = (self.at(scale.max(self.scale))?, other);
                let factor = 10i64.checked_pow(u32::from(b.scale))?;
                let (low, high) = (a.low.checked_mul(factor)?, a.high.checked_mul(factor)?);
                let ends = [
                    low.div_euclid(b.low),
                    low.div_euclid(b.high),
                    high.div_euclid(b.low).checked_add(1)?,
                    high.div_euclid(b.high).checked_add(1)?,
                ];
                Some(Self {
                    low: ends.into_iter().min()?,
                    high: ends.into_iter().max()?,
                    scale: a.scale,
                })
            }
            _ => None,
        }
    }

    pub(super) fn negative(self) -> Option<Self> {
        Some(Self {
            low: self.high.checked_neg()?,
            high: self.low.checked_neg()?,
            scale: self.scale,
        })
    }
}

impl From<Clamp> for Interval {
    fn from(clamp: Clamp) -> Self {
        Self {
            low: clamp.low(),
            high: clamp.high(),
            scale: clamp.scale(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn intervals() -> impl Strategy<Value = Interval> {
        (-1000i64..1000, 0i64..1000, 0u8..3).prop_map(|(low, width, scale)| Interval {
            low,
            high: low + width,
            scale,
        })
    }

    proptest! {
        #[test]
        fn what_is_computed_lies_within(
            a in intervals(),
            b in intervals(),
            at in (0.0..=1.0, 0.0..=1.0),
        ) {
            let unit = |interval: Interval| 10f64.powi(i32::from(interval.scale));
            let value = |interval: Interval, at: f64| {
                let (low, high) = (interval.low as f64, interval.high as f64);
                (low + at * (high - low)) / unit(interval)
            };
            let (x, y) = (value(a, at.0), value(b, at.1));
            for (op, exact) in [
                (Operator::Plus, x + y),
                (Operator::Minus, x - y),
                (Operator::Multiply, x * y),
                (Operator::Divide, x / y),
            ] {
                let Some(found) = a.with(op, b) else {
                    prop_assert!(op == Operator::Divide && b.low <= 0);
                    continue;
                };
                let (low, high) = (found.low as f64, found.high as f64);
                let slack = 1e-9 * unit(found).max(1.0);
                let exact = exact * unit(found);
                prop_assert!(low - slack <= exact && exact <= high + slack, "{op} {found:?}");
            }
        }
    }
}
