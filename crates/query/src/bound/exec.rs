//! The bound operator in a physical plan: one pass over rows in person order.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::compute::SortOptions;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::memory_pool::MemoryConsumer;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, OrderingRequirements, PhysicalExpr, PhysicalSortExpr,
};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, Distribution, ExecutionPlan, InputDistributionRequirements,
    Partitioning, PlanProperties,
};
use futures::StreamExt;
use zeroize::Zeroizing;

use super::BoundSpec;
use super::fold::{Fold, Folded};

/// The key under which one release chooses groups and rows. It comes in through the session, so
/// that no plan holds it.
pub(crate) struct ReleaseKey(pub(crate) Zeroizing<[u8; 32]>);

/// The physical operator. Its input is in person order, and it checks that.
///
/// Where the input's partitions hold ranges of persons that follow each other, as the files of a
/// table do, it reads them where they are, several at a time; what it then gives holds a group once
/// a partition, to be added up. Any other input it asks for in one partition.
#[derive(Debug)]
pub(crate) struct BoundExec {
    input: Arc<dyn ExecutionPlan>,
    spec: Arc<BoundSpec>,
    /// How many ranges are read at a time; `None` where there is one partition.
    ranges: Option<usize>,
    properties: Arc<PlanProperties>,
    /// First and last person of each partition that was read: they must not overlap.
    read: Arc<Mutex<BTreeMap<usize, (i64, i64)>>>,
}

impl BoundExec {
    pub(super) fn try_new(
        input: Arc<dyn ExecutionPlan>,
        spec: Arc<BoundSpec>,
        schema: SchemaRef,
        ranges: Option<usize>,
    ) -> Result<Self> {
        let partitions = input.properties().output_partitioning().partition_count();
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(ranges.unwrap_or(1).clamp(1, partitions.max(1))),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Ok(Self {
            input,
            spec,
            ranges,
            properties,
            read: Arc::default(),
        })
    }

    pub(super) const fn is_in_ranges(&self) -> bool {
        self.ranges.is_some()
    }

    /// The input's partitions that one of ours reads, one after the other.
    fn share(&self, partition: usize) -> Range<usize> {
        let all = |plan: &PlanProperties| plan.output_partitioning().partition_count();
        let (theirs, ours) = (all(self.input.properties()), all(&self.properties));
        partition * theirs / ours..(partition + 1) * theirs / ours
    }
}

impl DisplayAs for BoundExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "BoundExec: groups_per_person={}, ranges={:?}",
            self.spec.groups_per_person, self.ranges
        )
    }
}

impl ExecutionPlan for BoundExec {
    fn name(&self) -> &'static str {
        "BoundExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![match self.ranges {
            Some(_) => Distribution::UnspecifiedDistribution,
            None => Distribution::SinglePartition,
        }])
    }

    /// Its input is never dealt out anew: that would put one person into several partitions.
    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        vec![person_order(&self.input.schema(), 0).map(OrderingRequirements::from)]
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
            Ok([input]) => {
                let schema = Arc::clone(self.properties.equivalence_properties().schema());
                Ok(Arc::new(Self::try_new(
                    input,
                    Arc::clone(&self.spec),
                    schema,
                    self.ranges,
                )?))
            }
            Err(_) => internal_err!("BoundExec has one input"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let Some(key) = context.session_config().get_extension::<ReleaseKey>() else {
            return internal_err!("BoundExec runs under a release key only");
        };
        let memory = MemoryConsumer::new("BoundExec").register(context.memory_pool());
        let fold = Fold::new(Arc::clone(&self.spec), self.schema(), &key, memory);
        let (input, share) = (Arc::clone(&self.input), self.share(partition));
        let read = Arc::clone(&self.read);
        let once = futures::stream::once(async move {
            let Folded { batch, persons } = run(input, share, context, fold?).await?;
            if let Some(persons) = persons {
                apart(&read, partition, persons)?;
            }
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), once)))
    }
}

/// The order by the person whose column stands at `at`.
pub(crate) fn person_order(schema: &Schema, at: usize) -> Option<LexOrdering> {
    let options = SortOptions {
        descending: false,
        nulls_first: false,
    };
    let person = Column::new(schema.fields().get(at)?.name(), at);
    LexOrdering::new([PhysicalSortExpr::new(Arc::new(person), options)])
}

async fn run(
    input: Arc<dyn ExecutionPlan>,
    share: Range<usize>,
    context: Arc<TaskContext>,
    mut fold: Fold,
) -> Result<Folded> {
    for partition in share {
        let mut rows = input.execute(partition, Arc::clone(&context))?;
        while let Some(batch) = rows.next().await {
            fold.push(&batch?)?;
        }
    }
    fold.finish()
}

/// Notes which persons a partition had: all of those before it come before them.
fn apart(
    read: &Mutex<BTreeMap<usize, (i64, i64)>>,
    partition: usize,
    persons: (i64, i64),
) -> Result<()> {
    let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
    read.insert(partition, persons);
    if read
        .values()
        .is_sorted_by(|before, after| before.1 < after.0)
    {
        return Ok(());
    }
    internal_err!("a person's rows are in two partitions")
}
