//! The bound operator in a physical plan: one pass over rows in person order.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, internal_err};
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
use super::fold::Fold;

/// The key under which one release chooses groups and rows. It comes in through the session, so
/// that no plan holds it.
pub(crate) struct ReleaseKey(pub(crate) Zeroizing<[u8; 32]>);

/// The physical operator. It asks for its input in person order in one partition, and checks it.
#[derive(Debug)]
pub(crate) struct BoundExec {
    input: Arc<dyn ExecutionPlan>,
    spec: Arc<BoundSpec>,
    properties: Arc<PlanProperties>,
}

impl BoundExec {
    pub(super) fn try_new(
        input: Arc<dyn ExecutionPlan>,
        spec: Arc<BoundSpec>,
        schema: SchemaRef,
    ) -> Result<Self> {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Ok(Self {
            input,
            spec,
            properties,
        })
    }
}

impl DisplayAs for BoundExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(
            f,
            "BoundExec: groups_per_person={}",
            self.spec.groups_per_person
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
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
    }

    fn required_input_ordering(&self) -> Vec<Option<OrderingRequirements>> {
        let options = SortOptions {
            descending: false,
            nulls_first: false,
        };
        let schema = self.input.schema();
        let name = schema.fields().first().map_or("", |field| field.name());
        let person = PhysicalSortExpr::new(Arc::new(Column::new(name, 0)), options);
        vec![LexOrdering::new([person]).map(OrderingRequirements::from)]
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
        let input = self.input.execute(partition, Arc::clone(&context))?;
        let memory = MemoryConsumer::new("BoundExec").register(context.memory_pool());
        let fold = Fold::new(Arc::clone(&self.spec), self.schema(), &key, memory);
        let once = futures::stream::once(run(input, fold));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), once)))
    }
}

async fn run(mut input: SendableRecordBatchStream, fold: Result<Fold>) -> Result<RecordBatch> {
    let mut fold = fold?;
    while let Some(batch) = input.next().await {
        fold.push(&batch?)?;
    }
    fold.finish().map_err(DataFusionError::from)
}
