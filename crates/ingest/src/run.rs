//! One night's run: an export's files in, pseudonymised batches and a report out.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::thread;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use chrono::Datelike;
use lazaret_model::{Instant, TableName};
use lazaret_pseudonym::{
    Identities, Linked, Origin, PseudonymisedBatch, Pseudonymiser, RawBatch, RawIdentifier,
};

use crate::cut::Piece;
use crate::export::{Export, ExportFile};
use crate::pipeline::Pipeline;
use crate::quarantine::{Intake, Quarantine, Rejected};
use crate::read::Reader;
use crate::report::{FileReport, Persons, RunReport};
use crate::table::PersonPath;
use crate::treat::outside;
use crate::vet::Surroundings;
use crate::worker::{Harvest, Patient, Worker, harvest};
use crate::{IngestError, deletion};

/// Rows of a table after which a batch is handed out.
const BATCH_ROWS: usize = 64 << 10;
/// Records from which on the quarantine's limit counts.
const LIMIT_FROM: u64 = 1000;
/// Threads that parse at most; a piece each is in memory.
const THREADS_MAX: usize = 8;

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
    /// The links of local ids to persons, to be saved before the night is published, or a crash
    /// in between loses them; links of a night that is not published do no harm.
    pub identities: Identities,
}

/// A run. Files are read one after the other, in the order in which the export gives them: a
/// patient's file after a file that names the patient would leave a provisional person.
pub struct Run<'a> {
    pipeline: &'a Pipeline,
    export: &'a Export,
    keys: Pseudonymiser,
    identities: Identities,
    intake: Intake,
    report: RunReport,
    read: u64,
    quarantined: u64,
    pending: Vec<Pending>,
    touched: Vec<Touched>,
    ready: VecDeque<Output>,
    finished: HashSet<String>,
    threads: usize,
}

/// Rows of a table that wait for more.
#[derive(Default)]
struct Pending {
    batches: Vec<RecordBatch>,
    origins: Vec<Origin>,
}

impl<'a> Run<'a> {
    /// Begins a run at `now`.
    ///
    /// # Errors
    /// None yet; a pipeline and an export that were opened fit together.
    pub fn begin(
        pipeline: &'a Pipeline,
        export: &'a Export,
        keys: Pseudonymiser,
        identities: Identities,
        quarantine: Quarantine,
        now: Instant,
    ) -> Result<Self, IngestError> {
        let report = RunReport {
            pipeline: pipeline.name().to_owned(),
            pipeline_sha256: pipeline.sha256().to_owned(),
            dataset: pipeline.dataset().clone(),
            run: export.run().clone(),
            exported: export.time().to_rfc3339(),
            started: now.to_rfc3339(),
            ended: None,
            files: Vec::new(),
            ignored_files: export.ignored.clone(),
            tables: pipeline
                .tables
                .iter()
                .map(|t| (t.name.clone(), <_>::default()))
                .collect(),
            persons: Persons::default(),
            deletions: <_>::default(),
        };
        Ok(Self {
            pipeline,
            export,
            keys,
            identities,
            intake: quarantine.begin(export.run(), now),
            report,
            read: 0,
            quarantined: 0,
            pending: pipeline.tables.iter().map(|_| Pending::default()).collect(),
            touched: Vec::new(),
            ready: VecDeque::new(),
            finished: HashSet::new(),
            threads: thread::available_parallelism()
                .map_or(1, usize::from)
                .min(THREADS_MAX),
        })
    }

