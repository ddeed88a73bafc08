//! A night being gathered: rows, touched resources and deletions, until it is published.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use lazaret_model::{DatasetName, RunId, TableDescription, TableName};
use lazaret_pseudonym::PseudonymisedBatch;

use crate::file::Keys;
use crate::record::Record;
use crate::rows::Rows;
use crate::spill::{Budget, Parts, Spill, part_of};
use crate::survey::Persons;
use crate::trace::{Round, Trace};
use crate::{LakeError, Snapshot, schema};

/// A resource that was read, whether or not it yields a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// The resource, as in `_resource`.
    pub resource: i64,
    /// When the source last changed it, as in `_updated`: microseconds since 1970, UTC.
    pub updated: i64,
}

/// One run's changes to a dataset, gathered until `Lake::publish`. What is too much for memory is
/// on local disk, in a file without a name.
///
/// Rows come in rounds: `append` each table's rows, then `touch` the resources they came from,
/// which closes the round. Of two versions of a resource the one with the higher time wins, of two
/// with the same time the one of the later round.
pub struct Night {
    pub(crate) dataset: DatasetName,
    pub(crate) run: RunId,
    pub(crate) base: Option<Box<Record>>,
    pub(crate) tables: Vec<Pending>,
    pub(crate) traces: Parts<Trace>,
    /// How many traces there are.
    pub(crate) traced: usize,
    pub(crate) persons: Persons,
    pub(crate) spill: Arc<Spill>,
    pub(crate) budget: Budget,
    /// Bytes of rows in memory.
    held: usize,
    open: Round,
    round: u32,
}

/// One table's rows of the night.
pub(crate) struct Pending {
    pub(crate) description: TableDescription,
    pub(crate) schema: SchemaRef,
    pub(crate) rows: Rows,
}

/// Where a night spills, and from how much on.
pub(crate) struct Room {
    pub(crate) folder: PathBuf,
    pub(crate) budget: Budget,
}

impl Night {
    /// Adds rows of a table to the open round.
    ///
    /// # Errors
    /// `Mismatch`, when the table is not of this night or the rows are not of the table;
    /// `Storage`, when memory is full and they cannot be written to disk.
    pub fn append(
        &mut self,
        table: &TableName,
        batch: PseudonymisedBatch,
    ) -> Result<(), LakeError> {
        self.append_rows(table, &batch.into_batch())
    }

    /// Says which resources the open round's rows came from, and closes the round. A resource
    /// that yields no row is touched all the same: what stood of it goes.
    ///
    /// # Errors
    /// `Storage`, when memory is full and this cannot be written to disk.
    pub fn touch(&mut self, touched: &[Touched]) -> Result<(), LakeError> {
        let touched = touched.iter().map(|touch| (touch.resource, touch.updated));
        self.traced += touched.len();
        self.open.close(self.round, touched, &mut self.traces)?;
        self.round += 1;
        Ok(())
    }

    /// Deletes resources, after all updates of the night.
    ///
    /// # Errors
    /// `Storage`, when memory is full and this cannot be written to disk.
    pub fn delete(&mut self, resources: &[i64]) -> Result<(), LakeError> {
        self.traced += resources.len();
        for resource in resources {
            let trace = Trace::deletion(*resource);
            self.traces.push(part_of(*resource), trace)?;
        }
        Ok(())
    }

    pub(crate) fn new(
        dataset: DatasetName,
        run: RunId,
        base: Option<Box<Record>>,
        tables: &[TableDescription],
        room: Room,
    ) -> Result<Self, LakeError> {
        let stands = base.iter().flat_map(|base| &base.snapshot.tables);
        for old in stands.map(|table| &table.description) {
            let new = tables
                .iter()
                .find(|new| new.name == old.name)
                .ok_or_else(|| {
                    let reason = "it is in the lake and not in the pipeline: keep its view";
                    LakeError::mismatch(&old.name, reason)
                })?;
            schema::unchanged(old, new)?;
        }
        let spill = Spill::new(room.folder);
        let mut pending: Vec<Pending> = Vec::with_capacity(tables.len());
        for table in tables {
            if pending
                .iter()
                .any(|other| other.description.name == table.name)
            {
                return Err(LakeError::mismatch(&table.name, "it is there twice"));
            }
            let schema = schema::of_files(table)?;
            pending.push(Pending {
                rows: Rows::new(&schema, spill.clone()),
                schema,
                description: table.clone(),
            });
        }
        Ok(Self {
            dataset,
            run,
            base,
            tables: pending,
            traces: Parts::new(spill.clone(), room.budget.records),
            traced: 0,
            persons: Persons::default(),
            spill,
            budget: room.budget,
            held: 0,
            open: Round::default(),
            round: 0,
        })
    }

    /// The number of this night in its dataset, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.base.as_ref().map_or(1, |base| base.number + 1)
    }

    /// The snapshot this night changes.
    pub(crate) fn before(&self) -> Option<&Snapshot> {
        self.base.as_ref().map(|base| &base.snapshot)
    }

    /// The end of the gathering: an open round is closed, and the rows are brought into order.
    pub(crate) fn gather(&mut self) -> Result<(), LakeError> {
        if !self.open.is_empty() {
            self.touch(&[])?;
        }
        for pending in &mut self.tables {
            pending.rows.gather()?;
        }
        Ok(())
    }

    pub(crate) fn append_rows(
        &mut self,
        table: &TableName,
        batch: &RecordBatch,
    ) -> Result<(), LakeError> {
        let mut tables = self.tables.iter_mut();
        let pending = tables
            .find(|pending| pending.description.name == *table)
            .ok_or_else(|| LakeError::mismatch(table, "it is not a table of this night"))?;
        let batch = schema::conform(&pending.description, &pending.schema, batch)?;
        if batch.num_rows() == 0 {
            return Ok(());
        }
        // What never happens: `conform` has seen the key columns.
        let keys = Keys::of(&batch)
            .ok_or_else(|| LakeError::mismatch(table, "a batch has no key columns"))?;
        let cells = keys.resource.iter().zip(keys.updated).zip(keys.person);
        for ((resource, updated), person) in cells {
            self.open.row(*resource, *updated, *person);
            self.persons.add(*person);
        }
        self.held += pending.rows.push(&batch, self.round)?;
        if self.held > self.budget.row_bytes {
            self.held = 0;
            for pending in &mut self.tables {
                pending.rows.flush()?;
            }
        }
        Ok(())
    }
}

impl Pending {
    /// The table's rows before the night.
    pub(crate) fn stood<'a>(&self, before: Option<&'a Snapshot>) -> &'a [crate::FileState] {
        let table = before.and_then(|before| before.table(&self.description.name));
        table
            .map(|table| table.files.as_slice())
            .unwrap_or_default()
    }
}

/// Sizes only.
impl fmt::Debug for Night {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (run, dataset, traced) = (&self.run, &self.dataset, self.traced);
        write!(f, "Night({run} of {dataset}, {traced} touched or deleted)")
    }
}
