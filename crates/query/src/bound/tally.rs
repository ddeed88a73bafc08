//! Adding up where no row has to be chosen: counts and sums of each person's groups, in one pass.
//!
//! A [`Cell`] is one person in one group. A batch's rows are first given their cells, then each
//! count and each sum goes over the rows once, and at the end the cells of persons who are complete
//! are bounded and added to the groups. The last person of a batch may go on in the next.

use arrow::array::{Array, BooleanArray, Float64Array};
use lazaret_disclosure::Measure;
use lazaret_model::Clamp;

use super::BoundSpec;
use super::groups::Groups;
use super::lot::{Draws, Lot};
use super::term::{Argument, Term, moved};
use crate::functions::in_units;

/// A person in a group.
#[derive(Clone, Copy)]
struct Cell {
    group: usize,
    rows: i64,
}

/// The totals of the persons at hand.
pub(super) struct Tally {
    /// By group: in whose turn it was met last, and its cell.
    slots: Vec<(u64, usize)>,
    turn: u64,
    /// The persons, and where their cells begin.
    persons: Vec<(i64, usize)>,
    cells: Vec<Cell>,
    /// Of each row of the batch; short, so that a batch's stay near the processor.
    places: Vec<u32>,
    /// By argument and cell: rows in which it is there.
    present: Vec<Vec<i64>>,
    /// By sum and cell.
    sums: Vec<Vec<i128>>,
    /// Which argument each sum is of, and its bounds.
    added: Vec<(usize, Clamp)>,
    draws: Draws,
}

impl Tally {
    /// Whether everything that is asked can be told from counts and sums alone.
    pub(super) fn suffices(spec: &BoundSpec) -> bool {
        let simple =
            |measure| matches!(measure, Measure::Persons | Measure::Rows | Measure::Sum(_));
        spec.estimates
            .iter()
            .all(|estimate| simple(estimate.measure))
    }

    pub(super) fn new(spec: &BoundSpec) -> Self {
        let sums = spec
            .estimates
            .iter()
            .filter_map(|estimate| match estimate.measure {
                Measure::Sum(clamp) => Some((spec.masks.get(estimate.mask).copied()??, clamp)),
                _ => None,
            });
        let added: Vec<_> = sums.collect();
        Self {
            slots: Vec::new(),
            turn: 0,
            persons: Vec::new(),
            cells: Vec::new(),
            places: Vec::new(),
            present: vec![Vec::new(); spec.counted.len()],
            sums: vec![Vec::new(); added.len()],
            added,
            draws: Draws::default(),
        }
    }

    /// Begins a person.
    pub(super) fn turn_to(&mut self, person: i64) {
        self.turn += 1;
        self.persons.push((person, self.cells.len()));
    }

    /// The next rows of the person at hand, by their groups.
    pub(super) fn rows(&mut self, groups: &[usize]) {
        for group in groups {
            if self.slots.len() <= *group {
                self.slots.resize(*group + 1, (0, 0));
            }
            let Some(slot) = self.slots.get_mut(*group) else {
                continue;
            };
            if slot.0 != self.turn {
                *slot = (self.turn, self.cells.len());
                self.cells.push(Cell {
                    group: *group,
                    rows: 0,
                });
            }
            if let Some(cell) = self.cells.get_mut(slot.1) {
                cell.rows += 1;
            }
            // Cells of a batch and of one person more, of whom there is one a group.
            #[allow(clippy::cast_possible_truncation, reason = "fewer than 2^32 cells")]
            self.places.push(slot.1 as u32);
        }
    }

