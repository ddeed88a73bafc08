//! The scalar functions a query may call on records, and our own `clamp`.

mod bucket;
mod total;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Column, Result, plan_datafusion_err, plan_err};
use datafusion::functions::{core, datetime, string, unicode};
use datafusion::functions_window::{lead_lag, nth_value, rank, row_number};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility, WindowUDF,
};
use datafusion::scalar::ScalarValue;
use lazaret_model::Clamp as Bounds;

pub(crate) use self::bucket::{Buckets, WIDTH_BUCKET};
pub(crate) use self::total::{Arithmetic, FINITE, Total, is_safe, is_text};
use crate::rules::decimal;

/// The name of the function that bounds a number.
pub(crate) const CLAMP: &str = "clamp";

/// Units in which a clamped range is resolved when the request names no scale: rounding then moves
/// a value by at most a 20,000th of the range.
const STEPS_MIN: i64 = 10_000;

/// Every function here is total: it gives a value or NULL, and its result is no longer than its
/// arguments, whatever the rows hold. Arguments that could make it fail must be literals
/// ([`crate::rules`] checks that).
pub(crate) fn allowed() -> Vec<Arc<ScalarUDF>> {
    let numbers = ["abs", "ceil", "exp", "floor", "ln", "round", "sqrt"].map(total::Real::of);
    let others = [
        Arc::new(ScalarUDF::from(Clamp::new())),
        Arc::new(ScalarUDF::from(bucket::WidthBucket::new())),
        core::coalesce(),
        core::nullif(),
        datetime::date_part(),
        string::lower(),
        string::upper(),
        string::starts_with(),
        unicode::character_length(),
        unicode::left(),
    ];
    numbers.into_iter().chain(others).collect()
}

/// A part of an expression as people write it, its own parts being that already.
pub(crate) fn plain(part: Expr) -> Expr {
    match part {
        Expr::Literal(value, _) => {
            let text = value.try_as_str().flatten().map(|text| format!("'{text}'"));
            Expr::Column(Column::new_unqualified(
                text.unwrap_or_else(|| value.to_string()),
            ))
        }
        Expr::Cast(cast) => *cast.expr,
        Expr::TryCast(cast) => *cast.expr,
        Expr::Alias(alias) => *alias.expr,
        Expr::ScalarFunction(function) => total::plain(function),
        part => part,
    }
}

/// Window functions: of one person's rows each ([`crate::rules`] checks that).
pub(crate) fn windows() -> Vec<Arc<WindowUDF>> {
    vec![
        row_number::row_number_udwf(),
        rank::rank_udwf(),
        rank::dense_rank_udwf(),
        lead_lag::lag_udwf(),
        lead_lag::lead_udwf(),
        nth_value::first_value_udwf(),
    ]
}

/// The bounds that `clamp(x, lo, hi[, scale])` declares, read from its literals.
///
/// # Errors
/// The text of a refusal, when they are no literals or no bounds.
pub(crate) fn declared_bounds(args: &[Expr]) -> Result<Bounds, String> {
    let plain = "the bounds of clamp must be plain numbers such as 40 or -2.5";
    let decimal = |expr: &Expr| decimal(expr).ok_or(plain);
    let (low, high, scale) = match args {
        [_, low, high] => (decimal(low)?, decimal(high)?, None),
        [_, low, high, scale] => (decimal(low)?, decimal(high)?, Some(decimal(scale)?)),
        _ => return Err("clamp takes a value, a low bound, a high bound and maybe a scale".into()),
    };
    let digits = low.scale.max(high.scale);
    let at = |scale: u8| Some((low.at_scale(scale)?, high.at_scale(scale)?));
    let scale = match scale {
        Some(scale) => scale
            .at_scale(0)
            .and_then(|s| u8::try_from(s).ok())
            .unwrap_or(u8::MAX),
        None => (digits..Bounds::SCALE_MAX)
            .find(|scale| at(*scale).is_some_and(|(l, h)| h.saturating_sub(l) >= STEPS_MIN))
            .unwrap_or(digits),
    };
    let (low, high) = at(scale).ok_or("the bounds of clamp do not fit its scale")?;
    Bounds::new(low, high, scale).map_err(|error| error.to_string())
}

