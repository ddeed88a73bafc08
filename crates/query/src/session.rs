//! The one function that builds a session of the engine.

use std::sync::Arc;

use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SessionStateBuilder, SessionStateDefaults};
use datafusion::functions_aggregate::all_default_aggregate_functions;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::aggregate_statistics::AggregateStatistics;
use datafusion::physical_optimizer::join_selection::JoinSelection;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;

use crate::bound::BoundPlanner;
use crate::functions;
use crate::tables::LAKE_URL;

/// Bytes that one query's operators may hold before they spill.
const MEMORY_BYTES_MAX: usize = 1 << 30;

/// Partitions that are read at a time, at most: each holds all groups of the answer.
const CORES_MAX: usize = 16;

/// A session without default tables, catalogues, file formats, table functions or window
/// functions: what is not registered here does not exist for a query.
///
/// Statistics are off twice: no collection, and no rule that answers an aggregate from them, since
/// both would answer past the bound operator.
///
/// `ranges` are those into which all tables are cut: there are never more partitions, or the engine
/// would deal rows out by hashes of its own.
pub(crate) fn session(
    store: Arc<dyn ObjectStore>,
    ranges: usize,
) -> Result<SessionState, crate::QueryError> {
    let config = SessionConfig::new()
        .with_information_schema(false)
        .with_collect_statistics(false)
        .with_target_partitions(cores().min(ranges.max(1)))
        // Dealing rows out would put one person into several partitions.
        .with_round_robin_repartition(false)
        .with_repartition_file_scans(false)
        // Ranges of persons are ranges of whatever more is joined on.
        .set_u64("datafusion.optimizer.subset_repartition_threshold", 1)
        // A join that tells its other side what to skip waits for all partitions at once; the bound
        // operator reads them one after the other.
        .set_bool(
            "datafusion.optimizer.enable_join_dynamic_filter_pushdown",
            false,
        )
        // Values looked up become joins, which one rule judges.
        .set_bool(
            "datafusion.optimizer.enable_physical_uncorrelated_scalar_subquery",
            false,
        )
        .set_bool("datafusion.sql_parser.collect_spans", true)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        .set_str("datafusion.sql_parser.default_null_ordering", "nulls_last")
        .set_str("datafusion.sql_parser.dialect", "PostgreSQL");
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime(store)?)
        .with_expr_planners(SessionStateDefaults::default_expr_planners())
        .with_scalar_functions(functions::allowed())
        .with_window_functions(functions::windows())
        .with_analyzer_rule(Arc::new(functions::Total))
        .with_aggregate_functions(all_default_aggregate_functions())
        .with_physical_optimizer_rules(physical_rules())
        .with_query_planner(Arc::new(BoundPlanner))
        .build();
    Ok(state)
}

fn cores() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(CORES_MAX)
}

fn runtime(store: Arc<dyn ObjectStore>) -> Result<Arc<RuntimeEnv>, crate::QueryError> {
    let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(MEMORY_BYTES_MAX));
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(pool)
        .build_arc()?;
    runtime.register_object_store(LAKE_URL.as_ref(), store);
    Ok(runtime)
}

/// The default physical rules but for those that look at statistics.
fn physical_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let banned = [
        AggregateStatistics::new().name().to_owned(),
        JoinSelection::new().name().to_owned(),
    ];
    let mut rules = PhysicalOptimizer::new().rules;
    rules.retain(|rule| !banned.iter().any(|name| name == rule.name()));
    rules
}
