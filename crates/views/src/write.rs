//! The builders of a view's columns.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, ListArray,
    NullBufferBuilder, StringBuilder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, FieldRef};

use crate::column::{ColumnKind, ItemKind};
use crate::error::Bound;
use crate::evaluate::Reader;
use crate::rows::Cell;

/// A column's builder.
#[derive(Debug)]
pub(crate) enum Writer {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Number(Float64Builder),
    List(Box<ListWriter>),
}

/// A builder of lists: where each ends, and what is in all of them.
#[derive(Debug)]
pub(crate) struct ListWriter {
    kind: ItemKind,
    values: Writer,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Writer {
    pub(crate) fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::Text => Self::Text(StringBuilder::new()),
            ColumnKind::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnKind::Integer => Self::Integer(Int64Builder::new()),
            ColumnKind::Number => Self::Number(Float64Builder::new()),
            ColumnKind::List(kind) => Self::List(Box::new(ListWriter::new(kind))),
        }
    }

    /// The Arrow type of a kind of column.
    pub(crate) fn data_type(kind: ColumnKind) -> DataType {
        match kind {
            ColumnKind::Text => DataType::Utf8,
            ColumnKind::Boolean => DataType::Boolean,
            ColumnKind::Integer => DataType::Int64,
            ColumnKind::Number => DataType::Float64,
            ColumnKind::List(kind) => DataType::List(item(kind)),
        }
    }

    /// Whether one resource more fits, with so many bytes of text.
    pub(crate) fn has_room(&self, text: usize) -> bool {
        match self {
            Self::Text(builder) => builder.values_slice().len() + text <= Bound::Batch.max(),
            Self::List(list) => {
                let values = list.ends.last().copied().unwrap_or_default();
                let room = i32::MAX - values;
                let cells = i32::try_from(Bound::Cells.max()).unwrap_or(i32::MAX);
                room >= cells && list.values.has_room(text)
            }
            _ => true,
        }
    }

    /// Adds a cell; one of another type is a null.
    #[inline]
    pub(crate) fn append(&mut self, cell: Cell, reader: &Reader<'_, '_, '_>) {
        match self {
            Self::Text(builder) => builder.append_option(reader.cell_text(cell)),
            Self::Boolean(builder) => builder.append_option(match cell {
                Cell::Boolean(value) => Some(value),
                _ => None,
            }),
            Self::Integer(builder) => builder.append_option(match cell {
                Cell::Integer(value) => Some(value),
                _ => None,
            }),
            Self::Number(builder) => builder.append_option(match cell {
                Cell::Number(value) => Some(value),
                _ => None,
            }),
            Self::List(list) => list.append(cell, reader),
        }
    }

    /// The column so far, as an array; the builder goes on empty.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef, arrow::error::ArrowError> {
        Ok(match self {
            Self::Text(builder) => {
                let (rows, bytes) = (builder.len(), builder.values_slice().len());
                let text = builder.finish();
                // The next batch is about as large: growing would copy it several times.
                *builder = StringBuilder::with_capacity(rows, bytes);
                Arc::new(text)
            }
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Number(builder) => Arc::new(builder.finish()),
            Self::List(list) => Arc::new(list.finish()?),
        })
    }
}

impl ListWriter {
    fn new(kind: ItemKind) -> Self {
        Self {
            kind,
            values: Writer::new(kind.column()),
            ends: Vec::new(),
            nulls: NullBufferBuilder::new(0),
        }
    }

    fn append(&mut self, cell: Cell, reader: &Reader<'_, '_, '_>) {
        let before = self.ends.last().copied().unwrap_or_default();
        let Cell::List(start, end) = cell else {
            self.ends.push(before);
            self.nulls.append_null();
            return;
        };
        let cells = reader.scratch.listed.get(start..end).unwrap_or_default();
        for cell in cells {
            self.values.append(*cell, reader);
        }
        // There is room: it is asked for before a resource is added.
        let count = i32::try_from(cells.len()).unwrap_or_default();
        self.ends.push(before + count);
        self.nulls.append_non_null();
    }

    fn finish(&mut self) -> Result<ListArray, arrow::error::ArrowError> {
        let mut offsets = vec![0];
        offsets.append(&mut self.ends);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let values = self.values.finish()?;
        ListArray::try_new(item(self.kind), offsets, values, self.nulls.finish())
    }
}

fn item(kind: ItemKind) -> FieldRef {
    Arc::new(Field::new_list_field(
        Writer::data_type(kind.column()),
        true,
    ))
}
