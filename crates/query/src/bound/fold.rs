//! The pass itself: rows of one person are gathered, bounded, and added to the groups' totals.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, RecordBatch,
};
use arrow::datatypes::{Float64Type, Int64Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use datafusion::common::{Result, internal_datafusion_err, internal_err};
use datafusion::execution::memory_pool::MemoryReservation;
use hmac::{Hmac, KeyInit, Mac};
use lazaret_disclosure::Measure;
use lazaret_model::Clamp;
use sha2::Sha256;

use super::exec::ReleaseKey;
use super::{BoundEstimate, BoundSpec};

/// Totals of one group: what leaves the operator.
struct Totals {
    persons: Vec<i64>,
    sums: Vec<[i128; 2]>,
}

/// An argument column: numbers, or whether an expression is there.
enum Argument<'a> {
    Number(&'a Float64Array),
    Present(&'a BooleanArray),
}

/// The rows of one person: their group, and their arguments one row after the other.
#[derive(Default)]
struct Person {
    id: i64,
    groups: Vec<usize>,
    arguments: Vec<Option<f64>>,
}

pub(super) struct Fold {
    spec: Arc<BoundSpec>,
    schema: SchemaRef,
    hash: Hmac<Sha256>,
    converter: RowConverter,
    index: HashMap<OwnedRow, usize>,
    totals: Vec<Totals>,
    person: Person,
    memory: MemoryReservation,
}

impl Fold {
    pub(super) fn new(
        spec: Arc<BoundSpec>,
        schema: SchemaRef,
        key: &ReleaseKey,
        memory: MemoryReservation,
    ) -> Result<Self> {
        let keys = schema.fields().iter().take(spec.keys);
        let converter = RowConverter::new(
            keys.map(|f| SortField::new(f.data_type().clone()))
                .collect(),
        )?;
        let hash = <Hmac<Sha256> as KeyInit>::new_from_slice(key.0.as_slice())
            .map_err(|_| internal_datafusion_err!("a release key has 32 bytes"))?;
        let (index, totals, person) = (HashMap::new(), Vec::new(), Person::default());
        Ok(Self {
            spec,
            schema,
            hash,
            converter,
            index,
            totals,
            person,
            memory,
        })
    }

    /// Takes the next rows, which must go on in person order. Rows without a person are dropped.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        let persons = batch.column(0).as_primitive::<Int64Type>();
        let first_argument = 1 + self.spec.keys;
        let keys: Vec<ArrayRef> = batch
            .columns()
            .get(1..first_argument)
            .unwrap_or(&[])
            .to_vec();
        let rows = self.converter.convert_columns(&keys)?;
        let arguments: Vec<Argument<'_>> = batch
            .columns()
            .iter()
            .skip(first_argument)
            .map(argument)
            .collect::<Result<_>>()?;
        for row in 0..batch.num_rows() {
            if persons.is_null(row) {
                continue;
            }
            self.turn_to(persons.value(row))?;
            let group = self.group(&rows, row)?;
            self.person.groups.push(group);
            self.person
                .arguments
                .extend(arguments.iter().map(|argument| argument.value(row)));
        }
        Ok(())
    }

    /// The bounded totals of every group to which a bounded contribution was made.
    pub(super) fn finish(mut self) -> Result<RecordBatch, ArrowError> {
        self.settle();
        let mut groups: Vec<(&OwnedRow, &Totals)> = self
            .index
            .iter()
            .filter_map(|(key, index)| Some((key, self.totals.get(*index)?)))
            .filter(|(_, totals)| totals.persons.first().is_some_and(|persons| *persons > 0))
            .collect();
        groups.sort_by_key(|(key, _)| key.row());
        let mut columns = self
            .converter
            .convert_rows(groups.iter().map(|(key, _)| key.row()))?;
        for mask in 0..self.spec.masks.len() {
            let persons = groups.iter().map(|(_, t)| t.persons.get(mask).copied());
            columns.push(Arc::new(persons.collect::<Int64Array>()));
        }
        for slot in 0..self.spec.estimates.len() * 2 {
            let sums = groups
                .iter()
                .map(|(_, t)| Some(*t.sums.get(slot / 2)?.get(slot % 2)?));
            let sums = sums
                .collect::<Decimal128Array>()
                .with_precision_and_scale(38, 0)?;
            columns.push(Arc::new(sums));
        }
        RecordBatch::try_new(self.schema, columns)
    }

    fn turn_to(&mut self, person: i64) -> Result<()> {
        if person == self.person.id && !self.person.groups.is_empty() {
            return Ok(());
        }
        if person < self.person.id && !self.person.groups.is_empty() {
            return internal_err!("rows do not come in person order");
        }
        self.settle();
        self.person.id = person;
        Ok(())
    }

    /// The group of a row; without keys there is one group.
    fn group(&mut self, rows: &Rows, row: usize) -> Result<usize> {
        let key = if self.spec.keys == 0 {
            self.converter.parser().parse(&[]).owned()
        } else {
            rows.row(row).owned()
        };
        if let Some(index) = self.index.get(&key) {
            return Ok(*index);
        }
        let (masks, estimates) = (self.spec.masks.len(), self.spec.estimates.len());
        self.memory
            .try_grow(256 + key.as_ref().len() + 8 * masks + 32 * estimates)?;
        let index = self.totals.len();
        self.totals.push(Totals {
            persons: vec![0; masks],
            sums: vec![[0; 2]; estimates],
        });
        self.index.insert(key, index);
        Ok(index)
    }

    /// Adds the bounded contribution of the person whose rows were gathered, and forgets them.
    fn settle(&mut self) {
        let person = std::mem::take(&mut self.person);
        let mut rows: Vec<(usize, usize)> = person.groups.into_iter().zip(0..).collect();
        rows.sort_unstable();
        let groups: Vec<&[(usize, usize)]> = rows.chunk_by(|a, b| a.0 == b.0).collect();
        let width = self.schema_arguments();
        let arguments = |row: usize| {
            person
                .arguments
                .get(row * width..(row + 1) * width)
                .unwrap_or(&[])
        };
        for group in self.kept(groups) {
            let rows: Vec<&[Option<f64>]> = group.iter().map(|(_, row)| arguments(*row)).collect();
            let totals = group
                .first()
                .and_then(|(group, _)| self.totals.get_mut(*group));
            if let Some(totals) = totals {
                contribute(&self.spec, &self.hash, totals, &rows);
            }
        }
        self.person.id = person.id;
    }

    fn schema_arguments(&self) -> usize {
        let highest = self.spec.masks.iter().flatten().max();
        highest.map_or(0, |argument| argument + 1)
    }

    /// At most `groups_per_person` groups, by the smallest keyed hash of the group's values.
    fn kept<'a>(&self, mut groups: Vec<&'a [(usize, usize)]>) -> Vec<&'a [(usize, usize)]> {
        let most = usize::try_from(self.spec.groups_per_person).unwrap_or(usize::MAX);
        if groups.len() > most {
            let names: HashMap<usize, &OwnedRow> = self
                .index
                .iter()
                .map(|(key, index)| (*index, key))
                .collect();
            groups.sort_by_cached_key(|group| {
                let name = group.first().and_then(|(group, _)| names.get(group));
                name.map(|name| keyed(&self.hash, name.as_ref()))
            });
            groups.truncate(most);
        }
        groups
    }
}

