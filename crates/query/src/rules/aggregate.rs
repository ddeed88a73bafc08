//! Aggregates of a release: which there are, what bounds them, and who stands behind a number.

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{Expr, ExprSchemable, lit, when};
use lazaret_disclosure::{Measure, Spread};
use lazaret_model::{Clamp, Refusal, RefusalCode};

use super::literal::{decimal, literal};
use super::node::bare;
use super::{Facts, Interval, Opacity, Scope, facts, not_private, written};

/// What an aggregate reads of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    /// The row's being there.
    Row,
    /// Whether the expression is not null.
    Present(Expr),
    /// The expression's number.
    Number(Expr),
    /// The expression's value, to be counted.
    Value(Expr),
}

/// One aggregate as it was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) measure: Measure,
    pub(crate) argument: Argument,
}

/// Reads one aggregate of the release.
///
/// # Errors
/// A refusal when it is not offered, has no bounds, or reads a pseudonym.
pub(crate) fn aggregate(expr: &Expr, scope: &Scope, schema: &DFSchema) -> Result<Asked, Refusal> {
    match expr {
        Expr::Alias(alias) => aggregate(&alias.expr, scope, schema),
        Expr::AggregateFunction(function) => of_function(function, scope, schema),
        other => Err(not_private(format!("`{}` is no aggregate", written(other)))),
    }
}

