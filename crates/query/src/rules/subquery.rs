//! Subqueries become joins before anything is checked, so that one rule judges both.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery};
use datafusion::optimizer::OptimizerRule;
use datafusion::optimizer::decorrelate_predicate_subquery::DecorrelatePredicateSubquery;
use datafusion::optimizer::scalar_subquery_to_join::ScalarSubqueryToJoin;
use lazaret_model::Refusal;

use super::built;

/// The plan with IN, EXISTS and values looked up by a subquery as semi, anti, mark and left joins,
/// by the engine's own rules. What they leave is refused where it stands.
pub(crate) fn joined(plan: LogicalPlan, state: &SessionState) -> Result<LogicalPlan, Refusal> {
    let rules: [&dyn OptimizerRule; 2] = [
        &DecorrelatePredicateSubquery::new(),
        &ScalarSubqueryToJoin::new(),
    ];
    let mut number = 0;
    let mut name = |expr: Expr| expr.transform_down(|expr| named(expr, &mut number));
    let name = |node: LogicalPlan| node.map_expressions(&mut name);
    let plan = built(plan.transform_down_with_subqueries(name).data())?;
    rules.into_iter().try_fold(plan, |plan, rule| {
        let rewrite = |node| rule.rewrite(node, state);
        built(plan.transform_down_with_subqueries(rewrite).data())
    })
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
