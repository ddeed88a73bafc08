//! A view at work: records in, Arrow batches out.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, RecordBatch, RecordBatchOptions,
    StringBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::column::{Column, ColumnKind};
use crate::error::{Bound, RecordError, ViewError};
use crate::evaluate::Reader;
use crate::item::Scratch;
use crate::plan::Plan;
use crate::resource::Resource;
use crate::rows::{Cell, TEXT_BYTES_MAX};

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

/// A column's builder.
#[derive(Debug)]
enum Writer {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
}

impl Program {
    pub(crate) fn new(plan: Arc<Plan>, columns: &[Column]) -> Self {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(&column.name, column.kind.data_type(), true))
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
        let plan = Arc::clone(&self.plan);
        let mut reader = Reader {
            plan: &plan,
            resource,
            scratch: &mut self.scratch,
        };
        reader.rows()?;
        let too_much = |bound: Bound| RecordError::TooMuch {
            view: plan.view.clone(),
            bound,
            max: bound.max(),
        };
        let cells = reader.scratch.cells.iter();
        let text = cells.fold(0, |sum, cell| {
            sum + reader.cell_text(*cell).map_or(0, str::len)
        });
        if text > TEXT_BYTES_MAX {
            return Err(too_much(Bound::Text));
        }
        if self
            .writers
            .iter()
            .any(|writer| writer.text_bytes() + text > Bound::Batch.max())
        {
            return Err(too_much(Bound::Batch));
        }
        // From here on nothing fails: a resource is added as a whole or not at all.
        for (index, writer) in self.writers.iter_mut().enumerate() {
            let column = reader
                .scratch
                .cells
                .iter()
                .skip(index)
                .step_by(plan.targets.len());
            writer.append(column.copied(), &reader);
        }
        let rows = self.scratch.cells.len() / plan.targets.len();
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
        let columns: Vec<ArrayRef> = self.writers.iter_mut().map(Writer::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows = 0;
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options).map_err(
            |source| ViewError::Batch {
                view: self.plan.view.clone(),
                source,
            },
        )
    }

    /// The batches' columns, all of them nullable.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl ColumnKind {
    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Integer => DataType::Int64,
            Self::Number => DataType::Float64,
        }
    }
}

impl Writer {
    fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Text => Self::Text(StringBuilder::new()),
            ColumnKind::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnKind::Integer => Self::Integer(Int64Builder::new()),
            ColumnKind::Number => Self::Number(Float64Builder::new()),
        }
    }

    fn text_bytes(&self) -> usize {
        match self {
            Self::Text(builder) => builder.values_slice().len(),
            _ => 0,
        }
    }

    fn append(&mut self, cells: impl Iterator<Item = Cell>, reader: &Reader<'_, '_, '_>) {
        match self {
            Self::Text(builder) => {
                cells.for_each(|cell| builder.append_option(reader.cell_text(cell)));
            }
            Self::Boolean(builder) => cells.for_each(|cell| {
                builder.append_option(match cell {
                    Cell::Boolean(value) => Some(value),
                    _ => None,
                });
            }),
            Self::Integer(builder) => cells.for_each(|cell| {
                builder.append_option(match cell {
                    Cell::Integer(value) => Some(value),
                    _ => None,
                });
            }),
            Self::Number(builder) => cells.for_each(|cell| {
                builder.append_option(match cell {
                    Cell::Number(value) => Some(value),
                    _ => None,
                });
            }),
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Number(builder) => Arc::new(builder.finish()),
        }
    }
}
