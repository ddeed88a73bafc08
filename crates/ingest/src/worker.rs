//! What one thread does with one piece of a file: parse, vet, view, treat.

use std::collections::HashSet;
use std::thread;

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use lazaret_pseudonym::{Origin, RawIdentifier};
use lazaret_views::{Bound, Program, RecordError, Resource};

use crate::cut::{Line, Piece};
use crate::run::Touched;
use crate::treat::{self, Treated, treat};
use crate::vet::{Fault, Surroundings, Vetted, Whose, vet};
use crate::{IngestError, pipeline::Pipeline};

/// Rows after which a group of records is closed, so that builders stay small.
const GROUP_ROWS: usize = 64 << 10;

/// The programs of one type's views, and what they need between two records.
pub(crate) struct Worker {
    programs: Vec<Running>,
    records: Vec<Open>,
    scratch: Vec<u8>,
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

/// A patient's own record.
pub(crate) struct Patient {
    pub(crate) resource: i64,
    pub(crate) id: String,
    /// An identifier of the pipeline's systems, if there is one.
    pub(crate) identifier: Option<RawIdentifier>,
    pub(crate) rows: usize,
}

/// What came of a piece, in the order of its lines.
#[derive(Default)]
pub(crate) struct Harvest {
    pub(crate) read: u64,
    pub(crate) accepted: u64,
    pub(crate) filtered: u64,
    pub(crate) not_a_person: u64,
    pub(crate) rejected: Vec<(Line, Fault)>,
    pub(crate) touched: Vec<Touched>,
    pub(crate) patients: Vec<Patient>,
    /// The table's place, its rows with raw persons and records, and where each came from.
    pub(crate) rows: Vec<(usize, RecordBatch, Vec<Origin>)>,
}

impl Worker {
    /// A worker for files of this type.
    pub(crate) fn new(pipeline: &Pipeline, resource_type: &str) -> Result<Self, IngestError> {
        let mut programs = Vec::new();
        for (table, known) in pipeline.tables.iter().enumerate() {
            if known.view.resource() == resource_type {
                let program = known.view.compile().map_err(|source| IngestError::View {
                    file: known.name.to_string(),
                    source,
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
            scratch: Vec::new(),
        })
    }

    /// Reads a piece.
    pub(crate) fn read(
        &mut self,
        piece: &Piece,
        surroundings: &Surroundings<'_>,
    ) -> Result<Harvest, IngestError> {
        let mut harvest = Harvest::default();
        if piece.oversized {
            let line = Line {
                number: piece.first_line,
                offset: piece.offset,
                start: 0,
                end: piece.bytes.len(),
            };
            harvest.read = 1;
            let fault = Fault::new("too-large", "the line is longer than a record may be");
            harvest.rejected.push((line, fault));
            return Ok(harvest);
        }
        for line in piece.lines() {
            harvest.read += 1;
            if self
                .record(piece, &line, surroundings, &mut harvest)
                .is_err()
            {
                self.close(surroundings, &mut harvest)?;
                if let Err(Full(fault)) = self.record(piece, &line, surroundings, &mut harvest) {
                    self.close(surroundings, &mut harvest)?;
                    harvest.rejected.push((line, fault));
                }
            }
            if self
                .programs
                .iter()
                .any(|running| running.owners.len() >= GROUP_ROWS)
            {
                self.close(surroundings, &mut harvest)?;
            }
        }
        self.close(surroundings, &mut harvest)?;
        // Faults of treatments are found when a group is closed, others at once.
        harvest.rejected.sort_by_key(|(line, _)| line.number);
        Ok(harvest)
    }

    /// Reads a record into the open group.
    fn record(
        &mut self,
        piece: &Piece,
        line: &Line,
        surroundings: &Surroundings<'_>,
        harvest: &mut Harvest,
    ) -> Result<(), Full> {
        self.scratch.clear();
        self.scratch.extend_from_slice(piece.line(line));
        let parsed = Resource::parse(&mut self.scratch, &surroundings.pipeline.limits);
        let vetted = parsed
            .map_err(|error| fault(&error))
            .and_then(|resource| Ok((vet(&resource, surroundings)?, resource)));
        let (vetted, resource) = match vetted {
            Ok(vetted) => vetted,
            Err(fault) => {
                harvest.rejected.push((line.clone(), fault));
                return Ok(());
            }
        };
        let touched = Touched {
            resource: vetted.resource,
            updated: vetted.updated,
        };
        if matches!(vetted.whose, Whose::Nobody) {
            harvest.not_a_person += 1;
            harvest.touched.push(touched);
            return Ok(());
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
        full.map_or(Ok(()), Err)
    }

    /// Turns the open group's rows into treated columns and drops the records at fault.
    fn close(
        &mut self,
        surroundings: &Surroundings<'_>,
        harvest: &mut Harvest,
    ) -> Result<(), IngestError> {
        let mut treated = Vec::with_capacity(self.programs.len());
        for running in &mut self.programs {
            treated.push(running.treat(&mut self.records, surroundings)?);
        }
        for (running, treated) in self.programs.iter_mut().zip(treated) {
            let owners = std::mem::take(&mut running.owners);
            let (rows, origins) = kept(treated.rows, &owners, &self.records)?;
            if rows.num_rows() > 0 {
                harvest.rows.push((running.table, rows, origins));
            }
        }
        for mut record in self.records.drain(..) {
            match record.end {
                End::Again => continue,
                End::Rejected(fault) => {
                    harvest.rejected.push((record.line, fault));
                    continue;
                }
                End::Stays if record.rows > 0 => harvest.accepted += 1,
                End::Stays => harvest.filtered += 1,
            }
            let Vetted {
                resource,
                updated,
                whose,
            } = &mut record.vetted;
            harvest.touched.push(Touched {
                resource: *resource,
                updated: *updated,
            });
            if let Some((id, identifier)) = whose.take_identifier() {
                let (resource, rows) = (*resource, record.rows);
                harvest.patients.push(Patient {
                    resource,
                    id,
                    identifier,
                    rows,
                });
            }
        }
        Ok(())
    }
}

impl Harvest {
    /// Leaves out the rows of these resources in one table's rows.
    pub(crate) fn without(&mut self, table: usize, out: &HashSet<i64>) -> Result<(), IngestError> {
        for (_, rows, origins) in self.rows.iter_mut().filter(|(of, ..)| *of == table) {
            let stays = |origin: &Origin| !out.contains(&origin.resource);
            let mask: BooleanArray = origins.iter().map(|origin| Some(stays(origin))).collect();
            *rows = filter_record_batch(rows, &mask).map_err(|_| UNFILTERED)?;
            origins.retain(stays);
        }
        Ok(())
    }
}

/// The error of rows that Arrow does not filter.
const UNFILTERED: IngestError = IngestError::Defect {
    reason: "rows cannot be filtered",
};

/// Each piece by a worker of its own, at the same time; the results in the order of the pieces.
pub(crate) fn harvest(
    workers: &mut [Worker],
    pieces: &[Piece],
    surroundings: &Surroundings<'_>,
) -> Vec<Result<Harvest, IngestError>> {
    if let (Some(worker), [piece]) = (workers.first_mut(), pieces) {
        return vec![worker.read(piece, surroundings)];
    }
    thread::scope(|scope| {
        let started: Vec<_> = workers
            .iter_mut()
            .zip(pieces)
            .map(|(worker, piece)| scope.spawn(move || worker.read(piece, surroundings)))
            .collect();
        let stopped = |_| {
            Err(IngestError::Defect {
                reason: "a worker stopped",
            })
        };
        started
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(stopped))
            .collect()
    })
}

/// The builders are full, and why the record would be refused otherwise.
struct Full(Fault);

impl Running {
    /// Treats the rows, and marks the records they find at fault.
    fn treat(
        &mut self,
        records: &mut [Open],
        surroundings: &Surroundings<'_>,
    ) -> Result<Treated, IngestError> {
        let pipeline = surroundings.pipeline;
        let table = pipeline.tables.get(self.table);
        let table = table.ok_or(IngestError::Defect {
            reason: "a table's place",
        })?;
        let raw = self.program.finish().map_err(|source| IngestError::View {
            file: table.name.to_string(),
            source,
        })?;
        if raw.num_rows() != self.owners.len() {
            return Err(IngestError::Defect {
                reason: "a view's rows are not counted right",
            });
        }
        let ids = self
            .owners
            .iter()
            .map(|owner| records.get(*owner)?.vetted.whose.id());
        let persons: StringArray = ids.collect();
        let around = treat::Surroundings {
            regions: &pipeline.regions,
            country: pipeline.country.as_deref(),
            export_year: surroundings.export_year,
        };
        let treated = treat(table, &raw, persons, &around)?;
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
        let Vetted {
            resource, updated, ..
        } = record.vetted;
        origins.push(Origin {
            resource,
            ordinal,
            updated,
        });
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
