//! A night being gathered: rows, touched resources and deletions, until it is published.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use lazaret_model::{DatasetName, RunId, TableDescription, TableName};
use lazaret_pseudonym::PseudonymisedBatch;

use crate::record::Record;
use crate::{LakeError, Snapshot, schema};

/// A resource that was read, whether or not it yields a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touched {
    /// The resource, as in `_resource`.
    pub resource: i64,
    /// When the source last changed it, as in `_updated`: microseconds since 1970, UTC.
    pub updated: i64,
}

/// One run's changes to a dataset, in memory until `Lake::publish`.
///
/// Rows come in rounds: `append` each table's rows, then `touch` the resources they came from,
/// which closes the round. Of two versions of a resource the one with the higher time wins, of two
/// with the same time the one of the later round.
pub struct Night {
    pub(crate) dataset: DatasetName,
    pub(crate) run: RunId,
    pub(crate) base: Option<Box<Record>>,
    pub(crate) tables: Vec<Pending>,
    pub(crate) touches: Vec<Touch>,
    pub(crate) deleted: Vec<i64>,
    round: u32,
}

/// A touched resource and the round it was touched in.
pub(crate) struct Touch {
    pub(crate) resource: i64,
    pub(crate) updated: i64,
    pub(crate) round: u32,
}

/// One table's rows of the night.
pub(crate) struct Pending {
    pub(crate) description: TableDescription,
    pub(crate) schema: SchemaRef,
    pub(crate) rounds: Vec<u32>,
    pub(crate) batches: Vec<RecordBatch>,
}

impl Night {
    /// Adds rows of a table to the open round.
    ///
    /// # Errors
    /// `Mismatch`, when the table is not of this night or the rows are not of the table.
    pub fn append(
        &mut self,
        table: &TableName,
        batch: PseudonymisedBatch,
    ) -> Result<(), LakeError> {
        self.append_rows(table, &batch.into_batch())
    }

    /// Says which resources the open round's rows came from, and closes the round. A resource
    /// that yields no row is touched all the same: what stood of it goes.
    pub fn touch(&mut self, touched: &[Touched]) {
        let round = self.round;
        let touch = |&Touched { resource, updated }: &Touched| Touch {
            resource,
            updated,
            round,
        };
        self.touches.extend(touched.iter().map(touch));
        self.round += 1;
    }

    /// Deletes resources, after all updates of the night.
    pub fn delete(&mut self, resources: &[i64]) {
        self.deleted.extend_from_slice(resources);
    }

    pub(crate) fn new(
        dataset: DatasetName,
        run: RunId,
        base: Option<Box<Record>>,
        tables: &[TableDescription],
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
        let mut pending: Vec<Pending> = Vec::with_capacity(tables.len());
        for table in tables {
            if pending
                .iter()
                .any(|other| other.description.name == table.name)
            {
                return Err(LakeError::mismatch(&table.name, "it is there twice"));
            }
            pending.push(Pending {
                schema: schema::of_files(table)?,
                description: table.clone(),
                rounds: Vec::new(),
                batches: Vec::new(),
            });
        }
        let (touches, deleted) = (Vec::new(), Vec::new());
        Ok(Self {
            dataset,
            run,
            base,
            tables: pending,
            touches,
            deleted,
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
        if batch.num_rows() > 0 {
            pending.rounds.push(self.round);
            pending.batches.push(batch);
        }
        Ok(())
    }
}

impl Pending {
    /// What never happens: `conform` has seen the key columns.
    pub(crate) fn keyless(&self) -> LakeError {
        LakeError::mismatch(&self.description.name, "a batch has no key columns")
    }
}

/// Sizes only.
impl fmt::Debug for Night {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (touched, deleted) = (self.touches.len(), self.deleted.len());
        write!(
            f,
            "Night({} of {}, {touched} touched, {deleted} deleted)",
            self.run, self.dataset
        )
    }
}
