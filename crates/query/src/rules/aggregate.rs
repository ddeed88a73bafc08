//! Aggregates of a release: which there are, what bounds them, and who stands behind a number.

use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, lit, when};
use lazaret_disclosure::Measure;
use lazaret_model::{Clamp, Refusal, RefusalCode};

use super::literal::literal;
use super::{Facts, Opacity, Scope, facts, not_private};

/// What an aggregate reads of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Argument {
    /// The row's being there.
    Row,
    /// Whether the expression is not null.
    Present(Expr),
    /// The expression's number.
    Number(Expr),
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
        other => Err(not_private(format!("`{other}` is no aggregate"))),
    }
}

fn of_function(
    function: &AggregateFunction,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Asked, Refusal> {
    let params = &function.params;
    if !params.order_by.is_empty() || params.null_treatment.is_some() {
        return Err(not_private(
            "ORDER BY and IGNORE NULLS in an aggregate: not offered",
        ));
    }
    let [argument] = params.args.as_slice() else {
        return Err(not_private(format!(
            "`{}` takes one argument here",
            function.func.name()
        )));
    };
    let asked = match (function.func.name(), params.distinct) {
        ("count", false) if literal(argument).is_some_and(|value| !value.is_null()) => Ok(Asked {
            measure: Measure::Rows,
            argument: Argument::Row,
        }),
        ("count", false) => count_present(argument, scope, schema),
        ("count", true) => count_persons(argument, scope, schema),
        ("sum", false) => number(argument, scope, schema, Measure::Sum),
        ("avg", false) => number(argument, scope, schema, Measure::Mean),
        (name, _) => Err(not_offered(name)),
    }?;
    match params.filter.as_deref() {
        Some(filter) => narrowed(asked, filter, scope, schema),
        None => Ok(asked),
    }
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
    };
    Ok(Asked { argument, ..asked })
}

fn count_present(argument: &Expr, scope: &Scope, schema: &DFSchema) -> Result<Asked, Refusal> {
    let known = facts(argument, scope, schema)?;
    // That a pseudonym is there tells nothing of it: so a left join's missing side is counted.
    let measure = Measure::Rows;
    match known.opacity {
        Opacity::Person => Ok(Asked {
            measure,
            argument: Argument::Row,
        }),
        _ => Ok(Asked {
            measure,
            argument: Argument::Present(argument.clone()),
        }),
    }
}

fn count_persons(argument: &Expr, scope: &Scope, schema: &DFSchema) -> Result<Asked, Refusal> {
    match facts(argument, scope, schema)?.opacity {
        Opacity::Person => Ok(Asked {
            measure: Measure::Persons,
            argument: Argument::Row,
        }),
        _ => Err(
            not_private(format!("COUNT(DISTINCT {argument}) is not offered yet")).hint(
                "COUNT(DISTINCT person_id) counts persons; GROUP BY the column shows its values",
            ),
        ),
    }
}

fn number(
    argument: &Expr,
    scope: &Scope,
    schema: &DFSchema,
    measure: fn(Clamp) -> Measure,
) -> Result<Asked, Refusal> {
    let Facts {
        opacity, bounds, ..
    } = facts(argument, scope, schema)?;
    if opacity != Opacity::Open {
        return Err(not_private("a pseudonym is no number to add up"));
    }
    let bounds = bounds.ok_or_else(|| {
        let reason = format!("`{argument}` has no bounds, so its noise would have no scale");
        Refusal::new(RefusalCode::Unbounded, reason)
            .clause("privacy: sums are of bounded values")
            .hint(format!(
                "clamp({argument}, low, high) with the plausible range"
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
            "an extreme is one person's value: ask COUNT(DISTINCT person_id) by bands (CASE WHEN \
             x < 10 THEN ...), later a percentile",
        ),
        _ => refusal.hint("COUNT, COUNT(DISTINCT person_id), SUM and AVG are"),
    }
}
