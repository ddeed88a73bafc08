//! A release: rows of keys and cells, rebuilt from scalars.

use lazaret_model::Clamp;

use crate::{Cell, KeyValue};

/// A column of a release or a preview, with its card.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Key or estimate.
    #[serde(flatten)]
    pub role: Role,
}

/// What a column is for.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Role {
    /// It says which group a row is about.
    Key {
        /// The type: `utf8`, `int64`, `boolean` or `date32`.
        #[serde(rename = "type")]
        kind: &'static str,
    },
    /// It holds noisy numbers.
    Estimate(Card),
}

/// How an estimate was protected.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Card {
    /// The type: `int64` or `float64`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The mechanism.
    pub mechanism: &'static str,
    /// The standard deviation of the noise, in the column's units; for a mean, of its sum of
    /// differences from the middle of the bounds.
    pub scale: f64,
    /// The most one person moves all groups together (Euclidean norm), in the units of `scale`.
    pub sensitivity: f64,
    /// The bounds of a person.
    pub bounds: Bounds,
    /// The noisy number of persons from which a private key is shown.
    pub threshold: Option<u64>,
}

/// The bounds of one person's contribution.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Bounds {
    /// The groups one person may be in.
    pub groups_per_person: u32,
    /// The rows of one person that count in a group.
    pub rows_per_person: u32,
    /// The bounds of a value, in integer units of `10^-scale`.
    pub clamp: Option<Clamp>,
}

/// A private answer. Only [`crate::release`] makes one; what is done to it here and after is
/// post-processing, which costs nothing.
#[derive(Clone)]
pub struct Release {
    columns: Vec<(Column, Values)>,
    rows: usize,
}

/// The values of a column.
#[derive(Clone)]
pub(crate) enum Values {
    /// Of a key.
    Keys(Vec<KeyValue>),
    /// Of an estimate.
    Cells(Vec<Cell>),
}

impl Release {
    /// A release from columns of `rows` values each.
    pub(crate) const fn new(columns: Vec<(Column, Values)>, rows: usize) -> Self {
        Self { columns, rows }
    }

    /// The columns, with their cards.
    ///
    /// # Privacy
    /// Declared before a row was read.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &Column> {
        self.columns.iter().map(|(column, _)| column)
    }

    /// How many rows there are.
    ///
    /// # Privacy
    /// Public keys: the size of their domains. Private keys: how many passed the threshold, which
    /// is part of what was paid for.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// A value of a key's column.
    ///
    /// # Privacy
    /// A released key: of a public domain, or past the threshold.
    #[must_use]
    pub fn key(&self, row: usize, column: usize) -> Option<&KeyValue> {
        match &self.columns.get(column)?.1 {
            Values::Keys(keys) => keys.get(row),
            Values::Cells(_) => None,
        }
    }

    /// A value of an estimate's column.
    ///
    /// # Privacy
    /// A noisy number that was paid for, or nothing where it is hidden.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        match &self.columns.get(column)?.1 {
            Values::Cells(cells) => cells.get(row).copied(),
            Values::Keys(..) => None,
        }
    }
}
