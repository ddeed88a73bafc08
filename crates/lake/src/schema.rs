//! A table's columns as Arrow and as Delta know them, and whether a batch or a description fits.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::min;
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef};
use lazaret_model::{ColumnDescription, ColumnType, TableDescription};
use lazaret_pseudonym::{HIDDEN_COLUMNS, PERSON_COLUMN};
use serde_json::{Value, json};

use crate::LakeError;

/// The columns of a table's files: those of its description, then the hidden ones.
pub(crate) fn of_files(table: &TableDescription) -> Result<SchemaRef, LakeError> {
    let mut fields: Vec<Field> = table.columns.iter().map(field).collect();
    let names: BTreeSet<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let first = table.columns.first();
    let leads =
        first.is_some_and(|c| c.name.as_str() == PERSON_COLUMN && c.kind == ColumnType::Pseudonym);
    if !leads || names.len() != table.columns.len() {
        let reason = "its columns start with the pseudonym `person_id` and have different names";
        return Err(LakeError::mismatch(&table.name, reason));
    }
    let [resource, ordinal, subject, updated] = HIDDEN_COLUMNS;
    fields.push(Field::new(resource, DataType::Int64, false));
    fields.push(Field::new(ordinal, DataType::Int32, false));
    fields.push(Field::new(subject, DataType::Int64, false));
    fields.push(Field::new(updated, DataType::Int64, false));
    Ok(Arc::new(Schema::new(fields)))
}

/// The same batch under the table's own schema.
pub(crate) fn conform(
    table: &TableDescription,
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<RecordBatch, LakeError> {
    let wrong = |reason: String| LakeError::mismatch(&table.name, reason);
    let given = batch.schema();
    if given.fields().len() != schema.fields().len() {
        let (given, own) = (given.fields().len(), schema.fields().len());
        return Err(wrong(format!(
            "a batch has {given} columns and the table {own}"
        )));
    }
    for ((given, own), array) in given
        .fields()
        .iter()
        .zip(schema.fields())
        .zip(batch.columns())
    {
        if given.name() != own.name() || given.data_type() != own.data_type() {
            let (given, own) = (describe(given), describe(own));
            return Err(wrong(format!(
                "a batch has {given} where the table has {own}"
            )));
        }
        if !own.is_nullable() && array.null_count() > 0 {
            return Err(wrong(format!(
                "{} holds nothing in some row",
                describe(own)
            )));
        }
        let lowest = match own.data_type() {
            _ if own.is_nullable() => None,
            DataType::Int64 => array.as_primitive_opt::<Int64Type>().and_then(min),
            _ => array
                .as_primitive_opt::<Int32Type>()
                .and_then(min)
                .map(i64::from),
        };
        // Only the time may lie before 1970; pseudonyms have 63 bits and numbers start at 0.
        let [.., updated] = HIDDEN_COLUMNS;
        if own.name() != updated && lowest.is_some_and(|lowest| lowest < 0) {
            return Err(wrong(format!("{} is negative in some row", describe(own))));
        }
    }
    RecordBatch::try_new(schema.clone(), batch.columns().to_vec())
        .map_err(|_| wrong("a batch does not fit the table's schema".to_owned()))
}

/// Refuses a description that would change the meaning of the rows that stand.
pub(crate) fn unchanged(old: &TableDescription, new: &TableDescription) -> Result<(), LakeError> {
    let same = |(old, new): (&ColumnDescription, &ColumnDescription)| {
        let description = old.description.clone();
        *old == ColumnDescription {
            description,
            ..new.clone()
        }
    };
    let differs = old
        .columns
        .iter()
        .zip(&new.columns)
        .find(|pair| !same(*pair));
    let name = match differs {
        Some((_, new)) => &new.name,
        None if old.columns.len() == new.columns.len() => return Ok(()),
        None => {
            let reason = format!(
                "it has {} columns in the lake and {} in the pipeline: \
                 give the changed view a new name",
                old.columns.len(),
                new.columns.len(),
            );
            return Err(LakeError::mismatch(&new.name, reason));
        }
    };
    let reason = format!(
        "column `{name}` is not what it was when the table was published: \
         give the changed view a new name"
    );
    Err(LakeError::mismatch(&new.name, reason))
}

/// The schema as Delta writes it: the described columns only, so that no reader outside meets a
/// hidden one.
pub(crate) fn delta(table: &TableDescription) -> Value {
    let fields: Vec<Value> = table.columns.iter().map(delta_field).collect();
    json!({"type": "struct", "fields": fields})
}

/// Whether the least and greatest value of a column may stand in a file's statistics: never those
/// of pseudonyms, of which no reader asks for ranges.
pub(crate) fn has_statistics(table: &TableDescription, column: &str) -> bool {
    table
        .column(column)
        .is_some_and(|column| column.kind != ColumnType::Pseudonym)
}

fn field(column: &ColumnDescription) -> Field {
    let nullable = column.name.as_str() != PERSON_COLUMN;
    let kind = match column.kind {
        ColumnType::Pseudonym | ColumnType::Integer => DataType::Int64,
        ColumnType::Number => DataType::Float64,
        ColumnType::Text => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
    };
    Field::new(column.name.as_str(), kind, nullable)
}

fn delta_field(column: &ColumnDescription) -> Value {
    let kind = match column.kind {
        ColumnType::Pseudonym | ColumnType::Integer => "long",
        ColumnType::Number => "double",
        ColumnType::Text => "string",
        ColumnType::Boolean => "boolean",
        ColumnType::Date => "date",
    };
    let nullable = column.name.as_str() != PERSON_COLUMN;
    json!({"name": column.name, "type": kind, "nullable": nullable, "metadata": {}})
}

fn describe(field: &Field) -> String {
    format!("`{}` ({})", field.name(), field.data_type())
}