    /// Adds up the arguments of the rows that were given their cells.
    pub(super) fn add(&mut self, arguments: &[Argument<'_>]) {
        for (counts, argument) in self.present.iter_mut().zip(arguments) {
            counts.resize(self.cells.len(), 0);
            match argument {
                Argument::Number(numbers) => {
                    each_number(&self.places, numbers, counts, |count, _| *count += 1);
                }
                Argument::Present(there) => count_there(counts, &self.places, there),
            }
        }
        for (sums, (argument, clamp)) in self.sums.iter_mut().zip(&self.added) {
            sums.resize(self.cells.len(), 0);
            if let Some(Argument::Number(numbers)) = arguments.get(*argument) {
                let per_one = 10f64.powi(i32::from(clamp.scale()));
                each_number(&self.places, numbers, sums, |sum, value| {
                    *sum += i128::from(in_units(value, per_one, *clamp));
                });
            }
        }
        self.places.clear();
    }

    /// Bounds the persons who are complete and adds them to the groups; all of them at the end.
    pub(super) fn settle(
        &mut self,
        spec: &BoundSpec,
        terms: &[Term],
        groups: &mut Groups,
        lot: &Lot,
        all: bool,
    ) {
        let most = usize::try_from(spec.groups_per_person).unwrap_or(usize::MAX);
        let complete = self.persons.len().saturating_sub(usize::from(!all));
        for at in 0..complete {
            let Some(&(person, start)) = self.persons.get(at) else {
                continue;
            };
            let end = self
                .persons
                .get(at + 1)
                .map_or(self.cells.len(), |next| next.1);
            if end - start <= most {
                (start..end).for_each(|cell| self.put(cell, spec, terms, groups));
                continue;
            }
            let mut draws = std::mem::take(&mut self.draws);
            let cells = self.cells.get(start..end).unwrap_or_default();
            let own = cells.iter().map(|cell| cell.group);
            for (_, place) in draws.keep(person, own, most, groups.names(), lot) {
                self.put(start + place, spec, terms, groups);
            }
            self.draws = draws;
        }
        self.forget(complete);
    }

    /// Adds a cell to its group.
    fn put(&self, at: usize, spec: &BoundSpec, terms: &[Term], groups: &mut Groups) {
        let Some(cell) = self.cells.get(at) else {
            return;
        };
        let rows = |mask: usize| match spec.masks.get(mask).copied().flatten() {
            None => cell.rows,
            Some(argument) => {
                let counts = self.present.get(argument).and_then(|counts| counts.get(at));
                counts.copied().unwrap_or(0)
            }
        };
        for (mask, persons) in groups.persons_of(cell.group).iter_mut().enumerate() {
            *persons += i64::from(rows(mask) > 0);
        }
        let mut sums = self.sums.iter();
        for (term, to) in terms.iter().zip(groups.sums_of(cell.group)) {
            let rows = rows(term.mask);
            *to += match term.measure {
                Measure::Persons => i128::from(rows > 0),
                Measure::Rows => i128::from(rows).min(term.rows as i128),
                Measure::Sum(clamp) => {
                    let sum = sums
                        .next()
                        .and_then(|sums| sums.get(at))
                        .copied()
                        .unwrap_or(0);
                    if rows > 0 {
                        moved(sum, clamp, term.rows)
                    } else {
                        0
                    }
                }
                _ => 0,
            };
        }
    }

    /// Leaves the persons from `complete` on, of whom there is one at most.
    fn forget(&mut self, complete: usize) {
        let first = self
            .persons
            .get(complete)
            .map_or(self.cells.len(), |person| person.1);
        self.cells.drain(..first);
        for counts in &mut self.present {
            counts.drain(..first.min(counts.len()));
        }
        for sums in &mut self.sums {
            sums.drain(..first.min(sums.len()));
        }
        self.persons.drain(..complete);
        self.turn += 1;
        for (_, start) in &mut self.persons {
            *start = 0;
        }
        for (at, cell) in self.cells.iter().enumerate() {
            if let Some(slot) = self.slots.get_mut(cell.group) {
                *slot = (self.turn, at);
            }
        }
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        let present: usize = self.present.iter().map(Vec::capacity).sum();
        let sums: usize = self.sums.iter().map(Vec::capacity).sum();
        16 * (self.slots.capacity() + self.persons.capacity() + self.cells.capacity() + sums)
            + 4 * self.places.capacity()
            + 8 * present
    }
}

fn count_there(counts: &mut [i64], places: &[u32], there: &BooleanArray) {
    for (row, place) in (0..there.len()).zip(places) {
        if let Some(count) = counts.get_mut(*place as usize) {
            *count += i64::from(there.is_valid(row) && there.value(row));
        }
    }
}

/// Each number that is there, with the total of its row's cell.
fn each_number<T>(
    places: &[u32],
    numbers: &Float64Array,
    totals: &mut [T],
    mut add: impl FnMut(&mut T, f64),
) {
    let mut one = |value: f64, place: u32| {
        if !value.is_nan()
            && let Some(total) = totals.get_mut(place as usize)
        {
            add(total, value);
        }
    };
    let values = numbers.values().iter().zip(places);
    match numbers.nulls() {
        None => values.for_each(|(value, place)| one(*value, *place)),
        Some(nulls) => {
            let there = values.zip(nulls).filter(|(_, there)| *there);
            there.for_each(|((value, place), _)| one(*value, *place));
        }
    }
}
