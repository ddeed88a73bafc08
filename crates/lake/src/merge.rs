//! What becomes of each touched resource: which version wins, and whether it is new, changed,
//! unchanged or stale.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::file::Keys;
use crate::night::{Night, Pending};
use crate::{Counts, LakeError};

/// The touched and deleted resources of a night, each with what is known of it.
pub(crate) struct Slots {
    index: HashMap<i64, u32, BuildHasherDefault<Spread>>,
    slots: Vec<Slot>,
    duplicates: u64,
}

/// One resource.
#[derive(Default)]
pub(crate) struct Slot {
    update: Option<Update>,
    deleted: bool,
    fresh: bool,
    standing: Option<i64>,
    differs: bool,
}

/// The version of a resource that wins within the night.
struct Update {
    updated: i64,
    round: u32,
    /// How often that version was touched.
    touches: u32,
}

/// What an update does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Nothing,
    New,
    Changed,
    Unchanged,
    Stale,
}

/// A row of the version that wins: its resource's slot, its number and its place in the night.
#[derive(Clone, Copy)]
pub(crate) struct Fresh {
    pub(crate) slot: u32,
    pub(crate) ordinal: i32,
    pub(crate) batch: usize,
    pub(crate) row: usize,
}

impl Slots {
    /// All touched and deleted resources of a night, with the version of each that wins.
    pub(crate) fn of(night: &Night) -> Result<Self, LakeError> {
        let expected = night.touches.len();
        let index = HashMap::with_capacity_and_hasher(expected, BuildHasherDefault::default());
        let mut slots = Self {
            index,
            slots: Vec::with_capacity(expected),
            duplicates: 0,
        };
        for touch in &night.touches {
            let slot = slots.open(touch.resource)?;
            let repeated = slot.update.is_some();
            slot.offer(touch.updated, touch.round, 1);
            slots.duplicates += u64::from(repeated);
        }
        for pending in &night.tables {
            for (round, batch) in pending.rounds.iter().zip(&pending.batches) {
                let keys = Keys::of(batch).ok_or_else(|| pending.keyless())?;
                for (resource, updated) in keys.resource.iter().zip(keys.updated) {
                    slots.open(*resource)?.offer(*updated, *round, 0);
                }
            }
        }
        for resource in &night.deleted {
            slots.open(*resource)?.deleted = true;
        }
        Ok(slots)
    }

    /// The slot of a resource that the night touches or deletes.
    pub(crate) fn find(&self, resource: i64) -> Option<u32> {
        self.index.get(&resource).copied()
    }

