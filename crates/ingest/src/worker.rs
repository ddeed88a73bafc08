//! What one thread does with one piece of a file: parse, vet, view, treat, pseudonymise.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use lazaret_pseudonym::Origin;
use lazaret_views::{Bound, Program, RecordError, Resource};

use crate::IngestError;
use crate::cut::{Line, Piece};
use crate::harvest::{Harvest, Patient};
use crate::persons::{Known, Persons};
use crate::pool::{Kind, Shared};
use crate::rows::{Rows, UNFILTERED};
use crate::settings::Fallback;
use crate::treat::{Treated, treat};
use crate::vet::{Fault, Vetted, Whose, vet};

/// Rows after which a group of records is closed, so that builders stay small.
const GROUP_ROWS: usize = 64 << 10;

/// The programs of one type's views, and what they need between two records.
pub(crate) struct Worker {
    programs: Vec<Running>,
    records: Vec<Open>,
    persons: Persons,
    scratch: Vec<u8>,
    seen: crate::leak::Seen,
}

/// A table's program.
struct Running {
    /// The table's place in the pipeline.
    table: usize,
    program: Program,
    /// For each row its record's place in the open group.
    owners: Vec<usize>,
}

/// A record of the group that is open.
struct Open {
    line: Line,
    vetted: Vetted,
    rows: usize,
    end: End,
}

/// What becomes of a record.
enum End {
    Stays,
    Rejected(Fault),
    /// It did not fit into the builders: its rows are dropped and it is read again.
    Again,
}

impl Worker {
    /// A worker for files of this type.
    pub(crate) fn new(shared: &Shared, resource_type: &str) -> Result<Self, IngestError> {
        let mut programs = Vec::new();
        for (table, known) in shared.tables.iter().enumerate() {
            if known.view.resource() == resource_type {
                let program = known.view.compile().map_err(|source| IngestError::View {
                    file: known.name.to_string(),
                    source: Box::new(source),
                })?;
                programs.push(Running {
                    table,
                    program,
                    owners: Vec::new(),
                });
            }
        }
        Ok(Self {
            programs,
            records: Vec::new(),
            persons: Persons::default(),
            scratch: Vec::new(),
            seen: <_>::default(),
        })
    }

    /// Reads a piece.
    pub(crate) fn read(
        &mut self,
        piece: &Piece,
        kind: &Kind,
        shared: &Shared,
    ) -> Result<Harvest, IngestError> {
        let mut harvest = Harvest::default();
        if piece.oversized {
            let line = Line {
                number: piece.first_line,
                offset: piece.offset,
                start: 0,
                end: piece.bytes(),
            };
            harvest.read = 1;
            let fault = Fault::new("too-large", "the line is longer than a record may be");
            harvest.reject(piece, line, fault);
            return Ok(harvest);
        }
        for line in piece.lines() {
            harvest.read += 1;
            if let Some(Full(_)) = self.record(piece, &line, kind, shared, &mut harvest)? {
                self.close(piece, shared, &mut harvest)?;
                let full = self.record(piece, &line, kind, shared, &mut harvest)?;
                if let Some(Full(fault)) = full {
                    self.close(piece, shared, &mut harvest)?;
                    harvest.reject(piece, line, fault);
                }
            }
            if self
                .programs
                .iter()
                .any(|running| running.owners.len() >= GROUP_ROWS)
            {
                self.close(piece, shared, &mut harvest)?;
            }
        }
        self.close(piece, shared, &mut harvest)?;
        // Faults of treatments are found when a group is closed, others at once.
        harvest
            .rejected
            .sort_by_key(|rejected| rejected.line.number);
        Ok(harvest)
    }

    /// Reads a record into the open group, unless the group is full.
    fn record(
        &mut self,
        piece: &Piece,
        line: &Line,
        kind: &Kind,
        shared: &Shared,
        harvest: &mut Harvest,
    ) -> Result<Option<Full>, IngestError> {
        let parsed = Resource::parse(piece.line(line), &mut self.scratch, &shared.limits);
        let resource = match parsed {
            Ok(resource) => resource,
            Err(error) => {
                harvest.reject(piece, line.clone(), fault(&error));
                return Ok(None);
            }
        };
        let vetted = match vet(&resource, kind, shared, &mut self.persons)? {
            Ok(vetted) => vetted,
            Err(fault) => {
                harvest.reject(piece, line.clone(), fault);
                return Ok(None);
            }
        };
        if kind.deleted.contains(&vetted.resource) {
            harvest.filtered += 1;
            return Ok(None);
        }
        match &vetted.whose {
            Whose::Nobody => {
                harvest.not_a_person += 1;
                harvest.touched.push(vetted.touched());
                return Ok(None);
            }
            Whose::Of(person)
                if person.known != Known::Yes && shared.fallback == Fallback::Pending =>
            {
                harvest.wait(piece.line(line), &kind.about);
                return Ok(None);
            }
            Whose::Own(_) | Whose::Of(_) => {}
        }
        if let Some(origin) = vetted.origin(0) {
            shared.leaks.note(&resource, &kind.person, origin.subject);
        }
        let mut open = Open {
            line: line.clone(),
            vetted,
            rows: 0,
            end: End::Stays,
        };
        let mut full = None;
        for running in &mut self.programs {
            match running.program.push(&resource) {
                Ok(rows) => {
                    let owner = self.records.len();
                    running.owners.extend(std::iter::repeat_n(owner, rows));
                    open.rows += rows;
                }
                Err(error) => {
                    open.end = End::Rejected(fault(&error));
                    if matches!(
                        error,
                        RecordError::TooMuch {
                            bound: Bound::Batch,
                            ..
                        }
                    ) {
                        open.end = End::Again;
                        full = Some(Full(fault(&error)));
                    }
                    break;
                }
            }
        }
        self.records.push(open);
        Ok(full)
    }

