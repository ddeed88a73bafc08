//! Quantities of the privacy account and of bounded columns, as integers: no rounding is hidden.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Malformed;

/// Digits before the point that a decimal of ours may have; more is a mistake or an attack.
const WHOLE_DIGITS_MAX: usize = 9;

/// A non-negative decimal as it was written, scaled to an integer: `digits` digits after the point.
///
/// # Errors
/// `None`, when the text is no decimal, is negative, or has more precision than `digits`.
fn scaled(text: &str, digits: i32) -> Option<u64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let plain = !all.is_empty() && all.len() <= 40 && all.bytes().all(|b| b.is_ascii_digit());
    if !plain || whole.len() > WHOLE_DIGITS_MAX || !(-40..=40).contains(&exponent) {
        return None;
    }
    let value: u128 = all.parse().ok()?;
    let shift = digits + exponent - i32::try_from(fraction.len()).ok()?;
    let power = 10u128.checked_pow(shift.unsigned_abs())?;
    let scaled = if shift >= 0 {
        value.checked_mul(power)?
    } else if value.is_multiple_of(power) {
        value / power
    } else {
        return None;
    };
    u64::try_from(scaled).ok()
}

fn write_scaled(f: &mut fmt::Formatter<'_>, value: u64, digits: u32) -> fmt::Result {
    let unit = 10u64.pow(digits);
    let fraction = format!("{:0width$}", value % unit, width = digits as usize);
    match fraction.trim_end_matches('0') {
        "" => write!(f, "{}", value / unit),
        fraction => write!(f, "{}.{fraction}", value / unit),
    }
}

macro_rules! quantity {
    (
        $(#[$doc:meta])*
        $type:ident, $field:ident, $digits:literal, $kind:literal, $expected:literal
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[derive(Serialize, Deserialize)]
        #[serde(try_from = "serde_json::Number", into = "serde_json::Number")]
        pub struct $type(u64);

        impl $type {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            /// The quantity from its ledger units.
            #[must_use]
            pub const fn $field(units: u64) -> Self {
                Self(units)
            }

            /// Ledger units.
            #[must_use]
            pub const fn units(self) -> u64 {
                self.0
            }

            /// The sum, or `None` where it would not fit.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// What is left, nothing where `other` is more.
            #[must_use]
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl FromStr for $type {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                scaled(text.trim(), $digits)
                    .map(Self)
                    .ok_or_else(|| Malformed::new($kind, text, $expected))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_scaled(f, self.0, $digits)
            }
        }

        impl TryFrom<serde_json::Number> for $type {
            type Error = Malformed;
            fn try_from(number: serde_json::Number) -> Result<Self, Malformed> {
                number.to_string().parse()
            }
        }

        impl From<$type> for serde_json::Number {
            fn from(quantity: $type) -> Self {
                // The decimal text of a quantity is a JSON number by construction.
                quantity.to_string().parse().unwrap_or_else(|_| Self::from(0))
            }
        }
    };
}

quantity!(
    /// A privacy loss epsilon in billionths.
    Epsilon, from_nano, 9, "an epsilon", "a decimal from 0 to 999999999 with at most 9 digits after the point"
);
/// The 97.5 % point of the normal distribution.
pub const NORMAL_95: f64 = 1.959_963_984_540_054;

/// How the privacy loss of many queries is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Account {
    /// Zero-concentrated differential privacy (Bun and Steinke 2016): sums of rho, discrete
    /// Gaussian noise. For many queries.
    #[default]
    Zcdp,
    /// Sums of epsilon, discrete Laplace noise. For few and precise answers.
    Basic,
}

impl Account {
    /// Within how many standard deviations 95 % of its noise is: [`NORMAL_95`], or for the Laplace
    /// distribution `ln(20) / sqrt(2)`. Of sums and ratios of several it is between the two.
    #[must_use]
    pub const fn deviations_95(self) -> f64 {
        match self {
            Self::Zcdp => NORMAL_95,
            Self::Basic => 2.118_302_605_249_42,
        }
    }

