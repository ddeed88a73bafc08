//! A granted table as the engine sees it: Parquet files in person order, no statistics.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, SplitPoint};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{LexOrdering, RangePartitioning};
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use datafusion::scalar::ScalarValue;
use lazaret_lake::FileState;

use crate::bound::person_order;
use crate::grant::{GrantedTable, PERSON_ID};

/// The address under which the lake's store is known to a session.
pub(crate) static LAKE_URL: LazyLock<ObjectStoreUrl> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "a constant, parsed by every test")]
    ObjectStoreUrl::parse("lake://snapshot/").expect("a URL with scheme and host only")
});

impl GrantedTable {
    fn ordering(&self) -> Result<Option<LexOrdering>> {
        Ok(person_order(&self.schema, self.schema.index_of(PERSON_ID)?))
    }

    /// The files, a partition each: those of the ranges in their order, where all tables of the
    /// snapshot are cut alike; a table without a file for a range has an empty partition.
    fn partitions(&self) -> Vec<FileGroup> {
        let group = |file: &FileState| PartitionedFile::new(file.path.clone(), file.bytes);
        let files = &self.state.files;
        if files.is_empty() && self.ranges.is_empty() {
            // No partition at all would be no plan.
            return vec![FileGroup::default()];
        }
        if self.ranges.is_empty() {
            return files
                .iter()
                .map(|file| FileGroup::new(vec![group(file)]))
                .collect();
        }
        let of_range = |(low, _): &(i64, i64)| {
            let file = files.iter().find(|file| file.person_low == *low);
            FileGroup::new(file.map(group).into_iter().collect())
        };
        self.ranges.iter().map(of_range).collect()
    }

    /// What the partitions are to the engine: ranges that all tables share are joined as they are.
    fn partitioning(&self) -> Result<Option<Partitioning>> {
        let Some((_, later)) = self.ranges.split_first() else {
            return Ok(None);
        };
        let Some(ordering) = self.ordering()?.filter(|_| !later.is_empty()) else {
            return Ok(None);
        };
        let split = |(low, _): &(i64, i64)| SplitPoint::new(vec![ScalarValue::Int64(Some(*low))]);
        let ranges = RangePartitioning::try_new(ordering, later.iter().map(split).collect())?;
        Ok(Some(Partitioning::Range(ranges)))
    }
}

#[async_trait]
impl TableProvider for GrantedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// Each partition is sorted by person, and the bound operator checks it again.
    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let source = Arc::new(ParquetSource::new(Arc::clone(&self.schema)));
        let config = FileScanConfigBuilder::new(LAKE_URL.clone(), source)
            .with_file_groups(self.partitions())
            .with_output_ordering(self.ordering()?.into_iter().collect())
            .with_output_partitioning(self.partitioning()?)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
