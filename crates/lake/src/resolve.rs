//! What becomes of each touched or deleted resource: which version wins, and against what stands.

use crate::bucket::Cut;
use crate::spill::{Budget, Fixed, PARTS, Parts, Spill};
use crate::trace::{Kind, Trace};
use crate::{Counts, LakeError};
use std::sync::Arc;

/// What the rows of one resource in one bucket have to obey. A resource without a verdict is new,
/// was brought once and comes as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) resource: i64,
    pub(crate) bucket: u32,
    /// The version that wins within the night: its time and its round.
    pub(crate) version: (i64, u32),
    /// Rows of it stand somewhere.
    pub(crate) stands: bool,
    /// It is older than what stands: nothing of it comes, and nothing goes.
    pub(crate) stale: bool,
    /// Whatever comes or stands of it goes.
    pub(crate) deleted: bool,
    /// The night brings a version of it.
    pub(crate) updated: bool,
    /// The winning version came more than once in its round: its last run of numbers counts.
    pub(crate) repeated: bool,
}

impl Fixed for Verdict {
    const BYTES: usize = 25;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.resource.to_le_bytes());
        out.extend(self.version.0.to_le_bytes());
        out.extend(self.version.1.to_le_bytes());
        out.extend(self.bucket.to_le_bytes());
        let flags = [
            self.stands,
            self.stale,
            self.deleted,
            self.updated,
            self.repeated,
        ];
        let bits = flags.iter().enumerate();
        out.push(bits.fold(0, |byte, (bit, set)| byte | (u8::from(*set) << bit)));
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let long = |at: usize| Some(i64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let short = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let flags = *bytes.get(24)?;
        let flag = |bit: u8| flags & (1 << bit) != 0;
        Some(Self {
            resource: long(0)?,
            bucket: short(20)?,
            version: (long(8)?, short(16)?),
            stands: flag(0),
            stale: flag(1),
            deleted: flag(2),
            updated: flag(3),
            repeated: flag(4),
        })
    }
}

/// The verdicts by bucket, and what is counted already.
pub(crate) struct Resolved {
    verdicts: Parts<Verdict>,
    buckets: u32,
    pub(crate) counts: Counts,
    /// Updated resources of which rows stand: each is changed or unchanged.
    pub(crate) compared: u64,
}

impl Resolved {
    /// Decides about every resource that has a trace.
    pub(crate) fn of(
        traces: &Parts<Trace>,
        cut: Cut,
        spill: Arc<Spill>,
        budget: Budget,
    ) -> Result<Self, LakeError> {
        let mut resolved = Self {
            verdicts: Parts::new(spill, budget.records),
            buckets: cut.count(),
            counts: Counts::default(),
            compared: 0,
        };
        for part in 0..PARTS {
            let mut all = traces.load(part)?;
            all.sort_unstable_by_key(|trace| trace.resource);
            for traces in all.chunk_by(|a, b| a.resource == b.resource) {
                resolved.resource(traces, cut)?;
            }
        }
        Ok(resolved)
    }

    /// The verdicts of one bucket, in order of resources.
    pub(crate) fn bucket(&self, bucket: u32) -> Result<Vec<Verdict>, LakeError> {
        let mut verdicts = self.verdicts.load(part(bucket, self.buckets))?;
        verdicts.retain(|verdict| verdict.bucket == bucket);
        verdicts.sort_unstable_by_key(|verdict| verdict.resource);
        Ok(verdicts)
    }

    fn resource(&mut self, traces: &[Trace], cut: Cut) -> Result<(), LakeError> {
        let Some(resource) = traces.first().map(|trace| trace.resource) else {
            return Ok(());
        };
        let of = |kind| traces.iter().filter(move |trace| trace.kind == kind);
        let version = |trace: &Trace| (trace.updated, trace.round);
        let winner = of(Kind::Update).map(version).max();
        let wins = |trace: &&Trace| Some(version(trace)) == winner;
        let touches = of(Kind::Update).map(|trace| u64::from(trace.touches));
        let standing = of(Kind::Standing).map(|trace| trace.updated).max();
        let deleted = of(Kind::Deletion).next().is_some();
        let fresh = of(Kind::Update)
            .filter(wins)
            .any(|trace| trace.person().is_some());
        let often: u64 = of(Kind::Update)
            .filter(wins)
            .map(|trace| u64::from(trace.touches))
            .sum();
        let stale = winner
            .zip(standing)
            .is_some_and(|(winner, standing)| winner.0 < standing);
        self.counts.duplicates += touches.sum::<u64>().saturating_sub(1);
        let stays = match (winner, standing) {
            (Some(_), Some(_)) if stale => {
                self.counts.stale += 1;
                true
            }
            // Changed or unchanged, which the rows decide: it stands if anything of it comes.
            (Some(_), Some(_)) => {
                self.compared += 1;
                fresh
            }
            (Some(_), None) => {
                self.counts.new += u64::from(fresh);
                fresh
            }
            (None, standing) => standing.is_some(),
        };
        match deleted {
            true if stays => self.counts.deleted += 1,
            true => self.counts.unknown_deletions += 1,
            false => {}
        }
        let plain =
            standing.is_none() && !deleted && often < 2 && of(Kind::Update).all(|t| wins(&t));
        if plain {
            return Ok(());
        }
        let persons = traces.iter().filter_map(Trace::person);
        let mut buckets: Vec<u32> = persons.map(|person| cut.of(person)).collect();
        buckets.sort_unstable();
        buckets.dedup();
        for bucket in buckets {
            let verdict = Verdict {
                resource,
                bucket,
                version: winner.unwrap_or((i64::MIN, 0)),
                stands: standing.is_some(),
                stale,
                deleted,
                updated: winner.is_some(),
                repeated: often > 1,
            };
            self.verdicts.push(part(bucket, self.buckets), verdict)?;
        }
        Ok(())
    }
}

/// The part that a bucket's verdicts are in.
fn part(bucket: u32, buckets: u32) -> usize {
    let part = u64::from(bucket) * PARTS as u64 / u64::from(buckets.max(1));
    usize::try_from(part).unwrap_or_default()
}
