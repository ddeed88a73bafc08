//! The rows that a night brings to one bucket of a table: those of versions that win.

use std::collections::HashMap;

use crate::LakeError;
use crate::file::Keys;
use crate::night::Pending;
use crate::resolve::Verdict;
use crate::rewrite::{Row, find};
use crate::rows::Loaded;

/// Rows of winning versions, and what was left out.
#[derive(Default)]
pub(crate) struct Coming {
    /// The rows, in the order they came, until they are merged.
    pub(crate) rows: Vec<Row>,
    /// The persons of rows that do not come.
    pub(crate) dropped: Vec<i64>,
}

impl Coming {
    /// The winning rows among those loaded.
    ///
    /// # Errors
    /// `Mismatch`, when a batch has no key columns, which never happens.
    pub(crate) fn of(
        pending: &Pending,
        loaded: &Loaded,
        verdicts: &[Verdict],
    ) -> Result<Self, LakeError> {
        let keyless = || LakeError::mismatch(&pending.description.name, "no key columns");
        let keys: Option<Vec<Keys<'_>>> = loaded.batches.iter().map(Keys::of).collect();
        let keys = keys.ok_or_else(keyless)?;
        let mut coming = Self::default();
        // Of each resource whose version came repeatedly: where its last run of rising numbers
        // starts, and its last number.
        let mut runs: HashMap<i64, (usize, i32)> = HashMap::new();
        for place in &loaded.places {
            let (row, updated) = row_at(&keys, *place).ok_or_else(keyless)?;
            if let Some(verdict) = find(verdicts, row.resource) {
                let version = (updated, loaded.round(*place).unwrap_or_default());
                if verdict.stale || version != verdict.version {
                    coming.dropped.push(row.person);
                    continue;
                }
                if verdict.repeated {
                    let at = coming.rows.len();
                    let run = runs.entry(row.resource).or_insert((at, -1));
                    if row.ordinal <= run.1 {
                        run.0 = at;
                    }
                    run.1 = row.ordinal;
                }
            }
            coming.rows.push(row);
        }
        if !runs.is_empty() {
            let starts = |row: &Row| runs.get(&row.resource).map_or(0, |run| run.0);
            let mut at = 0;
            coming.rows.retain(|row| {
                at += 1;
                at > starts(row)
            });
        }
        Ok(coming)
    }
}

fn row_at(keys: &[Keys<'_>], (batch, row): (u32, u32)) -> Option<(Row, i64)> {
    let (keys, at) = (keys.get(batch as usize)?, row as usize);
    let found = Row {
        person: *keys.person.get(at)?,
        resource: *keys.resource.get(at)?,
        ordinal: *keys.ordinal.get(at)?,
        batch,
        row,
    };
    Some((found, *keys.updated.get(at)?))
}
