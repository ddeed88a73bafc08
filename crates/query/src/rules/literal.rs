//! Literals: as group keys, and behind casts that are carried out now, so that none fails later.

use datafusion::logical_expr::Expr;
use datafusion::scalar::ScalarValue;
use lazaret_disclosure::KeyValue;
use lazaret_model::Decimal;

/// The value as a group key, where keys can have its type.
pub(crate) fn key_value(value: &ScalarValue) -> Option<KeyValue> {
    if value.is_null() {
        return Some(KeyValue::Null);
    }
    match value {
        ScalarValue::Utf8(Some(text))
        | ScalarValue::LargeUtf8(Some(text))
        | ScalarValue::Utf8View(Some(text)) => Some(KeyValue::Text(text.clone())),
        ScalarValue::Boolean(Some(truth)) => Some(KeyValue::Boolean(*truth)),
        ScalarValue::Date32(Some(days)) => Some(KeyValue::Date(*days)),
        ScalarValue::Int8(Some(n)) => Some(KeyValue::Integer(i64::from(*n))),
        ScalarValue::Int16(Some(n)) => Some(KeyValue::Integer(i64::from(*n))),
        ScalarValue::Int32(Some(n)) => Some(KeyValue::Integer(i64::from(*n))),
        ScalarValue::Int64(Some(n)) => Some(KeyValue::Integer(*n)),
        _ => None,
    }
}

/// The literal an expression is, casts included; `None` when it is none or a cast of it fails.
pub(crate) fn literal(expr: &Expr) -> Option<ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value.clone()),
        Expr::Alias(alias) => literal(&alias.expr),
        Expr::Cast(cast) => literal(&cast.expr)?.cast_to(cast.field.data_type()).ok(),
        Expr::TryCast(cast) => literal(&cast.expr)?.cast_to(cast.field.data_type()).ok(),
        Expr::Negative(inner) => literal(inner)?.arithmetic_negate().ok(),
        _ => None,
    }
}

/// The number an expression is, where it is a plain one.
pub(crate) fn decimal(expr: &Expr) -> Option<Decimal> {
    match literal(expr)? {
        ScalarValue::Float64(Some(value)) => format!("{value}").parse().ok(),
        value if value.data_type().is_numeric() && !value.is_null() => {
            value.to_string().parse().ok()
        }
        _ => None,
    }
}
