//! Joins of person tables: persons meet only themselves.

use std::sync::Arc;

use datafusion::common::{DFSchema, JoinType, NullEquality};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Extension, Join, LogicalPlan, Operator};
use lazaret_model::Refusal;

use super::node::{bare, below};
use super::{Facts, Opacity, Scope, facts, not_private};
use crate::bound::Cap;
use crate::grant::GrantedTable;

/// Rows a person that a chain of joins may plausibly give; the bound of a query, not of the data.
const ROWS_PER_PERSON_MAX: u32 = 10_000;

/// An inner or left join whose condition equates the carriers. The left side's carrier goes on:
/// in a left join the right one may be NULL.
pub(super) fn join(node: &Join, granted: &[GrantedTable]) -> Result<Scope, Refusal> {
    if !matches!(node.join_type, JoinType::Inner | JoinType::Left)
        || node.null_equality != NullEquality::NullEqualsNothing
    {
        let reason = format!(
            "a {} join of person tables is not offered yet",
            node.join_type
        );
        return Err(not_private(reason).hint("JOIN or LEFT JOIN ... ON a.person_id = b.person_id"));
    }
    let left = below(&node.left, granted)?;
    let right = below(&node.right, granted)?;
    let scope = both(node, &left, &right);
    let (mut equated, mut more) = (false, false);
    let conditions = node
        .filter
        .iter()
        .flat_map(|filter| split_conjunction(filter));
    let pairs = conditions
        .map(as_pair)
        .chain(node.on.iter().map(|(l, r)| Ok((l, r))));
    for pair in pairs {
        match pair {
            Ok((a, b)) => {
                let carriers = equates_carriers(a, b, node, &scope, &left)?;
                equated |= carriers;
                more |= !carriers;
            }
            Err(condition) => {
                facts(condition, &scope, &node.schema)?;
                more = true;
            }
        }
    }
    if equated {
        return Ok(after(scope, &left, node.join_type, more));
    }
    Err(
        not_private("the join does not equate person_id, so persons would meet each other")
            .clause("privacy: joins of person tables equate the carriers")
            .hint("JOIN ... ON a.person_id = b.person_id"),
    )
}

/// Rows of one person that a query's joins may give at most.
const ROWS_JOINED_MAX: f64 = 1e6;

/// The plan with a cap on each input of a join of which a person has many rows, where there are
/// several: then the joins give at most [`ROWS_JOINED_MAX`] rows a person, whoever it is.
pub(crate) fn capped(plan: &LogicalPlan, granted: &[GrantedTable]) -> Result<LogicalPlan, Refusal> {
    let inputs = many(plan, granted)?;
    if inputs < 2 {
        return Ok(plan.clone());
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 1 and a million"
    )]
    let rows = ROWS_JOINED_MAX.powf(1.0 / inputs as f64).floor().max(1.0) as usize;
    cap(plan, granted, rows)
}

/// How many inputs of joins have many rows a person.
fn many(plan: &LogicalPlan, granted: &[GrantedTable]) -> Result<usize, Refusal> {
    let LogicalPlan::Join(node) = plan else {
        let inputs = plan.inputs().into_iter();
        return inputs.map(|input| many(input, granted)).sum();
    };
    let of = |input: &LogicalPlan| match joins(input) {
        true => many(input, granted),
        false => Ok(usize::from(below(input, granted)?.rows_per_person > 1)),
    };
    Ok(of(&node.left)? + of(&node.right)?)
}

fn cap(plan: &LogicalPlan, granted: &[GrantedTable], rows: usize) -> Result<LogicalPlan, Refusal> {
    let is_join = matches!(plan, LogicalPlan::Join(_));
    let of = |input: &LogicalPlan| {
        if joins(input) {
            return cap(input, granted, rows);
        }
        let scope = below(input, granted)?;
        if !is_join || scope.rows_per_person <= 1 {
            return Ok(input.clone());
        }
        let person = DFSchema::columns(input.schema()).swap_remove(scope.carrier);
        let cap = Cap::new(input.clone(), Expr::Column(person), rows);
        Ok(LogicalPlan::Extension(Extension {
            node: Arc::new(cap),
        }))
    };
    let inputs: Vec<LogicalPlan> = plan
        .inputs()
        .into_iter()
        .map(of)
        .collect::<Result<_, _>>()?;
    let same = plan.with_new_exprs(plan.expressions(), inputs);
    same.map_err(|error| not_private(error.strip_backtrace()))
}

/// Whether there is a join in a plan.
fn joins(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Join(_)) || plan.inputs().into_iter().any(joins)
}

/// Everything both sides have, while the condition is read: each side still has its own carrier.
fn both(node: &Join, left: &Scope, right: &Scope) -> Scope {
    let columns = left.columns.iter().chain(&right.columns).cloned().collect();
    let rows = left.rows_per_person.saturating_mul(right.rows_per_person);
    debug_assert_eq!(
        node.schema.fields().len(),
        left.columns.len() + right.columns.len()
    );
    Scope {
        columns,
        carrier: left.carrier,
        rows_per_person: rows.min(ROWS_PER_PERSON_MAX),
    }
}

/// `more` is whether the condition says more than that the carriers are equal: then some of a
/// person's rows may have a partner and others NULL.
fn after(scope: Scope, left: &Scope, kind: JoinType, more: bool) -> Scope {
    if kind == JoinType::Inner {
        return scope;
    }
    let hide = |(index, facts): (usize, Facts)| {
        if index < left.columns.len() {
            return facts;
        }
        Facts {
            opacity: match facts.opacity {
                Opacity::Person => Opacity::Record,
                opacity => opacity,
            },
            per_person: facts.per_person && !more,
            ..facts
        }
    };
    let columns = scope.columns.into_iter().enumerate().map(hide).collect();
    Scope { columns, ..scope }
}

fn as_pair(condition: &Expr) -> Result<(&Expr, &Expr), &Expr> {
    match condition {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => Ok((left, right)),
        other => Err(other),
    }
}

/// Whether `a = b` equates the two carriers; otherwise it must be an allowed condition: two record
/// pseudonyms, or an expression over open columns.
fn equates_carriers(
    a: &Expr,
    b: &Expr,
    node: &Join,
    scope: &Scope,
    left: &Scope,
) -> Result<bool, Refusal> {
    let index = |expr: &Expr| node.schema.index_of_column(bare(expr)?).ok();
    let opacity = |expr: &Expr| Ok(facts(expr, scope, &node.schema)?.opacity);
    let sides = (index(a), index(b));
    match (opacity(a)?, opacity(b)?) {
        (Opacity::Person, Opacity::Person) => match sides {
            (Some(a), Some(b)) => Ok((a < left.columns.len()) != (b < left.columns.len())),
            _ => Ok(false),
        },
        (Opacity::Record, Opacity::Record) | (Opacity::Open, Opacity::Open) => Ok(false),
        _ => Err(not_private(format!(
            "`{a} = {b}` compares a pseudonym with something else"
        ))
        .clause("privacy: person_id is opaque")),
    }
}
