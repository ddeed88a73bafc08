//! Expressions over one row: total, and blind to pseudonyms.

use arrow::datatypes::DataType;
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::expr::{Case, InList, Like};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, Operator};
use lazaret_disclosure::KeyValue;
use lazaret_model::{Refusal, RefusalCode};

use super::function::of_function;
use super::literal::{decimal, key_value, literal};
use super::node::together;
use super::{Facts, Interval, Opacity, Scope, not_private, written};
use crate::functions::{is_safe, is_text};

/// Values an IN list may name.
const LIST_MAX: usize = 1_000;

/// Bytes of a pattern.
const PATTERN_MAX: usize = 100;

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
                bounds: decimal(expr).map(Interval::point),
                per_person: true,
                ..Facts::default()
            })
        }
        // That a pseudonym is there tells nothing of it.
        Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
            let Facts { per_person, .. } = facts(inner, scope, schema)?;
            Ok(truth(Facts {
                per_person,
                ..Facts::default()
            }))
        }
        Expr::BinaryExpr(binary) => of_binary(binary, scope, schema),
        Expr::Like(like) => of_like(like, scope, schema),
        Expr::Not(inner)
        | Expr::IsTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsUnknown(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsNotFalse(inner)
        | Expr::IsNotUnknown(inner) => Ok(truth(of_all(&[inner.as_ref()], scope, schema)?)),
        Expr::Negative(inner) => {
            let all = of_all(&[inner.as_ref()], scope, schema)?;
            let bounds = facts(inner, scope, schema)?.bounds;
            let bounds = bounds.and_then(Interval::negative);
            Ok(Facts { bounds, ..all })
        }
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
pub(super) fn of_all(parts: &[&Expr], scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
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
    let reason = format!(
        "`{}` is a pseudonym: its value cannot be computed with or shown",
        written(part)
    );
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
        // Those of numbers, days and intervals have become total functions.
        Operator::Plus
        | Operator::Minus
        | Operator::Multiply
        | Operator::Divide
        | Operator::Modulo => {
            let reason = format!(
                "`{}` does not compute with numbers",
                written(&Expr::BinaryExpr(binary.clone()))
            );
            Err(not_private(reason).hint("date_part('year', column) makes a number of a date"))
        }
        other => Err(not_private(format!(
            "the operator `{other}` is not offered on records"
        ))),
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

/// A CASE has the values of its results: those of literals are public keys.
fn of_case(case: &Case, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    let results = case
        .when_then_expr
        .iter()
        .map(|(_, then)| then)
        .chain(&case.else_expr);
    let conditions = case
        .expr
        .iter()
        .chain(case.when_then_expr.iter().map(|(when, _)| when));
    let parts: Vec<&Expr> = conditions
        .chain(results.clone())
        .map(AsRef::as_ref)
        .collect();
    let all = of_all(&parts, scope, schema)?;
    let results: Vec<Facts> = results
        .map(|result| facts(result, scope, schema))
        .collect::<Result<_, _>>()?;
    one_of(&results, all.per_person)
}

/// A value that is one of several.
pub(super) fn one_of(results: &[Facts], per_person: bool) -> Result<Facts, Refusal> {
    let known = together(&results.iter().collect::<Vec<_>>());
    let known = known.ok_or_else(|| not_private("a pseudonym stands where a value may stand"))?;
    Ok(Facts {
        per_person,
        ..known
    })
}

/// Casts that cannot fail, whatever the row holds; the others have become TRY_CAST. A cast of a
/// literal is carried out now.
fn of_cast(
    inner: &Expr,
    to: &DataType,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Facts, Refusal> {
    if let Expr::Literal(value, _) = inner {
        return match value.cast_to(to) {
            Ok(value) => facts(&Expr::Literal(value, None), scope, schema),
            Err(_) => Err(not_private(format!(
                "the literal {inner} cannot be read as {to}"
            ))),
        };
    }
    if !is_safe(inner, to, schema) {
        return of_try_cast(inner, to, scope, schema);
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
    if is_safe(inner, to, schema) {
        return of_cast(inner, to, scope, schema);
    }
    let from = inner.get_type(schema).unwrap_or(DataType::Null);
    let number = |kind: &DataType| kind.is_integer() || *kind == DataType::Float64;
    let to_number = (number(&from) || is_text(&from) || from == DataType::Boolean) && number(to);
    let to_text = from.is_signed_integer() && is_text(to);
    if to_number || to_text || is_text(&from) && *to == DataType::Date32 {
        return of_all(&[inner], scope, schema);
    }
    let reason = format!(
        "a cast of `{}` from {from} to {to} is not offered",
        written(inner)
    );
    Err(not_private(reason).hint(
        "offered: BIGINT and DOUBLE of texts and numbers, DATE of texts, VARCHAR of \
               whole numbers",
    ))
}

pub(super) fn unlisted(expr: &Expr) -> Refusal {
    let (what, hint) = match expr {
        Expr::ScalarSubquery(_) | Expr::SetComparison(_) => (
            "a value of many persons",
            "write a.person_id = b.person_id into the subquery, or ask it by itself",
        ),
        Expr::Exists(_) | Expr::InSubquery(_) => (
            "a subquery that does not look up rows of the same person",
            "write a.person_id = b.person_id into it",
        ),
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
                "offered: clamp, coalesce, nullif, date_part, abs, round, floor, ceil, sqrt, ln, \
                 exp, lower, upper, left, starts_with, character_length",
            );
        }
        _ => (
            "this expression",
            "see `queries/examples` for what can be asked",
        ),
    };
    not_private(format!("{what} cannot be answered: `{}`", written(expr))).hint(hint)
}
