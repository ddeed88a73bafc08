//! A view at work: records in, Arrow batches out.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};

use crate::column::Column;
use crate::error::{Bound, RecordError, ViewError};
use crate::evaluate::Reader;
use crate::item::Scratch;
use crate::plan::Plan;
use crate::resource::Resource;
use crate::write::Writer;

/// Streaming columnar builders of one view.
///
/// One thread uses one program; make another from the same view for another thread. Memory grows
/// with the rows until [`finish`](Self::finish).
#[derive(Debug)]
pub struct Program {
    plan: Arc<Plan>,
    schema: SchemaRef,
    writers: Vec<Writer>,
    scratch: Scratch,
    rows: usize,
}

impl Program {
    pub(crate) fn new(plan: Arc<Plan>, columns: &[Column]) -> Self {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(&column.name, Writer::data_type(column.kind), true))
            .collect();
        Self {
            plan,
            schema: Arc::new(Schema::new(fields)),
            writers: columns
                .iter()
                .map(|column| Writer::new(column.kind))
                .collect(),
            scratch: Scratch::default(),
            rows: 0,
        }
    }

    /// Adds the rows of one resource and says how many; none for a resource of another type or
    /// one that the view's conditions exclude.
    ///
    /// # Errors
    ///
    /// The record does not fit the view, or makes too much. Then nothing of it is added. With the
    /// code `batch-full` the record is fine: finish the batch and push it again.
    pub fn push(&mut self, resource: &Resource<'_>) -> Result<usize, RecordError> {
        if resource.resource_type() != self.plan.resource {
            return Ok(0);
        }
        let mut reader = Reader {
            plan: &self.plan,
            resource,
            scratch: &mut self.scratch,
            row_index: 0,
        };
        reader.rows()?;
        let text = reader.fits().map_err(|bound| reader.too_much(bound))?;
        if self.writers.iter().any(|writer| !writer.has_room(text)) {
            return Err(reader.too_much(Bound::Batch));
        }
        // From here on nothing fails: a resource is added as a whole or not at all.
        let (cells, width) = (&reader.scratch.cells, self.plan.targets.len());
        for (index, writer) in self.writers.iter_mut().enumerate() {
            let mut at = index;
            while let Some(cell) = cells.get(at) {
                writer.append(*cell, &reader);
                at += width;
            }
        }
        let rows = cells.len() / width;
        self.rows += rows;
        Ok(rows)
    }

    /// Rows since the last [`finish`](Self::finish).
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows so far as a batch; the program goes on empty.
    ///
    /// # Errors
    ///
    /// Arrow refuses the columns, which would be a defect.
    pub fn finish(&mut self) -> Result<RecordBatch, ViewError> {
        let columns: Result<Vec<ArrayRef>, _> =
            self.writers.iter_mut().map(Writer::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        let schema = Arc::clone(&self.schema);
        columns
            .and_then(|columns| RecordBatch::try_new_with_options(schema, columns, &options))
            .map_err(|source| ViewError::Batch {
                view: self.plan.view.clone(),
                source,
            })
    }

    /// The batches' columns, all of them nullable.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
