//! What a night changes, found in one pass over the key columns before anything is written.

use std::iter::zip;
use std::sync::Arc;

use object_store::ObjectStore;

use crate::bucket::{BUCKETS_MAX, Cut, buckets};
use crate::file::Keys;
use crate::merge::{Fresh, Slots};
use crate::night::{Night, Pending};
use crate::rewrite::{Job, Rewrite, Row};
use crate::survey::FileSurvey;
use crate::{FileState, LakeError, compare};

/// What a night changes, found before anything is written.
pub(crate) struct Plan {
    pub(crate) slots: Slots,
    pub(crate) changes: Vec<Change>,
    pub(crate) persons: u64,
    /// The cut of the files that stand, and the cut of those to come.
    old: Cut,
    pub(crate) cut: Cut,
}

/// What a night changes in one table.
pub(crate) struct Change {
    fresh: Vec<Fresh>,
    surveys: Vec<FileSurvey>,
}

impl Plan {
    /// Reads what stands and decides.
    pub(crate) async fn make(
        store: &Arc<dyn ObjectStore>,
        night: &Night,
    ) -> Result<Self, LakeError> {
        let mut slots = Slots::of(night)?;
        let mut changes = Vec::with_capacity(night.tables.len());
        for pending in &night.tables {
            let fresh = slots.fresh(pending)?;
            let files = files(night, pending);
            let mut surveys = Vec::with_capacity(files.len());
            for file in files {
                surveys.push(FileSurvey::read(store, file, &mut slots).await?);
            }
            let pairs: Vec<_> = zip(files, &surveys).collect();
            compare::mark_different(store, pending, &fresh, &pairs, &mut slots).await?;
            changes.push(Change { fresh, surveys });
        }
        let persons = persons(night, &slots, &changes)?;
        let stood = night.before().map_or(1, |before| before.buckets);
        // A cut is never made coarser: the files of a dataset that shrinks stay where they are.
        let count = buckets(persons).max(stood);
        let cut = |count| {
            let reason = format!("it is not cut into a power of two up to {BUCKETS_MAX}");
            Cut::new(count).ok_or_else(|| LakeError::damaged(&night.dataset, reason))
        };
        let cut_now = cut(count)?;
        let old = if night.base.is_some() {
            cut(stood)?
        } else {
            cut_now
        };
        Ok(Self {
            slots,
            changes,
            persons,
            old,
            cut: cut_now,
        })
    }

    /// One job for each bucket of the old cut; `appended` is in the total order.
    pub(crate) fn jobs(
        &self,
        night: &Night,
        pending: &Pending,
        change: &Change,
        appended: &Arc<Vec<Row>>,
    ) -> Vec<Job> {
        let mut jobs = Vec::new();
        let night_rows = Arc::new(pending.batches.clone());
        let mut stands = zip(files(night, pending), &change.surveys).peekable();
        let mut start = 0;
        for bucket in 0..self.old.count() {
            let (low, high) = self.old.range(bucket);
            let end = appended.partition_point(|row| row.person <= high);
            let new = std::mem::replace(&mut start, end)..end;
            let stood = stands.next_if(|(file, _)| file.person_low == low);
            if stood.is_none() && new.is_empty() {
                continue;
            }
            let masked = stood.map(|(_, survey)| survey.masked_rows(&self.slots));
            let masked = masked.unwrap_or_default();
            let file = stood.map(|(file, _)| file.clone());
            let still = new.is_empty() && masked.is_empty() && self.old == self.cut;
            let per = self.cut.per(self.old);
            jobs.push(match (file, still) {
                (Some(file), true) => Job::Keep(file),
                (file, _) => Job::Write(Box::new(Rewrite {
                    description: pending.description.clone(),
                    schema: pending.schema.clone(),
                    file,
                    masked,
                    new,
                    appended: appended.clone(),
                    night: night_rows.clone(),
                    cut: self.cut,
                    first: bucket * per,
                    count: per,
                })),
            });
        }
        jobs
    }
}

impl Change {
    /// How many rows go.
    pub(crate) fn masked(&self, slots: &Slots) -> usize {
        self.surveys.iter().map(|survey| survey.masked(slots)).sum()
    }

    /// The rows that come, in the total order.
    pub(crate) fn appended(&self, pending: &Pending, slots: &Slots) -> Result<Vec<Row>, LakeError> {
        let mut rows = self.coming(pending, slots)?;
        rows.sort_unstable();
        Ok(rows)
    }

    fn coming(&self, pending: &Pending, slots: &Slots) -> Result<Vec<Row>, LakeError> {
        let keys: Option<Vec<Keys<'_>>> = pending.batches.iter().map(Keys::of).collect();
        let keys = keys.ok_or_else(|| pending.keyless())?;
        let place = |fresh: &Fresh| {
            let (keys, ordinal) = (keys.get(fresh.batch)?, fresh.ordinal);
            let (person, resource) = (keys.person.get(fresh.row)?, keys.resource.get(fresh.row)?);
            let (batch, row) = (fresh.batch, fresh.row);
            Some(Row {
                person: *person,
                resource: *resource,
                ordinal,
                batch,
                row,
            })
        };
        let applied = self
            .fresh
            .iter()
            .filter(|fresh| slots.is_applied(fresh.slot));
        let rows: Option<Vec<Row>> = applied.map(place).collect();
        rows.ok_or_else(|| pending.keyless())
    }
}

/// How many different persons stand after the night; a table of one row a person is checked.
fn persons(night: &Night, slots: &Slots, changes: &[Change]) -> Result<u64, LakeError> {
    let mut all: Vec<i64> = Vec::new();
    for (pending, change) in zip(&night.tables, changes) {
        let coming = change.coming(pending, slots)?;
        let mut persons: Vec<i64> = coming.iter().map(|row| row.person).collect();
        persons.sort_unstable();
        let mut repeated = false;
        for survey in &change.surveys {
            persons.extend(&survey.persons);
            persons.extend(survey.staying(slots));
            repeated |= survey.repeated;
        }
        // Runs that are sorted already are merged, which is what the stable sort is good at.
        persons.sort();
        let rows = persons.len();
        persons.dedup();
        repeated |= persons.len() < rows;
        if pending.description.rows_per_person == 1 && repeated {
            return Err(LakeError::NotUnique {
                table: pending.description.name.clone(),
            });
        }
        all.append(&mut persons);
        all.sort();
        all.dedup();
    }
    Ok(u64::try_from(all.len()).unwrap_or(u64::MAX))
}

/// The files of a table that stand before the night.
pub(crate) fn files<'a>(night: &'a Night, pending: &Pending) -> &'a [FileState] {
    let before = night
        .before()
        .and_then(|before| before.table(&pending.description.name));
    before
        .map(|table| table.files.as_slice())
        .unwrap_or_default()
}
