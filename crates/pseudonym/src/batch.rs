//! Batches of rows before and after: raw columns go in with a role, pseudonyms come out.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array, Int64Builder, RecordBatch,
    StringArray,
};
use arrow::datatypes::{DataType, Field, Float64Type, Schema};
use lazaret_model::{ColumnName, ColumnType};

use crate::{PersonId, PseudonymError, Pseudonymiser};

/// The name of the person's column, the first of every batch.
pub const PERSON_COLUMN: &str = "person_id";
/// The hidden columns, the last of every batch: the resource a row came from, the row's number in
/// it, the person record it names, and when the source last changed it (microseconds, UTC).
pub const HIDDEN_COLUMNS: [&str; 4] = ["_resource", "_ordinal", "_subject", "_updated"];

/// What a column of a raw batch is, decided by the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The local id of a record, as text.
    Record {
        /// The record's type, such as `Encounter`.
        kind: String,
    },
    /// Generalised already, and stored as it is.
    Plain(ColumnType),
}

/// A column's name and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnRole {
    /// Its name.
    pub name: ColumnName,
    /// What it is.
    pub role: Role,
}

/// Whose a row is and where it came from. No `Debug`: it holds pseudonyms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The person, from `Pseudonymiser::person` or `Identities`.
    pub person: PersonId,
    /// The source's record of the person, from `Pseudonymiser::subject`.
    pub subject: i64,
    /// The resource, from `Pseudonymiser::resource`.
    pub resource: i64,
    /// The row's number within its resource and table, from 0.
    pub ordinal: i32,
    /// When the source last changed the resource: microseconds since 1970, UTC.
    pub updated: i64,
}

/// Rows with raw identifiers. It can be sealed anywhere and opened only here: no field is public,
/// and it has no `Debug`, `Clone` or `Serialize`.
pub struct RawBatch {
    columns: RecordBatch,
    roles: Vec<ColumnRole>,
    origins: Vec<Origin>,
}

impl RawBatch {
    /// Seals columns, each with its role, in any order of the roles, and each row's origin.
    ///
    /// # Errors
    /// `Column`, when a column has no role, two roles, a name that a table cannot have, or a type
    /// that does not fit its role, or a role has no column; `Shape`, when rows and origins differ
    /// in number.
    ///
    /// # Privacy
    /// What nobody decided about does not pass. Each row has a person, by its origin's type. A
    /// plain column is never a pseudonym, so raw numbers cannot pose as one; numbers are finite.
    pub fn seal(
        columns: RecordBatch,
        roles: &[ColumnRole],
        origins: Vec<Origin>,
    ) -> Result<Self, PseudonymError> {
        let mut ordered = Vec::with_capacity(roles.len());
        let mut names = HashSet::new();
        for (field, array) in columns.schema().fields().iter().zip(columns.columns()) {
            let wrong = |reason| PseudonymError::Column {
                column: field.name().clone(),
                reason,
            };
            let mut found = roles
                .iter()
                .filter(|role| role.name.as_str() == field.name());
            let role = found
                .next()
                .ok_or_else(|| wrong("no role: decide what it is"))?;
            if found.next().is_some() || !names.insert(field.name().clone()) {
                return Err(wrong("it is there twice"));
            }
            check(&role.role, field, array).map_err(wrong)?;
            ordered.push(role.clone());
        }
        if let Some(extra) = roles
            .iter()
            .find(|role| !names.contains(role.name.as_str()))
        {
            let column = extra.name.to_string();
            return Err(PseudonymError::Column {
                column,
                reason: "a role without a column",
            });
        }
        if origins.len() != columns.num_rows() {
            return Err(PseudonymError::Shape {
                reason: "each row needs its origin",
            });
        }
        if origins
            .iter()
            .any(|origin| origin.resource < 0 || origin.ordinal < 0 || origin.subject < 0)
        {
            return Err(PseudonymError::Shape {
                reason: "an origin is never negative",
            });
        }
        Ok(Self {
            columns,
            roles: ordered,
            origins,
        })
    }

    /// How many rows it has.
    ///
    /// # Privacy
    /// A count within the holder's own run.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.num_rows()
    }
}

/// Rows that may leave the holder's memory for the lake. Built by `Pseudonymiser::batch` alone.
/// `Debug` shows its size only.
#[derive(Clone)]
pub struct PseudonymisedBatch(RecordBatch);

