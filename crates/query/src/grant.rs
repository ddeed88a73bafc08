//! What of a snapshot a permit grants: tables and columns, and nothing else exists for its queries.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use lazaret_lake::{Snapshot, TableState};
use lazaret_model::{ColumnDescription, ColumnType, TableName, Treatment};
use lazaret_permit::Policy;

/// The column every person table starts with.
pub(crate) const PERSON_ID: &str = "person_id";

/// One granted table: its files, and the columns a query may name.
#[derive(Debug, Clone)]
pub(crate) struct GrantedTable {
    pub(crate) state: TableState,
    pub(crate) columns: Vec<ColumnDescription>,
    pub(crate) schema: SchemaRef,
}

/// The tables of `snapshot` that `policy` grants, each with its granted columns. `person_id` comes
/// with every granted table: it is opaque to the query, and without it nothing can be bounded.
pub(crate) fn granted(policy: &Policy, snapshot: &Snapshot) -> Vec<GrantedTable> {
    snapshot
        .tables
        .iter()
        .filter_map(|state| grant(policy, state))
        .collect()
}

fn grant(policy: &Policy, state: &TableState) -> Option<GrantedTable> {
    let name: &TableName = &state.description.name;
    let allowed = match &policy.allow {
        None => None,
        Some(tables) => Some(tables.get(name)?),
    };
    let columns: Vec<ColumnDescription> = state
        .description
        .columns
        .iter()
        .filter(|column| {
            column.name.as_str() == PERSON_ID
                || allowed.is_none_or(|allowed| allowed.contains(&column.name))
        })
        .cloned()
        .collect();
    let fields: Vec<Field> = columns.iter().map(field).collect();
    Some(GrantedTable {
        state: state.clone(),
        columns,
        schema: Arc::new(Schema::new(fields)),
    })
}

fn field(column: &ColumnDescription) -> Field {
    let kind = match column.kind {
        ColumnType::Pseudonym | ColumnType::Integer => DataType::Int64,
        ColumnType::Number => DataType::Float64,
        ColumnType::Text => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
    };
    Field::new(
        column.name.as_str(),
        kind,
        column.treatment != Treatment::Person,
    )
}
