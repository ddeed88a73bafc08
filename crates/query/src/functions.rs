//! The scalar functions a query may call on records, and our own `clamp`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::functions::{core, datetime, string, unicode};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature,
    Volatility,
};
use datafusion::scalar::ScalarValue;
use lazaret_model::{Clamp as Bounds, Decimal};

/// The name of the function that bounds a number.
pub(crate) const CLAMP: &str = "clamp";

/// Units in which a clamped range is resolved when the request names no scale: rounding then moves
/// a value by at most a 20,000th of the range.
const STEPS_MIN: i64 = 10_000;

/// Every function here is total: it gives a value or NULL, and its result is no longer than its
/// arguments, whatever the rows hold. Arguments that could make it fail must be literals
/// ([`crate::rules`] checks that).
pub(crate) fn allowed() -> Vec<Arc<ScalarUDF>> {
    vec![
        Arc::new(ScalarUDF::from(Clamp::new())),
        core::coalesce(),
        core::nullif(),
        datetime::date_part(),
        string::lower(),
        string::upper(),
        string::starts_with(),
        unicode::character_length(),
        unicode::left(),
    ]
}

/// The bounds that `clamp(x, lo, hi[, scale])` declares, read from its literals.
///
/// # Errors
/// The text of a refusal, when they are no literals or no bounds.
pub(crate) fn declared_bounds(args: &[Expr]) -> Result<Bounds, String> {
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

/// A numeric literal, also behind the casts and signs the SQL planner puts around it.
fn decimal(expr: &Expr) -> Result<Decimal, String> {
    let wrong = || "the bounds of clamp must be plain numbers such as 40 or -2.5".to_owned();
    match expr {
        Expr::Cast(cast) => decimal(&cast.expr),
        Expr::Negative(inner) => {
            let inner = decimal(inner)?;
            Ok(Decimal {
                units: inner.units.checked_neg().ok_or_else(wrong)?,
                ..inner
            })
        }
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => {
            format!("{value}").parse().map_err(|_| wrong())
        }
        Expr::Literal(value, _) if value.data_type().is_numeric() && !value.is_null() => {
            value.to_string().parse().map_err(|_| wrong())
        }
        _ => Err(wrong()),
    }
}

/// `clamp(x, lo, hi[, scale])`: `x` moved into `[lo, hi]`. Inside SUM and AVG its literals are
/// the bounds that set the noise.
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
        let [value, low, high, ..] = args.args.as_slice() else {
            return plan_err!("clamp takes three or four arguments");
        };
        let (ColumnarValue::Scalar(low), ColumnarValue::Scalar(high)) = (low, high) else {
            return plan_err!("the bounds of clamp must be literals");
        };
        let (ScalarValue::Float64(Some(low)), ScalarValue::Float64(Some(high))) = (low, high)
        else {
            return plan_err!("the bounds of clamp must be literals");
        };
        let values = value.to_array(args.number_rows)?;
        let Some(values) = values.as_any().downcast_ref::<Float64Array>() else {
            return plan_err!("clamp takes numbers");
        };
        let clamped = values
            .iter()
            .map(|v| v.filter(|v| !v.is_nan()).map(|v| v.max(*low).min(*high)));
        Ok(ColumnarValue::Array(
            Arc::new(clamped.collect::<Float64Array>()) as ArrayRef,
        ))
    }
}
