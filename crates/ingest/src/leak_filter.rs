//! A Bloom filter of keyed 64-bit hashes that many threads fill at once.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bits set for a hash.
const PROBES: u32 = 5;

/// What was put in is found; what was not is found by chance, rarely while it has ten bits a hash.
pub(crate) struct Filter {
    words: Vec<AtomicU64>,
    mask: u64,
}

impl Filter {
    /// A filter of at least this many bits.
    pub(crate) fn new(bits: u64) -> Self {
        let words = bits.div_ceil(64).max(1).next_power_of_two();
        Self {
            words: (0..words).map(|_| AtomicU64::new(0)).collect(),
            mask: words - 1,
        }
    }

    /// Puts a hash in; gives whether that changed anything.
    pub(crate) fn insert(&self, hash: u64) -> bool {
        let mut changed = false;
        for (word, bit) in self.places(hash) {
            // Most hashes come again and again: reading first spares the others' caches.
            if word.load(Ordering::Relaxed) & bit == 0 {
                word.fetch_or(bit, Ordering::Relaxed);
                changed = true;
            }
        }
        changed
    }

    pub(crate) fn contains(&self, hash: u64) -> bool {
        self.places(hash)
            .all(|(word, bit)| word.load(Ordering::Relaxed) & bit != 0)
    }

    /// Two halves of the hash give all places (Kirsch and Mitzenmacher, 2006).
    fn places(&self, hash: u64) -> impl Iterator<Item = (&AtomicU64, u64)> {
        let step = (hash >> 32) | 1;
        (0..u64::from(PROBES)).filter_map(move |probe| {
            let mixed = hash.wrapping_add(probe.wrapping_mul(step));
            let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let place = usize::try_from((mixed >> 6) & self.mask).ok()?;
            Some((self.words.get(place)?, 1 << (mixed >> 58)))
        })
    }
}