impl PseudonymisedBatch {
    /// The rows: `person_id` first, the view's columns, then the hidden columns.
    ///
    /// # Privacy
    /// Pseudonymised, hence personal data still: for the lake only.
    #[must_use]
    pub const fn batch(&self) -> &RecordBatch {
        &self.0
    }

    /// The rows, taken out.
    ///
    /// # Privacy
    /// As for `batch`.
    #[must_use]
    pub fn into_batch(self) -> RecordBatch {
        self.0
    }
}

impl fmt::Debug for PseudonymisedBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, columns) = (self.0.num_rows(), self.0.num_columns());
        write!(f, "PseudonymisedBatch({rows} rows, {columns} columns)")
    }
}

pub(crate) fn pseudonymise(
    keys: &Pseudonymiser,
    raw: RawBatch,
) -> Result<PseudonymisedBatch, PseudonymError> {
    let whole = |of: fn(&Origin) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(raw.origins.iter().map(of)))
    };
    let mut fields = vec![Field::new(PERSON_COLUMN, DataType::Int64, false)];
    let mut arrays: Vec<ArrayRef> = vec![whole(|origin| origin.person.get())];
    for (ColumnRole { name, role }, array) in raw.roles.iter().zip(raw.columns.columns()) {
        match role {
            Role::Record { kind } => {
                fields.push(Field::new(name.as_str(), DataType::Int64, true));
                arrays.push(Arc::new(records(keys, kind, array.as_string())));
            }
            Role::Plain(kind) => {
                fields.push(Field::new(name.as_str(), arrow_type(*kind), true));
                arrays.push(array.clone());
            }
        }
    }
    let [resource, ordinal, subject, updated] = HIDDEN_COLUMNS;
    fields.push(Field::new(resource, DataType::Int64, false));
    fields.push(Field::new(ordinal, DataType::Int32, false));
    fields.push(Field::new(subject, DataType::Int64, false));
    fields.push(Field::new(updated, DataType::Int64, false));
    arrays.push(whole(|origin| origin.resource));
    let ordinals = raw.origins.iter().map(|origin| origin.ordinal);
    arrays.push(Arc::new(Int32Array::from_iter_values(ordinals)));
    arrays.push(whole(|origin| origin.subject));
    arrays.push(whole(|origin| origin.updated));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map(PseudonymisedBatch)
        .map_err(|_| PseudonymError::Shape {
            reason: "columns of different length",
        })
}

fn records(keys: &Pseudonymiser, kind: &str, ids: &StringArray) -> Int64Array {
    let mut records = Int64Builder::with_capacity(ids.len());
    let mut last: Option<(&str, i64)> = None;
    for id in ids {
        let id = id.map(|id| local_id(kind, id)).filter(|id| !id.is_empty());
        let record = id.map(|id| match last {
            Some((known, record)) if known == id => record,
            _ => keys.record(kind, id).get(),
        });
        last = id.zip(record).or(last);
        records.append_option(record);
    }
    records.finish()
}

/// The id in `id` or `Type/id`, so that a resource's own key and a reference to it are the same.
fn local_id<'a>(kind: &str, id: &'a str) -> &'a str {
    id.strip_prefix(kind)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(id)
}

/// Whether a column can have the role: its type, the person's name and nothing but finite numbers.
fn check(role: &Role, field: &Field, array: &ArrayRef) -> Result<(), &'static str> {
    let expected = match role {
        Role::Record { .. } => DataType::Utf8,
        Role::Plain(ColumnType::Pseudonym) => {
            return Err("a pseudonym is made from a person or a record, it cannot be plain");
        }
        Role::Plain(kind) => arrow_type(*kind),
    };
    if *field.data_type() != expected {
        return Err("its type does not fit its role");
    }
    if field.name() == PERSON_COLUMN {
        return Err("`person_id` is the person's column, which comes from the origins");
    }
    let numbers: Option<&Float64Array> = array.as_primitive_opt::<Float64Type>();
    if numbers.is_some_and(|numbers| numbers.iter().flatten().any(|n| !n.is_finite())) {
        return Err("a number is not finite");
    }
    Ok(())
}

const fn arrow_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Pseudonym | ColumnType::Integer => DataType::Int64,
        ColumnType::Number => DataType::Float64,
        ColumnType::Text => DataType::Utf8,
        ColumnType::Boolean => DataType::Boolean,
        ColumnType::Date => DataType::Date32,
    }
}
