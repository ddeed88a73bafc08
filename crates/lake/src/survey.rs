//! One pass over the key columns of the files that stand: which of them the night meets, and whose
//! rows they hold.

use std::collections::HashSet;
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::ObjectStore;

use crate::file::{self, Columns, Keys};
use crate::spill::{Parts, part_of};
use crate::trace::Trace;
use crate::{FileState, LakeError};

/// What stands, as far as the night has to know.
#[derive(Default)]
pub(crate) struct Survey {
    /// Everybody who has rows that stand.
    pub(crate) persons: Persons,
    /// Paths of files with rows of resources that the night may touch.
    pub(crate) met: HashSet<String>,
    /// Paths of files in which somebody has more than one row.
    pub(crate) repeated: HashSet<String>,
}

impl Survey {
    /// Reads the key columns of a file; what stands of resources in `filter` becomes a trace.
    pub(crate) async fn read(
        &mut self,
        store: &Arc<dyn ObjectStore>,
        file: &FileState,
        filter: &Filter,
        traces: &mut Parts<Trace>,
    ) -> Result<(), LakeError> {
        let mut batches = file::read(store, file, Columns::Keys, None).await?;
        let (mut last, mut person) = (None, None);
        while let Some(batch) = batches.try_next().await? {
            let keys = Keys::of(&batch)
                .ok_or_else(|| LakeError::damaged(&file.path, "its key columns are missing"))?;
            let cells = keys.person.iter().zip(keys.resource).zip(keys.updated);
            for ((of, resource), updated) in cells {
                if person.replace(*of) == Some(*of) {
                    if !self.repeated.contains(&file.path) {
                        self.repeated.insert(file.path.clone());
                    }
                } else {
                    self.persons.add(*of);
                }
                // The rows of a resource follow each other, and were published together.
                if last.replace(*resource) != Some(*resource) && filter.may_have(*resource) {
                    let trace = Trace::standing(*resource, *updated, *of);
                    traces.push(part_of(*resource), trace)?;
                    if !self.met.contains(&file.path) {
                        self.met.insert(file.path.clone());
                    }
                }
            }
        }
        Ok(())
    }
}

/// Different persons. Eight bytes each.
#[derive(Default)]
pub(crate) struct Persons {
    all: Vec<i64>,
    /// How many of them are sorted and different.
    settled: usize,
}

/// Persons that may come before they are sorted in.
const UNSETTLED: usize = 1 << 16;

impl Persons {
    /// Adds somebody, who may be there already.
    pub(crate) fn add(&mut self, person: i64) {
        if self.all.get(self.settled..).and_then(<[i64]>::last) == Some(&person) {
            return;
        }
        self.all.push(person);
        if self.all.len() > 2 * self.settled + UNSETTLED {
            self.settle();
        }
    }

    /// Adds others.
    pub(crate) fn join(&mut self, other: Self) {
        self.all.extend(other.all);
        self.settle();
    }

    /// How many there are.
    pub(crate) fn count(&mut self) -> u64 {
        self.settle();
        self.all.len() as u64
    }

    fn settle(&mut self) {
        // Runs that are sorted already are merged, which is what the stable sort is good at.
        self.all.sort();
        self.all.dedup();
        self.settled = self.all.len();
    }
}

/// A Bloom filter of resources. Their numbers are keyed hashes, so their bits are the hash.
pub(crate) struct Filter {
    bits: Vec<u64>,
}

/// Bits for each resource, and how many of them it sets: one in about 120 others gets through.
const FILTER_BITS: usize = 10;
const FILTER_SET: usize = 4;

impl Filter {
    /// The filter of all resources that have a trace.
    pub(crate) fn of(traces: &Parts<Trace>, count: usize) -> Result<Self, LakeError> {
        let words = (count * FILTER_BITS / 64 + 1).next_power_of_two();
        let mut filter = Self {
            bits: vec![0; words],
        };
        traces.each(|trace| {
            for (word, bit) in filter.places(trace.resource) {
                if let Some(word) = filter.bits.get_mut(word) {
                    *word |= bit;
                }
            }
        })?;
        Ok(filter)
    }

    /// Whether a resource may have a trace; never wrong when it says no.
    pub(crate) fn may_have(&self, resource: i64) -> bool {
        let set = |(word, bit): (usize, u64)| self.bits.get(word).is_some_and(|w| w & bit != 0);
        self.places(resource).into_iter().all(set)
    }

    fn places(&self, resource: i64) -> [(usize, u64); FILTER_SET] {
        let spread = resource.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mask = self.bits.len() as u64 * 64 - 1;
        let step = (spread >> 32) | 1;
        std::array::from_fn(|turn| {
            let place = spread.wrapping_add(step.wrapping_mul(turn as u64)) & mask;
            let word = usize::try_from(place / 64).unwrap_or_default();
            (word, 1 << (place % 64))
        })
    }
}