    /// Starts reading a file of the export.
    ///
    /// # Errors
    /// `View`, when a view does not compile.
    #[allow(
        clippy::unused_async,
        reason = "it starts a task, so it needs a runtime"
    )]
    pub async fn read(&mut self, file: &ExportFile) -> Result<Reader, IngestError> {
        let mut workers = Vec::new();
        if self.pipeline.takes(&file.resource_type) {
            for _ in 0..self.threads {
                workers.push(Worker::new(self.pipeline, &file.resource_type)?);
            }
        }
        let source = self.export.source.clone();
        let mut reader = Reader::start(source, file.clone(), self.pipeline.limits.bytes_max);
        reader.workers = workers;
        reader.report = FileReport {
            name: file.name.clone(),
            resource_type: file.resource_type.clone(),
            bytes: file.bytes,
            ..FileReport::default()
        };
        Ok(reader)
    }

    /// The next rows of a file; nothing at its end.
    ///
    /// # Errors
    /// `Read`, when the file cannot be read to its end; `Export`, when it has another number of
    /// resources than the manifest says; `TooManyQuarantined`; `Quarantine`, when a record cannot
    /// be put there. The run is over then, and nothing of it may be published.
    pub async fn next(&mut self, reader: &mut Reader) -> Result<Option<Output>, IngestError> {
        loop {
            if let Some(output) = self.ready.pop_front() {
                return Ok(Some(output));
            }
            if self.finished.contains(&reader.file.name) {
                return Ok(None);
            }
            let pieces = reader.pieces(self.threads).await?;
            if pieces.is_empty() {
                self.end_of_file(reader)?;
            } else {
                self.pieces(reader, &pieces)?;
            }
        }
    }

    /// Ends the run: reads the lists of deletions and checks that every file was read to its end.
    ///
    /// # Errors
    /// `Export`, when a file was left unread or a list of deletions is not one; `Read`;
    /// `TooManyQuarantined`.
    pub async fn finish(mut self) -> Result<RunEnd, IngestError> {
        let unread = |file: &&ExportFile| !self.finished.contains(&file.name);
        if let Some(file) = self.export.files().iter().find(unread) {
            return Err(IngestError::Export {
                place: file.name.clone(),
                reason: "not read to its end".to_owned(),
            });
        }
        let bytes_max = self.pipeline.limits.bytes_max;
        let deletions = deletion::read(self.export, &self.keys, bytes_max).await?;
        self.report.deletions = deletions.types;
        self.intake.sync()?;
        let Self {
            report, identities, ..
        } = self;
        Ok(RunEnd {
            report,
            deleted: deletions.resources,
            identities,
        })
    }

    fn pieces(&mut self, reader: &mut Reader, pieces: &[Piece]) -> Result<(), IngestError> {
        if reader.workers.is_empty() {
            reader.ignore(pieces);
            return Ok(());
        }
        let resource_type = reader.file.resource_type.clone();
        let mut tables = self.pipeline.tables.iter();
        let table = tables.find(|table| table.view.resource() == resource_type);
        let surroundings = Surroundings {
            pipeline: self.pipeline,
            keys: &self.keys,
            resource_type: &resource_type,
            person: table.map_or(&PersonPath::Own, |table| &table.person),
            base: self.export.base.as_deref(),
            exported: self.export.time().timestamp_micros(),
            export_year: self.export.time().year(),
        };
        let harvests = harvest(&mut reader.workers, pieces, &surroundings);
        for (piece, harvest) in pieces.iter().zip(harvests) {
            self.absorb(&mut reader.report, piece, harvest?)?;
        }
        Ok(())
    }

    fn absorb(
        &mut self,
        file: &mut FileReport,
        piece: &Piece,
        mut harvest: Harvest,
    ) -> Result<(), IngestError> {
        file.read += harvest.read;
        file.accepted += harvest.accepted;
        file.filtered += harvest.filtered;
        file.not_a_person += harvest.not_a_person;
        self.read += harvest.read;
        for (line, fault) in &harvest.rejected {
            let rejected = Rejected {
                file: &file.name,
                line: line.number,
                offset: line.offset,
                code: fault.code,
                reason: &fault.reason,
                truncated: piece.oversized,
            };
            self.intake.put(&rejected, piece.line(line))?;
            *file.quarantined.entry(fault.code.to_owned()).or_default() += 1;
            self.quarantined += 1;
        }
        self.within_limit()?;
        self.patients(file, &mut harvest)?;
        self.touched.extend(harvest.touched);
        for (table, rows, origins) in harvest.rows {
            if let Some(pending) = self.pending.get_mut(table) {
                pending.batches.push(rows);
                pending.origins.extend(origins);
            }
        }
        if self
            .pending
            .iter()
            .any(|pending| pending.origins.len() >= BATCH_ROWS)
        {
            self.flush()?;
        }
        Ok(())
    }

    /// Links patients to persons, and leaves out the rows of a person's second record in tables
    /// that have one row a person.
    fn patients(
        &mut self,
        file: &mut FileReport,
        harvest: &mut Harvest,
    ) -> Result<(), IngestError> {
        let mut seconds = HashSet::new();
        for patient in mem::take(&mut harvest.patients) {
            if self.link(&patient)? {
                seconds.insert(patient.resource);
                self.report.persons.second_records += 1;
                if patient.rows > 0 {
                    file.accepted -= 1;
                    file.filtered += 1;
                }
            }
        }
        if seconds.is_empty() {
            return Ok(());
        }
        for (place, table) in self.pipeline.tables.iter().enumerate() {
            if table.description.rows_per_person == 1 {
                harvest.without(place, &seconds)?;
            }
        }
        Ok(())
    }

    /// Links a patient's local id to the person: by its identifier, else as it was, else by the
    /// local id itself. Gives whether it is a second record of the person.
    fn link(&mut self, patient: &Patient) -> Result<bool, IngestError> {
        let token = self.keys.token("Patient", &patient.id);
        let person = match (&patient.identifier, self.identities.get(&token)) {
            (Some(identifier), _) => self.keys.person(identifier),
            (None, Some(known)) => known,
            (None, None) => self.keys.person(&RawIdentifier::local(&patient.id)?),
        };
        let persons = &mut self.report.persons;
        persons.unidentified += u64::from(patient.identifier.is_none());
        match self.identities.link(token, person) {
            Linked::New => persons.new += 1,
            Linked::Moved => persons.moved += 1,
            Linked::Same => {}
        }
        Ok(self.identities.is_second(&token))
    }

    /// Makes an output of what waits.
    fn flush(&mut self) -> Result<(), IngestError> {
        let mut tables = Vec::new();
        for (table, pending) in self.pipeline.tables.iter().zip(&mut self.pending) {
            let Pending { batches, origins } = mem::take(pending);
            let Some(first) = batches.first() else {
                continue;
            };
            let rows =
                concat_batches(&first.schema(), &batches).map_err(|_| IngestError::Defect {
                    reason: "rows do not go together",
                })?;
            let report = self.report.tables.entry(table.name.clone()).or_default();
            report.rows += rows.num_rows() as u64;
            for (column, array) in table.description.columns.iter().zip(rows.columns()) {
                let outside = outside(column, array);
                if outside > 0 {
                    *report.outside.entry(column.name.clone()).or_default() += outside;
                }
            }
            let known = self.identities.len();
            let raw = RawBatch::seal(rows, &table.roles, origins)?;
            let batch = self.keys.batch(raw, &mut self.identities)?;
            self.report.persons.provisional += (self.identities.len() - known) as u64;
            tables.push((table.name.clone(), batch));
        }
        let touched = mem::take(&mut self.touched);
        if !tables.is_empty() || !touched.is_empty() {
            self.ready.push_back(Output { tables, touched });
        }
        Ok(())
    }

    fn end_of_file(&mut self, reader: &mut Reader) -> Result<(), IngestError> {
        self.flush()?;
        let mut report = mem::take(&mut reader.report);
        report.bytes_inflated = reader.inflated.unwrap_or_default();
        if let Some(count) = reader.file.count.filter(|count| *count != report.read) {
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
