//! Whether an update's rows are those that stand, column by column.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::compute::kernels::cmp::distinct;
use arrow::error::ArrowError;
use futures::TryStreamExt;
use object_store::ObjectStore;

use crate::file::{self, Columns};
use crate::merge::{Fresh, Slots};
use crate::night::Pending;
use crate::survey::FileSurvey;
use crate::{FileState, LakeError};

/// Pairs of rows that are compared at once.
const PAIRS: usize = 65_536;

/// A row by its resource, its number and its place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    slot: u32,
    ordinal: i32,
    batch: usize,
    row: usize,
}

/// Takes note in `slots` of each updated resource whose rows in this table are not those that
/// stand. What stands is read here, of updated resources only.
pub(crate) async fn mark_different(
    store: &Arc<dyn ObjectStore>,
    pending: &Pending,
    fresh: &[Fresh],
    files: &[(&FileState, &FileSurvey)],
    slots: &mut Slots,
) -> Result<(), LakeError> {
    let table = &pending.description.name;
    let (batches, mut standing) = read_standing(store, files, slots).await?;
    let mut coming: Vec<Place> = fresh
        .iter()
        .map(|fresh| Place {
            slot: fresh.slot,
            ordinal: fresh.ordinal,
            batch: fresh.batch,
            row: fresh.row,
        })
        .collect();
    standing.sort_unstable();
    coming.sort_unstable();
    let pairs = pair(&standing, &coming, slots);
    let visible: Vec<usize> = (0..pending.description.columns.len()).collect();
    let night: Result<Vec<RecordBatch>, ArrowError> = pending
        .batches
        .iter()
        .map(|batch| batch.project(&visible))
        .collect();
    let night = night.map_err(|source| LakeError::storage(table, source))?;
    for pairs in pairs.chunks(PAIRS) {
        let equal = compare(&batches, &night, pairs);
        let different = equal.map_err(|source| LakeError::storage(table, source))?;
        for (pair, different) in pairs.iter().zip(&different) {
            if *different {
                slots.differs(pair.0.slot);
            }
        }
    }
    Ok(())
}

/// The visible columns of the standing rows of updated resources, and where each row is.
async fn read_standing(
    store: &Arc<dyn ObjectStore>,
    files: &[(&FileState, &FileSurvey)],
    slots: &Slots,
) -> Result<(Vec<RecordBatch>, Vec<Place>), LakeError> {
    let mut batches: Vec<RecordBatch> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    for (file, survey) in files {
        let (hits, selection) = survey.updated(slots, file);
        if hits.is_empty() {
            continue;
        }
        let mut hits = hits.into_iter();
        let mut rows = file::read(store, file, Columns::Visible, Some(selection)).await?;
        while let Some(batch) = rows.try_next().await? {
            let here = hits.by_ref().take(batch.num_rows()).enumerate();
            let batch_number = batches.len();
            places.extend(here.map(|(row, hit)| Place {
                slot: hit.slot,
                ordinal: hit.ordinal,
                batch: batch_number,
                row,
            }));
            batches.push(batch);
        }
        if hits.next().is_some() {
            return Err(LakeError::damaged(
                &file.path,
                "it has fewer rows than its key columns",
            ));
        }
    }
    Ok((batches, places))
}

/// Rows of the same resource side by side; a resource with another number of rows differs at once.
fn pair(standing: &[Place], coming: &[Place], slots: &mut Slots) -> Vec<(Place, Place)> {
    let mut pairs = Vec::with_capacity(standing.len().min(coming.len()));
    let mut stand = standing.chunk_by(|a, b| a.slot == b.slot).peekable();
    let mut come = coming.chunk_by(|a, b| a.slot == b.slot).peekable();
    let slot = |group: Option<&&[Place]>| group.and_then(|group| group.first()).map(|p| p.slot);
    loop {
        match (slot(stand.peek()), slot(come.peek())) {
            (None, None) => return pairs,
            (Some(old), Some(new)) if old == new => {
                let (old_rows, new_rows) = (
                    stand.next().unwrap_or_default(),
                    come.next().unwrap_or_default(),
                );
                if old_rows.len() == new_rows.len() {
                    pairs.extend(old_rows.iter().copied().zip(new_rows.iter().copied()));
                } else {
                    slots.differs(old);
                }
            }
            (Some(old), Some(new)) if old > new => {
                slots.differs(new);
                come.next();
            }
            (None, Some(new)) => {
                slots.differs(new);
                come.next();
            }
            (Some(old), _) => {
                slots.differs(old);
                stand.next();
            }
        }
    }
}

/// Of each pair, whether any column differs. Nothing equals nothing here.
fn compare(
    standing: &[RecordBatch],
    coming: &[RecordBatch],
    pairs: &[(Place, Place)],
) -> Result<Vec<bool>, ArrowError> {
    let gather = |batches: &[RecordBatch], places: Vec<(usize, usize)>| {
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        interleave_record_batch(&batches, &places)
    };
    let old = gather(
        standing,
        pairs.iter().map(|(old, _)| (old.batch, old.row)).collect(),
    )?;
    let new = gather(
        coming,
        pairs.iter().map(|(_, new)| (new.batch, new.row)).collect(),
    )?;
    let mut different = vec![false; pairs.len()];
    for (old, new) in old.columns().iter().zip(new.columns()) {
        let column: BooleanArray = distinct(old, new)?;
        for (all, this) in different.iter_mut().zip(column.values()) {
            *all |= this;
        }
    }
    Ok(different)
}
