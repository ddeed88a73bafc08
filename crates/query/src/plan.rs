//! A query is cut at its releases: what is below reads records, what is above reads the answers.

mod keys;
mod precision;

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, Extension, LogicalPlan, LogicalPlanBuilder, cast, lit,
};
use datafusion::prelude::SessionContext;
use lazaret_disclosure::{Estimate, Measure, Price, Shape};
use lazaret_lake::Snapshot;
use lazaret_model::{Refusal, RefusalCode};
use lazaret_permit::Policy;
use object_store::ObjectStore;
use sha2::{Digest, Sha256};

pub use self::precision::{Accuracy, Precision, std_error};
use crate::above::Above;
use crate::bound::{Bound, BoundEstimate, BoundSpec};
use crate::functions::CLAMP;
use crate::grant::{GrantedTable, granted};
use crate::rules::{Argument, Asked, Below, aggregate, capped, joined, joined_above, not_private};
use crate::run::physical;
use crate::{session, statement};

/// A question: its text, its share of the budget, and bounds tighter than the dictionary's.
#[derive(Debug, Clone)]
pub struct Ask {
    /// SQL.
    pub sql: String,
    /// How precise the answer is to be, or what it may cost.
    pub precision: Precision,
    /// Rows of one person that count in a group; by default the table's plausible number.
    pub rows_per_person: Option<u32>,
    /// Groups that one person counts in; by default one where the keys are the person's own,
    /// else the table's plausible number of rows.
    pub groups_per_person: Option<u32>,
}

/// A query that can be answered privately, and its price. Nothing of it has been read.
pub struct PrivatePlan {
    pub(crate) state: SessionState,
    /// What is read for each release, in the order of the price's parts.
    pub(crate) bounded: Vec<LogicalPlan>,
    pub(crate) above: Above,
    price: Price,
    fingerprint: String,
    persons_stated: u64,
}

impl PrivatePlan {
    /// The persons at which a preview tells precision.
    #[must_use]
    pub const fn persons_stated(&self) -> u64 {
        self.persons_stated
    }

    /// What the query costs, and for each of its releases keys, estimates, bounds and noise.
    #[must_use]
    pub const fn price(&self) -> &Price {
        &self.price
    }

    /// What is computed of released numbers: the columns' names and formulas.
    pub fn computed(&self) -> impl Iterator<Item = (&str, String)> {
        self.above.computed()
    }

    /// SHA-256 of the analysed plan, the snapshot and the parameters: equal questions have equal
    /// fingerprints, whatever their comments, case and white space.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The plans below the releases as text, for tests and the access body's ledger.
    #[must_use]
    pub fn explain(&self) -> String {
        let plans = self
            .bounded
            .iter()
            .map(|plan| plan.display_indent().to_string());
        plans.collect::<Vec<_>>().join("\n")
    }
}

/// Plans `ask` over what `policy` grants of `snapshot`. No row is read.
///
/// # Errors
/// A [`Refusal`] that depends on the text, the granted schema and the permit alone.
pub async fn plan(
    policy: &Policy,
    snapshot: &Snapshot,
    store: Arc<dyn ObjectStore>,
    ask: &Ask,
) -> Result<PrivatePlan, Refusal> {
    let tables = granted(policy, snapshot);
    let state = context(store, &tables).map_err(|_| no_engine())?;
    let analysed = statement::analysed(&state, &ask.sql).await?;
    let whole = joined_above(analysed.clone(), &state)?;
    let (above, releases) = Above::split(whole)?;
    let (mut shapes, mut bounded) = (Vec::new(), Vec::new());
    for release in &releases {
        let input = joined(release.input.as_ref().clone(), &state)?;
        let below = capped(&input, &tables)?;
        let (shape, plan) = bound(release, below, policy, ask)?;
        shapes.push(shape);
        bounded.push(plan);
    }
    let above = above.followed()?;
    above.name(&mut shapes);
    let price = ask.precision.price(&shapes, policy)?;
    let fingerprint = fingerprint(&analysed, snapshot, policy, &price);
    let plan = PrivatePlan {
        state,
        bounded,
        above,
        price,
        fingerprint,
        persons_stated: ask.precision.persons(),
    };
    // What the engine cannot carry out is found before it is paid. No row is read: of the lake the
    // physical plan knows the ranges of persons into which all tables are cut, which follow from
    // the dataset's size, and no file is opened; so neither does this refusal depend on a row.
    for bounded in &plan.bounded {
        physical(&plan.state, bounded).await.map_err(|_| {
            not_private("the engine cannot carry this query out")
                .hint("write it another way, or ask it in parts")
        })?;
    }
    Ok(plan)
}

