//! What was read of one file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One file, in resources: read = accepted + filtered + not a person + pending + ignored +
/// quarantined. Pending records of earlier runs that were tried again are a file called `pending`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Its name.
    pub name: String,
    /// The type of its resources.
    pub resource_type: String,
    /// Its size as it is stored.
    pub bytes: u64,
    /// Its size inflated.
    pub bytes_inflated: u64,
    /// Resources read: lines that are not blank.
    pub read: u64,
    /// Resources that gave rows.
    pub accepted: u64,
    /// Resources of persons that the views have no row for, second records of a person, and
    /// pending records that were deleted since.
    pub filtered: u64,
    /// Resources about groups, devices and places.
    pub not_a_person: u64,
    /// Resources of persons for whom no `Patient` was read yet: kept, and tried again by the next
    /// run.
    #[serde(default)]
    pub pending: u64,
    /// Resources of a type that no table needs.
    pub ignored_type: u64,
    /// Resources in quarantine, by code.
    pub quarantined: BTreeMap<String, u64>,
}

impl FileReport {
    /// Resources in quarantine.
    #[must_use]
    pub fn quarantined_all(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Whether every resource is accounted for.
    #[must_use]
    pub fn reconciles(&self) -> bool {
        let in_tables = self.accepted + self.filtered + self.not_a_person;
        self.read == in_tables + self.pending + self.ignored_type + self.quarantined_all()
    }
}