/// `clamp(x, lo, hi[, scale])`: `x` moved into `[lo, hi]` and rounded to units of its scale. Inside
/// SUM and AVG its literals are the bounds that set the noise.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Clamp {
    signature: Signature,
}

impl Clamp {
    fn new() -> Self {
        let number = DataType::Float64;
        let three = TypeSignature::Exact(vec![number.clone(); 3]);
        let four = TypeSignature::Exact(vec![number; 4]);
        Self {
            signature: Signature::one_of(vec![three, four], Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Clamp {
    fn name(&self) -> &str {
        CLAMP
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let bounds =
            declared_bounds(&literals(&args)).map_err(|why| plan_datafusion_err!("{why}"))?;
        let per_one = 10f64.powi(i32::from(bounds.scale()));
        #[allow(clippy::cast_precision_loss, reason = "bounds are within 2^53 units")]
        let clamped = |value: f64| in_units(value, per_one, bounds) as f64 / per_one;
        let values = numbers(&args)?;
        let clamped = values
            .iter()
            .map(|v| v.filter(|v| !v.is_nan()).map(clamped));
        Ok(ColumnarValue::Array(
            Arc::new(clamped.collect::<Float64Array>()) as ArrayRef,
        ))
    }
}

/// The arguments as they were written, NULL in place of a column.
fn literals(args: &ScalarFunctionArgs) -> Vec<Expr> {
    let literal = |arg: &ColumnarValue| match arg {
        ColumnarValue::Scalar(value) => Expr::Literal(value.clone(), None),
        ColumnarValue::Array(_) => Expr::Literal(ScalarValue::Null, None),
    };
    args.args.iter().map(literal).collect()
}

/// The first argument, which the signature makes floating point numbers.
fn numbers(args: &ScalarFunctionArgs) -> Result<Float64Array> {
    let Some(value) = args.args.first() else {
        return plan_err!("an argument is missing");
    };
    let values = value.to_array(args.number_rows)?;
    match values.as_primitive_opt::<Float64Type>() {
        Some(values) => Ok(values.clone()),
        None => plan_err!("numbers are wanted"),
    }
}

/// `x` in whole units of `10^-scale` within its bounds: half to even, NULL for what is no number.
/// The name cannot be called: it is not among [`allowed`].
pub(crate) fn units(x: Expr, bounds: Bounds) -> Expr {
    let signature = Signature::exact(vec![DataType::Float64], Volatility::Immutable);
    ScalarUDF::from(Units { bounds, signature }).call(vec![x])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Units {
    bounds: Bounds,
    signature: Signature,
}

impl ScalarUDFImpl for Units {
    fn name(&self) -> &'static str {
        "units"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let per_one = 10f64.powi(i32::from(self.bounds.scale()));
        let units = |value: f64| (!value.is_nan()).then(|| in_units(value, per_one, self.bounds));
        let units = numbers(&args)?
            .iter()
            .map(|value| value.and_then(units))
            .collect::<Int64Array>();
        Ok(ColumnarValue::Array(Arc::new(units)))
    }
}

/// A number in units of its bounds' scale: half to even, saturating, clamped.
pub(crate) fn in_units(value: f64, per_one: f64, bounds: Bounds) -> i64 {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and the clamp follows"
    )]
    let units = half_to_even(value * per_one) as i64;
    units.clamp(bounds.low(), bounds.high())
}

/// `round_ties_even`, which is a call where the processor is not known to round: a number this
/// large has no room for a fraction, so what is added to it is rounded to a whole number, half to
/// even as all arithmetic is, and taken away again.
const fn half_to_even(value: f64) -> f64 {
    const LARGE: f64 = 1.5 * (1u64 << 52) as f64;
    if value.abs() < (1u64 << 51) as f64 {
        (value + LARGE) - LARGE
    } else {
        value.round_ties_even()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::half_to_even;

    proptest! {
        #[test]
        fn rounding_is_half_to_even(bits: u64, small in -1e7..1e7, halves in -99_999i64..99_999) {
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            for value in [f64::from_bits(bits), small, halves as f64 / 2.0] {
                let (ours, std) = (half_to_even(value), value.round_ties_even());
                prop_assert!(ours == std || ours.is_nan() && std.is_nan(), "{value}");
            }
        }
    }
}
