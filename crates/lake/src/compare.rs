//! Whether an update's rows are those that stand, column by column.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::compute::kernels::cmp::distinct;
use arrow::error::ArrowError;

use crate::rewrite::Row;

/// Pairs of rows that are compared at once.
const PAIRS: usize = 65_536;

/// The resources whose standing and coming rows are not the same, in order. Both lists are in the
/// order of resources and numbers; batches have the columns that are compared.
pub(crate) fn different(
    batches: &[RecordBatch],
    standing: &[Row],
    coming: &[Row],
) -> Result<Vec<i64>, ArrowError> {
    let mut different = Vec::new();
    let pairs = pair(standing, coming, &mut different);
    for pairs in pairs.chunks(PAIRS) {
        let differs = compare(batches, pairs)?;
        let found = pairs.iter().zip(differs).filter(|(_, differs)| *differs);
        different.extend(found.map(|((old, _), _)| old.resource));
    }
    different.sort_unstable();
    different.dedup();
    Ok(different)
}

/// Rows of the same resource side by side; a resource with another number of rows differs at once.
fn pair(standing: &[Row], coming: &[Row], different: &mut Vec<i64>) -> Vec<(Row, Row)> {
    let mut pairs = Vec::with_capacity(standing.len().min(coming.len()));
    let mut stand = standing
        .chunk_by(|a, b| a.resource == b.resource)
        .peekable();
    let mut come = coming.chunk_by(|a, b| a.resource == b.resource).peekable();
    let resource = |group: Option<&&[Row]>| Some(group?.first()?.resource);
    loop {
        match (resource(stand.peek()), resource(come.peek())) {
            (None, None) => return pairs,
            (Some(old), Some(new)) if old == new => {
                let (old_rows, new_rows) = (
                    stand.next().unwrap_or_default(),
                    come.next().unwrap_or_default(),
                );
                if old_rows.len() == new_rows.len() {
                    pairs.extend(old_rows.iter().copied().zip(new_rows.iter().copied()));
                } else {
                    different.push(old);
                }
            }
            (Some(old), new) if new.is_none_or(|new| old < new) => {
                different.push(old);
                stand.next();
            }
            (_, new) => {
                different.extend(new);
                come.next();
            }
        }
    }
}

/// Of each pair, whether any column differs. Nothing equals nothing here.
fn compare(batches: &[RecordBatch], pairs: &[(Row, Row)]) -> Result<Vec<bool>, ArrowError> {
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let gather = |rows: Vec<(usize, usize)>| interleave_record_batch(&batches, &rows);
    let old = gather(pairs.iter().map(|(old, _)| old.place()).collect())?;
    let new = gather(pairs.iter().map(|(_, new)| new.place()).collect())?;
    let mut different = vec![false; pairs.len()];
    for (old, new) in old.columns().iter().zip(new.columns()) {
        let column: BooleanArray = distinct(old, new)?;
        for (all, this) in different.iter_mut().zip(column.values()) {
            *all |= this;
        }
    }
    Ok(different)
}
