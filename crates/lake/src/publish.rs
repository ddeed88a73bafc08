//! A night's end: what changes is found, written and counted, then committed, then published.

use std::iter::zip;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use chrono::SubsecRound;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use lazaret_model::{Instant, SnapshotId};

use crate::delta::{Commit, Log};
use crate::night::{Night, Pending};
use crate::plan::{Change, Plan, files};
use crate::record::{Record, Records};
use crate::{FileState, Lake, LakeError, Published, RowCounts, Snapshot, TableState, file};

/// Buckets that are written at once, at most: each is in memory twice, as rows and as a file.
const PARALLEL_MAX: usize = 4;

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
        night: Night,
        id: SnapshotId,
        at: Instant,
    ) -> Result<Published, LakeError> {
        // Snapshots hold microseconds, and the value returned is the one that is read later.
        let at = at.trunc_subsecs(6);
        let plan = Plan::make(&self.store, &night).await?;
        let mut counts = plan.slots.counts();
        let mut tables = Vec::with_capacity(night.tables.len());
        for (pending, change) in zip(&night.tables, &plan.changes) {
            let (table, rows) = self.write(&night, &plan, pending, change).await?;
            counts.rows.insert(pending.description.name.clone(), rows);
            tables.push(table);
        }
        // A rival that has published already is met before the Delta logs are touched.
        let records = Records {
            store: &self.store,
            dataset: &night.dataset,
        };
        records.check_free(night.number()).await?;
        for table in &mut tables {
            let commit = Commit {
                number: night.number(),
                run: &night.run,
                at,
            };
            let log = Log::new(&self.store, &night.dataset, &table.description);
            table.version = Box::pin(log.bring(&table.files, &commit)).await?;
        }
        let snapshot = Snapshot {
            id,
            dataset: night.dataset.clone(),
            run: night.run.clone(),
            created_at: at,
            previous: night.before().map(|before| before.id.clone()),
            persons: plan.persons,
            buckets: plan.cut.count(),
            tables,
        };
        let record = Record::following(night.base.as_deref(), snapshot);
        let records = Records {
            store: &self.store,
            dataset: &night.dataset,
        };
        records.create(&record).await?;
        Ok(Published {
            snapshot: record.snapshot,
            counts,
        })
    }

    /// Writes the files of one table that change, and counts them.
    async fn write(
        &self,
        night: &Night,
        plan: &Plan,
        pending: &Pending,
        change: &Change,
    ) -> Result<(TableState, RowCounts), LakeError> {
        let description = &pending.description;
        let stood = files(night, pending);
        let appended = Arc::new(change.appended(pending, &plan.slots)?);
        let mut rows = RowCounts {
            before: stood.iter().map(|file| file.rows).sum(),
            appended: as_u64(appended.len()),
            masked: as_u64(change.masked(&plan.slots)),
            after: 0,
        };
        let jobs = plan.jobs(night, pending, change, &appended);
        let folder = format!("{}/{}", night.dataset, description.name);
        // Boxed, because the compiler cannot see that a stream of borrowing futures is `Send`.
        let written: Vec<_> = jobs
            .into_iter()
            .map(|job| job.run(&self.store, &folder).boxed())
            .collect();
        let written: Vec<Vec<FileState>> = stream::iter(written)
            .buffered(parallel())
            .try_collect()
            .await?;
        let files: Vec<FileState> = written.into_iter().flatten().collect();
        let expected = (rows.before + rows.appended).checked_sub(rows.masked);
        let mut counted = rows.before;
        if files != stood {
            let counts: Vec<_> = files
                .iter()
                .map(|file| file::count(&self.store, file).boxed())
                .collect();
            let counts = stream::iter(counts).buffered(parallel());
            counted = counts.try_collect::<Vec<u64>>().await?.iter().sum();
        }
        if expected != Some(counted) {
            let (table, expected) = (description.name.clone(), expected.unwrap_or(0));
            return Err(LakeError::Unreconciled {
                table,
                expected,
                counted,
            });
        }
        rows.after = counted;
        let table = TableState {
            description: description.clone(),
            version: 0,
            rows: rows.after,
            files,
        };
        Ok((table, rows))
    }
}

fn parallel() -> usize {
    available_parallelism()
        .map_or(1, NonZero::get)
        .min(PARALLEL_MAX)
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
