//! One night's run: an export's files in, pseudonymised batches and a report out.

mod link;

use std::collections::HashSet;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::Datelike;
use lazaret_model::{Instant, TableName};
use lazaret_pseudonym::{Identities, PseudonymisedBatch, Pseudonymiser};

use crate::IngestError;
use crate::deletion::{self, Deletions};
use crate::export::{Export, ExportFile};
use crate::harvest::Harvest;
use crate::leak::Leaks;
use crate::pending::{About, Pending, Retried};
use crate::pipeline::Pipeline;
use crate::pool::{Kind, Pool, Shared};
use crate::quarantine::{self, Intake, Quarantine};
use crate::read::Reader;
use crate::report::quality::Quality;
use crate::report::{FileReport, RunReport};
use crate::rows::Sealed;
use crate::table::{PersonPath, Table};

/// Records from which on the quarantine's limit counts.
const LIMIT_FROM: u64 = 1000;

/// A resource that was read, whether or not it has rows: its older rows are superseded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// The resource's pseudonym.
    pub resource: i64,
    /// When the source last changed it: microseconds since 1970, UTC.
    pub updated: i64,
}

/// What a part of a file gave.
#[derive(Debug)]
pub struct Output {
    /// Rows, by table.
    pub tables: Vec<(TableName, PseudonymisedBatch)>,
    /// The resources they came from, and those that gave none.
    pub touched: Vec<Touched>,
}

/// What is left when all files were read.
pub struct RunEnd {
    /// What was done.
    pub report: RunReport,
    /// Pseudonyms of the resources that the export's lists delete.
    pub deleted: Vec<i64>,
    /// What was done about pending records: to be settled once the night is published.
    pub retried: Retried,
    /// The links of local ids to persons, to be saved before the night is published, or a crash
    /// in between loses them; links of a night that is not published do no harm.
    pub identities: Identities,
}

/// A run. Files are read one after the other, in the order in which the export gives them: a
/// patient's file after a file that names the patient would leave a provisional person.
///
/// Its threads do everything with a record but what has to be done in the order of the records:
/// linking patients to persons, and the quarantine.
pub struct Run<'a> {
    pipeline: &'a Pipeline,
    export: &'a Export,
    pool: Pool,
    shared: Arc<Shared>,
    intake: Intake,
    pending: Pending,
    retried: Retried,
    deletions: Option<Deletions>,
    report: RunReport,
    read: u64,
    quarantined: u64,
    finished: HashSet<String>,
    /// The file that follows the one that is read, so that no thread waits where one ends.
    ahead: Option<Reader>,
}

impl<'a> Run<'a> {
    /// Begins a run at `now`, and starts its threads.
    ///
    /// # Errors
    /// `Defect`, when the system gives no thread.
    pub fn begin(
        pipeline: &'a Pipeline,
        export: &'a Export,
        keys: Pseudonymiser,
        identities: Identities,
        quarantine: Quarantine,
        now: Instant,
    ) -> Result<Self, IngestError> {
        let shared = Arc::new(Shared {
            tables: Arc::clone(&pipeline.tables),
            regions: Arc::clone(&pipeline.regions),
            systems: pipeline.systems.clone(),
            country: pipeline.country.clone(),
            limits: pipeline.limits,
            leaks: Leaks::new(&keys, export),
            keys,
            identities: RwLock::new(identities),
            fallback: pipeline.fallback,
            export_year: export.time().year(),
            quality: Mutex::new(Quality::new(pipeline.tables(), export.time())),
        });
        Ok(Self {
            pipeline,
            export,
            pool: Pool::start(&shared)?,
            shared,
            pending: Pending::beside(&quarantine, pipeline, export),
            retried: Retried::default(),
            deletions: None,
            intake: quarantine.begin(export, now),
            report: RunReport::new(pipeline, export, now),
            read: 0,
            quarantined: 0,
            finished: HashSet::new(),
            ahead: None,
        })
    }

