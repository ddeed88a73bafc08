//! Windows below a release: over one person's rows each, in an order that leaves no choice.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::logical_expr::expr::{Sort, WindowFunction};
use datafusion::logical_expr::{
    Expr, LogicalPlan, Window, WindowFrame, WindowFrameBound, WindowFrameUnits,
};
use lazaret_model::Refusal;

use super::group::one_zero;
use super::join::Cut;
use super::node::{bare, below};
use super::{Below, Facts, Opacity, Scope, built, facts, literal, not_private, written};

/// Functions whose result depends on how rows that are equal to ORDER BY stand.
const BY_PLACE: [&str; 4] = ["row_number", "lag", "lead", "first_value"];
/// Functions that look at values alone.
const BY_VALUE: [&str; 5] = ["rank", "dense_rank", "count", "min", "max"];

/// A window of which each part is of one person. Each function stands in a node of its own, for the
/// engine wants one order a node.
pub(super) fn window(node: &Window, cut: &Cut<'_>) -> Result<Below, Refusal> {
    let Below { mut plan, scope } = below(&node.input, cut)?;
    let schema = Arc::clone(plan.schema());
    let mut columns = scope.columns.clone();
    for expr in &node.window_expr {
        let (expr, facts) = of_person(expr, &scope, &schema)?;
        plan = LogicalPlan::Window(built(Window::try_new(vec![expr], Arc::new(plan)))?);
        columns.push(facts);
    }
    let scope = Scope { columns, ..scope };
    Ok(Below { plan, scope })
}

fn of_person(expr: &Expr, scope: &Scope, schema: &DFSchema) -> Result<(Expr, Facts), Refusal> {
    let window = match expr {
        Expr::Alias(alias) => {
            let (inner, facts) = of_person(&alias.expr, scope, schema)?;
            let inner = inner.unalias();
            return Ok((
                inner.alias_qualified(alias.relation.clone(), &alias.name),
                facts,
            ));
        }
        Expr::WindowFunction(window) => window.as_ref(),
        other => return Err(not_private(format!("`{}` is no window", written(other)))),
    };
    let carries = |expr: &Expr| {
        let at = bare(expr).and_then(|column| schema.maybe_index_of_column(column));
        at == Some(scope.carrier)
    };
    let params = &window.params;
    if !params.partition_by.iter().any(carries) {
        return Err(not_private("the window looks at more than one person")
            .hint("PARTITION BY person_id, and whatever more"));
    }
    let name = window.fun.name();
    let frame = &params.window_frame;
    let to_peers = frame.units == WindowFrameUnits::Range
        && matches!(frame.end_bound, WindowFrameBound::CurrentRow);
    let plain = frame.start_bound.is_unbounded() && (frame.end_bound.is_unbounded() || to_peers);
    if !plain || params.null_treatment.is_some() || params.distinct {
        return Err(not_private(format!(
            "`{name}` here takes no frame, no DISTINCT and no IGNORE NULLS"
        )));
    }
    let place = BY_PLACE.contains(&name);
    if !place && !BY_VALUE.contains(&name) {
        let offered = [&BY_PLACE[..], &BY_VALUE[..]].concat().join(", ");
        return Err(not_private(format!("`{name}` is not offered as a window")).hint(offered));
    }
    let known = arguments(window, scope, schema)?;
    let numbered = name == "row_number" && params.partition_by.len() == 1;
    let mut ordered = window.clone();
    if let ("min" | "max", [argument]) = (name, ordered.params.args.as_mut_slice()) {
        *argument = one_zero(argument, schema);
    }
    if place {
        // Whether another person_id is NULL tells rows apart, too.
        let columns = schema.columns().into_iter().enumerate();
        let others = columns.filter(|(at, _)| *at != scope.carrier);
        let others = others.map(|(_, column)| Sort::new(Expr::Column(column), true, false));
        ordered.params.order_by.extend(others);
        let whole = ordered.params.order_by.is_empty();
        ordered.params.window_frame = WindowFrame::new((!whole).then_some(false));
    }
    let (relation, own) = expr.qualified_name();
    let expr = Expr::WindowFunction(Box::new(ordered)).alias_qualified(relation, own);
    Ok((expr, Facts { numbered, ..known }))
}

/// Checks what a window function reads, and says what its result is.
fn arguments(window: &WindowFunction, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    let params = &window.params;
    let read = params.order_by.iter().map(|sort| &sort.expr);
    let first = params.args.iter().take(1);
    for expr in read.chain(first.clone()).chain(params.filter.as_deref()) {
        if facts(expr, scope, schema)?.opacity != Opacity::Open {
            return Err(not_private("a window cannot show or compare a pseudonym"));
        }
    }
    for key in &params.partition_by {
        facts(key, scope, schema)?;
    }
    if params.args.iter().skip(1).any(|arg| literal(arg).is_none()) {
        return Err(not_private(
            "the distance and the default of LAG and LEAD are literals",
        ));
    }
    let keeps = matches!(
        window.fun.name(),
        "lag" | "lead" | "first_value" | "min" | "max"
    );
    let kept = match params.args.as_slice() {
        [argument] if keeps => facts(argument, scope, schema)?,
        _ => Facts::default(),
    };
    Ok(Facts {
        per_person: false,
        numbered: false,
        ..kept
    })
}
