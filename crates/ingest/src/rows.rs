//! A table's rows of one piece, from treated columns to pseudonyms.

use std::collections::{HashMap, HashSet};
use std::sync::PoisonError;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use lazaret_pseudonym::{Origin, PersonId, PseudonymisedBatch, RawBatch};

use crate::IngestError;
use crate::leak::Seen;
use crate::pool::Shared;

/// Rows with raw records, and where each came from.
pub(crate) struct Rows {
    /// The table's place in the pipeline.
    pub(crate) table: usize,
    pub(crate) columns: RecordBatch,
    pub(crate) origins: Vec<Origin>,
}

/// Rows that may leave.
pub(crate) struct Sealed {
    /// The table's place in the pipeline.
    pub(crate) table: usize,
    pub(crate) batch: PseudonymisedBatch,
}

/// The error of rows that Arrow does not filter.
pub(crate) const UNFILTERED: IngestError = IngestError::Defect {
    reason: "rows cannot be filtered",
};

impl Rows {
    /// Looks for what tells of persons in what is kept.
    pub(crate) fn probe(&self, seen: &mut Seen, shared: &Shared) -> Result<(), IngestError> {
        let table = shared.tables.get(self.table);
        let table = table.ok_or(IngestError::Defect {
            reason: "a table's place",
        })?;
        let subject = |row: usize| self.origins.get(row).map(|origin| origin.subject);
        shared.leaks.probe(seen, table, &self.columns, &subject)
    }

    /// Pseudonymises the rows and counts their quality.
    pub(crate) fn seal(self, shared: &Shared) -> Result<Sealed, IngestError> {
        let table = shared.tables.get(self.table);
        let table = table.ok_or(IngestError::Defect {
            reason: "a table's place",
        })?;
        let raw = RawBatch::seal(self.columns, &table.roles, self.origins)?;
        let batch = shared.keys.batch(raw)?;
        let quality = shared.quality.lock();
        let mut quality = quality.unwrap_or_else(PoisonError::into_inner);
        quality.observe(&table.description, batch.batch());
        Ok(Sealed {
            table: self.table,
            batch,
        })
    }

    /// Puts persons in place of those the rows had, by resource.
    pub(crate) fn relink(&mut self, persons: &HashMap<i64, PersonId>) {
        for origin in &mut self.origins {
            if let Some(person) = persons.get(&origin.resource) {
                origin.person = *person;
            }
        }
    }

    /// Leaves out the rows of these resources.
    pub(crate) fn without(&mut self, out: &HashSet<i64>) -> Result<(), IngestError> {
        let stays = |origin: &Origin| !out.contains(&origin.resource);
        let mask: BooleanArray = self.origins.iter().map(|o| Some(stays(o))).collect();
        self.columns = filter_record_batch(&self.columns, &mask).map_err(|_| UNFILTERED)?;
        self.origins.retain(stays);
        Ok(())
    }
}