fn argument(column: &ArrayRef) -> Result<Argument<'_>> {
    if let Some(numbers) = column.as_primitive_opt::<Float64Type>() {
        return Ok(Argument::Number(numbers));
    }
    match column.as_boolean_opt() {
        Some(present) => Ok(Argument::Present(present)),
        None => Err(internal_datafusion_err!(
            "an argument is a number or a truth value"
        )),
    }
}

impl Argument<'_> {
    /// The number, or 1 for presence; nothing where it is null, absent or no number.
    fn value(&self, row: usize) -> Option<f64> {
        match self {
            Self::Number(numbers) => numbers
                .is_valid(row)
                .then(|| numbers.value(row))
                .filter(|value| !value.is_nan()),
            Self::Present(present) => (present.is_valid(row) && present.value(row)).then_some(1.0),
        }
    }
}

/// Adds one person's rows of one group.
fn contribute(spec: &BoundSpec, hash: &Hmac<Sha256>, totals: &mut Totals, rows: &[&[Option<f64>]]) {
    let counts = |mask: usize, row: &&&[Option<f64>]| match spec.masks.get(mask) {
        Some(Some(argument)) => row.get(*argument).is_some_and(Option::is_some),
        _ => true,
    };
    for (mask, persons) in totals.persons.iter_mut().enumerate() {
        *persons += i64::from(rows.iter().any(|row| counts(mask, &row)));
    }
    for (estimate, sums) in spec.estimates.iter().zip(&mut totals.sums) {
        let argument = spec.masks.get(estimate.mask).copied().flatten();
        let counted = rows.iter().filter(|row| counts(estimate.mask, row));
        let bounded = match estimate.measure {
            Measure::Persons => [i128::from(counted.count() > 0), 0],
            Measure::Rows => [(counted.count() as i128).min(most(estimate)), 0],
            Measure::Sum(clamp) => {
                let values = counted.filter_map(|row| fixed(*row.get(argument?)?, clamp));
                [bounded_sum(values, clamp, most(estimate)), 0]
            }
            Measure::Mean(clamp) => {
                let values = counted.filter_map(|row| fixed(*row.get(argument?)?, clamp));
                mean_rows(values.collect(), estimate, hash)
            }
        };
        for (sum, value) in sums.iter_mut().zip(bounded) {
            *sum += value;
        }
    }
}

