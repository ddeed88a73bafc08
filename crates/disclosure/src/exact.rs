//! The exact result: sealed where it is computed, opened only in this crate.

use crate::KeyValue;

/// The exact numbers of one group. It has no `Debug`, `Clone` or `Serialize`.
pub struct Group {
    /// A value for each key, in the order of the shape.
    pub key: Vec<KeyValue>,
    /// Distinct persons for each mask.
    pub persons: Vec<i64>,
    /// For each estimate: persons `[n, 0]`; rows `[n, 0]`; a sum `[sum of clamped units, 0]`;
    /// a mean `[rows, sum of clamped units]`.
    pub values: Vec<[i128; 2]>,
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
