//! The pass itself: rows of one person are gathered, bounded, and added to the groups' totals.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{filter_record_batch, is_not_null};
use arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::{Result, internal_err};
use datafusion::execution::memory_pool::MemoryReservation;

use super::BoundSpec;
use super::distinct::Distinct;
use super::exec::ReleaseKey;
use super::groups::Groups;
use super::lot::Lot;
use super::person::Person;
use super::term::{Argument, Contribution, Term};

/// What one partition's rows come to.
pub(super) struct Folded {
    pub(super) batch: RecordBatch,
    /// The first and the last person, where there is one.
    pub(super) persons: Option<(i64, i64)>,
}

pub(super) struct Fold {
    spec: Arc<BoundSpec>,
    terms: Vec<Term>,
    schema: SchemaRef,
    lot: Lot,
    groups: Groups,
    distinct: Distinct,
    person: Person,
    first: Option<i64>,
    memory: MemoryReservation,
}

impl Fold {
    pub(super) fn new(
        spec: Arc<BoundSpec>,
        schema: SchemaRef,
        key: &ReleaseKey,
        memory: MemoryReservation,
    ) -> Result<Self> {
        let terms = spec.estimates.iter().map(Term::of);
        let arguments = spec.counted.len();
        Ok(Self {
            terms: terms.collect(),
            distinct: Distinct::default(),
            groups: Groups::new(&spec, &schema)?,
            spec,
            schema,
            lot: Lot::new(key)?,
            person: Person::new(arguments),
            first: None,
            memory,
        })
    }

    /// Takes the next rows, which must go on in person order. Rows without a person are dropped.
    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        if batch.column(0).null_count() > 0 {
            let carried = filter_record_batch(batch, &is_not_null(batch.column(0))?)?;
            return self.push(&carried);
        }
        let persons = batch.column(0).as_primitive::<Int64Type>().values();
        let first_argument = 1 + self.spec.keys;
        let (keys, rest) = batch.columns().split_at(first_argument);
        let groups = self
            .groups
            .of(keys.get(1..).unwrap_or(&[]), &self.lot, persons.len())?;
        let rest = self.distinct.number(rest, &self.spec.counted, &self.lot)?;
        let arguments: Vec<Argument<'_>> = rest.iter().map(Argument::of).collect::<Result<_>>()?;
        let mut start = 0;
        for run in persons.chunk_by(|a, b| a == b) {
            let end = start + run.len();
            self.turn_to(run.first().copied().unwrap_or_default())?;
            let rows = groups.get(start..end).unwrap_or_default();
            self.person.groups.extend_from_slice(rows);
            for (to, from) in self.person.arguments.iter_mut().zip(&arguments) {
                from.append(start..end, to);
            }
            start = end;
        }
        self.memory
            .try_resize(self.groups.size() + self.person.size() + self.distinct.size())
    }

    /// The bounded totals of every group to which a bounded contribution was made.
    pub(super) fn finish(mut self) -> Result<Folded> {
        self.settle();
        self.distinct.count(&mut self.groups);
        let persons = self.first.map(|first| (first, self.person.id));
        let batch = self.groups.batch(&self.schema)?;
        Ok(Folded { batch, persons })
    }

    fn turn_to(&mut self, person: i64) -> Result<()> {
        match (self.first, person.cmp(&self.person.id)) {
            (None, _) => self.first = Some(person),
            (Some(_), Ordering::Equal) => return Ok(()),
            (Some(_), Ordering::Less) => return internal_err!("rows do not come in person order"),
            (Some(_), Ordering::Greater) => self.settle(),
        }
        self.person.id = person;
        Ok(())
    }

    /// Adds the bounded contribution of the person whose rows were gathered, and forgets them.
    fn settle(&mut self) {
        self.person.gather(self.groups.names().len());
        let most = usize::try_from(self.spec.groups_per_person).unwrap_or(usize::MAX);
        self.person.keep(most, self.groups.names(), &self.lot);
        let id = self.person.id;
        for run in &self.person.runs {
            let contribution = Contribution {
                rows: self
                    .person
                    .order
                    .get(run.start..run.end)
                    .unwrap_or_default(),
                arguments: &self.person.arguments,
                masks: &self.spec.masks,
            };
            for (mask, persons) in self.groups.persons_of(run.group).iter_mut().enumerate() {
                *persons += i64::from(contribution.has(mask));
            }
            let mut sums = self.groups.sums_of(run.group);
            let mut place = 0;
            for term in &self.terms {
                let (own, rest) = sums.split_at_mut(term.numbers.min(sums.len()));
                match term.counts_values() {
                    true => {
                        let names = self.distinct.names(term, &self.spec.masks);
                        let values = term.different(&contribution, id, &self.lot, names);
                        self.distinct.add((run.group, place), values);
                    }
                    false => term.add(&contribution, id, &self.lot, own),
                }
                place += own.len();
                sums = rest;
            }
        }
        self.person.forget();
    }
}
