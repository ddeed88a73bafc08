//! Decimals computed exactly: digits and scale, as they are written.

use crate::moment::Side;
use crate::plan::Arithmetic;

/// Digits after the point that a quotient has at most.
const QUOTIENT_SCALE_MAX: u32 = 18;
/// Digits after the point, and zeros that an exponent adds, at most.
const SCALE_MAX: i32 = 38;

/// `digits` divided by ten to the power of `scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exact {
    digits: i128,
    scale: u32,
}

impl Exact {
    /// Reads a number as JSON and FHIRPath write it; none when it has more than 38 digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse().ok()?),
            None => (text, 0_i32),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if !(-SCALE_MAX..=SCALE_MAX).contains(&scale) {
            return None;
        }
        Some(match u32::try_from(scale) {
            Ok(scale) => Self { digits, scale },
            Err(_) => Self {
                digits: digits.checked_mul(power(scale.unsigned_abs())?)?,
                scale: 0,
            },
        })
    }

    /// The result, `Some(None)` when there is none (a division by zero), none when it has more
    /// digits than can be computed with.
    pub(crate) fn compute(self, operator: Arithmetic, other: Self) -> Option<Option<Self>> {
        let scale = self.scale.max(other.scale);
        let aligned = |value: Self| value.digits.checked_mul(power(scale - value.scale)?);
        let digits = match operator {
            Arithmetic::Add => aligned(self)?.checked_add(aligned(other)?)?,
            Arithmetic::Subtract => aligned(self)?.checked_sub(aligned(other)?)?,
            Arithmetic::Multiply => {
                let scale = self.scale + other.scale;
                let digits = self.digits.checked_mul(other.digits)?;
                return Some(Some(Self { digits, scale }));
            }
            Arithmetic::Divide => return quotient(aligned(self)?, aligned(other)?),
        };
        Some(Some(Self { digits, scale }))
    }

    /// The least or greatest number that is written so when rounded.
    pub(crate) fn boundary(self, side: Side) -> Option<Self> {
        let half = if side == Side::Low { -5 } else { 5 };
        Some(Self {
            digits: self.digits.checked_mul(10)?.checked_add(half)?,
            scale: self.scale + 1,
        })
    }
}

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scale = usize::try_from(self.scale).unwrap_or_default();
        let sign = if self.digits < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits
            .split_at_checked(digits.len() - scale)
            .unwrap_or_default();
        let point = if scale == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}

/// Divides with as many digits as are needed, at most eighteen, the last one rounded.
fn quotient(over: i128, under: i128) -> Option<Option<Exact>> {
    if under == 0 {
        return Some(None);
    }
    let negative = (over < 0) != (under < 0);
    let under = under.unsigned_abs();
    let (mut digits, mut rest) = (over.unsigned_abs() / under, over.unsigned_abs() % under);
    let mut scale = 0;
    while rest != 0 && scale < QUOTIENT_SCALE_MAX {
        let next = rest.checked_mul(10)?;
        digits = digits.checked_mul(10)?.checked_add(next / under)?;
        rest = next % under;
        scale += 1;
    }
    if rest >= under.div_ceil(2) {
        digits = digits.checked_add(1)?;
    }
    let digits = i128::try_from(digits).ok()?;
    let digits = if negative { -digits } else { digits };
    Some(Some(Exact { digits, scale }))
}
