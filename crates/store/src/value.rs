//! Cells and parameters: text, 64-bit integers and null are all that either database is asked for.

use std::sync::Arc;

use lazaret_model::Instant;

use crate::StoreError;

/// A parameter or a cell.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Text, without the character NUL, which PostgreSQL cannot hold.
    Text(String),
    /// A signed 64-bit integer.
    Integer(i64),
    /// Nothing.
    Null,
}

/// A row of a reply, its cells by column name.
#[derive(Clone)]
pub struct Row {
    names: Arc<[String]>,
    cells: Vec<Value>,
}

impl Row {
    pub(crate) const fn new(names: Arc<[String]>, cells: Vec<Value>) -> Self {
        Self { names, cells }
    }

    /// The text of a column.
    ///
    /// # Errors
    /// `Column`, when there is no such column, or the cell is null or an integer.
    pub fn text(&self, column: &str) -> Result<&str, StoreError> {
        self.optional_text(column)?
            .ok_or_else(|| wrong(column, "is null"))
    }

    /// The text of a column that may be null.
    ///
    /// # Errors
    /// `Column`, when there is no such column, or the cell is an integer.
    pub fn optional_text(&self, column: &str) -> Result<Option<&str>, StoreError> {
        match self.cell(column)? {
            Value::Text(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            Value::Integer(_) => Err(wrong(column, "is an integer where a text was expected")),
        }
    }

    /// The integer of a column.
    ///
    /// # Errors
    /// `Column`, when there is no such column, or the cell is null or a text.
    pub fn integer(&self, column: &str) -> Result<i64, StoreError> {
        self.optional_integer(column)?
            .ok_or_else(|| wrong(column, "is null"))
    }

    /// The integer of a column that may be null.
    ///
    /// # Errors
    /// `Column`, when there is no such column, or the cell is a text.
    pub fn optional_integer(&self, column: &str) -> Result<Option<i64>, StoreError> {
        match self.cell(column)? {
            Value::Integer(integer) => Ok(Some(*integer)),
            Value::Null => Ok(None),
            Value::Text(_) => Err(wrong(column, "is a text where an integer was expected")),
        }
    }

    /// The integer of a column that is never negative: counts, and amounts in ledger units.
    ///
    /// # Errors
    /// `Column`, when there is no such column, or the cell is null, a text or negative.
    pub fn unsigned(&self, column: &str) -> Result<u64, StoreError> {
        u64::try_from(self.integer(column)?).map_err(|_| wrong(column, "is negative"))
    }

    /// The moment in a column, as `Value::from(Instant)` wrote it.
    ///
    /// # Errors
    /// `Column`, when there is no such column, or the cell is no RFC 3339 time.
    pub fn instant(&self, column: &str) -> Result<Instant, StoreError> {
        self.text(column)?
            .parse()
            .map_err(|_| wrong(column, "is not a time"))
    }

    fn cell(&self, column: &str) -> Result<&Value, StoreError> {
        let place = self.names.iter().position(|name| name == column);
        place
            .and_then(|place| self.cells.get(place))
            .ok_or_else(|| wrong(column, "is not there"))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

impl From<Instant> for Value {
    fn from(at: Instant) -> Self {
        Self::Text(timestamp(at))
    }
}

impl TryFrom<u64> for Value {
    type Error = StoreError;
    fn try_from(integer: u64) -> Result<Self, StoreError> {
        i64::try_from(integer).map(Self::Integer).map_err(|_| {
            wrong(
                "a parameter",
                "is larger than the store can hold (2^63 - 1)",
            )
        })
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A moment as the store writes it: RFC 3339, UTC, always six digits of a second, so that times
/// compare as text.
pub(crate) fn timestamp(at: Instant) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

pub(crate) fn wrong(column: &str, why: &'static str) -> StoreError {
    StoreError::Column {
        column: column.to_owned(),
        why,
    }
}
