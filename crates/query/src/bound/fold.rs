//! The pass itself: rows of one person are gathered, bounded, and added to the groups' totals.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::{filter_record_batch, is_not_null};
use arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::common::{Result, internal_err};
use datafusion::execution::memory_pool::MemoryReservation;
use lazaret_disclosure::Measure;

use super::BoundSpec;
use super::distinct::Distinct;
use super::exec::ReleaseKey;
use super::groups::Groups;
use super::lot::Lot;
use super::person::Person;
use super::tally::Tally;
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
    rows: Rows,
    /// The first and the last person so far.
    persons: Option<(i64, i64)>,
    memory: MemoryReservation,
}

/// What is held of a person until all rows are there.
enum Rows {
    /// The rows, of which some may have to be chosen.
    Kept(Person, Distinct),
    /// Counts and sums.
    Tallied(Tally),
}

impl Fold {
    pub(super) fn new(
        spec: Arc<BoundSpec>,
        schema: SchemaRef,
        key: &ReleaseKey,
        memory: MemoryReservation,
    ) -> Result<Self> {
        let terms = spec.estimates.iter().map(Term::of);
        let rows = match Tally::suffices(&spec) {
            true => Rows::Tallied(Tally::new(&spec)),
            false => Rows::Kept(Person::new(spec.counted.len()), Distinct::default()),
        };
        Ok(Self {
            terms: terms.collect(),
            groups: Groups::new(&spec, &schema)?,
            spec,
            schema,
            lot: Lot::new(key)?,
            rows,
            persons: None,
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
        let numbered = match &mut self.rows {
            Rows::Kept(_, distinct) => distinct.number(rest, &self.spec.counted, &self.lot)?,
            Rows::Tallied(_) => rest.to_vec(),
        };
        let arguments = numbered.iter().map(Argument::of);
        let arguments: Vec<Argument<'_>> = arguments.collect::<Result<_>>()?;
        let mut start = 0;
        for run in persons.chunk_by(|a, b| a == b) {
            let (id, end) = (run.first().copied().unwrap_or_default(), start + run.len());
            self.turn_to(id)?;
            let own = groups.get(start..end).unwrap_or_default();
            match &mut self.rows {
                Rows::Tallied(tally) => tally.rows(own),
                Rows::Kept(person, _) => person.push(own, start..end, &arguments),
            }
            start = end;
        }
        if let Rows::Tallied(tally) = &mut self.rows {
            tally.add(&arguments);
            tally.settle(&self.spec, &self.terms, &mut self.groups, &self.lot, false);
        }
        let rows = match &self.rows {
            Rows::Kept(person, distinct) => person.size() + distinct.size(),
            Rows::Tallied(tally) => tally.size(),
        };
        self.memory.try_resize(self.groups.size() + rows)
    }

    /// The bounded totals of every group to which a bounded contribution was made.
    pub(super) fn finish(mut self) -> Result<Folded> {
        self.settle();
        match &mut self.rows {
            Rows::Kept(_, distinct) => distinct.count(&mut self.groups),
            Rows::Tallied(tally) => {
                tally.settle(&self.spec, &self.terms, &mut self.groups, &self.lot, true);
            }
        }
        let batch = self.groups.batch(&self.schema)?;
        let persons = self.persons;
        Ok(Folded { batch, persons })
    }

    fn turn_to(&mut self, id: i64) -> Result<()> {
        let (first, last) = self.persons.unwrap_or((id, id));
        match (self.persons, id.cmp(&last)) {
            (Some(_), Ordering::Equal) => return Ok(()),
            (_, Ordering::Less) => return internal_err!("rows do not come in person order"),
            _ => self.settle(),
        }
        self.persons = Some((first, id));
        match &mut self.rows {
            Rows::Kept(person, _) => person.id = id,
            Rows::Tallied(tally) => tally.turn_to(id),
        }
        Ok(())
    }

    /// Adds the bounded contribution of the person whose rows were gathered, and forgets them.
    fn settle(&mut self) {
        let Rows::Kept(person, distinct) = &mut self.rows else {
            return;
        };
        person.gather(self.groups.names().len());
        let most = usize::try_from(self.spec.groups_per_person).unwrap_or(usize::MAX);
        person.keep(most, self.groups.names(), &self.lot);
        for run in &person.runs {
            let contribution = Contribution {
                rows: person.order.get(run.start..run.end).unwrap_or_default(),
                arguments: &person.arguments,
                masks: &self.spec.masks,
            };
            for (mask, persons) in self.groups.persons_of(run.group).iter_mut().enumerate() {
                *persons += i64::from(contribution.has(mask));
            }
            let mut sums = self.groups.sums_of(run.group);
            let mut place = 0;
            for term in &self.terms {
                let (own, rest) = sums.split_at_mut(term.numbers.min(sums.len()));
                if term.measure == Measure::Distinct {
                    let names = distinct.names(term, &self.spec.masks);
                    let values = term.different(&contribution, person.id, &self.lot, names);
                    distinct.add((run.group, place), values);
                } else {
                    term.add(&contribution, person.id, &self.lot, own);
                }
                place += own.len();
                sums = rest;
            }
        }
        person.forget();
    }
}
