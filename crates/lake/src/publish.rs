//! A night's end: what changes is found, written and counted, then committed, then published.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use chrono::SubsecRound;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use lazaret_model::{Instant, SnapshotId};

use crate::bucket::{BUCKETS_MAX, Cut, buckets};
use crate::delta::{Commit, Log};
use crate::file::{self, Columns, Keys};
use crate::job::{Done, Job, Tonight};
use crate::night::Night;
use crate::record::{Record, Records};
use crate::resolve::Resolved;
use crate::survey::{Filter, Survey};
use crate::{Counts, FileState, Lake, LakeError, Published, RowCounts, Snapshot, TableState};

/// Buckets that are written at once, at most: each is in memory twice, as rows and as a file.
const PARALLEL_MAX: usize = 4;

/// The tables as they will be published, and what was counted.
struct Written {
    tables: Vec<TableState>,
    counts: Counts,
    persons: u64,
}

impl Lake {
    /// Merges the night into the dataset and publishes the snapshot `id`.
    ///
    /// Nothing is visible before it returns, and all of it is afterwards. It may be stopped at any
    /// step: the same run, begun again, writes the same files and publishes the same tables.
    ///
    /// # Errors
    /// `NotUnique`, when a table with one row a person would have more; `Unreconciled`, when files
    /// and counts differ; `Conflict`, when another run came first; `Mismatch`, when a resource's
    /// rows are not numbered in order; `Storage`, when a file cannot be read or written.
    pub async fn publish(
        &self,
        mut night: Night,
        id: SnapshotId,
        at: Instant,
    ) -> Result<Published, LakeError> {
        // Snapshots hold microseconds, and the value returned is the one that is read later.
        let at = at.trunc_subsecs(6);
        night.gather()?;
        let survey = self.survey(&mut night).await?;
        let (number, run, dataset) = (night.number(), night.run.clone(), night.dataset.clone());
        let base = night.base.take();
        let before = base.as_ref().map(|base| &base.snapshot);
        let (mut written, cut) = self.write(night, before, survey).await?;
        // A rival that has published already is met before the Delta logs are touched.
        let records = Records {
            store: &self.store,
            dataset: &dataset,
        };
        records.check_free(number).await?;
        for table in &mut written.tables {
            let run = &run;
            let commit = Commit { number, run, at };
            let log = Log::new(&self.store, &dataset, &table.description);
            table.version = Box::pin(log.bring(&table.files, &commit)).await?;
        }
        let snapshot = Snapshot {
            id,
            dataset: dataset.clone(),
            run,
            created_at: at,
            previous: before.map(|before| before.id.clone()),
            persons: written.persons,
            buckets: cut.count(),
            tables: written.tables,
        };
        let record = Record::following(base.as_deref(), snapshot);
        records.create(&record).await?;
        Ok(Published {
            snapshot: record.snapshot,
            counts: written.counts,
        })
    }

    /// Looks at the key columns of everything that stands.
    async fn survey(&self, night: &mut Night) -> Result<Survey, LakeError> {
        let mut survey = Survey::default();
        let files: Vec<FileState> = night
            .tables
            .iter()
            .flat_map(|pending| pending.stood(night.before()))
            .cloned()
            .collect();
        if files.is_empty() {
            return Ok(survey);
        }
        let filter = Filter::of(&night.traces, night.traced)?;
        for file in &files {
            let traces = &mut night.traces;
            survey.read(&self.store, file, &filter, traces).await?;
        }
        Ok(survey)
    }

    /// Writes the files that change, bucket by bucket, and counts them.
    async fn write(
        &self,
        night: Night,
        before: Option<&Snapshot>,
        mut survey: Survey,
    ) -> Result<(Written, Cut), LakeError> {
        survey.persons.join(night.persons);
        let mut persons = survey.persons.count();
        let stood: Vec<Vec<FileState>> = night
            .tables
            .iter()
            .map(|pending| pending.stood(before).to_vec())
            .collect();
        let rows = night.tables.iter().zip(&stood).map(|(pending, stood)| {
            pending.rows.count() + stood.iter().map(|file| file.rows).sum::<u64>()
        });
        // A cut is never made coarser: the files of a dataset that shrinks stay where they are.
        let count = buckets(persons, rows.max().unwrap_or_default());
        let stands = before.map_or(count, |before| before.buckets);
        let cut = |count| {
            let reason = format!("it is not cut into a power of two up to {BUCKETS_MAX}");
            Cut::new(count).ok_or_else(|| LakeError::damaged(&night.dataset, reason))
        };
        let (old, cut) = (cut(stands)?, cut(count.max(stands))?);
        let resolved = Resolved::of(&night.traces, old, night.spill.clone(), night.budget)?;
        drop(night.traces);
        let (counts, compared) = (resolved.counts.clone(), resolved.compared);
        let tonight = Arc::new(Tonight {
            tables: night.tables,
            resolved,
            old,
            cut,
            dataset: night.dataset.to_string(),
        });
        let jobs = jobs(&tonight, &stood, &survey.met);
        let jobs: Vec<_> = jobs
            .into_iter()
            .map(|job| job.run(&self.store).boxed())
            .collect();
        let mut done = stream::iter(jobs).buffered(parallel()).peekable();
        let mut tally = Tally::new(counts, tonight.tables.len());
        while let Some(next) = done.try_next().await? {
            let bucket = next.bucket;
            tally.add(&tonight, &survey, next)?;
            let last = match std::pin::Pin::new(&mut done).peek().await {
                Some(Ok(following)) => following.bucket != bucket,
                _ => true,
            };
            if last {
                persons -= tally.gone(self).await?;
            }
        }
        let mut written = tally.end(&tonight, &stood, compared);
        written.persons = persons;
        self.reconcile(&mut written, &stood).await?;
        Ok((written, cut))
    }

