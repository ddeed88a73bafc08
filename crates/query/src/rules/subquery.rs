//! Subqueries become joins before anything is checked, so that one rule judges both.

use datafusion::common::tree_node::TransformedResult;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
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
    rules.into_iter().try_fold(plan, |plan, rule| {
        let rewrite = |node| rule.rewrite(node, state);
        built(plan.transform_down_with_subqueries(rewrite).data())
    })
}
