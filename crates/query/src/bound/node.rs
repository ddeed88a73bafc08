//! The bound operator in a logical plan, where nothing may be pushed through it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, DFSchemaRef, Result, plan_err};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::union::{InterleaveExec, UnionExec, can_interleave};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning};
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::BoundSpec;
use super::cap::Cap;
use super::exec::BoundExec;

/// The logical node. Its output columns are its own, so no predicate and no projection of what is
/// above it can reach the records.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    input: LogicalPlan,
    spec: Arc<BoundSpec>,
    schema: DFSchemaRef,
}

impl Bound {
    /// Bounds `input`, whose columns are the person, the keys and the arguments, in that order.
    pub(crate) fn try_new(input: LogicalPlan, spec: BoundSpec) -> Result<Self> {
        let schema = DFSchema::try_from(Schema::clone(&output(input.schema().as_arrow(), &spec)))?;
        Ok(Self {
            input,
            spec: Arc::new(spec),
            schema: Arc::new(schema),
        })
    }
}

/// The columns that come out: keys, persons by mask, the estimates' sums.
fn output(input: &Schema, spec: &BoundSpec) -> SchemaRef {
    let keys = input.fields().iter().skip(1).take(spec.keys);
    let keys = keys
        .enumerate()
        .map(|(i, f)| Field::new(format!("key_{i}"), f.data_type().clone(), true));
    let persons =
        (0..spec.masks.len()).map(|i| Field::new(format!("persons_{i}"), DataType::Int64, false));
    let sums = (0..spec.width())
        .map(|i| Field::new(format!("sum_{i}"), DataType::Decimal128(38, 0), false));
    Arc::new(Schema::new(
        keys.chain(persons).chain(sums).collect::<Vec<_>>(),
    ))
}

impl Eq for Bound {}

impl Hash for Bound {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
        self.spec.keys.hash(state);
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for Bound {
    fn name(&self) -> &'static str {
        "Bound"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let BoundSpec {
            keys,
            estimates,
            groups_per_person,
            ..
        } = self.spec.as_ref();
        write!(
            f,
            "Bound: keys={keys}, groups_per_person={groups_per_person}, estimates=["
        )?;
        for (index, estimate) in estimates.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(
                f,
                "{comma}{:?} rows={}",
                estimate.measure, estimate.rows_per_person
            )?;
        }
        write!(f, "]")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match <[LogicalPlan; 1]>::try_from(inputs) {
            Ok([input]) => Self::try_new(input, self.spec.as_ref().clone()),
            Err(_) => plan_err!("Bound has one input"),
        }
    }

    /// Every column of the input is needed: its position is its meaning.
    fn necessary_children_exprs(&self, _: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![(0..self.input.schema().fields().len()).collect()])
    }
}

/// Plans queries that hold a [`Bound`].
#[derive(Debug)]
pub(crate) struct BoundPlanner;

#[async_trait]
impl QueryPlanner for BoundPlanner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Self)]);
        planner.create_physical_plan(plan, session).await
    }
}

#[async_trait]
impl ExtensionPlanner for BoundPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if let (Some(cap), [input]) = (node.as_any().downcast_ref::<Cap>(), inputs) {
            return cap.plan(Arc::clone(input)).map(Some);
        }
        let (Some(bound), [input]) = (node.as_any().downcast_ref::<Bound>(), inputs) else {
            return Ok(None);
        };
        let input = decided(Arc::clone(input))?;
        let schema = output(&input.schema(), &bound.spec);
        let together =
            session.config().get_extension::<OnePartition>().is_some() || !bound.spec.adds_up();
        let cores = session.config().target_partitions();
        Ok(Some(Arc::new(BoundExec::try_new(
            Arc::clone(&input),
            Arc::clone(&bound.spec),
            schema,
            (!together && in_ranges(input.as_ref())).then_some(cores),
        )?)))
    }
}

/// The plan with its joins partition by partition. The planner leaves that open, and the rule that
/// would decide looks at statistics.
fn decided(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let decide = |plan: Arc<dyn ExecutionPlan>| {
        let branches = plan.downcast_ref::<UnionExec>().map(UnionExec::inputs);
        if let Some(branches) = branches.filter(|branches| can_interleave(branches.iter())) {
            let union = InterleaveExec::try_new(branches.clone())?;
            return Ok(Transformed::yes(Arc::new(union) as Arc<dyn ExecutionPlan>));
        }
        let open = plan.downcast_ref::<HashJoinExec>();
        let Some(join) = open.filter(|join| join.mode == PartitionMode::Auto) else {
            return Ok(Transformed::no(plan));
        };
        let join = join
            .builder()
            .with_partition_mode(PartitionMode::Partitioned);
        Ok(Transformed::yes(
            Arc::new(join.build()?) as Arc<dyn ExecutionPlan>
        ))
    };
    plan.transform_up(decide).data()
}

/// In a session: rows are gathered in one partition before they are bounded.
pub(crate) struct OnePartition;

/// Operators that leave each row in its partition.
const ONE_TO_ONE: [&str; 12] = [
    "AggregateExec",
    "BoundExec",
    "BoundedWindowAggExec",
    "CapExec",
    "CoalesceBatchesExec",
    "DataSourceExec",
    "FilterExec",
    "HashJoinExec",
    "InterleaveExec",
    "ProjectionExec",
    "SortExec",
    "WindowAggExec",
];

/// Whether the plan's partitions are the tables' files: ranges of persons, in their order.
fn in_ranges(plan: &dyn ExecutionPlan) -> bool {
    let ranges = matches!(plan.output_partitioning(), Partitioning::Range(_));
    match (plan.name(), plan.children().as_slice()) {
        ("DataSourceExec", []) => ranges || plan.output_partitioning().partition_count() == 1,
        (_, []) => false,
        ("HashJoinExec" | "InterleaveExec", inputs) => {
            ranges && inputs.iter().all(|input| in_ranges(input.as_ref()))
        }
        (name, [input]) => ONE_TO_ONE.contains(&name) && in_ranges(input.as_ref()),
        _ => false,
    }
}

/// Whether an optimised plan has kept the ranges where they are to be: nothing below the bound
/// operator deals rows out or brings partitions together.
pub(crate) fn keeps_ranges(plan: &dyn ExecutionPlan, below: bool) -> bool {
    let bound = plan.downcast_ref::<BoundExec>();
    let below = below || bound.is_some_and(BoundExec::is_in_ranges);
    let mut children = plan.children().into_iter();
    (!below || ONE_TO_ONE.contains(&plan.name()))
        && children.all(|child| keeps_ranges(child.as_ref(), below))
}
