//! Joins of person tables: persons meet only themselves.

use std::sync::Arc;

use datafusion::common::{DFSchema, JoinType, NullEquality};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Extension, Join, LogicalPlan, Operator, Projection,
};
use lazaret_disclosure::KeyValue;
use lazaret_model::Refusal;

use super::node::{bare, below};
use super::{Below, Facts, Opacity, Scope, built, facts, not_private, written};
use crate::bound::Cap;
use crate::grant::GrantedTable;

/// Rows a person that a chain of joins may plausibly give; the bound of a query, not of the data.
const ROWS_PER_PERSON_MAX: u32 = 10_000;
/// Rows of one person that a query's joins may give at most.
const ROWS_JOINED_MAX: f64 = 1e6;
/// Who a row of a FULL JOIN belongs to. Quoted names cannot reach it: they are resolved before.
const CARRIER: &str = "lazaret_carrier";

/// What everything below a release is checked against.
pub(super) struct Cut<'g> {
    pub(super) granted: &'g [GrantedTable],
    /// How many rows a person each input of a join may have that has many.
    rows: Option<usize>,
}

/// Checks everything below a release. Each input of a join of which a person has many rows is
/// capped where there are several: then the joins give at most [`ROWS_JOINED_MAX`] rows a person,
/// whoever it is.
///
/// # Errors
/// A refusal that names what is not on the list, with a way to write it instead.
pub(crate) fn capped(plan: &LogicalPlan, granted: &[GrantedTable]) -> Result<Below, Refusal> {
    let once = below(
        plan,
        &Cut {
            granted,
            rows: None,
        },
    )?;
    if once.scope.many < 2 {
        return Ok(once);
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 1 and a million"
    )]
    let rows = ROWS_JOINED_MAX
        .powf(1.0 / once.scope.many as f64)
        .floor()
        .max(1.0) as usize;
    let rows = Some(rows);
    below(plan, &Cut { granted, rows })
}

/// A join whose condition equates the carriers.
///
/// The preserved side's carrier goes on; in a FULL JOIN it is that of either side. A semi, anti or
/// mark join says whether the person has a matching row, and gives no column but that.
pub(super) fn join(node: &Join, cut: &Cut<'_>) -> Result<Below, Refusal> {
    of_kind(node)?;
    let left = input(&node.left, cut)?;
    let right = input(&node.right, cut)?;
    let plan = LogicalPlan::Join(node.clone());
    let inputs = vec![left.plan, right.plan];
    let plan = built(plan.with_new_exprs(plan.expressions(), inputs))?;
    let (left, right) = (left.scope, right.scope);
    let both = Sides::new(&plan, left, right)?;
    let only_carriers = both.condition()?;
    both.after(plan, only_carriers)
}

fn of_kind(node: &Join) -> Result<(), Refusal> {
    if node.null_equality != NullEquality::NullEqualsNothing {
        return Err(
            not_private("INTERSECT and EXCEPT compare the rows of different persons")
                .hint("EXISTS or NOT EXISTS with a.person_id = b.person_id"),
        );
    }
    if node.null_aware {
        return Err(
            not_private("NOT IN would be empty for everybody by one NULL of one person")
                .hint("NOT EXISTS with a.person_id = b.person_id"),
        );
    }
    let listed = matches!(
        node.join_type,
        JoinType::Inner
            | JoinType::Left
            | JoinType::Right
            | JoinType::Full
            | JoinType::LeftSemi
            | JoinType::LeftAnti
            | JoinType::LeftMark
    );
    match listed {
        true => Ok(()),
        false => Err(not_private(format!(
            "a {} join is not offered",
            node.join_type
        ))),
    }
}

/// An input of a join, cut where a person has many rows in it.
fn input(plan: &LogicalPlan, cut: &Cut<'_>) -> Result<Below, Refusal> {
    let Below { plan, mut scope } = below(plan, cut)?;
    if scope.many > 0 || scope.rows_per_person <= 1 {
        return Ok(Below { plan, scope });
    }
    scope.many = 1;
    let Some(rows) = cut.rows else {
        return Ok(Below { plan, scope });
    };
    let person = DFSchema::columns(plan.schema()).swap_remove(scope.carrier);
    let node = Arc::new(Cap::new(plan, Expr::Column(person), rows));
    let plan = LogicalPlan::Extension(Extension { node });
    Ok(Below { plan, scope })
}

/// Both sides of a join, while its condition is read: each still has its own carrier.
struct Sides {
    node: Join,
    left: Scope,
    right: Scope,
    /// All columns of both, and their names.
    scope: Scope,
    schema: DFSchema,
}

impl Sides {
    fn new(plan: &LogicalPlan, left: Scope, right: Scope) -> Result<Self, Refusal> {
        let LogicalPlan::Join(node) = plan else {
            return Err(not_private("a join became something else"));
        };
        let schema = built(node.left.schema().join(node.right.schema()))?;
        let columns = left.columns.iter().chain(&right.columns);
        let columns = columns.map(|facts| Facts {
            numbered: false,
            ..facts.clone()
        });
        let rows = left.rows_per_person.saturating_mul(right.rows_per_person);
        let scope = Scope {
            columns: columns.collect(),
            carrier: left.carrier,
            rows_per_person: rows.min(ROWS_PER_PERSON_MAX),
            many: left.many + right.many,
        };
        let node = node.clone();
        Ok(Self {
            node,
            left,
            right,
            scope,
            schema,
        })
    }