fn context(
    store: Arc<dyn ObjectStore>,
    tables: &[GrantedTable],
) -> Result<SessionState, crate::QueryError> {
    let ranges = tables.first().map_or(1, |table| table.ranges.len());
    let context = SessionContext::new_with_state(session::session(store, ranges)?);
    for table in tables {
        context.register_table(
            table.state.description.name.as_str(),
            Arc::new(table.clone()),
        )?;
    }
    Ok(context.state())
}

fn no_engine() -> Refusal {
    Refusal::new(
        RefusalCode::NotGranted,
        "the engine could not open the granted tables",
    )
}

fn fingerprint(
    analysed: &LogicalPlan,
    snapshot: &Snapshot,
    policy: &Policy,
    price: &Price,
) -> String {
    let parts = [
        analysed.display_indent_schema().to_string(),
        snapshot.id.to_string(),
        price.epsilon().to_string(),
        policy.minimum.to_string(),
    ];
    let shapes = price
        .parts()
        .iter()
        .map(|part| format!("{:?}", part.shape()));
    let mut hash = Sha256::new();
    for part in parts.into_iter().chain(shapes).chain(literals(analysed)) {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The literals of a plan in their order. A plan's text quotes them without escapes, so that two
/// plans may read alike; with each literal's length they do not.
fn literals(plan: &LogicalPlan) -> Vec<String> {
    let mut found = Vec::new();
    // Nothing in here fails.
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::Literal(value, _) = part {
                    found.push(format!("{}: {value}", value.data_type()));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .ok();
    found
}

/// The shape of the release, and the plan that reads, bounds and groups for it.
fn bound(
    release: &Aggregate,
    below: Below,
    policy: &Policy,
    ask: &Ask,
) -> Result<(Shape, LogicalPlan), Refusal> {
    let (scope, schema) = (&below.scope, below.plan.schema());
    let keys = keys::keys(release, scope, schema)?;
    let asked: Vec<Asked> = release
        .aggr_expr
        .iter()
        .map(|expr| aggregate(expr, scope, schema))
        .collect::<Result<_, _>>()?;
    if asked.is_empty() {
        return Err(not_private("the query counts nothing").hint("add COUNT(DISTINCT person_id)"));
    }
    let (arguments, masks) = masks(&asked, schema);
    let rows = ask.rows_per_person.unwrap_or(scope.rows_per_person).max(1);
    let names = release.schema.fields().iter().skip(keys.len());
    let estimates: Vec<Estimate> = asked
        .iter()
        .zip(&masks)
        .zip(names)
        .map(|((asked, mask), field)| Estimate {
            name: field.name().clone(),
            measure: asked.measure,
            mask: *mask,
            rows_per_person: if asked.measure == Measure::Persons {
                1
            } else {
                rows
            },
        })
        .collect();
    let shape = Shape {
        groups_per_person: keys::groups_per_person(&keys, scope, ask),
        keys: keys.iter().map(|key| key.key.clone()).collect(),
        estimates,
        masks: arguments.len() + 1,
        minimum: policy.minimum,
    };
    if let Some(estimate) = shape
        .estimates
        .iter()
        .find(|estimate| !is_writable(estimate))
    {
        let reason = format!(
            "`{}` could be a number too large to be written",
            estimate.name
        );
        return Err(Refusal::new(RefusalCode::TooLarge, reason).hint("narrow the bounds of clamp"));
    }
    let bounded = plan_below(below, &keys, &arguments, &shape)
        .map_err(|error| not_private(error.strip_backtrace()))?;
    Ok((shape, bounded))
}

/// Whether a sum over a million such persons is a whole number that every reader of JSON keeps.
fn is_writable(estimate: &Estimate) -> bool {
    let Measure::Sum(clamp) = estimate.measure else {
        return true;
    };
    let largest = clamp.low().unsigned_abs().max(clamp.high().unsigned_abs());
    let whole = u128::from(largest) / 10u128.pow(u32::from(clamp.scale()));
    whole * u128::from(estimate.rows_per_person) * 1_000_000 < 1 << 53
}

/// The distinct arguments, and which mask each estimate has: 0 is every row, mask `i + 1` the rows
/// in which argument `i` is there. A count of an expression and its average share one mask.
fn masks(asked: &[Asked], schema: &DFSchema) -> (Vec<Argument>, Vec<usize>) {
    let mut arguments: Vec<Argument> = Vec::new();
    let present = |asked: &&Asked| matches!(asked.argument, Argument::Present(_));
    let read = |asked: &&Asked| matches!(asked.argument, Argument::Number(_) | Argument::Value(_));
    for Asked { argument, .. } in asked
        .iter()
        .filter(read)
        .chain(asked.iter().filter(present))
    {
        if position(&arguments, argument, schema).is_none() {
            arguments.push(argument.clone());
        }
    }
    let mask =
        |asked: &Asked| position(&arguments, &asked.argument, schema).map_or(0, |index| index + 1);
    let masks = asked.iter().map(mask).collect();
    (arguments, masks)
}

fn position(arguments: &[Argument], wanted: &Argument, schema: &DFSchema) -> Option<usize> {
    arguments
        .iter()
        .position(|argument| match (argument, wanted) {
            (Argument::Number(a), Argument::Present(b)) => present(a, schema) == present(b, schema),
            (Argument::Number(a), Argument::Number(b))
            | (Argument::Value(a), Argument::Value(b) | Argument::Present(b))
            | (Argument::Present(a), Argument::Present(b)) => a == b,
            _ => false,
        })
}

/// The expression that a number is there with: neither bounds nor becoming a real number takes one
/// away. A cast to a narrower type does.
fn present<'e>(expr: &'e Expr, schema: &DFSchema) -> &'e Expr {
    let real = |of: &Expr| {
        let number = of.get_type(schema).is_ok_and(|kind| kind.is_numeric());
        number && matches!(expr.get_type(schema), Ok(DataType::Float64))
    };
    match expr {
        Expr::ScalarFunction(call) if call.name() == CLAMP => {
            let first = call.args.first();
            first.map_or(expr, |first| present(first, schema))
        }
        Expr::Cast(cast) if real(&cast.expr) => present(&cast.expr, schema),
        Expr::TryCast(cast) if real(&cast.expr) => present(&cast.expr, schema),
        _ => expr,
    }
}

/// Person, keys, arguments, then the bound operator over them.
fn plan_below(
    below: Below,
    keys: &[keys::PlannedKey],
    arguments: &[Argument],
    shape: &Shape,
) -> Result<LogicalPlan, DataFusionError> {
    let carrier = below.scope.carrier;
    let person = Expr::Column(DFSchema::columns(below.plan.schema()).swap_remove(carrier));
    let mut columns = vec![person.alias("lazaret_person")];
    for (index, key) in keys.iter().enumerate() {
        columns.push(key.expr.clone().alias(format!("lazaret_key_{index}")));
    }
    for (index, argument) in arguments.iter().enumerate() {
        let column = match argument {
            Argument::Number(expr) => cast(expr.clone(), DataType::Float64),
            Argument::Present(expr) => expr.clone().is_not_null(),
            Argument::Value(expr) => expr.clone(),
            Argument::Row => lit(true),
        };
        columns.push(column.alias(format!("lazaret_argument_{index}")));
    }
    let input = LogicalPlanBuilder::new(below.plan);
    let estimates = shape.estimates.iter().map(|estimate| BoundEstimate {
        measure: estimate.measure,
        mask: estimate.mask,
        rows_per_person: estimate.rows_per_person,
    });
    let spec = BoundSpec {
        keys: keys.len(),
        declared: keys.iter().map(|key| key.declared.clone()).collect(),
        masks: std::iter::once(None)
            .chain((0..arguments.len()).map(Some))
            .collect(),
        counted: arguments
            .iter()
            .map(|argument| matches!(argument, Argument::Value(_)))
            .collect(),
        estimates: estimates.collect(),
        groups_per_person: shape.groups_per_person,
    };
    let node = Bound::try_new(input.project(columns)?.build()?, spec)?;
    Ok(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    }))
}