fn most(estimate: &BoundEstimate) -> i128 {
    i128::from(estimate.rows_per_person)
}

/// The person's total, moved into what `rows` bounded rows can give.
fn bounded_sum(values: impl Iterator<Item = i64>, clamp: Clamp, rows: i128) -> i128 {
    let mut values = values.map(i128::from).peekable();
    if values.peek().is_none() {
        return 0;
    }
    let (low, high) = (i128::from(clamp.low()), i128::from(clamp.high()));
    values
        .sum::<i128>()
        .max(low.min(low * rows))
        .min(high.max(high * rows))
}

/// Number and sum of at most `rows_per_person` rows, by the smallest keyed hash of their values:
/// rows of one value are interchangeable, so a tie cannot tell which was cut.
fn mean_rows(mut values: Vec<i64>, estimate: &BoundEstimate, hash: &Hmac<Sha256>) -> [i128; 2] {
    let most = usize::try_from(estimate.rows_per_person).unwrap_or(usize::MAX);
    if values.len() > most {
        values.sort_by_cached_key(|value| keyed(hash, &value.to_be_bytes()));
        values.truncate(most);
    }
    [
        values.len() as i128,
        values.iter().copied().map(i128::from).sum(),
    ]
}

fn keyed(hash: &Hmac<Sha256>, value: &[u8]) -> [u8; 32] {
    hash.clone()
        .chain_update(value)
        .finalize()
        .into_bytes()
        .into()
}

/// The number in units of the clamp's scale, half to even, saturating, clamped.
fn fixed(value: Option<f64>, clamp: Clamp) -> Option<i64> {
    let units = (value? * 10f64.powi(i32::from(clamp.scale()))).round_ties_even();
    #[allow(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and the clamp follows"
    )]
    let units = units as i64;
    Some(units.clamp(clamp.low(), clamp.high()))
}