    /// Starts reading a file of the export, and the file behind it.
    ///
    /// # Errors
    /// None yet.
    #[allow(
        clippy::unused_async,
        reason = "it starts a task, so it needs a runtime"
    )]
    pub async fn read(&mut self, file: &ExportFile) -> Result<Reader, IngestError> {
        let ahead = self.ahead.take().filter(|ahead| ahead.name == file.name);
        let reader = ahead.unwrap_or_else(|| self.start(file));
        let mut behind = self.export.files().iter();
        behind.find(|known| known.name == file.name);
        self.ahead = behind.next().map(|next| self.start(next));
        Ok(reader)
    }

    fn start(&self, file: &ExportFile) -> Reader {
        let about = About {
            resource_type: file.resource_type.clone(),
            exported: self.export.time().timestamp_micros(),
            base: self.export.base.clone(),
        };
        let kind = kind_of(&self.shared.tables, about, &Arc::default());
        let source = self.export.source.clone();
        let bytes_max = self.pipeline.limits.bytes_max;
        Reader::start(source, file.clone(), bytes_max, kind)
    }

    /// Starts trying again the records that wait for their persons from earlier runs; nothing
    /// where none does. `key` is the secret key (`AGE-SECRET-KEY-1..`) of the quarantine's
    /// recipient. To be read after the files of patients, and settled when the run is published.
    ///
    /// # Errors
    /// `Quarantine`, when they cannot be listed or the key is none; `Export` and `Read`, when the
    /// export's lists of deletions cannot be read: what was deleted since does not go in.
    pub async fn pending(&mut self, key: &str) -> Result<Option<Reader>, IngestError> {
        let paths = self.pending.earlier()?;
        if paths.is_empty() {
            return Ok(None);
        }
        let identity = self.pending.identity(key)?;
        let deleted = self.deletions().await?.resources.iter().copied();
        let deleted: Arc<HashSet<i64>> = Arc::new(deleted.collect());
        let tables = Arc::clone(&self.shared.tables);
        let kind = move |about| kind_of(&tables, about, &deleted);
        Ok(Some(Reader::pending(paths, identity, kind)))
    }

    /// The next rows of a file; nothing at its end.
    ///
    /// # Errors
    /// `Read`, when the file cannot be read to its end; `Export`, when it has another number of
    /// resources than the manifest says; `TooManyQuarantined`; `Quarantine`, when a record cannot
    /// be put there; `View`, when a view does not compile. The run is over then, and nothing of it
    /// may be published.
    pub async fn next(&mut self, reader: &mut Reader) -> Result<Option<Output>, IngestError> {
        if self.finished.contains(&reader.name) {
            return Ok(None);
        }
        loop {
            // Patients are linked before any other record is looked at.
            let linked = reader.report.resource_type != "Patient";
            if let Some(ahead) = self.ahead.as_mut().filter(|_| linked && reader.is_read()) {
                ahead.pump(&self.pool)?;
            }
            let Some(harvest) = reader.harvest(&self.pool).await? else {
                break;
            };
            let absorbed = self.absorb(&mut reader.report, harvest);
            let output = absorbed.inspect_err(|_| {
                // Its part of the report is wanted still.
                self.report.files.push(mem::take(&mut reader.report));
            })?;
            if !output.tables.is_empty() || !output.touched.is_empty() {
                return Ok(Some(output));
            }
        }
        self.end_of_file(reader)?;
        Ok(None)
    }

    /// Ends the run: reads the lists of deletions and checks that every file was read to its end.
    ///
    /// # Errors
    /// `Export`, when a file was left unread or a list of deletions is not one; `Read`;
    /// `TooManyQuarantined`; `Pipeline`, when a column holds what tells who somebody is.
    pub async fn finish(mut self) -> Result<RunEnd, IngestError> {
        let unread = |file: &&ExportFile| !self.finished.contains(&file.name);
        if let Some(file) = self.export.files().iter().find(unread) {
            return Err(IngestError::Export {
                place: file.name.clone(),
                reason: "not read to its end".to_owned(),
            });
        }
        let deletions = mem::take(self.deletions().await?);
        self.report.deletions = deletions.types;
        self.intake.sync()?;
        self.retried.own = self.pending.sync()?;
        let (leaks, keys) = (&self.shared.leaks, &self.shared.keys);
        leaks.confirm(self.pipeline, self.export, keys).await?;
        let Self {
            mut report,
            shared,
            pool,
            retried,
            ..
        } = self;
        drop(pool);
        let quality = shared.quality.lock();
        report.tables = quality.unwrap_or_else(PoisonError::into_inner).report();
        report.sum();
        let identities = shared.identities.write();
        Ok(RunEnd {
            report,
            deleted: deletions.resources,
            retried,
            identities: mem::take(&mut *identities.unwrap_or_else(PoisonError::into_inner)),
        })
    }

    /// The report of a run that an error stopped: what was read until then, and why no more.
    #[must_use]
    pub fn stopped(self, why: &str) -> RunReport {
        let Self {
            mut report, shared, ..
        } = self;
        let quality = shared.quality.lock();
        report.tables = quality.unwrap_or_else(PoisonError::into_inner).report();
        report.sum();
        report.stopped = Some(why.to_owned());
        report
    }

    /// What the export's lists delete, read once.
    async fn deletions(&mut self) -> Result<&mut Deletions, IngestError> {
        if self.deletions.is_none() {
            let bytes_max = self.pipeline.limits.bytes_max;
            let read = deletion::read(self.export, &self.shared.keys, bytes_max).await?;
            self.deletions = Some(read);
        }
        Ok(self.deletions.get_or_insert_default())
    }

    /// Takes in what came of a piece, in the order of the file.
    fn absorb(
        &mut self,
        file: &mut FileReport,
        mut harvest: Harvest,
    ) -> Result<Output, IngestError> {
        file.read += harvest.read;
        file.accepted += harvest.accepted;
        file.filtered += harvest.filtered;
        file.not_a_person += harvest.not_a_person;
        file.pending += harvest.pending;
        file.ignored_type += harvest.ignored_type;
        if harvest.ignored_type == 0 {
            self.read += harvest.read;
        }
        for rejected in &harvest.rejected {
            let code = rejected.fault.code;
            let why = quarantine::Rejected {
                file: &file.name,
                line: rejected.line.number,
                offset: rejected.line.offset,
                code,
                reason: &rejected.fault.reason,
                truncated: rejected.truncated,
            };
            self.intake.put(&why, &rejected.bytes)?;
            *file.quarantined.entry(code.to_owned()).or_default() += 1;
            self.quarantined += 1;
        }
        self.within_limit()?;
        if let Some((about, lines)) = &harvest.waiting {
            self.pending.put(about, lines)?;
        }
        self.link_provisional(&harvest.provisional);
        self.link_patients(file, &harvest.patients, &mut harvest.open)?;
        for rows in mem::take(&mut harvest.open) {
            if !rows.origins.is_empty() {
                harvest.sealed.push(rows.seal(&self.shared)?);
            }
        }
        let named = |sealed: Sealed| {
            let table = self.pipeline.tables.get(sealed.table)?;
            Some((table.name.clone(), sealed.batch))
        };
        Ok(Output {
            tables: harvest.sealed.into_iter().filter_map(named).collect(),
            touched: harvest.touched,
        })
    }

    fn end_of_file(&mut self, reader: &mut Reader) -> Result<(), IngestError> {
        let mut report = mem::take(&mut reader.report);
        report.bytes_inflated = reader.inflated.unwrap_or_default();
        if let Some(count) = reader.count.filter(|count| *count != report.read) {
            return Err(IngestError::Export {
                place: report.name,
                reason: format!(
                    "{} resources where the manifest says {count}: export it again",
                    report.read
                ),
            });
        }
        if !report.reconciles() {
            return Err(IngestError::Defect {
                reason: "resources are not counted right",
            });
        }
        self.retried.earlier.append(&mut reader.retried);
        self.finished.insert(report.name.clone());
        self.report.files.push(report);
        Ok(())
    }

    #[allow(clippy::cast_precision_loss, reason = "records are fewer than 2^53")]
    fn within_limit(&mut self) -> Result<(), IngestError> {
        let (read, quarantined) = (self.read, self.quarantined);
        let limit = self.pipeline.quarantine_max_ratio * read as f64;
        if read >= LIMIT_FROM && quarantined as f64 > limit {
            self.intake.sync()?;
            return Err(IngestError::TooManyQuarantined { quarantined, read });
        }
        Ok(())
    }
}

/// What the threads have to know of records; nothing where no table takes them.
fn kind_of(tables: &[Table], about: About, deleted: &Arc<HashSet<i64>>) -> Option<Arc<Kind>> {
    let mut tables = tables.iter();
    let table = tables.find(|table| table.view.resource() == about.resource_type);
    // Patients are persons even where no table has them.
    let own = (about.resource_type == "Patient").then_some(PersonPath::Own);
    let person = table.map(|table| table.person.clone()).or(own)?;
    Some(Arc::new(Kind {
        about,
        person,
        deleted: Arc::clone(deleted),
    }))
}
