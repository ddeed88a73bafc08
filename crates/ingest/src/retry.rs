//! Quarantined records once more: an export of its own, made of what one run left behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lazaret_model::{Instant, RunId};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::json;

use crate::IngestError;
use crate::export::Export;
use crate::pipeline::Pipeline;
use crate::quarantine::{Entry, Quarantine, Resolution};

/// Bytes of records that are retried together; they are in memory while they are.
const BYTES_MAX: u64 = 128 << 20;

/// The records of one run that are still in quarantine, to be read by today's pipeline.
///
/// They count as of their own export's time, so that what a later night said stays. The run's id
/// comes from them and the pipeline: the same retry is the same run. What fails again stands in a
/// quarantine of its own until the retry is settled, and then only where it stood before.
pub struct Retry {
    run: RunId,
    export: Export,
    /// The number of each line's record, by file.
    taken: BTreeMap<String, Vec<u64>>,
    left: usize,
}

/// What became of a retry's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// Records that went in.
    pub resolved: usize,
    /// Records that failed again.
    pub failed: usize,
    /// Records that wait for another retry: there were too many for one, or what was kept
    /// is no whole record.
    pub left: usize,
}

impl Retry {
    /// The runs of this pipeline that have records to retry, the oldest export first.
    ///
    /// # Errors
    /// `Quarantine`, when an index cannot be read.
    pub fn runs(quarantine: &Quarantine, pipeline: &Pipeline) -> Result<Vec<RunId>, IngestError> {
        let mut runs = BTreeSet::new();
        for entry in quarantine.list()?.into_iter().filter(waits) {
            if entry.pipeline == pipeline.name() {
                runs.insert((entry.exported, entry.at, entry.run));
            }
        }
        Ok(runs.into_iter().map(|(.., run)| run).collect())
    }

    /// Decrypts a run's records into an export. `identity` is the quarantine's secret key.
    ///
    /// # Errors
    /// `Quarantine`, when the run has nothing to retry or the key is another one's.
    pub async fn open(
        pipeline: &Pipeline,
        quarantine: &Quarantine,
        run: &RunId,
        identity: &str,
    ) -> Result<Self, IngestError> {
        let unsealer = quarantine.unsealer(run, identity)?;
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut taken: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let (mut bytes, mut left) = (0, 0);
        let mut about = None;
        for entry in quarantine.list()? {
            if entry.run != *run || entry.resolved.is_some() {
                continue;
            }
            bytes += entry.sealed_bytes;
            if !waits(&entry) || bytes > BYTES_MAX {
                left += 1;
                continue;
            }
            let record = unsealer.record(&entry)?;
            // Anything else is no resource to any pipeline, and might pass for a packed file.
            if record.first() != Some(&b'{') {
                left += 1;
                continue;
            }
            let name = format!("{}.ndjson", entry.resource_type);
            let file = files.entry(name.clone()).or_default();
            file.extend(record);
            file.push(b'\n');
            taken.entry(name).or_default().push(entry.number);
            about.get_or_insert(entry);
        }
        let about = about.ok_or_else(|| IngestError::Quarantine {
            place: run.to_string(),
            reason: "the run has no record that can be retried".to_owned(),
        })?;
        let store = store(&about, files).await?;
        let export = Export::open_in(pipeline, store, &Path::default()).await?;
        let run = run.clone();
        Ok(Self {
            run,
            export,
            taken,
            left,
        })
    }

    /// The records as an export.
    #[must_use]
    pub const fn export(&self) -> &Export {
        &self.export
    }

    /// Where the retry's run puts what fails again.
    ///
    /// # Errors
    /// `Quarantine`, when its folder cannot be made.
    pub fn quarantine(&self, quarantine: &Quarantine) -> Result<Quarantine, IngestError> {
        quarantine.within(&format!("retry-{}", self.export.run()))
    }

    /// Notes what went in, once the retry's night is published.
    ///
    /// # Errors
    /// `Quarantine`, when the index cannot be written: settle again.
    pub fn settle(self, quarantine: &Quarantine, at: Instant) -> Result<Settled, IngestError> {
        let again = self.quarantine(quarantine)?;
        let failed: BTreeSet<(String, u64)> = again
            .list()?
            .into_iter()
            .map(|entry| (entry.file, entry.line))
            .collect();
        let mut resolved = Vec::new();
        for (file, numbers) in self.taken {
            let lines = (1..).zip(numbers);
            let went_in = lines.filter(|(line, _)| !failed.contains(&(file.clone(), *line)));
            resolved.extend(went_in.map(|(_, number)| number));
        }
        let resolution = Resolution {
            by: self.export.run().clone(),
            at: at.to_rfc3339(),
        };
        quarantine.resolve(&self.run, &resolved, &resolution)?;
        again.discard()?;
        Ok(Settled {
            resolved: resolved.len(),
            failed: failed.len(),
            left: self.left,
        })
    }
}

/// Whether a record is whole, known by its type, and not in yet.
fn waits(entry: &Entry) -> bool {
    entry.resolved.is_none() && !entry.truncated && !entry.resource_type.is_empty()
}

/// The records as files, with a manifest that tells what their export's told.
async fn store(
    about: &Entry,
    files: BTreeMap<String, Vec<u8>>,
) -> Result<Arc<dyn ObjectStore>, IngestError> {
    let store = InMemory::new();
    let request = about.base.as_ref().map(|base| format!("{base}/$export"));
    let manifest = json!({ "transactionTime": about.exported, "request": request, "output": [] });
    let manifest = (
        "manifest.json".to_owned(),
        manifest.to_string().into_bytes(),
    );
    for (name, bytes) in std::iter::once(manifest).chain(files) {
        let put = store.put(&Path::from(name), bytes.into()).await;
        put.map_err(|_| IngestError::Defect {
            reason: "a store in memory",
        })?;
    }
    Ok(Arc::new(store))
}
