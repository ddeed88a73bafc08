//! The nodes above the releases run over released columns, and say which rows go where.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, new_empty_array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use datafusion::common::Column;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, Join, JoinType, LogicalPlan, LogicalPlanBuilder, col};
use datafusion::physical_plan::collect;
use datafusion::scalar::ScalarValue;
use lazaret_disclosure::{Cell, KeyValue, Number, Release};

use super::answered::{Answered, Output, Place};
use super::{Above, Use};
use crate::{PrivatePlan, QueryError};

/// The columns that say which released rows a row is of: this, and the number of the use.
const ROW: &str = "lazaret_row";
/// The released columns' relation.
const RELEASED: &str = "released";
/// The most rows that come of a join of answers.
const JOINED_ROWS_MAX: usize = 1_000_000;

/// A part of the plan over released columns, and the uses whose row numbers are among its columns.
struct Replayed {
    plan: LogicalPlan,
    uses: Vec<usize>,
}

impl PrivatePlan {
    /// Applies what the query does with its answers. Free: it reads the releases alone.
    ///
    /// # Errors
    /// [`QueryError`] when the engine fails, which then depends on the releases alone.
    pub async fn finish(&self, releases: Vec<Release>) -> Result<Answered, QueryError> {
        let above = &self.above;
        let mut next = 0;
        let replayed = above.replay(&above.plan, &releases, &mut next)?;
        let rows = replayed.uses.iter().map(|used| row(*used));
        let plan = LogicalPlanBuilder::from(replayed.plan)
            .project(rows)?
            .limit(0, (above.uses.len() > 1).then_some(JOINED_ROWS_MAX + 1))?
            .build()?;
        let mut state = self.state.clone();
        // In one partition the order of rows is that of the released ones.
        state.config_mut().options_mut().execution.target_partitions = 1;
        let physical = state.create_physical_plan(&plan).await?;
        let schema = physical.schema();
        let batches = collect(physical, Arc::new(TaskContext::from(&state))).await?;
        let numbers = concat_batches(&schema, &batches)?;
        if above.uses.len() > 1 && numbers.num_rows() > JOINED_ROWS_MAX {
            return Err(QueryError::Contract("a join of answers with too many rows"));
        }
        let mut places = Vec::new();
        for (at, used) in above.uses.iter().enumerate() {
            let column = replayed.uses.iter().position(|known| *known == at);
            let column = column.and_then(|column| numbers.columns().get(column));
            let rows = column.map_or_else(|| Ok(Vec::new()), |column| numbered(column.as_ref()))?;
            places.push(Place {
                release: used.release,
                first: used.first,
                rows,
            });
        }
        let output = above.output.iter().map(|(formula, name)| Output {
            name: name.clone(),
            written: above.written(formula),
            formula: formula.clone(),
        });
        Ok(Answered {
            output: output.collect(),
            rows: numbers.num_rows(),
            releases,
            places,
            width: self.price().account().deviations_95(),
        })
    }
}

/// The row numbers of a use; none where an outer join found nothing.
fn numbered(column: &dyn Array) -> Result<Vec<Option<usize>>, QueryError> {
    let rows = column.as_primitive_opt::<Int64Type>();
    let rows = rows.ok_or(QueryError::Contract("the row numbers"))?;
    let number = |row: Option<i64>| row.and_then(|row| row.try_into().ok());
    Ok(rows.iter().map(number).collect())
}

impl Above {
    /// The plan with its releases' columns in place of its releases. `next` is the use that is met
    /// next.
    fn replay(
        &self,
        node: &LogicalPlan,
        releases: &[Release],
        next: &mut usize,
    ) -> Result<Replayed, QueryError> {
        let mut below = |input: &LogicalPlan| self.replay(input, releases, next);
        let with_rows = |exprs: &[Expr], uses: &[usize]| {
            let rows = uses.iter().map(|used| row(*used));
            exprs.iter().cloned().chain(rows).collect::<Vec<Expr>>()
        };
        let over = |input: &Replayed| LogicalPlanBuilder::from(input.plan.clone());
        let (plan, uses) = match node {
            LogicalPlan::Aggregate(_) => {
                let at = *next;
                *next += 1;
                return self.released(at, releases);
            }
            LogicalPlan::Projection(node) => {
                let input = below(&node.input)?;
                let exprs = with_rows(&node.expr, &input.uses);
                (over(&input).project(exprs)?, input.uses)
            }
            LogicalPlan::Filter(node) => {
                let input = below(&node.input)?;
                (over(&input).filter(node.predicate.clone())?, input.uses)
            }
            LogicalPlan::Sort(node) => {
                let input = below(&node.input)?;
                let plan = over(&input).sort_with_limit(node.expr.clone(), node.fetch)?;
                (plan, input.uses)
            }
            LogicalPlan::Limit(node) => {
                let input = below(&node.input)?;
                let (skip, fetch) = (node.skip.as_deref(), node.fetch.as_deref());
                let plan = over(&input).limit_by_expr(skip.cloned(), fetch.cloned())?;
                (plan, input.uses)
            }
            LogicalPlan::SubqueryAlias(node) => {
                let input = below(&node.input)?;
                (over(&input).alias(node.alias.clone())?, input.uses)
            }
            LogicalPlan::Join(node) => {
                let (left, right) = (below(&node.left)?, below(&node.right)?);
                return joined(node, left, right);
            }
            _ => return Err(QueryError::Contract("a node above the releases")),
        };
        let plan = plan.build()?;
        Ok(Replayed { plan, uses })
    }

    /// The columns of a use, under the names the query knows, and the rows' numbers.
    fn released(&self, at: usize, releases: &[Release]) -> Result<Replayed, QueryError> {
        let used = self.uses.get(at);
        let release = used.and_then(|used| releases.get(used.release));
        let (used, release) = used
            .zip(release)
            .ok_or(QueryError::Contract("a release of the plan"))?;
        let batch = columns(used, release)?;
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        let source = provider_as_source(Arc::new(table));
        let named = used.columns.iter().enumerate().map(|(index, (column, _))| {
            let source = col(format!("{RELEASED}.column_{index}"));
            source.alias_qualified(column.relation.clone(), column.name.clone())
        });
        let number = col(format!("{RELEASED}.{ROW}")).alias(format!("{ROW}_{at}"));
        let plan = LogicalPlanBuilder::scan(RELEASED, source, None)?
            .project(named.chain([number]).collect::<Vec<Expr>>())?
            .build()?;
        Ok(Replayed {
            plan,
            uses: vec![at],
        })
    }
}

/// Two parts joined as they were; the rows of a side that is only looked at are not told.
fn joined(node: &Join, left: Replayed, right: Replayed) -> Result<Replayed, QueryError> {
    let plan = Join::try_new(
        Arc::new(left.plan),
        Arc::new(right.plan),
        node.on.clone(),
        node.filter.clone(),
        node.join_type,
        node.join_constraint,
        node.null_equality,
        node.null_aware,
    )?;
    let uses = match node.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => left.uses,
        JoinType::RightSemi | JoinType::RightAnti => right.uses,
        _ => [left.uses, right.uses].concat(),
    };
    Ok(Replayed {
        plan: LogicalPlan::Join(plan),
        uses,
    })
}

fn row(used: usize) -> Expr {
    Expr::Column(Column::from_name(format!("{ROW}_{used}")))
}

/// The released columns with the types the query's own plan gave them, and the row's number.
/// A hidden number is NULL.
fn columns(used: &Use, release: &Release) -> Result<RecordBatch, QueryError> {
    let mut fields = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (index, (_, kind)) in used.columns.iter().enumerate() {
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
