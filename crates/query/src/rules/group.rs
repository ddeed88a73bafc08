//! Aggregates below a release: of one person's rows each, and bit for bit the same in any order.
//!
//! Floating point numbers added in another order come to another number, and in which order the
//! engine adds depends on whose rows stand around. So sums and means are of whole numbers: of
//! 38 digits, or of the units that a number's declared bounds resolve.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use datafusion::logical_expr::{
    Aggregate, AggregateUDF, Distinct, Expr, ExprSchemable, LogicalPlan, Operator, Projection,
    cast, lit, try_cast,
};
use lazaret_model::{Refusal, RefusalCode};

use super::join::Cut;
use super::node::{below, person_among, uncast};
use super::{Below, Facts, Interval, Opacity, Scope, built, facts, not_private, written};
use crate::functions::{Arithmetic, units};

/// What parts of an aggregate are called, with a number.
const PART: &str = "lazaret_part";
/// Digits of the whole numbers that are added up: more than 2^63 rows of 2^63 need.
const SUM: DataType = DataType::Decimal128(38, 0);

/// An aggregate whose groups are of one person each.
pub(super) fn group(node: &Aggregate, cut: &Cut<'_>) -> Result<Below, Refusal> {
    let Below { plan, scope } = below(&node.input, cut)?;
    let schema = plan.schema();
    let keys: Vec<Facts> = node
        .group_expr
        .iter()
        .map(|key| key_facts(key, &scope, schema))
        .collect::<Result<_, _>>()?;
    let carrier = person_among(&keys).ok_or_else(|| {
        let hint = match node.group_expr.is_empty() {
            true => "write a.person_id = b.person_id into the subquery, or ask it by itself",
            false => "add person_id to its GROUP BY, or ask one aggregate",
        };
        not_private("an aggregate below an aggregate is one of many persons").hint(hint)
    })?;
    let (mut parts, mut finished, mut columns) = (Vec::new(), Vec::new(), keys);
    for (expr, field) in node
        .aggr_expr
        .iter()
        .zip(node.schema.fields().iter().skip(columns.len()))
    {
        let of_person = of_person(expr, &scope, schema, parts.len())?;
        parts.extend(of_person.parts);
        finished.push(of_person.finished.alias(field.name()));
        columns.push(of_person.facts);
    }
    let scope = grouped(columns, node.group_expr.len(), carrier, &scope);
    let node = built(Aggregate::try_new(
        Arc::new(plan),
        node.group_expr.clone(),
        parts,
    ))?;
    let keys = DFSchema::columns(&node.schema)
        .into_iter()
        .take(node.group_expr.len());
    let exprs = keys.map(Expr::Column).chain(finished).collect();
    let plan = LogicalPlan::Aggregate(node);
    let plan = LogicalPlan::Projection(built(Projection::try_new(exprs, Arc::new(plan)))?);
    Ok(Below { plan, scope })
}

/// DISTINCT rows: groups of all columns.
pub(super) fn distinct(input: &Arc<LogicalPlan>, cut: &Cut<'_>) -> Result<Below, Refusal> {
    let Below { plan, scope } = below(input, cut)?;
    let (columns, carrier) = (scope.columns.clone(), scope.carrier);
    let keys = columns.len();
    let scope = grouped(columns, keys, carrier, &scope);
    let plan = LogicalPlan::Distinct(Distinct::All(Arc::new(plan)));
    Ok(Below { plan, scope })
}

/// The scope of groups: one row a person where all other keys are the person's own.
fn grouped(columns: Vec<Facts>, keys: usize, carrier: usize, input: &Scope) -> Scope {
    let own = |(at, facts): (usize, &Facts)| at == carrier || facts.per_person;
    let single = columns.iter().take(keys).enumerate().all(own);
    let rows = if single { 1 } else { input.rows_per_person };
    let scope = Scope {
        columns,
        carrier,
        rows_per_person: rows,
        many: input.many,
    };
    scope.of_rows(rows)
}

fn key_facts(key: &Expr, scope: &Scope, schema: &DFSchema) -> Result<Facts, Refusal> {
    if let Expr::GroupingSet(_) = key {
        return Err(not_private(
            "GROUPING SETS, ROLLUP and CUBE are not offered",
        ));
    }
    facts(key, scope, schema)
}

/// An aggregate below: what is computed, and what is made of it.
struct OfPerson {
    parts: Vec<Expr>,
    finished: Expr,
    facts: Facts,
}

