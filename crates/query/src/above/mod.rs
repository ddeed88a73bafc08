//! What a query does with its answer: conditions, order, limit and names, all post-processing.
//!
//! It runs over released columns only, so it is free and may look at anything in them.

mod answered;
mod formula;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, new_empty_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, Limit, LogicalPlan, LogicalPlanBuilder, Operator, Projection,
    Sort, col,
};
use datafusion::physical_plan::collect;
use datafusion::scalar::ScalarValue;
use lazaret_disclosure::{Cell, KeyValue, Number, Release, Shape};
use lazaret_model::Refusal;

use self::answered::Output;
pub use self::answered::{Answered, Origin};
use self::formula::{Formula, Operation};
use crate::functions::Arithmetic;
use crate::rules::{Scope, decimal, facts, literal, not_private, written};
use crate::{PrivatePlan, QueryError};

/// The column that says which released row a row is.
const ROW: &str = "lazaret_row";
/// Rows that LIMIT and OFFSET may name.
const ROWS_MAX: i64 = 1_000_000_000;
/// The released columns' relation.
const RELEASED: &str = "released";

/// The nodes above the release, the lowest first.
pub(crate) struct Above {
    nodes: Vec<LogicalPlan>,
    /// The released columns in the order of the release: their qualified names and types.
    columns: Vec<(Column, DataType)>,
    /// For each column of the answer, what it is of released columns and what it is called.
    output: Vec<(Formula, String)>,
}

impl Above {
    /// Cuts the analysed plan at its release.
    ///
    /// # Errors
    /// A refusal when there is no release, or a node above it is not offered.
    pub(crate) fn split(plan: &LogicalPlan) -> Result<(Self, Aggregate), Refusal> {
        let mut nodes = Vec::new();
        let mut at = plan;
        let release = loop {
            at = match at {
                LogicalPlan::Aggregate(aggregate) => break aggregate.clone(),
                LogicalPlan::Projection(Projection { input, .. })
                | LogicalPlan::Sort(Sort { input, .. })
                | LogicalPlan::Limit(Limit { input, .. }) => {
                    nodes.push(at.clone());
                    input
                }
                LogicalPlan::Filter(filter) => {
                    nodes.push(at.clone());
                    &filter.input
                }
                LogicalPlan::SubqueryAlias(alias) => {
                    nodes.push(at.clone());
                    &alias.input
                }
                other => return Err(no_release(other)),
            };
        };
        nodes.reverse();
        Ok((
            Self {
                nodes,
                columns: Vec::new(),
                output: Vec::new(),
            },
            release,
        ))
    }

    /// Checks the nodes over the release's columns and follows these to the answer.
    ///
    /// # Errors
    /// A refusal when the answer would hold something that is not a released column.
    pub(crate) fn over(self, release: &Aggregate) -> Result<Self, Refusal> {
        let schema = &release.schema;
        let columns: Vec<(Column, DataType)> = schema
            .columns()
            .into_iter()
            .zip(
                schema
                    .fields()
                    .iter()
                    .map(|field| field.data_type().clone()),
            )
            .collect();
        let names = schema.fields().iter().map(|field| field.name().clone());
        let mut output: Vec<(Formula, String)> = (0..).map(Formula::Column).zip(names).collect();
        for node in &self.nodes {
            output = follow(node, output)?;
        }
        Ok(Self {
            columns,
            output,
            ..self
        })
    }

    /// Calls keys and estimates what the answer calls them, so that a preview and the notes speak
    /// the question's own words. A column that the answer leaves out keeps its expression.
    pub(crate) fn name(&self, shape: &mut Shape) {
        let keys = shape.keys.iter_mut().map(|key| &mut key.name);
        let names = keys.chain(
            shape
                .estimates
                .iter_mut()
                .map(|estimate| &mut estimate.name),
        );
        for (index, name) in names.enumerate() {
            let mut output = self.output.iter();
            if let Some((_, alias)) = output.find(|(of, _)| *of == Formula::Column(index)) {
                name.clone_from(alias);
            }
        }
    }

    fn plan(&self, released: RecordBatch) -> Result<LogicalPlan, QueryError> {
        let table = MemTable::try_new(released.schema(), vec![vec![released]])?;
        let source = provider_as_source(Arc::new(table));
        let mut plan = LogicalPlanBuilder::scan(RELEASED, source, None)?;
        let named = self.columns.iter().enumerate().map(|(index, (column, _))| {
            let source = col(format!("{RELEASED}.column_{index}"));
            source.alias_qualified(column.relation.clone(), column.name.clone())
        });
        plan = plan.project(named.chain([row()]).collect::<Vec<Expr>>())?;
        for node in &self.nodes {
            plan = match node {
                LogicalPlan::Projection(node) => plan.project(
                    node.expr
                        .iter()
                        .cloned()
                        .chain([row()])
                        .collect::<Vec<Expr>>(),
                )?,
                LogicalPlan::Filter(node) => plan.filter(node.predicate.clone())?,
                LogicalPlan::Sort(node) => plan.sort_with_limit(node.expr.clone(), node.fetch)?,
                LogicalPlan::Limit(node) => plan.limit_by_expr(
                    node.skip.as_deref().cloned(),
                    node.fetch.as_deref().cloned(),
                )?,
                LogicalPlan::SubqueryAlias(node) => plan.alias(node.alias.clone())?,
                _ => return Err(QueryError::Contract("a node above the release")),
            };
        }
        Ok(plan.project([row()])?.build()?)
    }