    /// Its name in a permit and on a card.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Zcdp => "zcdp",
            Self::Basic => "basic",
        }
    }
}

quantity!(
    /// A failure probability delta in units of 1e-18.
    Delta, from_atto, 18, "a delta", "a decimal below 18 with at most 18 digits after the point"
);
quantity!(
    /// What an account adds up, in units of 1e-12: rho under `zcdp`, epsilon under `basic`.
    Loss, from_pico, 12, "a privacy loss", "a decimal below 18000000 with at most 12 digits after the point"
);

/// A bound of a numeric column as an integer of `10^-scale` units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawClamp", into = "RawClamp")]
pub struct Clamp {
    low: i64,
    high: i64,
    scale: u8,
}

impl Clamp {
    /// Digits after the point that a column may keep.
    pub const SCALE_MAX: u8 = 9;
    /// The largest magnitude of a bound in units, so that sums of bounded rows fit 128 bits by far.
    pub const UNITS_MAX: i64 = 1 << 53;

    /// Bounds in units of `10^-scale`.
    ///
    /// # Errors
    /// `Malformed`, when `low` is not below `high`, or a bound or the scale is too large.
    pub fn new(low: i64, high: i64, scale: u8) -> Result<Self, Malformed> {
        let fits = |bound: i64| bound.unsigned_abs() <= Self::UNITS_MAX.unsigned_abs();
        if low < high && fits(low) && fits(high) && scale <= Self::SCALE_MAX {
            Ok(Self { low, high, scale })
        } else {
            let value = format!("[{low}, {high}] at scale {scale}");
            let expected = "low below high, both within 2^53 units, scale at most 9";
            Err(Malformed::new("a pair of bounds", &value, expected))
        }
    }

    /// The lower bound in units.
    #[must_use]
    pub const fn low(self) -> i64 {
        self.low
    }

    /// The upper bound in units.
    #[must_use]
    pub const fn high(self) -> i64 {
        self.high
    }

    /// Digits after the point.
    #[must_use]
    pub const fn scale(self) -> u8 {
        self.scale
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClamp {
    low: i64,
    high: i64,
    scale: u8,
}

impl TryFrom<RawClamp> for Clamp {
    type Error = Malformed;
    fn try_from(raw: RawClamp) -> Result<Self, Malformed> {
        Self::new(raw.low, raw.high, raw.scale)
    }
}

impl From<Clamp> for RawClamp {
    fn from(clamp: Clamp) -> Self {
        Self {
            low: clamp.low,
            high: clamp.high,
            scale: clamp.scale,
        }
    }
}

/// A signed decimal as written in a request: an integer and its digits after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// The digits as one integer.
    pub units: i64,
    /// How many of them stand after the point.
    pub scale: u8,
}

impl Decimal {
    /// The same number in units of `10^-scale`, or `None` where digits would be lost or not fit.
    #[must_use]
    pub fn at_scale(self, scale: u8) -> Option<i64> {
        let power = |digits: u8| 10i64.checked_pow(u32::from(digits));
        if scale >= self.scale {
            self.units.checked_mul(power(scale - self.scale)?)
        } else {
            let divisor = power(self.scale - scale)?;
            (self.units % divisor == 0).then(|| self.units / divisor)
        }
    }
}

impl FromStr for Decimal {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let wrong = || Malformed::new("a decimal", text, "digits with at most 9 after the point");
        let (sign, digits) = match text.trim().strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text.trim()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let all = [whole, fraction].concat();
        let plain = !all.is_empty() && all.bytes().all(|b| b.is_ascii_digit());
        let scale = u8::try_from(fraction.len()).map_err(|_| wrong())?;
        if !plain || scale > Clamp::SCALE_MAX {
            return Err(wrong());
        }
        let units: i64 = all.parse().map_err(|_| wrong())?;
        Ok(Self {
            units: sign * units,
            scale,
        })
    }
}
