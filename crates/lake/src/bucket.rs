//! Buckets: aligned power-of-two ranges of the 63 bits of `person_id`.

/// The most buckets a dataset is cut into.
pub const BUCKETS_MAX: u32 = 1 << 16;

/// Persons a bucket holds at best.
const PERSONS_PER_BUCKET: u64 = 62_500;
/// Up to so many persons there is one bucket.
const PERSONS_SMALL: u64 = 50_000;

/// Rows of the largest table that a bucket holds at most, on average: a bucket is sorted in memory.
const ROWS_PER_BUCKET_MAX: u64 = 1 << 19;

/// How many buckets a dataset of so many persons is cut into, whose largest table has so many
/// rows: a power of two that brings a bucket nearest to 62,500 persons, and one for 50,000 persons
/// or fewer; more where buckets would hold over 524,288 rows.
#[must_use]
pub fn buckets(persons: u64, rows: u64) -> u32 {
    let by_rows = rows.div_ceil(ROWS_PER_BUCKET_MAX).next_power_of_two();
    let by_rows = u32::try_from(by_rows).map_or(BUCKETS_MAX, |count| count.min(BUCKETS_MAX));
    by_persons(persons).max(by_rows)
}

fn by_persons(persons: u64) -> u32 {
    if persons <= PERSONS_SMALL {
        return 1;
    }
    let mut count = 2;
    // Doubling pays where the mean is over the geometric middle of one and two full buckets.
    while count < BUCKETS_MAX && exceeds(persons, count) {
        count *= 2;
    }
    count
}

/// Whether `persons / count` is over 62,500 times the square root of two, without rounding.
fn exceeds(persons: u64, count: u32) -> bool {
    let full = u128::from(PERSONS_PER_BUCKET) * u128::from(count);
    u128::from(persons) * u128::from(persons) > 2 * full * full
}

/// The cut of all tables of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    count: u32,
}

impl Cut {
    /// The cut into `count` buckets, where that is a power of two that is allowed.
    pub(crate) fn new(count: u32) -> Option<Self> {
        (count.is_power_of_two() && count <= BUCKETS_MAX).then_some(Self { count })
    }

    /// How many buckets.
    pub(crate) const fn count(self) -> u32 {
        self.count
    }

    /// The first and the last `person_id` of a bucket.
    pub(crate) fn range(self, bucket: u32) -> (i64, i64) {
        let shift = 63 - self.count.trailing_zeros();
        let low = u64::from(bucket) << shift;
        let high = low + ((1u64 << shift) - 1);
        // Both are below 2^63 for a bucket of the cut.
        (low.cast_signed(), high.cast_signed())
    }

    /// The bucket of a person.
    pub(crate) fn of(self, person: i64) -> u32 {
        let bucket = person >> (63 - self.count.trailing_zeros());
        u32::try_from(bucket)
            .unwrap_or_default()
            .min(self.count - 1)
    }

    /// The bucket that begins at `low` and ends at `high`, if there is one.
    pub(crate) fn bucket(self, low: i64, high: i64) -> Option<u32> {
        let shift = 63 - self.count.trailing_zeros();
        let bucket = u32::try_from(low.checked_shr(shift)?).ok()?;
        (bucket < self.count && self.range(bucket) == (low, high)).then_some(bucket)
    }

    /// How many buckets of this cut lie in one of a coarser cut.
    pub(crate) const fn per(self, coarser: Self) -> u32 {
        self.count / coarser.count
    }
}