    /// The released columns with the types the query's own plan gave them, and the row's number.
    /// A hidden number is NULL.
    fn released(&self, release: &Release) -> Result<RecordBatch, QueryError> {
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (index, (_, kind)) in self.columns.iter().enumerate() {
            let values = (0..release.rows()).map(|row| match release.key(row, index) {
                Some(key) => of_key(key),
                None => release.cell(row, index).map_or(ScalarValue::Null, of_cell),
            });
            let values = values.map(|value| value.cast_to(kind));
            let values: Vec<ScalarValue> = values.collect::<Result<_, _>>()?;
            arrays.push(match values.is_empty() {
                true => new_empty_array(kind),
                false => ScalarValue::iter_to_array(values)?,
            });
            fields.push(Field::new(format!("column_{index}"), kind.clone(), true));
        }
        let rows = i64::try_from(release.rows()).unwrap_or(i64::MAX);
        arrays.push(Arc::new((0..rows).collect::<Int64Array>()));
        fields.push(Field::new(ROW, DataType::Int64, false));
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
    }
}

fn of_key(key: &KeyValue) -> ScalarValue {
    match key {
        KeyValue::Null => ScalarValue::Null,
        KeyValue::Text(text) => ScalarValue::from(text.as_str()),
        KeyValue::Integer(value) => ScalarValue::from(*value),
        KeyValue::Boolean(truth) => ScalarValue::from(*truth),
        KeyValue::Date(days) => ScalarValue::Date32(Some(*days)),
    }
}

fn of_cell(cell: Cell) -> ScalarValue {
    match cell {
        Cell::Hidden => ScalarValue::Null,
        Cell::Shown(shown) => match shown.value {
            Number::Whole(value) => ScalarValue::from(value),
            Number::Real(value) => ScalarValue::from(value),
        },
    }
}

fn row() -> Expr {
    Expr::Column(Column::from_name(ROW))
}

impl PrivatePlan {
    /// Applies what the query does with its answer. Free: it reads the release alone.
    ///
    /// # Errors
    /// [`QueryError`] when the engine fails, which then depends on the release alone.
    pub async fn finish(&self, release: Release) -> Result<Answered, QueryError> {
        let plan = self.above.plan(self.above.released(&release)?)?;
        let physical = self.state.create_physical_plan(&plan).await?;
        let schema = physical.schema();
        let batches = collect(physical, Arc::new(TaskContext::from(&self.state))).await?;
        let rows = concat_batches(&schema, &batches)?;
        let rows = rows
            .columns()
            .first()
            .and_then(|column| column.as_primitive_opt::<Int64Type>());
        let rows = rows.ok_or(QueryError::Contract("the row numbers"))?;
        let rows: Vec<usize> = rows
            .values()
            .iter()
            .filter_map(|row| (*row).try_into().ok())
            .collect();
        let release = release.take(&rows);
        let release = release.map_err(|_| QueryError::Contract("the rows of the release"))?;
        let named = |at: usize| {
            let column = self.above.columns.get(at);
            column.map_or_else(String::new, |(column, _)| column.name.clone())
        };
        let output = self.above.output.iter().map(|(formula, name)| Output {
            name: name.clone(),
            written: formula.written(&named),
            formula: formula.clone(),
        });
        Ok(Answered {
            output: output.collect(),
            release,
        })
    }
}

/// What each output column of `node` is of released columns.
fn follow(
    node: &LogicalPlan,
    input: Vec<(Formula, String)>,
) -> Result<Vec<(Formula, String)>, Refusal> {
    match node {
        LogicalPlan::Projection(projection) => {
            let names = projection
                .schema
                .fields()
                .iter()
                .map(|field| field.name().clone());
            let of = |expr: &Expr| formula(expr, projection.input.schema(), &input);
            projection
                .expr
                .iter()
                .zip(names)
                .map(|(expr, name)| Ok((of(expr).ok_or_else(|| computed(expr))?, name)))
                .collect()
        }
        LogicalPlan::Filter(filter) => {
            open(&filter.predicate, &filter.input)?;
            Ok(input)
        }
        LogicalPlan::Limit(limit) => {
            let ends = [limit.skip.as_deref(), limit.fetch.as_deref()];
            ends.into_iter().flatten().try_for_each(whole)?;
            Ok(input)
        }
        LogicalPlan::Sort(sort) => {
            sort.expr
                .iter()
                .try_for_each(|key| open(&key.expr, &sort.input))?;
            Ok(input)
        }
        _ => Ok(input),
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
fn open(expr: &Expr, input: &LogicalPlan) -> Result<(), Refusal> {
    let scope = Scope::released(input.schema().fields().len());
    facts(expr, &scope, input.schema()).map(|_| ())
}

fn no_release(node: &LogicalPlan) -> Refusal {
    match node {
        LogicalPlan::TableScan(_) => not_private("the query shows records: only aggregates leave")
            .clause("Article 66: the answer is anonymised")
            .hint("SELECT sex, COUNT(DISTINCT person_id) FROM person GROUP BY sex"),
        LogicalPlan::Join(_) | LogicalPlan::Union(_) => {
            not_private("joining or uniting answers is not offered yet").hint("ask them one by one")
        }
        LogicalPlan::Window(_) => {
            not_private("windows are not offered").hint("group by what the window partitions by")
        }
        LogicalPlan::Distinct(_) => {
            not_private("DISTINCT shows records").hint("GROUP BY with COUNT(DISTINCT person_id)")
        }
        LogicalPlan::RecursiveQuery(_) => not_private("recursion has no bound"),
        LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => {
            not_private("the query reads no table of the permit")
        }
        _ => not_private("this shape of query is not offered").hint("see queries/examples"),
    }
}
