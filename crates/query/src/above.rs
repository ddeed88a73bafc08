//! What a query does with its answer: conditions, order, limit and names, all post-processing.
//!
//! It runs over released columns only, so it is free and may look at anything in them.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::common::Column;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{
    Aggregate, Expr, Limit, LogicalPlan, LogicalPlanBuilder, Projection, Sort, col,
};
use datafusion::physical_plan::collect;
use datafusion::scalar::ScalarValue;
use lazaret_disclosure::{Release, Shape};
use lazaret_model::Refusal;

use crate::rules::{Facts, Scope, facts, literal, not_private};
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
    /// For each column of the answer, which released column it is and what it is called.
    output: Vec<(usize, String)>,
    keys: usize,
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
                keys: 0,
            },
            release,
        ))
    }

    /// Checks the nodes over the release's columns and follows these to the answer.
    ///
    /// # Errors
    /// A refusal when the answer would hold something that is not a released column.
    pub(crate) fn over(self, release: &Aggregate, shape: &Shape) -> Result<Self, Refusal> {
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
        let mut output: Vec<(usize, String)> = (0..).zip(names).collect();
        for node in &self.nodes {
            output = follow(node, output)?;
        }
        Ok(Self {
            columns,
            output,
            keys: shape.keys.len(),
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
            if let Some((_, alias)) = self.output.iter().find(|(column, _)| *column == index) {
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
    fn released(&self, release: &Release) -> Result<RecordBatch, QueryError> {
        let batch = release
            .batch()
            .map_err(|_| QueryError::Contract("the release as columns"))?;
        let mut fields = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for (index, (_, kind)) in self.columns.iter().enumerate() {
            // An estimate has four columns: value, standard error, low and high end.
            let source = if index < self.keys {
                index
            } else {
                self.keys + 4 * (index - self.keys)
            };
            let array = batch
                .columns()
                .get(source)
                .ok_or(QueryError::Contract("a column"))?;
            arrays.push(cast(array, kind)?);
            fields.push(Field::new(format!("column_{index}"), kind.clone(), true));
        }
        let rows = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
        arrays.push(Arc::new((0..rows).collect::<Int64Array>()));
        fields.push(Field::new(ROW, DataType::Int64, false));
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
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
    pub async fn finish(&self, release: Release) -> Result<Release, QueryError> {
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
        let part = |_| QueryError::Contract("rows and columns of the release");
        let output: Vec<(usize, &str)> = self
            .above
            .output
            .iter()
            .map(|(column, name)| (*column, name.as_str()))
            .collect();
        release
            .take(&rows)
            .map_err(part)?
            .select(&output)
            .map_err(part)
    }
}

/// Which released column each output column of `node` is.
fn follow(
    node: &LogicalPlan,
    input: Vec<(usize, String)>,
) -> Result<Vec<(usize, String)>, Refusal> {
    match node {
        LogicalPlan::Projection(projection) => {
            let schema = projection.input.schema();
            let released = |expr: &Expr| {
                let index = schema.index_of_column(bare(expr)?).ok()?;
                input.get(index).map(|(column, _)| *column)
            };
            let names = projection
                .schema
                .fields()
                .iter()
                .map(|field| field.name().clone());
            projection
                .expr
                .iter()
                .zip(names)
                .map(|(expr, name)| Ok((released(expr).ok_or_else(|| computed(expr))?, name)))
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

fn bare(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => bare(&alias.expr),
        _ => None,
    }
}

fn computed(expr: &Expr) -> Refusal {
    not_private(format!(
        "`{expr}` computes with released numbers, which is not offered yet"
    ))
    .hint("ask for the numbers themselves: computing with them afterwards is free")
}

/// Conditions and orders above use the same list of expressions; every released column is open.
fn open(expr: &Expr, input: &LogicalPlan) -> Result<(), Refusal> {
    let columns = vec![Facts::default(); input.schema().fields().len()];
    let scope = Scope {
        columns,
        carrier: 0,
        rows_per_person: 1,
    };
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
