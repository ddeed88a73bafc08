//! What of a snapshot a permit grants: tables and columns, and nothing else exists for its queries.

use std::collections::BTreeSet;
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
    /// The ranges of persons into which all tables of the snapshot are cut, in order; none where
    /// they are not cut alike.
    pub(crate) ranges: Arc<[(i64, i64)]>,
}

/// The tables of `snapshot` that `policy` grants, each with its granted columns. `person_id` comes
/// with every granted table: it is opaque to the query, and without it nothing can be bounded.
pub(crate) fn granted(policy: &Policy, snapshot: &Snapshot) -> Vec<GrantedTable> {
    let ranges = ranges(snapshot);
    snapshot
        .tables
        .iter()
        .filter_map(|state| grant(policy, state, &ranges))
        .collect()
}

/// The cut of the tables. It follows from the dataset's size and the keys alone.
fn ranges(snapshot: &Snapshot) -> Arc<[(i64, i64)]> {
    let files = snapshot.tables.iter().flat_map(|table| &table.files);
    let ranges: BTreeSet<_> = files
        .map(|file| (file.person_low, file.person_high))
        .collect();
    let ranges: Vec<_> = ranges.into_iter().collect();
    let apart = ranges.is_sorted_by(|before, after| before.1 < after.0);
    let once = |table: &TableState| {
        let files: BTreeSet<_> = table.files.iter().map(|file| file.person_low).collect();
        files.len() == table.files.len()
    };
    if apart && snapshot.tables.iter().all(once) {
        return ranges.into();
    }
    Arc::default()
}

fn grant(policy: &Policy, state: &TableState, ranges: &Arc<[(i64, i64)]>) -> Option<GrantedTable> {
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
        ranges: Arc::clone(ranges),
    })
}

fn field(column: &ColumnDescription) -> Field {
    let kind = match column.kind {
        ColumnType::Pseudonym | ColumnType::Integer => DataType::Int64,
        ColumnType::Number => DataType::Float64,
        // A view copies no text that Parquet holds once for many rows.
        ColumnType::Text => DataType::Utf8View,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
    };
    Field::new(
        column.name.as_str(),
        kind,
        column.treatment != Treatment::Person,
    )
}
