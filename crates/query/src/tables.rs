//! A granted table as the engine sees it: Parquet files in person order, no statistics.

use std::sync::{Arc, LazyLock};

use arrow::compute::SortOptions;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;

use crate::grant::{GrantedTable, PERSON_ID};

/// The address under which the lake's store is known to a session.
pub(crate) static LAKE_URL: LazyLock<ObjectStoreUrl> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "a constant, parsed by every test")]
    ObjectStoreUrl::parse("lake://snapshot/").expect("a URL with scheme and host only")
});

impl GrantedTable {
    fn ordering(&self) -> Result<Option<LexOrdering>> {
        let person = col(PERSON_ID, &self.schema)?;
        let options = SortOptions {
            descending: false,
            nulls_first: false,
        };
        Ok(LexOrdering::new([PhysicalSortExpr::new(person, options)]))
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

    /// One partition a file: each is sorted by person, and the bound operator checks it again.
    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let groups = self
            .state
            .files
            .iter()
            .map(|file| FileGroup::new(vec![PartitionedFile::new(file.path.clone(), file.bytes)]))
            .collect();
        let source = Arc::new(ParquetSource::new(Arc::clone(&self.schema)));
        let config = FileScanConfigBuilder::new(LAKE_URL.clone(), source)
            .with_file_groups(groups)
            .with_output_ordering(self.ordering()?.into_iter().collect())
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
