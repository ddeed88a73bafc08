//! Tests of the crate: by hand, by the official suite, by mutation and on real exports.

mod collections;
mod data;
mod definitions;
mod exports;
mod moments;
mod mutations;
mod numbers;
mod paths;
mod records;
mod rows;
mod suite;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use serde_json::{Map, Value, json};

use crate::{Limits, Program, RecordError, Resource, ViewDefinition, ViewError};

/// A view of one resource type with the given selects.
fn view(resource: &str, select: Value) -> ViewDefinition {
    parse(json!({"name": "v", "resource": resource, "select": select})).unwrap()
}

fn parse(json: Value) -> Result<ViewDefinition, ViewError> {
    ViewDefinition::parse(json.to_string().as_bytes())
}

/// A Patient view of one column `c`.
fn column(path: &str, kind: &str) -> Result<ViewDefinition, ViewError> {
    parse(json!({"name": "v", "resource": "Patient",
        "select": [{"column": [{"name": "c", "path": path, "type": kind}]}]}))
}

fn push(program: &mut Program, record: &str) -> Result<usize, RecordError> {
    let mut copy = Vec::new();
    let resource = Resource::parse(record.as_bytes(), &mut copy, &Limits::default())?;
    program.push(&resource)
}

/// The rows of one record as JSON: an array of objects.
fn rows(view: &ViewDefinition, record: &str) -> Result<Value, RecordError> {
    let mut program = view.compile().unwrap();
    push(&mut program, record)?;
    Ok(table(&mut program))
}

/// The value of the column `c` in the only row.
fn value(path: &str, kind: &str, record: &str) -> Result<Value, RecordError> {
    let table = rows(&column(path, kind).unwrap(), record)?;
    assert_eq!(table.as_array().unwrap().len(), 1);
    Ok(table[0]["c"].clone())
}

/// What a program has, as JSON.
fn table(program: &mut Program) -> Value {
    let expected = program.rows();
    let batch = program.finish().unwrap();
    assert_eq!(batch.num_rows(), expected);
    assert_eq!(program.rows(), 0);
    assert_eq!(batch.schema(), program.schema());
    let row = |row: usize| {
        let schema = batch.schema();
        let names = schema.fields().iter().map(|field| field.name().clone());
        let cells = batch.columns().iter().map(|column| cell(column, row));
        Value::Object(names.zip(cells).collect::<Map<_, _>>())
    };
    (0..batch.num_rows()).map(row).collect()
}

/// One value as JSON.
fn cell(column: &dyn Array, row: usize) -> Value {
    match column.data_type() {
        _ if column.is_null(row) => Value::Null,
        DataType::Utf8 => json!(column.as_string::<i32>().value(row)),
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Int64 => json!(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => json!(column.as_primitive::<Float64Type>().value(row)),
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            (0..items.len()).map(|item| cell(&items, item)).collect()
        }
        other => panic!("no column has the type {other}"),
    }
}

/// A Patient with one more field.
fn patient(field: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"p",{field}}}"#)
}
