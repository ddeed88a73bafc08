//! One table's rows of a night, by parts of their persons: in memory, and spilled where they are
//! many.

use std::io::Cursor;
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, UInt32Array};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use crate::LakeError;
use crate::file::Keys;
use crate::spill::{Extent, PARTS, Spill, part_of};

/// The column behind the table's own that says which round a row came in.
const ROUND: &str = "_round";

/// The rows.
pub(crate) struct Rows {
    schema: SchemaRef,
    spill: Arc<Spill>,
    memory: Vec<RecordBatch>,
    spilled: Vec<Vec<Extent>>,
    /// The order of the rows in memory by parts; made when the night is gathered.
    order: Order,
    count: u64,
}

/// Places of rows, batch and row, ordered by part and within a part as they came.
#[derive(Default)]
struct Order {
    places: Vec<(u32, u32)>,
    ends: Vec<usize>,
}

/// The rows of some persons.
#[derive(Default)]
pub(crate) struct Loaded {
    /// Batches of the table's own columns.
    pub(crate) batches: Vec<RecordBatch>,
    /// The round of each row of each batch.
    rounds: Vec<UInt32Array>,
    /// The rows, in the order they came.
    pub(crate) places: Vec<(u32, u32)>,
}

impl Loaded {
    pub(crate) fn round(&self, (batch, row): (u32, u32)) -> Option<u32> {
        let rounds = self.rounds.get(batch as usize)?;
        rounds.values().get(row as usize).copied()
    }
}

impl Rows {
    /// No rows of a table with this schema.
    pub(crate) fn new(schema: &SchemaRef, spill: Arc<Spill>) -> Self {
        let mut fields: Vec<_> = schema.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new(ROUND, DataType::UInt32, false)));
        Self {
            schema: Arc::new(Schema::new(fields)),
            spill,
            memory: Vec::new(),
            spilled: vec![Vec::new(); PARTS],
            order: Order::default(),
            count: 0,
        }
    }

    /// How many rows there are.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Adds a batch of the table's columns; gives the bytes it holds.
    pub(crate) fn push(&mut self, batch: &RecordBatch, round: u32) -> Result<usize, LakeError> {
        let rounds = UInt32Array::from_value(round, batch.num_rows());
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(rounds) as ArrayRef);
        let batch = RecordBatch::try_new(self.schema.clone(), columns);
        let batch = batch.map_err(|source| self.spill.failed(source))?;
        self.count += batch.num_rows() as u64;
        let bytes = batch.get_array_memory_size();
        self.memory.push(batch);
        Ok(bytes)
    }

    /// Moves what is in memory to the disk.
    pub(crate) fn flush(&mut self) -> Result<(), LakeError> {
        let order = Order::of(&self.memory).ok_or_else(|| self.spill.failed("no key columns"))?;
        let batches: Vec<&RecordBatch> = self.memory.iter().collect();
        for (part, spilled) in self.spilled.iter_mut().enumerate() {
            let places = order.part(part);
            if places.is_empty() {
                continue;
            }
            let packed = pack(&batches, places).map_err(|source| self.spill.failed(source))?;
            spilled.push(self.spill.append(&packed)?);
        }
        self.memory.clear();
        Ok(())
    }

    /// Brings the rows in memory into the order of parts; nothing is added after that.
    pub(crate) fn gather(&mut self) -> Result<(), LakeError> {
        let order = Order::of(&self.memory).ok_or_else(|| self.spill.failed("no key columns"))?;
        self.order = order;
        Ok(())
    }

    /// Whether some of these persons may have rows.
    pub(crate) fn may_have(&self, persons: &RangeInclusive<i64>) -> bool {
        parts(persons).any(|part| {
            !self.order.part(part).is_empty()
                || self.spilled.get(part).is_some_and(|some| !some.is_empty())
        })
    }

    /// The rows of these persons.
    pub(crate) fn load(&self, persons: &RangeInclusive<i64>) -> Result<Loaded, LakeError> {
        let failed = |source: ArrowError| self.spill.failed(source);
        let mut loaded = Loaded::default();
        let mut rows: Vec<(u32, u32)> = Vec::new();
        for part in parts(persons) {
            for extent in self.spilled.get(part).into_iter().flatten() {
                let packed = self.spill.read(*extent)?;
                let bytes = lz4_flex::decompress_size_prepended(&packed);
                let bytes = bytes.map_err(|source| self.spill.failed(source))?;
                for batch in StreamReader::try_new(Cursor::new(bytes), None).map_err(failed)? {
                    let batch = batch.map_err(failed)?;
                    let number = number(loaded.batches.len());
                    rows.extend((0..number_of_rows(&batch)).map(|row| (number, row)));
                    loaded.take(&batch).map_err(failed)?;
                }
            }
        }
        let (first, spilled) = (number(loaded.batches.len()), rows.len());
        let held = parts(persons).flat_map(|part| self.order.part(part));
        rows.extend(held.map(|(batch, row)| (first + batch, *row)));
        if rows.len() > spilled {
            for batch in &self.memory {
                loaded.take(batch).map_err(failed)?;
            }
        }
        let keys: Option<Vec<Keys<'_>>> = loaded.batches.iter().map(Keys::of).collect();
        let keys = keys.ok_or_else(|| self.spill.failed("no key columns"))?;
        let person = |(batch, row): &(u32, u32)| {
            let keys = keys.get(*batch as usize)?;
            keys.person.get(*row as usize).copied()
        };
        rows.retain(|place| person(place).is_some_and(|person| persons.contains(&person)));
        loaded.places = rows;
        Ok(loaded)
    }
}