    /// Turns the open group's rows into treated columns, drops the records at fault, and
    /// pseudonymises what is not a patient's own.
    fn close(
        &mut self,
        piece: &Piece,
        shared: &Shared,
        harvest: &mut Harvest,
    ) -> Result<(), IngestError> {
        let mut treated = Vec::with_capacity(self.programs.len());
        for running in &mut self.programs {
            treated.push(running.treat(&mut self.records, shared)?);
        }
        for (running, treated) in self.programs.iter_mut().zip(treated) {
            let (columns, origins) = kept(treated.rows, &running.owners, &self.records)?;
            running.owners.clear();
            let rows = Rows {
                table: running.table,
                columns,
                origins,
            };
            if rows.origins.is_empty() {
                continue;
            }
            rows.probe(&mut self.seen, shared)?;
            // All records of a file are patients' own, or none is.
            if matches!(
                self.records.first().map(|record| &record.vetted.whose),
                Some(Whose::Own(_))
            ) {
                harvest.open.push(rows);
            } else {
                harvest.sealed.push(rows.seal(shared)?);
            }
        }
        for record in self.records.drain(..) {
            match record.end {
                End::Again => continue,
                End::Rejected(fault) => {
                    harvest.reject(piece, record.line, fault);
                    continue;
                }
                End::Stays if record.rows > 0 => harvest.accepted += 1,
                End::Stays => harvest.filtered += 1,
            }
            harvest.touched.push(record.vetted.touched());
            match record.vetted.whose {
                Whose::Own(own) => harvest.patients.push(Patient {
                    resource: record.vetted.resource,
                    own,
                    rows: record.rows,
                }),
                Whose::Of(whose) if whose.known != Known::Yes && record.rows > 0 => {
                    harvest.provisional.push(whose);
                }
                Whose::Of(_) | Whose::Nobody => {}
            }
        }
        // Records of one person mostly follow each other.
        harvest.provisional.dedup_by_key(|person| person.token);
        Ok(())
    }
}

/// The builders are full, and why the record would be refused otherwise.
struct Full(Fault);

impl Running {
    /// Treats the rows, and marks the records they find at fault.
    fn treat(&mut self, records: &mut [Open], shared: &Shared) -> Result<Treated, IngestError> {
        let table = shared.tables.get(self.table);
        let table = table.ok_or(IngestError::Defect {
            reason: "a table's place",
        })?;
        let raw = self.program.finish().map_err(|source| IngestError::View {
            file: table.name.to_string(),
            source: Box::new(source),
        })?;
        if raw.num_rows() != self.owners.len() {
            return Err(IngestError::Defect {
                reason: "a view's rows are not counted right",
            });
        }
        let treated = treat(table, &raw, shared)?;
        for (row, code) in &treated.faults {
            let record = self
                .owners
                .get(*row)
                .and_then(|owner| records.get_mut(*owner));
            if let Some(record) = record.filter(|record| matches!(record.end, End::Stays)) {
                let reason = format!("a value of table `{}` cannot be: {code}", table.name);
                record.end = End::Rejected(Fault { code, reason });
            }
        }
        Ok(treated)
    }
}

/// The rows of records that stay, and where each came from.
fn kept(
    rows: RecordBatch,
    owners: &[usize],
    records: &[Open],
) -> Result<(RecordBatch, Vec<Origin>), IngestError> {
    let stays = |owner: &usize| {
        records
            .get(*owner)
            .filter(|record| matches!(record.end, End::Stays))
    };
    let mut origins = Vec::with_capacity(owners.len());
    let mut last = None;
    let mut ordinal = 0;
    for owner in owners {
        let Some(record) = stays(owner) else { continue };
        ordinal = if last == Some(owner) { ordinal + 1 } else { 0 };
        last = Some(owner);
        origins.extend(record.vetted.origin(ordinal));
    }
    if origins.len() == owners.len() {
        return Ok((rows, origins));
    }
    let mask: BooleanArray = owners
        .iter()
        .map(|owner| Some(stays(owner).is_some()))
        .collect();
    let rows = filter_record_batch(&rows, &mask).map_err(|_| UNFILTERED)?;
    Ok((rows, origins))
}

fn fault(error: &RecordError) -> Fault {
    Fault {
        code: error.code(),
        reason: error.to_string(),
    }
}
