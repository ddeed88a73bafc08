//! The rows of the person at hand: brought together by group, and the groups that are kept.

use std::ops::Range;

use super::lot::{Draws, Lot, Name};
use super::term::Argument;

/// The rows of one person: their group, and column by column their arguments. An argument that is
/// absent is NaN.
#[derive(Default)]
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) groups: Vec<usize>,
    pub(super) arguments: Vec<Vec<f64>>,
    /// The rows group by group, and the groups; used again.
    pub(super) order: Vec<usize>,
    pub(super) runs: Vec<Run>,
    draws: Draws,
    /// By group: for which person it was met last, and where in the runs it stands.
    slots: Vec<(u64, usize)>,
    /// Persons so far.
    count: u64,
}

/// A person's rows of one group: where they stand in the order.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) group: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Person {
    /// Nobody yet; rows will have so many arguments.
    pub(super) fn new(arguments: usize) -> Self {
        Self {
            arguments: vec![Vec::new(); arguments],
            ..Self::default()
        }
    }

    /// Takes rows with their groups.
    pub(super) fn push(
        &mut self,
        groups: &[usize],
        rows: Range<usize>,
        arguments: &[Argument<'_>],
    ) {
        self.groups.extend_from_slice(groups);
        for (to, from) in self.arguments.iter_mut().zip(arguments) {
            from.append(rows.clone(), to);
        }
    }

    /// Brings the rows together group by group. Rows of one group are a multiset: nothing depends
    /// on their order.
    pub(super) fn gather(&mut self, groups: usize) {
        self.count += 1;
        self.slots.resize(groups, (0, 0));
        self.runs.clear();
        for group in &self.groups {
            let Some((met, place)) = self.slots.get_mut(*group) else {
                continue;
            };
            if *met != self.count {
                (*met, *place) = (self.count, self.runs.len());
                self.runs.push(Run {
                    group: *group,
                    start: 0,
                    end: 0,
                });
            }
            if let Some(run) = self.runs.get_mut(*place) {
                run.end += 1;
            }
        }
        let mut start = 0;
        for run in &mut self.runs {
            let rows = run.end;
            (run.start, run.end) = (start, start);
            start += rows;
        }
        self.order.resize(self.groups.len(), 0);
        for (row, group) in self.groups.iter().enumerate() {
            let place = self.slots.get(*group).map(|(_, place)| *place);
            if let Some(run) = place.and_then(|place| self.runs.get_mut(place)) {
                if let Some(to) = self.order.get_mut(run.end) {
                    *to = row;
                }
                run.end += 1;
            }
        }
    }

    /// Leaves at most so many groups.
    pub(super) fn keep(&mut self, most: usize, names: &[Name], lot: &Lot) {
        if self.runs.len() <= most {
            return;
        }
        let groups = self.runs.iter().map(|run| run.group);
        let kept = self.draws.keep(self.id, groups, most, names, lot);
        let kept = kept
            .iter()
            .filter_map(|(_, place)| self.runs.get(*place).copied());
        self.runs = kept.collect();
    }

    pub(super) fn forget(&mut self) {
        self.groups.clear();
        for argument in &mut self.arguments {
            argument.clear();
        }
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        let rows = self.groups.capacity() + self.order.capacity();
        let groups = 3 * self.runs.capacity() + 2 * self.slots.capacity();
        let arguments: usize = self.arguments.iter().map(Vec::capacity).sum();
        8 * (rows + groups + arguments) + self.draws.size()
    }
}
