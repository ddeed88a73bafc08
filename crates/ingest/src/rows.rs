//! A table's rows of one piece, from treated columns to pseudonyms.

use std::collections::{HashMap, HashSet};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use lazaret_pseudonym::{Origin, PersonId, PseudonymisedBatch, RawBatch};

use crate::IngestError;
use crate::pool::Shared;
use crate::treat::outside;

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
    /// The place of a column and how many of its values are not among those it declares.
    pub(crate) outside: Vec<(usize, u64)>,
}

/// The error of rows that Arrow does not filter.
pub(crate) const UNFILTERED: IngestError = IngestError::Defect {
    reason: "rows cannot be filtered",
};

impl Rows {
    /// Pseudonymises the rows and counts what is outside of what the table declares.
    pub(crate) fn seal(self, shared: &Shared) -> Result<Sealed, IngestError> {
        let table = shared.tables.get(self.table);
        let table = table.ok_or(IngestError::Defect {
            reason: "a table's place",
        })?;
        // The person's column comes first and has no raw values.
        let described = table.description.columns.iter().enumerate().skip(1);
        let counted = described
            .zip(self.columns.columns())
            .map(|((place, column), array)| (place, outside(column, array)));
        let outside = counted.filter(|(_, outside)| *outside > 0).collect();
        let raw = RawBatch::seal(self.columns, &table.roles, self.origins)?;
        Ok(Sealed {
            table: self.table,
            batch: shared.keys.batch(raw)?,
            outside,
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
