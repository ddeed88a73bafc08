//! The cap below a join: so many rows of one person come in, and no more.
//!
//! The bound operator limits what one person can change; this limits what one person can cost.
//! Two tables joined on the person alone give the product of that person's rows, so that a query
//! narrowed to somebody with very many rows would take long, or all memory, only if they are
//! there. Which rows stay is a function of the person's rows as a multiset: those with the
//! smallest keyed hashes of the person and of all their values. Rows that are equal are
//! interchangeable, so a tie tells nothing, and it does not matter in which pieces the rows come.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, filter_record_batch, is_not_null, take_record_batch};
use arrow::datatypes::Int64Type;
use arrow::row::{RowConverter, SortField};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchemaRef, Result, internal_err, plan_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::{OrderingRequirements, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::{StreamExt, TryStreamExt, stream};

use super::exec::{ReleaseKey, person_order};
use super::lot::Lot;

/// The logical node: its input, cut.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub(crate) struct Cap {
    input: LogicalPlan,
    /// The column that carries the person.
    person: Expr,
    rows: usize,
}

impl Cap {
    /// At most `rows` rows a person of `input`.
    pub(crate) const fn new(input: LogicalPlan, person: Expr, rows: usize) -> Self {
        Self {
            input,
            person,
            rows,
        }
    }

    /// The operator over the input's.
    pub(super) fn plan(&self, input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
        let Expr::Column(person) = &self.person else {
            return internal_err!("the person is a column");
        };
        let person = self.input.schema().index_of_column(person)?;
        Ok(Arc::new(CapExec::new(input, person, self.rows)))
    }
}

impl UserDefinedLogicalNodeCore for Cap {
    fn name(&self) -> &'static str {
        "Cap"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        vec![self.person.clone()]
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Cap: person={}, rows={}", self.person, self.rows)
    }

    fn with_exprs_and_inputs(&self, exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let exprs = <[Expr; 1]>::try_from(exprs);
        match (exprs, <[LogicalPlan; 1]>::try_from(inputs)) {
            (Ok([person]), Ok([input])) => Ok(Self::new(input, person, self.rows)),
            _ => plan_err!("Cap has one input and one person"),
        }
    }
}

/// The physical operator. Its input is in person order, and it checks that.
#[derive(Debug)]
struct CapExec {
    input: Arc<dyn ExecutionPlan>,
    person: usize,
    rows: usize,
    properties: Arc<PlanProperties>,
}

impl CapExec {
    fn new(input: Arc<dyn ExecutionPlan>, person: usize, rows: usize) -> Self {
        Self {
            properties: Arc::clone(input.properties()),
            input,
            person,
            rows,
        }
    }
}

impl DisplayAs for CapExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "CapExec: person={}, rows={}", self.person, self.rows)
    }
}

impl ExecutionPlan for CapExec {
    fn name(&self) -> &'static str {
        "CapExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let order = person_order(&self.input.schema(), self.person);
        vec![order.map(OrderingRequirements::from)]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::new(input, self.person, self.rows))),
            Err(_) => internal_err!("CapExec has one input"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let Some(key) = context.session_config().get_extension::<ReleaseKey>() else {
            return internal_err!("CapExec runs under a release key only");
        };
        let input = self.input.execute(partition, context)?;
        let cut = Cut::new(self, &key)?;
        let cut = stream::try_unfold((input, cut), async |(mut input, mut cut)| {
            loop {
                if let Some(batch) = cut.ready.pop_front() {
                    return Ok(Some((batch, (input, cut))));
                }
                match input.next().await {
                    Some(batch) => cut.push(&batch?)?,
                    None if cut.held.is_empty() => return Ok(None),
                    None => cut.flush()?,
                }
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.schema(),
            cut.into_stream(),
        )))
    }
}

/// The rows of the person at hand, and what may go on.
struct Cut {
    person: usize,
    rows: usize,
    lot: Lot,
    converter: RowConverter,
    /// Rows of one person, who may have more.
    held: Vec<RecordBatch>,
    id: i64,
    /// The last person met.
    met: Option<i64>,
    ready: VecDeque<RecordBatch>,
}

impl Cut {
    fn new(exec: &CapExec, key: &ReleaseKey) -> Result<Self> {
        let fields = exec.input.schema();
        let fields = fields.fields().iter();
        let fields = fields.map(|field| SortField::new(field.data_type().clone()));
        Ok(Self {
            person: exec.person,
            rows: exec.rows,
            lot: Lot::new(key)?,
            converter: RowConverter::new(fields.collect())?,
            held: Vec::new(),
            id: 0,
            met: None,
            ready: VecDeque::new(),
        })
    }

    /// Takes the next rows, which go on in person order. Rows without a person meet nobody.
    fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let persons = batch.column(self.person);
        if persons.null_count() > 0 {
            let carried = filter_record_batch(batch, &is_not_null(persons)?)?;
            return self.push(&carried);
        }
        let persons = persons.as_primitive::<Int64Type>().values();
        // Rows that go on as they are go on together: joins like large batches.
        let (mut from, mut start) = (0, 0);
        for run in persons.chunk_by(|a, b| a == b) {
            let (id, end) = (run.first().copied().unwrap_or_default(), start + run.len());
            let goes_on = !self.held.is_empty() && id == self.id;
            if !goes_on {
                if self.met.is_some_and(|met| id <= met) {
                    return internal_err!("rows do not come in person order");
                }
                self.flush()?;
            }
            (self.id, self.met) = (id, Some(id));
            if goes_on || end == persons.len() || run.len() > self.rows {
                self.ready
                    .extend((from < start).then(|| batch.slice(from, start - from)));
                self.held.push(batch.slice(start, run.len()));
                from = end;
            }
            start = end;
            // Cut in between too, so that nobody is held whole who is very large.
            if self.count() > 2 * self.rows + batch.num_rows() {
                self.cut()?;
            }
        }
        Ok(())
    }

    fn count(&self) -> usize {
        self.held.iter().map(RecordBatch::num_rows).sum()
    }

    /// The person is whole: what stays of the rows goes on.
    fn flush(&mut self) -> Result<()> {
        if self.count() > self.rows {
            self.cut()?;
        }
        self.ready.extend(self.held.drain(..));
        Ok(())
    }

    /// Leaves the rows with the smallest keyed hashes.
    fn cut(&mut self) -> Result<()> {
        let Some(first) = self.held.first() else {
            return Ok(());
        };
        let all = concat_batches(&first.schema(), &self.held)?;
        let values = self.converter.convert_columns(all.columns())?;
        let drawn = (0u32..).zip(&values);
        let drawn = drawn.map(|(at, row)| (self.lot.draw_of(self.id, row.as_ref()), row, at));
        let mut drawn: Vec<_> = drawn.collect();
        drawn.sort_unstable();
        let mut kept: Vec<u32> = drawn.iter().take(self.rows).map(|(_, _, at)| *at).collect();
        kept.sort_unstable();
        self.held = vec![take_record_batch(&all, &UInt32Array::from(kept))?];
        Ok(())
    }
}