fn of_function(
    function: &AggregateFunction,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Asked, Refusal> {
    let params = &function.params;
    let name = function.func.name();
    let quantile = QUANTILES.contains(&name);
    if !quantile && !params.order_by.is_empty() || params.null_treatment.is_some() {
        return Err(not_private(
            "ORDER BY and IGNORE NULLS in an aggregate: not offered",
        ));
    }
    let (argument, part) = match params.args.as_slice() {
        [argument] => (argument, None),
        [argument, part] if quantile => (argument, Some(part)),
        _ => {
            let reason = format!("`{name}` takes one argument here");
            return Err(not_private(reason));
        }
    };
    let spread = |sample, root| move |clamp| Measure::Spread(clamp, Spread { sample, root });
    let of = |measure: &dyn Fn(Clamp) -> Measure| number(argument, scope, schema, measure);
    let asked = match (name, params.distinct) {
        ("count", false) if literal(argument).is_some_and(|value| !value.is_null()) => Ok(Asked {
            measure: Measure::Rows,
            argument: Argument::Row,
        }),
        ("count", false) => count_present(argument, scope, schema),
        ("count", true) => count_distinct(argument, scope, schema),
        ("sum", false) => of(&Measure::Sum),
        ("avg", false) => of(&Measure::Mean),
        ("var", false) => of(&spread(true, false)),
        ("var_pop", false) => of(&spread(false, false)),
        ("stddev", false) => of(&spread(true, true)),
        ("stddev_pop", false) => of(&spread(false, true)),
        ("median", false) => of(&|clamp| Measure::Quantile(clamp, 500)),
        (_, false) if quantile => {
            let part = thousandths(params, part)?;
            of(&|clamp| Measure::Quantile(clamp, part))
        }
        (name, _) => Err(not_offered(name)),
    }?;
    match params.filter.as_deref() {
        Some(filter) => narrowed(asked, filter, scope, schema),
        None => Ok(asked),
    }
}

/// Aggregates that take a part besides their argument.
const QUANTILES: [&str; 2] = ["approx_percentile_cont", "percentile_cont"];

/// The part of a quantile, in thousandths; from above where it is ordered downwards.
fn thousandths(params: &AggregateFunctionParams, part: Option<&Expr>) -> Result<u16, Refusal> {
    let wrong = || not_private("a percentile's part is a number from 0.001 to 0.999, as 0.5 is");
    let part = part
        .and_then(decimal)
        .and_then(|part| part.at_scale(3))
        .ok_or_else(wrong)?;
    let part = u16::try_from(part)
        .ok()
        .filter(|part| (1..1000).contains(part));
    let part = part.ok_or_else(wrong)?;
    let downwards = params.order_by.iter().any(|order| !order.asc);
    Ok(if downwards { 1000 - part } else { part })
}

/// FILTER: only rows for which the condition is true have the argument, so only their persons
/// stand behind the number. What bounds a value bounds it still.
fn narrowed(
    asked: Asked,
    filter: &Expr,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Asked, Refusal> {
    if facts(filter, scope, schema)?.opacity != Opacity::Open {
        return Err(not_private("a condition cannot be a pseudonym"));
    }
    let only = |expr: Expr| {
        let only = when(filter.clone(), expr).end();
        only.map_err(|error| not_private(error.strip_backtrace()))
    };
    let argument = match asked.argument {
        Argument::Row => Argument::Present(only(lit(true))?),
        Argument::Present(expr) => Argument::Present(only(expr)?),
        Argument::Number(expr) => Argument::Number(only(expr)?),
        Argument::Value(expr) => Argument::Value(only(expr)?),
    };
    Ok(Asked { argument, ..asked })
}

fn count_present(argument: &Expr, scope: &Scope, schema: &DFSchema) -> Result<Asked, Refusal> {
    let known = facts(argument, scope, schema)?;
    // That a pseudonym is there tells nothing of it: so a left join's missing side is counted.
    let argument = match known.opacity {
        Opacity::Person => who(argument, scope, schema),
        _ => Argument::Present(argument.clone()),
    };
    let measure = Measure::Rows;
    Ok(Asked { measure, argument })
}

/// A person who is there: in every row that is somebody's, or where this column is not NULL.
fn who(argument: &Expr, scope: &Scope, schema: &DFSchema) -> Argument {
    let at = bare(argument).and_then(|column| schema.maybe_index_of_column(column));
    let always = at == Some(scope.carrier) || !argument.nullable(schema).unwrap_or(true);
    match always {
        true => Argument::Row,
        false => Argument::Present(argument.clone()),
    }
}

/// COUNT(DISTINCT ...): of persons, or of values. What a declared set has is public already.
fn count_distinct(argument: &Expr, scope: &Scope, schema: &DFSchema) -> Result<Asked, Refusal> {
    let known = facts(argument, scope, schema)?;
    let kind = argument.get_type(schema);
    match known.opacity {
        Opacity::Person => Ok(Asked {
            measure: Measure::Persons,
            argument: who(argument, scope, schema),
        }),
        _ if matches!(kind, Ok(DataType::Float64 | DataType::Float32)) => {
            Err(not_private(format!(
                "`{}` has no exact values that could be counted",
                written(argument)
            ))
            .hint("round it to whole numbers: TRY_CAST(x AS BIGINT)"))
        }
        _ => Ok(Asked {
            measure: Measure::Distinct,
            argument: Argument::Value(argument.clone()),
        }),
    }
}

fn number(
    argument: &Expr,
    scope: &Scope,
    schema: &DFSchema,
    measure: &dyn Fn(Clamp) -> Measure,
) -> Result<Asked, Refusal> {
    let Facts {
        opacity, bounds, ..
    } = facts(argument, scope, schema)?;
    if opacity != Opacity::Open {
        return Err(not_private("a pseudonym is no number to add up"));
    }
    let bounds = bounds.and_then(Interval::clamp).ok_or_else(|| {
        let shown = written(argument);
        let reason = format!("`{shown}` has no bounds, so its noise would have no scale");
        Refusal::new(RefusalCode::Unbounded, reason)
            .clause("privacy: sums are of bounded values")
            .hint(format!(
                "clamp({shown}, low, high) with the plausible range"
            ))
    })?;
    let argument = Argument::Number(argument.clone());
    Ok(Asked {
        measure: measure(bounds),
        argument,
    })
}

fn not_offered(name: &str) -> Refusal {
    let refusal = not_private(format!("the aggregate `{name}` is not offered"));
    match name {
        "min" | "max" => refusal.hint(
            "an extreme is one person's value: ask APPROX_PERCENTILE_CONT(x, 0.99), or \
             COUNT(DISTINCT person_id) by bands (CASE WHEN x < 10 THEN ...)",
        ),
        _ => refusal.hint(
            "COUNT, COUNT(DISTINCT ...), SUM, AVG, VAR, STDDEV, MEDIAN and \
             APPROX_PERCENTILE_CONT are",
        ),
    }
}