    /// Reads the condition, and says whether it equates the carriers and nothing else.
    fn condition(&self) -> Result<bool, Refusal> {
        let (mut equated, mut more) = (false, false);
        let filter = self.node.filter.iter();
        let conditions = filter.flat_map(|filter| split_conjunction(filter));
        let on = self.node.on.iter().map(|(left, right)| Ok((left, right)));
        for pair in conditions.map(as_pair).chain(on) {
            let carriers = match pair {
                Ok((a, b)) => self.equates_carriers(a, b)?,
                Err(condition) => {
                    facts(condition, &self.scope, &self.schema)?;
                    false
                }
            };
            equated |= carriers;
            more |= !carriers;
        }
        match equated {
            true => Ok(!more),
            false => Err(not_private(
                "the join does not equate person_id, so persons would meet each other",
            )
            .clause("privacy: joins of person tables equate the carriers")
            .hint("JOIN ... ON a.person_id = b.person_id; EXISTS and IN need it, too")),
        }
    }

    /// Whether `a = b` equates the two carriers; otherwise it must be an allowed condition: two
    /// record pseudonyms, or an expression over open columns.
    fn equates_carriers(&self, a: &Expr, b: &Expr) -> Result<bool, Refusal> {
        let index = |expr: &Expr| self.schema.index_of_column(bare(expr)?).ok();
        let opacity = |expr: &Expr| Ok(facts(expr, &self.scope, &self.schema)?.opacity);
        let is_left = |at: usize| at < self.left.columns.len();
        match (opacity(a)?, opacity(b)?) {
            (Opacity::Person, Opacity::Person) => match (index(a), index(b)) {
                (Some(a), Some(b)) => Ok(is_left(a) != is_left(b)),
                _ => Ok(false),
            },
            (Opacity::Record, Opacity::Record) | (Opacity::Open, Opacity::Open) => Ok(false),
            _ => Err(not_private(format!(
                "`{} = {}` compares a pseudonym with something else",
                written(a),
                written(b)
            ))
            .clause("privacy: person_id is opaque")),
        }
    }

    /// What comes out. `only_carriers` is whether each of a person's rows has a partner or none.
    fn after(self, plan: LogicalPlan, only_carriers: bool) -> Result<Below, Refusal> {
        let Self {
            left, right, scope, ..
        } = self;
        let of_left = left.columns.len();
        let maybe = |mut scope: Scope, missing: fn(usize, usize) -> bool| {
            for (at, facts) in scope.columns.iter_mut().enumerate() {
                facts.per_person &= only_carriers || !missing(at, of_left);
            }
            scope
        };
        let scope = match self.node.join_type {
            JoinType::Left => maybe(scope, |at, of_left| at >= of_left),
            JoinType::Right => {
                let carrier = of_left + right.carrier;
                let scope = maybe(scope, |at, of_left| at < of_left);
                Scope { carrier, ..scope }
            }
            JoinType::Full => {
                let carriers = (left.carrier, of_left + right.carrier);
                return of_either(plan, maybe(scope, |_, _| true), carriers);
            }
            JoinType::LeftSemi | JoinType::LeftAnti => Scope {
                many: scope.many,
                ..left
            },
            JoinType::LeftMark => {
                let mark = Facts {
                    domain: Some(vec![KeyValue::Boolean(false), KeyValue::Boolean(true)]),
                    per_person: only_carriers,
                    ..Facts::default()
                };
                let columns = left.columns.iter().cloned().chain([mark]).collect();
                let many = scope.many;
                Scope {
                    columns,
                    many,
                    ..left
                }
            }
            _ => scope,
        };
        Ok(Below { plan, scope })
    }
}

/// A FULL JOIN, and beside its columns the person of either side.
fn of_either(plan: LogicalPlan, scope: Scope, at: (usize, usize)) -> Result<Below, Refusal> {
    let names = DFSchema::columns(plan.schema());
    let name = |at: usize| names.get(at).cloned().map(Expr::Column);
    let sides: Vec<Expr> = [at.0, at.1].into_iter().filter_map(name).collect();
    let known = names
        .iter()
        .filter(|column| column.name.starts_with(CARRIER));
    let carrier = format!("{CARRIER}_{}", known.count());
    let all = names.iter().cloned().map(Expr::Column);
    let all: Vec<Expr> = all.chain([coalesce(sides).alias(carrier)]).collect();
    let plan = built(Projection::try_new(all, Arc::new(plan)))?;
    let mut columns = scope.columns;
    columns.push(Facts {
        opacity: Opacity::Person,
        per_person: true,
        ..Facts::default()
    });
    let scope = Scope {
        carrier: columns.len() - 1,
        columns,
        ..scope
    };
    let plan = LogicalPlan::Projection(plan);
    Ok(Below { plan, scope })
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
