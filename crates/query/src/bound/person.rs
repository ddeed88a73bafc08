//! The rows of the person at hand: brought together by group, and the groups that are kept.

use super::lot::{Lot, Name, Rank, start};

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
    draws: Vec<Rank<usize>>,
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

    /// Leaves at most so many groups: those whose values have the smallest keyed hashes beside the
    /// person, so that no group is the first to go for everybody.
    pub(super) fn keep(&mut self, most: usize, names: &[Name], lot: &Lot) {
        if self.runs.len() <= most {
            return;
        }
        let name = |place: usize| self.runs.get(place).and_then(|run| names.get(run.group));
        let drawn = (0..self.runs.len()).map(|place| {
            let name = name(place).copied().unwrap_or_default();
            lot.draw(self.id, start(&name), 0, place)
        });
        self.draws.clear();
        self.draws.extend(drawn);
        let order = |a: &Rank<usize>, b: &Rank<usize>| {
            a.0.cmp(&b.0).then_with(|| name(a.1).cmp(&name(b.1)))
        };
        self.draws.select_nth_unstable_by(most, order);
        let kept = self.draws.iter().take(most);
        let kept: Vec<Run> = kept
            .filter_map(|(_, place)| self.runs.get(*place).copied())
            .collect();
        self.runs = kept;
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
        let groups =
            3 * self.runs.capacity() + 2 * self.draws.capacity() + 2 * self.slots.capacity();
        let arguments: usize = self.arguments.iter().map(Vec::capacity).sum();
        8 * (rows + groups + arguments)
    }
}