fn of_person(
    expr: &Expr,
    scope: &Scope,
    schema: &DFSchema,
    at: usize,
) -> Result<OfPerson, Refusal> {
    let function = match expr {
        Expr::Alias(alias) => return of_person(&alias.expr, scope, schema, at),
        Expr::AggregateFunction(function) => function,
        other => return Err(not_private(format!("`{}` is no aggregate", written(other)))),
    };
    let params = &function.params;
    let name = function.func.name();
    let plain = params.order_by.is_empty() && params.null_treatment.is_none();
    let ([argument], true) = (params.args.as_slice(), plain) else {
        return Err(not_private(format!(
            "`{name}` takes one argument here, and no ORDER BY"
        )));
    };
    if let Some(filter) = &params.filter
        && facts(filter, scope, schema)?.opacity != Opacity::Open
    {
        return Err(not_private("a condition cannot be a pseudonym"));
    }
    let known = facts(argument, scope, schema)?;
    let unknown = Facts::default();
    match (name, params.distinct, known.opacity) {
        ("count", _, _) => Ok(OfPerson {
            parts: vec![called(function, &function.func, argument.clone(), at)],
            finished: part(at),
            facts: unknown,
        }),
        ("min" | "max" | "bool_and" | "bool_or", _, Opacity::Open) => Ok(OfPerson {
            parts: vec![called(
                function,
                &function.func,
                one_zero(argument, schema),
                at,
            )],
            finished: part(at),
            facts: Facts {
                per_person: false,
                numbered: false,
                ..known
            },
        }),
        ("sum" | "avg", false, Opacity::Open) => {
            let whole = Whole::of(argument, &known, schema)?;
            Ok(added_up(function, whole, known.bounds, at))
        }
        (_, _, Opacity::Open) => Err(not_private(format!(
            "`{name}` is not offered below an aggregate"
        ))
        .hint("COUNT, SUM, AVG, MIN and MAX are, and COUNT(DISTINCT ...)")),
        _ => Err(not_private(format!(
            "`{}` is a pseudonym: it can be counted, nothing more",
            written(argument)
        ))),
    }
}

/// A sum or a mean, of whole units.
fn added_up(
    function: &AggregateFunction,
    whole: Whole,
    bounds: Option<Interval>,
    at: usize,
) -> OfPerson {
    let is_mean = function.func.name() == "avg";
    let rows = cast(part(at + 1), DataType::Float64);
    let number = cast(part(at), DataType::Float64) / lit(whole.per_one);
    let finished = match &whole.kind {
        _ if is_mean => number / rows,
        DataType::Int64 => try_cast(part(at), DataType::Int64),
        _ => number,
    };
    OfPerson {
        parts: vec![
            called(function, &sum_udaf(), cast(whole.expr.clone(), SUM), at),
            called(function, &count_udaf(), whole.expr, at + 1),
        ],
        finished,
        facts: Facts {
            bounds: bounds.filter(|_| is_mean),
            ..Facts::default()
        },
    }
}

/// A part of an aggregate: a function of the argument, with all else that was asked of it.
fn called(asked: &AggregateFunction, func: &Arc<AggregateUDF>, argument: Expr, at: usize) -> Expr {
    let params = AggregateFunctionParams {
        args: vec![argument],
        ..asked.params.clone()
    };
    let func = Arc::clone(func);
    Expr::AggregateFunction(AggregateFunction { func, params }).alias(format!("{PART}_{at}"))
}

/// A part of an aggregate, as it is called where it is put together.
fn part(at: usize) -> Expr {
    Expr::Column(format!("{PART}_{at}").into())
}

/// Floating point numbers have two zeros, equal and yet in an order: which of them is the smallest
/// would depend on the order of rows.
pub(super) fn one_zero(argument: &Expr, schema: &DFSchema) -> Expr {
    match argument.get_type(schema) {
        Ok(DataType::Float64) => Arithmetic::call(Operator::Plus, argument.clone(), lit(0.0)),
        _ => argument.clone(),
    }
}

/// A number as whole units.
struct Whole {
    expr: Expr,
    kind: DataType,
    per_one: f64,
}

impl Whole {
    fn of(argument: &Expr, known: &Facts, schema: &DFSchema) -> Result<Self, Refusal> {
        let itself = uncast(argument);
        if built(itself.get_type(schema))?.is_signed_integer() {
            let kind = DataType::Int64;
            let (expr, per_one) = (cast(itself.clone(), kind.clone()), 1.0);
            return Ok(Self {
                expr,
                kind,
                per_one,
            });
        }
        let clamp = known.bounds.and_then(Interval::clamp).ok_or_else(|| {
            let reason = format!(
                "`{}` has no bounds, so it cannot be added up in whole units",
                written(argument)
            );
            Refusal::new(RefusalCode::Unbounded, reason)
                .hint(format!("clamp({}, low, high)", written(argument)))
        })?;
        Ok(Self {
            expr: units(argument.clone(), clamp),
            kind: DataType::Float64,
            per_one: 10f64.powi(i32::from(clamp.scale())),
        })
    }
}
