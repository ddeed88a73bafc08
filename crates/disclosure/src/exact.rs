//! The exact result: sealed where it is computed, opened only in this crate.

use crate::KeyValue;

/// The exact numbers of one group. It has no `Debug`, `Clone` or `Serialize`.
pub struct Group {
    /// A value for each key, in the order of the shape.
    pub key: Vec<KeyValue>,
    /// Distinct persons for each mask.
    pub persons: Vec<i64>,
    /// For each estimate its numbers, [`crate::Measure::numbers`] of them: persons, rows, different
    /// values; a sum of clamped units; for a mean rows and sum; for a spread rows, sum and squares
    /// of `2x - low - high`; for a quantile the rows nearest to each candidate.
    pub values: Vec<Vec<i128>>,
}

/// A sealed exact result. There is no way to look into it but [`crate::release`].
pub struct Exact {
    groups: Vec<Group>,
}

impl Exact {
    /// Seals the groups that exist; the others of public keys are zeros.
    ///
    /// # Privacy
    /// Nothing is read here. What is sealed can be neither printed, cloned, serialised nor taken
    /// out again by another crate: its field is private, and it implements no such trait.
    #[must_use]
    pub const fn seal(groups: Vec<Group>) -> Self {
        Self { groups }
    }

    /// Opens the seal; this crate alone can.
    pub(crate) fn open(self) -> Vec<Group> {
        self.groups
    }
}