    /// Counts the rows of all files by their footers.
    async fn reconcile(
        &self,
        written: &mut Written,
        stood: &[Vec<FileState>],
    ) -> Result<(), LakeError> {
        for (table, stood) in written.tables.iter_mut().zip(stood) {
            let name = &table.description.name;
            let Some(rows) = written.counts.rows.get_mut(name) else {
                continue;
            };
            let expected = (rows.before + rows.appended).checked_sub(rows.masked);
            rows.after = rows.before;
            if table.files != *stood {
                let counts: Vec<_> = table
                    .files
                    .iter()
                    .map(|file| file::count(&self.store, file).boxed())
                    .collect();
                let counts = stream::iter(counts).buffered(parallel());
                rows.after = counts.try_collect::<Vec<u64>>().await?.iter().sum();
            }
            if expected != Some(rows.after) {
                return Err(LakeError::Unreconciled {
                    table: name.clone(),
                    expected: expected.unwrap_or(0),
                    counted: rows.after,
                });
            }
            table.rows = rows.after;
        }
        Ok(())
    }
}

/// One job for each bucket of the old cut in each table, bucket by bucket.
fn jobs(tonight: &Arc<Tonight>, stood: &[Vec<FileState>], met: &HashSet<String>) -> Vec<Job> {
    let mut stands: Vec<_> = stood.iter().map(|files| files.iter().peekable()).collect();
    let mut jobs = Vec::new();
    for bucket in 0..tonight.old.count() {
        let (low, _) = tonight.old.range(bucket);
        for (table, stands) in stands.iter_mut().enumerate() {
            let file = stands.next_if(|file| file.person_low == low).cloned();
            jobs.push(Job {
                tonight: tonight.clone(),
                table,
                bucket,
                met: file.as_ref().is_some_and(|file| met.contains(&file.path)),
                file,
            });
        }
    }
    jobs
}

/// What adds up over the buckets.
struct Tally {
    files: Vec<Vec<FileState>>,
    rows: Vec<RowCounts>,
    counts: Counts,
    changed: Vec<i64>,
    /// Of the bucket at hand: persons of whom something went, and those who have rows.
    doubtful: Vec<i64>,
    alive: HashSet<i64>,
    /// Of the bucket at hand: files that were kept unread.
    unread: Vec<FileState>,
}

impl Tally {
    fn new(counts: Counts, tables: usize) -> Self {
        Self {
            files: vec![Vec::new(); tables],
            rows: vec![RowCounts::default(); tables],
            counts,
            changed: Vec::new(),
            doubtful: Vec::new(),
            alive: HashSet::new(),
            unread: Vec::new(),
        }
    }

    fn add(&mut self, tonight: &Tonight, survey: &Survey, done: Done) -> Result<(), LakeError> {
        let table = tonight.tables.get(done.table);
        if let (None, Some(pending)) = (&done.persons, table)
            && pending.description.rows_per_person == 1
            && done
                .files
                .iter()
                .any(|file| survey.repeated.contains(&file.path))
        {
            let table = pending.description.name.clone();
            return Err(LakeError::NotUnique { table });
        }
        match done.persons {
            Some(persons) => self.alive.extend(persons),
            None => self.unread.extend(done.files.iter().cloned()),
        }
        self.doubtful.extend(done.doubtful);
        self.changed.extend(done.changed);
        if let Some(rows) = self.rows.get_mut(done.table) {
            rows.appended += done.appended;
            rows.masked += done.masked;
        }
        if let Some(files) = self.files.get_mut(done.table) {
            files.extend(done.files);
        }
        Ok(())
    }

    /// How many persons of the bucket at hand have no rows any more, or never got any.
    async fn gone(&mut self, lake: &Lake) -> Result<u64, LakeError> {
        let mut doubtful: HashSet<i64> = self.doubtful.drain(..).collect();
        doubtful.retain(|person| !self.alive.contains(person));
        self.alive.clear();
        for file in self.unread.drain(..) {
            if doubtful.is_empty() {
                break;
            }
            let mut batches = file::read(&lake.store, &file, Columns::Keys, None).await?;
            while let Some(batch) = batches.try_next().await? {
                let persons = Keys::of(&batch).map(|keys| keys.person).unwrap_or_default();
                for person in persons {
                    doubtful.remove(person);
                }
            }
        }
        self.unread.clear();
        Ok(doubtful.len() as u64)
    }

    fn end(mut self, tonight: &Tonight, stood: &[Vec<FileState>], compared: u64) -> Written {
        self.changed.sort_unstable();
        self.changed.dedup();
        self.counts.changed = self.changed.len() as u64;
        self.counts.unchanged = compared.saturating_sub(self.counts.changed);
        let mut counted = BTreeMap::new();
        let mut tables = Vec::with_capacity(self.files.len());
        let of_tables = self.files.into_iter().zip(self.rows).zip(stood);
        for (pending, ((files, mut rows), stood)) in tonight.tables.iter().zip(of_tables) {
            rows.before = stood.iter().map(|file| file.rows).sum();
            counted.insert(pending.description.name.clone(), rows);
            tables.push(TableState {
                description: pending.description.clone(),
                version: 0,
                rows: 0,
                files,
            });
        }
        self.counts.rows = counted;
        Written {
            tables,
            counts: self.counts,
            persons: 0,
        }
    }
}

fn parallel() -> usize {
    available_parallelism()
        .map_or(1, NonZero::get)
        .min(PARALLEL_MAX)
}