    /// Takes note of a standing row.
    pub(crate) fn stands(&mut self, slot: u32, updated: i64) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.standing = slot.standing.max(Some(updated));
        }
    }

    /// Takes note that some row of an update is not among those that stand, or the reverse.
    pub(crate) fn differs(&mut self, slot: u32) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.differs = true;
        }
    }

    /// Whether there is an update to compare with what stands.
    pub(crate) fn is_updated(&self, slot: u32) -> bool {
        self.get(slot).is_some_and(|slot| slot.update.is_some())
    }

    /// Whether the rows that stand go.
    pub(crate) fn is_masked(&self, slot: u32) -> bool {
        self.get(slot).is_some_and(|slot| {
            slot.standing.is_some() && (slot.deleted || slot.verdict() == Verdict::Changed)
        })
    }

    /// Whether the rows of the update come.
    pub(crate) fn is_applied(&self, slot: u32) -> bool {
        self.get(slot).is_some_and(|slot| {
            !slot.deleted && matches!(slot.verdict(), Verdict::New | Verdict::Changed)
        })
    }

    /// The winning rows of one table, in the order they came.
    pub(crate) fn fresh(&mut self, pending: &Pending) -> Result<Vec<Fresh>, LakeError> {
        let mut rows: Vec<Fresh> = Vec::new();
        // Of each resource: where its last run of rising numbers starts, and its last number.
        let mut runs = vec![(0_usize, -1_i32); self.slots.len()];
        let mut restarted = false;
        for (batch, (round, columns)) in pending.rounds.iter().zip(&pending.batches).enumerate() {
            let keys = Keys::of(columns).ok_or_else(|| pending.keyless())?;
            let cells = keys.resource.iter().zip(keys.updated).zip(keys.ordinal);
            for (row, ((resource, updated), ordinal)) in cells.enumerate() {
                let Some(id) = self.find(*resource) else {
                    continue;
                };
                let slot = self.slots.get_mut(id as usize);
                let Some((slot, run)) = slot.zip(runs.get_mut(id as usize)) else {
                    continue;
                };
                let Some(update) = &slot.update else { continue };
                if (update.updated, update.round) != (*updated, *round) {
                    continue;
                }
                if *ordinal <= run.1 {
                    if update.touches < 2 {
                        let reason = "a resource's rows are not numbered in rising order";
                        return Err(LakeError::mismatch(&pending.description.name, reason));
                    }
                    (run.0, restarted) = (rows.len(), true);
                }
                run.1 = *ordinal;
                slot.fresh = true;
                rows.push(Fresh {
                    slot: id,
                    ordinal: *ordinal,
                    batch,
                    row,
                });
            }
        }
        if restarted {
            let starts = |row: &Fresh| runs.get(row.slot as usize).map_or(0, |run| run.0);
            rows = rows
                .into_iter()
                .enumerate()
                .filter(|(at, row)| *at >= starts(row))
                .map(|(_, row)| row)
                .collect();
        }
        Ok(rows)
    }

    /// The night's resources, counted. Deletions come after the updates.
    pub(crate) fn counts(&self) -> Counts {
        let mut counts = Counts {
            duplicates: self.duplicates,
            ..Counts::default()
        };
        for slot in &self.slots {
            let stands = match slot.verdict() {
                Verdict::Nothing => slot.standing.is_some(),
                Verdict::New => {
                    counts.new += 1;
                    true
                }
                Verdict::Changed => {
                    counts.changed += 1;
                    slot.fresh
                }
                Verdict::Unchanged => {
                    counts.unchanged += 1;
                    true
                }
                Verdict::Stale => {
                    counts.stale += 1;
                    true
                }
            };
            if slot.deleted && stands {
                counts.deleted += 1;
            } else if slot.deleted {
                counts.unknown_deletions += 1;
            }
        }
        counts
    }

    fn get(&self, slot: u32) -> Option<&Slot> {
        self.slots.get(slot as usize)
    }

    fn open(&mut self, resource: i64) -> Result<&mut Slot, LakeError> {
        let next = u32::try_from(self.slots.len()).map_err(|source| {
            LakeError::storage("a night of over four billion resources", source)
        })?;
        let id = *self.index.entry(resource).or_insert(next);
        if id == next {
            self.slots.push(Slot::default());
        }
        let slot = self.slots.get_mut(id as usize);
        slot.ok_or_else(|| LakeError::storage("the index of resources", "it is inconsistent"))
    }
}

impl Slot {
    fn offer(&mut self, updated: i64, round: u32, touches: u32) {
        match &mut self.update {
            Some(best) if (best.updated, best.round) > (updated, round) => {}
            Some(best) if (best.updated, best.round) == (updated, round) => {
                best.touches += touches;
            }
            other => {
                *other = Some(Update {
                    updated,
                    round,
                    touches,
                })
            }
        }
    }

    fn verdict(&self) -> Verdict {
        match (&self.update, self.standing) {
            (None, _) => Verdict::Nothing,
            (Some(update), Some(standing)) if update.updated < standing => Verdict::Stale,
            (Some(_), Some(_)) if self.differs => Verdict::Changed,
            (Some(_), Some(_)) => Verdict::Unchanged,
            (Some(_), None) if self.fresh => Verdict::New,
            (Some(_), None) => Verdict::Nothing,
        }
    }
}

/// A hasher for numbers that are keyed hashes already: nobody outside can choose them.
#[derive(Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_i64(i64::from(*byte));
        }
    }

    fn write_i64(&mut self, number: i64) {
        self.0 = (self.0 ^ number.cast_unsigned()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
