//! One bucket of a table: what stands, less what goes, and what comes, in files written anew.

use std::iter::zip;

use arrow::array::RecordBatch;
use lazaret_model::TableDescription;

use crate::bucket::Cut;
use crate::coming::Coming;
use crate::file::{self, Encoded, Keys};
use crate::night::Pending;
use crate::resolve::Verdict;
use crate::{LakeError, compare};

/// A row in the total order, with its place in the batches at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) person: i64,
    pub(crate) resource: i64,
    pub(crate) ordinal: i32,
    pub(crate) batch: u32,
    pub(crate) row: u32,
}

impl Row {
    /// Its batch and its row there.
    pub(crate) const fn place(&self) -> (usize, usize) {
        (self.batch as usize, self.row as usize)
    }
}

/// A file that was encoded, and the bounds of its bucket.
pub(crate) type Part = (Encoded, (i64, i64));

/// What becomes of a bucket's rows.
#[derive(Default)]
pub(crate) struct Merged {
    /// The rows that stand afterwards, in the total order.
    rows: Vec<Row>,
    pub(crate) appended: u64,
    pub(crate) masked: u64,
    /// Resources whose rows differ from those that stood, in order.
    pub(crate) changed: Vec<i64>,
    /// Persons of whom rows went or did not come.
    pub(crate) doubtful: Vec<i64>,
}

impl Merged {
    /// Decides about every row. `batches` are those that stand, then those that come.
    ///
    /// # Errors
    /// `Damaged`, when a file has no key columns; `Mismatch`, when two rows of a resource have one
    /// number.
    pub(crate) fn of(
        pending: &Pending,
        batches: &[RecordBatch],
        stood: usize,
        coming: Coming,
        verdicts: &[Verdict],
    ) -> Result<Self, LakeError> {
        let table = &pending.description.name;
        let mut merged = Self {
            doubtful: coming.dropped,
            ..Self::default()
        };
        let mut met = Vec::new();
        for (number, batch) in (0_u32..).zip(batches.iter().take(stood)) {
            let keys = Keys::of(batch).ok_or_else(|| LakeError::damaged(table, "no keys"))?;
            let cells = zip(zip(keys.person, keys.resource), keys.ordinal);
            for (row, ((person, resource), ordinal)) in (0_u32..).zip(cells) {
                let row = Row {
                    person: *person,
                    resource: *resource,
                    ordinal: *ordinal,
                    batch: number,
                    row,
                };
                match find(verdicts, *resource) {
                    Some(verdict) if verdict.updated && !verdict.stale => met.push(row),
                    Some(verdict) if verdict.deleted => merged.mask(&row),
                    _ => merged.rows.push(row),
                }
            }
        }
        let offset = u32::try_from(stood).unwrap_or(u32::MAX);
        let mut judged = Vec::new();
        for row in coming.rows {
            let row = Row {
                batch: row.batch + offset,
                ..row
            };
            match find(verdicts, row.resource) {
                Some(verdict) if verdict.stands => judged.push(row),
                Some(verdict) if verdict.deleted => merged.doubtful.push(row.person),
                _ => merged.append(row),
            }
        }
        merged.judge(pending, batches, (met, judged), verdicts)?;
        merged.rows.sort_unstable();
        let key = |row: &Row| (row.person, row.resource, row.ordinal);
        if merged.rows.is_sorted_by(|a, b| key(a) < key(b)) {
            return Ok(merged);
        }
        let reason = "a resource's rows are not numbered in rising order";
        Err(LakeError::mismatch(table, reason))
    }

    /// Compares what comes with what stands, resource by resource.
    fn judge(
        &mut self,
        pending: &Pending,
        batches: &[RecordBatch],
        (mut met, mut judged): (Vec<Row>, Vec<Row>),
        verdicts: &[Verdict],
    ) -> Result<(), LakeError> {
        if met.is_empty() && judged.is_empty() {
            return Ok(());
        }
        let table = &pending.description.name;
        let visible: Vec<usize> = (0..pending.description.columns.len()).collect();
        let shown: Result<Vec<RecordBatch>, _> = batches
            .iter()
            .map(|batch| batch.project(&visible))
            .collect();
        let order = |row: &Row| (row.resource, row.ordinal, row.batch, row.row);
        met.sort_unstable_by_key(order);
        judged.sort_unstable_by_key(order);
        let changed = shown.and_then(|shown| compare::different(&shown, &met, &judged));
        self.changed = changed.map_err(|source| LakeError::storage(table, source))?;
        let deleted = |row: &Row| find(verdicts, row.resource).is_some_and(|v| v.deleted);
        for row in met {
            if self.has_changed(&row) || deleted(&row) {
                self.mask(&row);
            } else {
                self.rows.push(row);
            }
        }
        for row in judged {
            if self.has_changed(&row) && !deleted(&row) {
                self.append(row);
            } else {
                self.doubtful.push(row.person);
            }
        }
        Ok(())
    }

    fn has_changed(&self, row: &Row) -> bool {
        self.changed.binary_search(&row.resource).is_ok()
    }

    fn mask(&mut self, row: &Row) {
        self.masked += 1;
        self.doubtful.push(row.person);
    }

    fn append(&mut self, row: Row) {
        self.appended += 1;
        self.rows.push(row);
    }

    /// Everybody who has rows, in order.
    pub(crate) fn persons(&self, table: &TableDescription) -> Result<Vec<i64>, LakeError> {
        let mut persons: Vec<i64> = self.rows.iter().map(|row| row.person).collect();
        persons.dedup();
        if table.rows_per_person == 1 && persons.len() < self.rows.len() {
            let table = table.name.clone();
            return Err(LakeError::NotUnique { table });
        }
        Ok(persons)
    }

    /// One file for each of `count` buckets from `first` on that has rows.
    pub(crate) fn encode(
        &self,
        pending: &Pending,
        batches: &[RecordBatch],
        (cut, first, count): (Cut, u32, u32),
    ) -> Result<Vec<Part>, LakeError> {
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        let mut files = Vec::new();
        let mut rest = self.rows.as_slice();
        for bucket in first..first + count {
            let range = cut.range(bucket);
            let here = rest.partition_point(|row| row.person <= range.1);
            let (own, later) = rest.split_at_checked(here).unwrap_or((rest, &[]));
            rest = later;
            if own.is_empty() {
                continue;
            }
            let places: Vec<_> = own.iter().map(Row::place).collect();
            let file = file::encode(&pending.description, &pending.schema, &batches, &places);
            let file = file.map_err(|s| LakeError::storage(&pending.description.name, s))?;
            files.push((file, range));
        }
        Ok(files)
    }
}

/// The verdict about a resource; verdicts are in order of resources.
pub(crate) fn find(verdicts: &[Verdict], resource: i64) -> Option<&Verdict> {
    let found = verdicts.binary_search_by_key(&resource, |verdict| verdict.resource);
    verdicts.get(found.ok()?)
}
