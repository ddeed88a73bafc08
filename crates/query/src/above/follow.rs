//! Which released columns an answer's columns are, and that nothing else gets into it.

use datafusion::common::DFSchema;
use datafusion::logical_expr::{
    Expr, ExprSchemable, Join, JoinType, LogicalPlan, Operator, Projection,
};
use datafusion::scalar::ScalarValue;
use lazaret_model::Refusal;

use super::Above;
use super::formula::{Formula, Operation};
use crate::functions::Arithmetic;
use crate::rules::{Scope, decimal, facts, literal, not_private, written};

/// Rows that LIMIT and OFFSET may name.
const ROWS_MAX: i64 = 1_000_000_000;

/// Columns with their names.
type Columns = Vec<(Formula, String)>;

impl Above {
    /// Checks the nodes over the releases' columns and follows these to the answer.
    ///
    /// # Errors
    /// A refusal when the answer would hold something that is not of released columns.
    pub(crate) fn followed(self) -> Result<Self, Refusal> {
        let mut firsts = self.uses.iter().map(|used| used.first);
        let output = follow(&self.plan, &mut firsts)?;
        Ok(Self { output, ..self })
    }
}

/// What each output column of `node` is of released columns.
fn follow(
    node: &LogicalPlan,
    firsts: &mut impl Iterator<Item = usize>,
) -> Result<Columns, Refusal> {
    match node {
        LogicalPlan::Aggregate(aggregate) => {
            let names = aggregate.schema.fields().iter();
            let names = names.map(|field| field.name().clone());
            let first = firsts.next().unwrap_or_default();
            Ok((first..).map(Formula::Column).zip(names).collect())
        }
        LogicalPlan::Projection(projection) => {
            projected(projection, &follow(&projection.input, firsts)?)
        }
        LogicalPlan::Filter(filter) => {
            open(&filter.predicate, filter.input.schema())?;
            follow(&filter.input, firsts)
        }
        LogicalPlan::Limit(limit) => {
            let ends = [limit.skip.as_deref(), limit.fetch.as_deref()];
            ends.into_iter().flatten().try_for_each(whole)?;
            follow(&limit.input, firsts)
        }
        LogicalPlan::Sort(sort) => {
            let mut keys = sort.expr.iter();
            keys.try_for_each(|key| open(&key.expr, sort.input.schema()))?;
            follow(&sort.input, firsts)
        }
        LogicalPlan::Join(join) => joined(join, firsts),
        LogicalPlan::SubqueryAlias(alias) => follow(&alias.input, firsts),
        // What else there is, `split` has refused.
        _ => Ok(Vec::new()),
    }
}

fn projected(projection: &Projection, input: &Columns) -> Result<Columns, Refusal> {
    let names = projection.schema.fields().iter();
    let names = names.map(|field| field.name().clone());
    let of = |expr: &Expr| formula(expr, projection.input.schema(), input);
    let columns = projection.expr.iter().zip(names);
    columns
        .map(|(expr, name)| Ok((of(expr).ok_or_else(|| computed(expr))?, name)))
        .collect()
}

/// The columns of a join of answers, on whatever condition.
fn joined(join: &Join, firsts: &mut impl Iterator<Item = usize>) -> Result<Columns, Refusal> {
    let (left, right) = (join.left.schema(), join.right.schema());
    for (of_left, of_right) in &join.on {
        open(of_left, left)?;
        open(of_right, right)?;
    }
    if let Some(condition) = &join.filter {
        let both = left.join(right);
        let both = both.map_err(|error| not_private(error.strip_backtrace()))?;
        open(condition, &both)?;
    }
    let mut left = follow(&join.left, firsts)?;
    let right = follow(&join.right, firsts)?;
    match join.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => Ok(left),
        JoinType::RightSemi | JoinType::RightAnti => Ok(right),
        _ => {
            left.extend(right);
            Ok(left)
        }
    }
}

/// How many rows are shown depends on the text alone.
fn whole(count: &Expr) -> Result<(), Refusal> {
    match literal(count) {
        Some(ScalarValue::Int64(Some(0..=ROWS_MAX))) => Ok(()),
        _ => Err(not_private(format!(
            "LIMIT and OFFSET take a number from 0 to {ROWS_MAX}"
        ))),
    }
}

/// What an expression is of released columns: sums, differences, products and quotients of them.
/// They are computed as real numbers.
fn formula(expr: &Expr, schema: &DFSchema, input: &[(Formula, String)]) -> Option<Formula> {
    let number = |expr: &Expr| expr.get_type(schema).is_ok_and(|kind| kind.is_numeric());
    let of = |expr: &Expr| formula(expr, schema, input).filter(|_| number(expr));
    if let Some(number) = decimal(expr) {
        #[allow(
            clippy::cast_precision_loss,
            reason = "as exact as the literal's own type"
        )]
        let number = number.units as f64 / 10f64.powi(i32::from(number.scale));
        return Some(Formula::Number(number));
    }
    match expr {
        Expr::Column(column) => Some(input.get(schema.maybe_index_of_column(column)?)?.0.clone()),
        Expr::Alias(alias) => formula(&alias.expr, schema, input),
        Expr::Cast(cast) if number(expr) => of(&cast.expr),
        Expr::TryCast(cast) if number(expr) => of(&cast.expr),
        Expr::Negative(inner) => {
            let zero = Formula::Number(0.0);
            Some(Formula::Of(
                Operation::Minus,
                zero.into(),
                of(inner)?.into(),
            ))
        }
        Expr::ScalarFunction(function) => {
            let arithmetic = function.func.inner().downcast_ref::<Arithmetic>();
            let (Some(arithmetic), [left, right]) = (arithmetic, function.args.as_slice()) else {
                return None;
            };
            let operation = match arithmetic.op {
                Operator::Plus => Operation::Plus,
                Operator::Minus => Operation::Minus,
                Operator::Multiply => Operation::Times,
                Operator::Divide => Operation::Over,
                _ => return None,
            };
            Some(Formula::Of(operation, of(left)?.into(), of(right)?.into()))
        }
        _ => None,
    }
}

fn computed(expr: &Expr) -> Refusal {
    not_private(format!(
        "`{}` computes with released numbers in a way that is not offered",
        written(expr)
    ))
    .hint("+, -, * and / of them are; what is computed afterwards is free")
}

/// Conditions and orders above use the same list of expressions; every released column is open.
fn open(expr: &Expr, schema: &DFSchema) -> Result<(), Refusal> {
    let scope = Scope::released(schema.fields().len());
    facts(expr, &scope, schema).map(|_| ())
}
