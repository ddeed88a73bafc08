//! The bound operator: what one person can change in an answer, and no more.
//!
//! It stands between the records and every release. Its input carries the person first, in person
//! order, then the group keys, then the arguments of the aggregates; its output is one row a
//! group: how many persons stand behind each number, and the bounded sums.
//!
//! # Why it bounds
//! Everything done to a person's rows is a function of these rows as a multiset, and of a key
//! that is drawn for the release: which groups are kept (the smallest keyed hashes of the person
//! and the groups' values), which rows an average keeps (the smallest keyed hashes of the person
//! and the values themselves, so that equal rows are interchangeable), and clamps. Neither other
//! persons, nor the order or partition of rows, nor a dictionary code takes part. So removing a
//! person removes that person's bounded contribution and changes nothing else: at most
//! `groups_per_person` groups, in each at most one person, `rows_per_person` rows and that many
//! times the clamp. A group in which no bounded contribution is left is not in the output, else
//! its being there would be unbounded.

mod cap;
mod distinct;
mod exec;
mod fold;
mod groups;
mod lot;
mod node;
mod person;
mod tally;
mod term;

use std::collections::BTreeSet;
use std::sync::Arc;

use lazaret_disclosure::Measure;

pub(crate) use cap::Cap;
pub(crate) use exec::{ReleaseKey, person_order};
pub(crate) use node::{Bound, BoundPlanner, OnePartition, keeps_ranges};

/// What a value outside a declared value set becomes.
pub(crate) const OTHER: &str = "other";

/// One number of the release, as the operator computes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundEstimate {
    pub(crate) measure: Measure,
    /// Which mask says that a row counts: an index into [`BoundSpec::masks`].
    pub(crate) mask: usize,
    /// Rows a person may bring to a group.
    pub(crate) rows_per_person: u32,
}

/// What the operator does to its input.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BoundSpec {
    /// How many columns after the person are group keys; the rest are arguments.
    pub(crate) keys: usize,
    /// For each key with a declared value set, that set: what is not in it is [`OTHER`].
    pub(crate) declared: Vec<Option<Arc<BTreeSet<String>>>>,
    /// Per mask: the argument whose presence makes a row count, or every row.
    pub(crate) masks: Vec<Option<usize>>,
    /// For each argument: whether its values are counted, not added up.
    pub(crate) counted: Vec<bool>,
    pub(crate) estimates: Vec<BoundEstimate>,
    pub(crate) groups_per_person: u32,
}

impl BoundSpec {
    /// How many sums a group has.
    fn width(&self) -> usize {
        let numbers = self
            .estimates
            .iter()
            .map(|estimate| estimate.measure.numbers());
        numbers.sum()
    }

    /// Whether the partitions' totals can be added up. Different values of two partitions may be
    /// the same ones.
    fn adds_up(&self) -> bool {
        let mut estimates = self.estimates.iter();
        estimates.all(|estimate| estimate.measure != Measure::Distinct)
    }
}
