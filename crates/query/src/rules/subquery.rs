//! Subqueries become joins before anything is checked, so that one rule judges both.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery};
use datafusion::optimizer::OptimizerRule;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use lazaret_model::Refusal;

use super::built;

/// A node given anew.
type Step = Result<Transformed<LogicalPlan>, DataFusionError>;

/// The plan with IN, EXISTS and values looked up by a subquery as semi, anti, mark and left joins,
/// by the engine's own rules. What they leave is refused where it stands.
pub(crate) fn joined(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan, Refusal> {
    rewritten(plan, state, |_| false)
}

/// The same above the first aggregates alone: those stay as they are, so that equal ones are known.
pub(crate) fn joined_above(
    plan: LogicalPlan,
    state: &SessionState,
) -> Result<LogicalPlan, Refusal> {
    rewritten(plan, state, |node| {
        matches!(node, LogicalPlan::Aggregate(_))
    })
}

fn rewritten(
    plan: LogicalPlan,
    state: &SessionState,
    ends: fn(&LogicalPlan) -> bool,
) -> Result<LogicalPlan, Refusal> {
    let decorrelated = DecorrelatePredicateSubquery::new();
    let looked_up = ScalarSubqueryToJoin::new();
    let mut number = 0;
    let mut name = |expr: Expr| expr.transform_down(|expr| named(expr, &mut number));
    let mut name = |node: LogicalPlan| node.map_expressions(&mut name);
    let decorrelate = |node| decorrelated.rewrite(node, state);
    let look_up = |node| looked_up.rewrite(node, state);
    let down = |plan: LogicalPlan, step: &mut dyn FnMut(LogicalPlan) -> Step| {
        built(
            plan.transform_down_with_subqueries(|node| match ends(&node) {
                true => Ok(Transformed::new(node, false, TreeNodeRecursion::Jump)),
                false => step(node),
            })
            .data(),
        )
    };
    let plan = down(plan, &mut name)?;
    let plan = down(plan, &mut { decorrelate })?;
    down(plan, &mut { look_up })
}

/// Gives the value that a subquery of its own looks up a name that no other column has: the engine
/// does not join what is named alike.
fn named(expr: Expr, number: &mut usize) -> Result<Transformed<Expr>, DataFusionError> {
    let Expr::ScalarSubquery(subquery) = expr else {
        return Ok(Transformed::no(expr));
    };
    let mut columns = subquery.subquery.schema().columns();
    let (Some(value), true) = (columns.pop(), subquery.outer_ref_columns.is_empty()) else {
        return Ok(Transformed::no(Expr::ScalarSubquery(subquery)));
    };
    *number += 1;
    let value = Expr::Column(value).alias(format!("lazaret_value_{number}"));
    let plan = LogicalPlanBuilder::from(Arc::clone(&subquery.subquery)).project([value])?;
    Ok(Transformed::yes(Expr::ScalarSubquery(Subquery {
        subquery: plan.build()?.into(),
        ..subquery
    })))
}
