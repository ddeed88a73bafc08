//! Expressions over one row: total, and blind to pseudonyms.

use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::expr::{Case, InList, Like, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};
use datafusion::scalar::ScalarValue;
use lazaret_disclosure::KeyValue;
use lazaret_model::{Refusal, RefusalCode};

use super::literal::{is_positive, key_value, literal};
use super::{Facts, Opacity, Scope, not_private};
use crate::functions::{CLAMP, declared_bounds};

/// Values an IN list may name.
const LIST_MAX: usize = 1_000;

/// The parts of a day that exist for every day: any other fails, and only where a row is.
const PARTS_OF_A_DAY: [&str; 7] = ["year", "quarter", "month", "week", "day", "dow", "doy"];
/// Bytes of a pattern.
const PATTERN_MAX: usize = 100;
/// Characters that `left` may keep.
const LEFT_MAX: i64 = 1_000;

/// What is known about `expr` over a node's output.
///
/// # Errors
/// A refusal that names the part that is not on the list.
pub(crate) fn facts(expr: &Expr, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    match expr {
        Expr::Column(column) => of_column(column, scope, schema),
        Expr::Alias(alias) => facts(&alias.expr, scope, schema),
        Expr::Literal(value, _) => {
            let domain = key_value(value).map(|key| vec![key]);
            Ok(Facts {
                domain,
                per_person: true,
                ..Facts::default()
            })
        }
        Expr::BinaryExpr(binary) => of_binary(binary, scope, schema),
        Expr::Like(like) => of_like(like, scope, schema),
        Expr::Not(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsNotUnknown(inner) => Ok(truth(of_all(&[inner.as_ref()], scope, schema)?)),
        Expr::Negative(inner) => of_all(&[inner.as_ref()], scope, schema),
        Expr::Between(between) => {
            let parts = [
                between.expr.as_ref(),
                between.low.as_ref(),
                between.high.as_ref(),
            ];
            Ok(truth(of_all(&parts, scope, schema)?))
        }
        Expr::InList(list) => of_list(list, scope, schema),
        Expr::Case(case) => of_case(case, scope, schema),
        Expr::Cast(cast) => of_cast(&cast.expr, cast.field.data_type(), scope, schema),
        Expr::TryCast(cast) => of_try_cast(&cast.expr, cast.field.data_type(), scope, schema),
        Expr::ScalarFunction(function) => of_function(function, scope, schema),
        other => Err(unlisted(other)),
    }
}

fn of_column(column: &Column, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    let missing = || {
        let reason = format!("there is no column `{}` here", column.name);
        Refusal::new(RefusalCode::NotGranted, reason)
    };
    let index = schema.index_of_column(column).map_err(|_| missing())?;
    scope.columns.get(index).cloned().ok_or_else(missing)
}

/// Facts of something computed from `parts`, none of which may be a pseudonym.
fn of_all(parts: &[&Expr], scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    let mut per_person = true;
    for part in parts {
        let facts = facts(part, scope, schema)?;
        if facts.opacity != Opacity::Open {
            return Err(opaque(part));
        }
        per_person &= facts.per_person;
    }
    Ok(Facts {
        per_person,
        ..Facts::default()
    })
}

fn opaque(part: &Expr) -> Refusal {
    let reason = format!("`{part}` is a pseudonym: its value cannot be computed with or shown");
    not_private(reason)
        .clause("privacy: person_id is opaque")
        .hint("join on it, or COUNT(DISTINCT person_id)")
}

fn truth(facts: Facts) -> Facts {
    let domain = Some(vec![KeyValue::Boolean(false), KeyValue::Boolean(true)]);
    Facts { domain, ..facts }
}

fn of_binary(binary: &BinaryExpr, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    let BinaryExpr { left, op, right } = binary;
    let all = of_all(&[left.as_ref(), right.as_ref()], scope, schema)?;
    match op {
        Operator::Eq
        | Operator::NotEq
        | Operator::Lt
        | Operator::LtEq
        | Operator::Gt
        | Operator::GtEq
        | Operator::And
        | Operator::Or
        | Operator::IsDistinctFrom
        | Operator::IsNotDistinctFrom => Ok(truth(all)),
        Operator::Plus | Operator::Minus | Operator::Multiply => {
            numeric(left, schema)?;
            numeric(right, schema)?;
            Ok(all)
        }
        Operator::Divide | Operator::Modulo => {
            numeric(left, schema)?;
            if is_positive(right) {
                return Ok(all);
            }
            let reason = format!("`{binary}` may divide by zero for some row");
            Err(not_private(reason).hint("divide by a literal above zero"))
        }
        other => Err(not_private(format!(
            "the operator `{other}` is not offered on records"
        ))),
    }
}

fn numeric(expr: &Expr, schema: &DFSchema) -> Result<(), Refusal> {
    match expr.get_type(schema) {
        Ok(kind) if kind.is_integer() || kind.is_floating() => Ok(()),
        _ => Err(not_private(format!(
            "`{expr}` is no number, so it cannot be computed with"
        ))
        .hint("date_part('year', column) makes a number of a date")),
    }
}

fn of_like(like: &Like, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    let pattern = literal(&like.pattern).and_then(|p| p.try_as_str().flatten().map(str::to_owned));
    let Some(pattern) = pattern else {
        return Err(not_private("the pattern of LIKE must be a literal"));
    };
    // A long pattern may not compile, and that would only show where a row is.
    if pattern.len() > PATTERN_MAX || pattern.contains('\\') || like.escape_char.is_some() {
        let reason = format!("a pattern of LIKE has at most {PATTERN_MAX} bytes and no escapes");
        return Err(not_private(reason));
    }
    Ok(truth(of_all(&[like.expr.as_ref()], scope, schema)?))
}

fn of_list(list: &InList, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    if list.list.len() > LIST_MAX {
        let reason = format!("IN names {} values, at most {LIST_MAX}", list.list.len());
        return Err(Refusal::new(RefusalCode::TooLarge, reason));
    }
    if list.list.iter().any(|value| literal(value).is_none()) {
        return Err(not_private("the values of IN must be literals"));
    }
    Ok(truth(of_all(&[list.expr.as_ref()], scope, schema)?))
}

/// A CASE whose results are literals has exactly those values: its keys are public.
fn of_case(case: &Case, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    let results = case
        .when_then_expr
        .iter()
        .map(|(_, then)| then)
        .chain(&case.else_expr);
    let domain: Option<Vec<KeyValue>> = results
        .clone()
        .map(|then| key_value(&literal(then)?))
        .collect();
    let parts: Vec<&Expr> = case
        .expr
        .iter()
        .chain(case.when_then_expr.iter().map(|(when, _)| when))
        .chain(results)
        .map(AsRef::as_ref)
        .collect();
    let all = of_all(&parts, scope, schema)?;
    Ok(Facts { domain, ..all })
}

/// Casts that cannot fail, whatever the row holds. A cast of a literal is carried out now.
fn of_cast(
    inner: &Expr,
    to: &DataType,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Facts, Refusal> {
    let from = inner.get_type(schema).unwrap_or(DataType::Null);
    if let Expr::Literal(value, _) = inner {
        return match value.cast_to(to) {
            Ok(value) => facts(&Expr::Literal(value, None), scope, schema),
            Err(_) => Err(not_private(format!(
                "the literal {inner} cannot be read as {to}"
            ))),
        };
    }
    let widened = from.is_signed_integer() && (*to == DataType::Int64 || *to == DataType::Float64);
    let same = from == *to || from == DataType::Null || (is_text(&from) && is_text(to));
    let float = from == DataType::Float32 && *to == DataType::Float64;
    if !(widened || same || float) {
        let reason = format!("the cast of `{inner}` from {from} to {to} may fail for some row");
        return Err(not_private(reason).hint("TRY_CAST gives NULL instead of failing"));
    }
    let known = facts(inner, scope, schema)?;
    if known.opacity != Opacity::Open {
        return Err(opaque(inner));
    }
    Ok(known)
}

/// TRY_CAST gives NULL for what it cannot read, but only between these types is that all it does:
/// a day out of the calendar's range fails when it is made into a text.
fn of_try_cast(
    inner: &Expr,
    to: &DataType,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Facts, Refusal> {
    let from = inner.get_type(schema).unwrap_or(DataType::Null);
    let number = |kind: &DataType| kind.is_signed_integer() || *kind == DataType::Float64;
    if (number(&from) || is_text(&from) || from == DataType::Boolean) && number(to) {
        return of_all(&[inner], scope, schema);
    }
    Err(not_private(format!(
        "TRY_CAST of `{inner}` from {from} to {to} is not offered"
    ))
    .hint("TRY_CAST makes numbers of texts and numbers: BIGINT, DOUBLE"))
}

fn is_text(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// Arguments that could make a function fail or grow must be literals.
fn of_function(
    function: &ScalarFunction,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Facts, Refusal> {
    let name = function.func.name();
    let args: Vec<&Expr> = function.args.iter().collect();
    let literals_from = match name {
        "coalesce" | "nullif" | "lower" | "upper" | "character_length" => args.len(),
        CLAMP | "left" | "starts_with" => 1,
        "date_part" => 0,
        _ => return Err(unlisted(&Expr::ScalarFunction(function.clone()))),
    };
    let open = |(index, arg): (usize, &&Expr)| match name {
        "date_part" => index == 0 && literal(arg).is_none(),
        _ => index >= literals_from && literal(arg).is_none(),
    };
    if args.iter().enumerate().any(open) {
        let reason =
            format!("`{name}` takes a literal there: a value from a row could make it fail");
        return Err(not_private(reason));
    }
    match (name, args.as_slice()) {
        ("date_part", [part, _]) if !is_part_of_a_day(part) => {
            return Err(not_private(format!("days have no part {part}"))
                .hint(format!("date_part offers {}", PARTS_OF_A_DAY.join(", "))));
        }
        ("left", [_, length]) if !is_length(length) => {
            return Err(not_private(format!(
                "left takes a length from 0 to {LEFT_MAX}"
            )));
        }
        _ => {}
    }
    let all = of_all(&args, scope, schema)?;
    if name == CLAMP {
        let wrong = |reason| Refusal::new(RefusalCode::Unbounded, reason);
        let bounds = Some(declared_bounds(&function.args).map_err(wrong)?);
        return Ok(Facts { bounds, ..all });
    }
    Ok(all)
}

fn is_part_of_a_day(part: &Expr) -> bool {
    let part = literal(part).and_then(|part| part.try_as_str().flatten().map(str::to_lowercase));
    part.is_some_and(|part| PARTS_OF_A_DAY.contains(&part.as_str()))
}

fn is_length(length: &Expr) -> bool {
    let length = literal(length).and_then(|length| length.cast_to(&DataType::Int64).ok());
    matches!(length, Some(ScalarValue::Int64(Some(0..=LEFT_MAX))))
}

fn unlisted(expr: &Expr) -> Refusal {
    let (what, hint) = match expr {
        Expr::ScalarSubquery(_) | Expr::SetComparison(_) => (
            "a scalar subquery over persons",
            "ask it as a query of its own",
        ),
        Expr::Exists(_) | Expr::InSubquery(_) => {
            ("a subquery in a condition", "join the tables on person_id")
        }
        Expr::WindowFunction(_) => (
            "a window over more than one person",
            "group by what the window partitions by",
        ),
        Expr::SimilarTo(_) => ("SIMILAR TO", "use LIKE with a literal pattern"),
        Expr::ScalarFunction(function) => {
            let reason = format!(
                "the function `{}` is not on the list of those that may see records",
                function.func.name()
            );
            return not_private(reason).hint(
                "offered: clamp, coalesce, nullif, date_part, lower, upper, left, starts_with, \
                 character_length",
            );
        }
        _ => (
            "this expression",
            "see `queries/examples` for what can be asked",
        ),
    };
    not_private(format!("{what} cannot be answered: `{expr}`")).hint(hint)
}