impl Loaded {
    /// Adds a batch, its round apart from the table's own columns.
    fn take(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let mut own = batch.clone();
        let rounds = own.remove_column(own.num_columns() - 1);
        self.rounds
            .push(rounds.as_primitive::<UInt32Type>().clone());
        self.batches.push(own);
        Ok(())
    }
}

impl Order {
    /// A stable counting sort of all rows by the parts of their persons.
    fn of(batches: &[RecordBatch]) -> Option<Self> {
        let keys: Vec<Keys<'_>> = batches.iter().map(Keys::of).collect::<Option<_>>()?;
        let mut ends = vec![0_usize; PARTS];
        for person in keys.iter().flat_map(|keys| keys.person) {
            *ends.get_mut(part_of(*person))? += 1;
        }
        let mut total = 0;
        for end in &mut ends {
            total += std::mem::replace(end, total);
        }
        let mut places = vec![(0, 0); total];
        for (batch, keys) in (0_u32..).zip(&keys) {
            for (row, person) in (0_u32..).zip(keys.person) {
                let end = ends.get_mut(part_of(*person))?;
                *places.get_mut(*end)? = (batch, row);
                *end += 1;
            }
        }
        Some(Self { places, ends })
    }

    fn part(&self, part: usize) -> &[(u32, u32)] {
        let end = self.ends.get(part).copied().unwrap_or_default();
        let before = part.checked_sub(1).and_then(|before| self.ends.get(before));
        let start = before.copied().unwrap_or_default();
        self.places.get(start..end).unwrap_or_default()
    }
}

/// The parts that overlap a range of persons.
pub(crate) fn parts(persons: &RangeInclusive<i64>) -> RangeInclusive<usize> {
    part_of(*persons.start())..=part_of(*persons.end())
}

/// Rows as a compressed Arrow stream.
fn pack(batches: &[&RecordBatch], places: &[(u32, u32)]) -> Result<Vec<u8>, ArrowError> {
    let places: Vec<(usize, usize)> = places
        .iter()
        .map(|(batch, row)| (*batch as usize, *row as usize))
        .collect();
    let rows = interleave_record_batch(batches, &places)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema())?;
    writer.write(&rows)?;
    Ok(lz4_flex::compress_prepend_size(&writer.into_inner()?))
}

/// Batches and their rows are far fewer than 2^32: a batch has at most 2 GiB of text.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn number_of_rows(batch: &RecordBatch) -> u32 {
    number(batch.num_rows())
}
