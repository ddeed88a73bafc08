//! Functions over one row, and what is known of their results.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, ExprSchemable, Operator};
use datafusion::scalar::ScalarValue;
use lazaret_disclosure::KeyValue;
use lazaret_model::{Refusal, RefusalCode};

use super::expression::{facts, of_all, one_of, unlisted};
use super::literal::literal;
use super::{Facts, Interval, Opacity, Scope, not_private, written};
use crate::functions::{Arithmetic, Buckets, CLAMP, FINITE, WIDTH_BUCKET, declared_bounds};

/// The parts of a day that exist for every day: any other fails, and only where a row is.
const PARTS_OF_A_DAY: [&str; 7] = ["year", "quarter", "month", "week", "day", "dow", "doy"];
/// Characters that `left` may keep.
const LEFT_MAX: i64 = 1_000;

/// Arguments that could make a function fail or grow must be literals.
pub(super) fn of_function(
    function: &ScalarFunction,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Facts, Refusal> {
    let name = function.func.name();
    let args: Vec<&Expr> = function.args.iter().collect();
    if let Some(arithmetic) = function.func.inner().downcast_ref::<Arithmetic>() {
        return computed(arithmetic.op, &args, scope, schema);
    }
    let literals_from = match name {
        "coalesce" | "nullif" | "lower" | "upper" | "character_length" => args.len(),
        "abs" | "ceil" | "exp" | "floor" | "ln" | "round" | "sqrt" | FINITE => args.len(),
        CLAMP | WIDTH_BUCKET | "left" | "starts_with" => 1,
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
        ("date_part", [_, day]) if !matches!(day.get_type(schema), Ok(DataType::Date32)) => {
            return Err(not_private(format!("`{}` is no day", written(day))));
        }
        ("left", [_, length]) if !is_length(length) => {
            return Err(not_private(format!(
                "left takes a length from 0 to {LEFT_MAX}"
            )));
        }
        _ => {}
    }
    let known = args.iter().map(|arg| facts(arg, scope, schema));
    let known: Vec<Facts> = known.collect::<Result<_, _>>()?;
    let persons = known.iter().all(|facts| facts.opacity == Opacity::Person);
    if name == "coalesce" && persons {
        return one_of(&known, false);
    }
    result(function, &args, &known, of_all(&args, scope, schema)?)
}

/// What is known of the result of a function whose arguments were checked; `all` is what is known
/// of a function of all of them.
fn result(
    function: &ScalarFunction,
    args: &[&Expr],
    known: &[Facts],
    all: Facts,
) -> Result<Facts, Refusal> {
    match (function.func.name(), known) {
        (CLAMP, _) => {
            let wrong = |reason| Refusal::new(RefusalCode::Unbounded, reason);
            let bounds = declared_bounds(&function.args).map_err(wrong)?;
            let bounds = Some(Interval::from(bounds));
            Ok(Facts { bounds, ..all })
        }
        (WIDTH_BUCKET, _) => {
            let wrong = |reason| Refusal::new(RefusalCode::Unbounded, reason);
            let last = Buckets::declared(&function.args).map_err(wrong)?.count + 1;
            Ok(Facts {
                domain: Some((0..=last).map(KeyValue::Integer).collect()),
                bounds: Some(Interval::whole(0, last)),
                ..all
            })
        }
        ("coalesce", _) => one_of(known, all.per_person),
        ("nullif", [first, _]) => Ok(Facts {
            per_person: all.per_person,
            numbered: false,
            ..first.clone()
        }),
        ("date_part", _) => {
            Ok(args
                .first()
                .and_then(|part| of_part(part))
                .map_or(all.clone(), |(low, high)| Facts {
                    domain: Some((low..=high).map(KeyValue::Integer).collect()),
                    bounds: Some(Interval::whole(low, high)),
                    ..all
                }))
        }
        _ => Ok(all),
    }
}

/// Arithmetic that has become total: its bounds follow from those of its parts.
fn computed(
    op: Operator,
    args: &[&Expr],
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Facts, Refusal> {
    let all = of_all(args, scope, schema)?;
    let bounds = args.iter().map(|arg| Ok(facts(arg, scope, schema)?.bounds));
    let bounds: Vec<Option<Interval>> = bounds.collect::<Result<_, Refusal>>()?;
    let bounds = match bounds.as_slice() {
        [Some(left), Some(right)] => left.with(op, *right),
        _ => None,
    };
    Ok(Facts { bounds, ..all })
}

/// The values that a part of a day has, where they are few.
fn of_part(part: &Expr) -> Option<(i64, i64)> {
    let part = literal(part)?.try_as_str().flatten()?.to_lowercase();
    match part.as_str() {
        "quarter" => Some((1, 4)),
        "month" => Some((1, 12)),
        "week" => Some((1, 53)),
        "day" => Some((1, 31)),
        "dow" => Some((0, 6)),
        "doy" => Some((1, 366)),
        _ => None,
    }
}

fn is_part_of_a_day(part: &Expr) -> bool {
    let part = literal(part).and_then(|part| part.try_as_str().flatten().map(str::to_lowercase));
    part.is_some_and(|part| PARTS_OF_A_DAY.contains(&part.as_str()))
}

fn is_length(length: &Expr) -> bool {
    let length = literal(length).and_then(|length| length.cast_to(&DataType::Int64).ok());
    matches!(length, Some(ScalarValue::Int64(Some(0..=LEFT_MAX))))
}
