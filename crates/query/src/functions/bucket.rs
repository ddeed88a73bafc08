//! `width_bucket`: a histogram's bars, as PostgreSQL and the SQL standard number them.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::scalar::ScalarValue;

use super::{literals, numbers};
use crate::rules::literal;

/// The name of the function.
pub(crate) const WIDTH_BUCKET: &str = "width_bucket";
/// Bars of a histogram.
const BUCKETS_MAX: i64 = 1_000;

/// The bars that `width_bucket(x, low, high, count)` declares: `count` of one width from `low` on,
/// numbered from 1; 0 is what is lower, `count + 1` what is `high` and higher.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Buckets {
    low: f64,
    high: f64,
    pub(crate) count: i64,
}

impl Buckets {
    /// Reads them from the literals of the call.
    ///
    /// # Errors
    /// The text of a refusal.
    pub(crate) fn declared(args: &[Expr]) -> Result<Self, String> {
        let number = |at: usize, kind: &DataType| {
            let value = args.get(at).and_then(literal)?.cast_to(kind).ok();
            value.filter(|value| !value.is_null())
        };
        let real = |at: usize| match number(at, &DataType::Float64) {
            Some(ScalarValue::Float64(value)) => value.filter(|value| value.is_finite()),
            _ => None,
        };
        let count = match number(3, &DataType::Int64) {
            Some(ScalarValue::Int64(Some(count))) => Some(count),
            _ => None,
        };
        match (real(1), real(2), count) {
            (Some(low), Some(high), Some(count @ 1..=BUCKETS_MAX))
                if low < high && (high - low).is_finite() =>
            {
                Ok(Self { low, high, count })
            }
            _ => Err(format!(
                "width_bucket takes a value, its low and high end, and from 1 to {BUCKETS_MAX} bars"
            )),
        }
    }

    /// The bar of a number; none of what is none.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "between 0 and a thousand"
    )]
    fn of(self, value: f64) -> Option<i64> {
        let part = (value - self.low) / (self.high - self.low);
        match value {
            _ if value.is_nan() => None,
            _ if value < self.low => Some(0),
            _ if value >= self.high => Some(self.count + 1),
            _ => Some(((part * self.count as f64) as i64 + 1).min(self.count)),
        }
    }
}

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct WidthBucket {
    signature: Signature,
}

impl WidthBucket {
    pub(super) fn new() -> Self {
        let mut arguments = vec![DataType::Float64; 3];
        arguments.push(DataType::Int64);
        Self {
            signature: Signature::exact(arguments, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for WidthBucket {
    fn name(&self) -> &str {
        WIDTH_BUCKET
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let buckets =
            Buckets::declared(&literals(&args)).map_err(|why| plan_datafusion_err!("{why}"))?;
        let bars = numbers(&args)?
            .iter()
            .map(|value| value.and_then(|value| buckets.of(value)))
            .collect::<Int64Array>();
        Ok(ColumnarValue::Array(Arc::new(bars) as ArrayRef))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_numbered_as_postgresql_does() {
        let buckets = Buckets {
            low: 10.0,
            high: 20.0,
            count: 4,
        };
        for (value, bar) in [
            (9.99, 0),
            (10.0, 1),
            (12.49, 1),
            (12.5, 2),
            (19.999_999, 4),
            (20f64.next_down(), 4),
            (20.0, 5),
            (f64::MAX, 5),
            (f64::MIN, 0),
            (-0.0, 0),
        ] {
            assert_eq!(buckets.of(value), Some(bar), "{value}");
        }
        assert_eq!(buckets.of(f64::NAN), None);
    }
}
