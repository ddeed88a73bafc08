//! One pass over the key columns of the files that stand: which rows the night touches, and who
//! the others belong to.

use std::ops::Range;
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::RowSelection;

use crate::file::{self, Columns, Keys};
use crate::merge::Slots;
use crate::{FileState, LakeError};

/// What the night meets in one file.
#[derive(Default)]
pub(crate) struct FileSurvey {
    /// Rows of touched resources, in the file's order.
    pub(crate) hits: Vec<Hit>,
    /// The persons of all other rows, in order, each once.
    pub(crate) persons: Vec<i64>,
    /// Whether one of those persons has more than one row.
    pub(crate) repeated: bool,
}

/// A standing row of a touched resource.
pub(crate) struct Hit {
    pub(crate) row: usize,
    pub(crate) slot: u32,
    pub(crate) ordinal: i32,
    pub(crate) person: i64,
}

impl FileSurvey {
    /// Reads the key columns of a file and takes note in `slots` of what stands.
    pub(crate) async fn read(
        store: &Arc<dyn ObjectStore>,
        file: &FileState,
        slots: &mut Slots,
    ) -> Result<Self, LakeError> {
        let mut survey = Self::default();
        let mut start = 0;
        let mut batches = file::read(store, file, Columns::Keys, None).await?;
        while let Some(batch) = batches.try_next().await? {
            let keys = Keys::of(&batch)
                .ok_or_else(|| LakeError::damaged(&file.path, "its key columns are missing"))?;
            let cells = keys
                .person
                .iter()
                .zip(keys.resource)
                .zip(keys.ordinal)
                .zip(keys.updated);
            for (row, (((person, resource), ordinal), updated)) in cells.enumerate() {
                if let Some(slot) = slots.find(*resource) {
                    slots.stands(slot, *updated);
                    let (row, ordinal, person) = (start + row, *ordinal, *person);
                    survey.hits.push(Hit {
                        row,
                        slot,
                        ordinal,
                        person,
                    });
                } else if survey.persons.last() == Some(person) {
                    survey.repeated = true;
                } else {
                    survey.persons.push(*person);
                }
            }
            start += batch.num_rows();
        }
        Ok(survey)
    }

    /// How many rows go.
    pub(crate) fn masked(&self, slots: &Slots) -> usize {
        self.hits
            .iter()
            .filter(|hit| slots.is_masked(hit.slot))
            .count()
    }

    /// The rows that go, in the file's order.
    pub(crate) fn masked_rows(&self, slots: &Slots) -> Vec<usize> {
        let masked = self.hits.iter().filter(|hit| slots.is_masked(hit.slot));
        masked.map(|hit| hit.row).collect()
    }

    /// The persons of touched rows that stay.
    pub(crate) fn staying(&self, slots: &Slots) -> impl Iterator<Item = i64> {
        self.hits
            .iter()
            .filter(|hit| !slots.is_masked(hit.slot))
            .map(|hit| hit.person)
    }

    /// The hits of updated resources, and the selection that reads just their rows.
    pub(crate) fn updated(&self, slots: &Slots, file: &FileState) -> (Vec<&Hit>, RowSelection) {
        let hits: Vec<&Hit> = self
            .hits
            .iter()
            .filter(|hit| slots.is_updated(hit.slot))
            .collect();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for hit in &hits {
            match ranges.last_mut() {
                Some(range) if range.end == hit.row => range.end += 1,
                _ => ranges.push(hit.row..hit.row + 1),
            }
        }
        let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
        (
            hits,
            RowSelection::from_consecutive_ranges(ranges.into_iter(), rows),
        )
    }
}
