//! The only source of chance: streams that depend on seed, person and topic and on nothing else.
//!
//! The generator is written out here, not taken from a library, because its bytes are a promise:
//! the same seed must give the same export after any upgrade and on any machine. For the same
//! reason nothing below uses `ln`, `exp` or `sin`, whose last bits differ between platforms:
//! addition, multiplication, division and square root are exact by IEEE 754.

/// Topics keep the parts of a life independent, so that a change to one leaves the others alone.
pub(crate) mod topic {
    /// Birth, sex, name, address.
    pub(crate) const PERSON: u32 = 1;
    /// Diseases, body, laboratory levels.
    pub(crate) const HEALTH: u32 = 2;
    /// Encounters and what happens in them.
    pub(crate) const COURSE: u32 = 3;
    /// The stay a person may be in when the first night's export is made.
    pub(crate) const OPEN_STAY: u32 = 4;
    /// The names of towns.
    pub(crate) const TOWNS: u32 = 5;
    /// Department of birth within the national identifier.
    pub(crate) const BIRTHPLACE: u32 = 6;
    /// What follows from encounters: dispenses, reports, plans, claims.
    pub(crate) const CARE: u32 = 7;
    /// Who and what is deleted in a night; one topic a night.
    pub(crate) const DELETIONS: u32 = 0x4000_0000;
    /// What changes for a person in a night; one topic a night.
    pub(crate) const CHANGES: u32 = 0x8000_0000;
}

/// Weyl increment of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
const INCREMENT: u64 = 0x9E37_79B9_7F4A_7C15;
/// 2^-53: turns the upper 53 bits of a draw into a number in [0, 1).
const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Finaliser of SplitMix64: a bijection on 64 bits in which every input bit moves every output bit.
pub(crate) const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// A stream of draws.
#[derive(Clone)]
pub(crate) struct Stream {
    state: u64,
}

impl Stream {
    /// The stream of one topic in the life of one person.
    pub(crate) fn new(seed: u64, person: u32, topic: u32) -> Self {
        let place = (u64::from(person) << 32) | u64::from(topic);
        Self {
            state: mix(mix(seed ^ INCREMENT).wrapping_add(mix(place))),
        }
    }

    /// 64 uniform bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(INCREMENT);
        mix(self.state)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        // The upper 53 bits are exact in a double.
        (self.bits() >> 11) as f64 * UNIT
    }

    /// Uniform in [low, high).
    pub(crate) fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// True with the given probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform whole number in [low, high]; `low` when the range is empty.
    pub(crate) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = i64::from(high) - i64::from(low) + 1;
        if width <= 1 {
            return low;
        }
        // The upper half of a 32 x 32 bit product: no modulo bias worth naming at these widths.
        let step = (i64::from(self.half()) * width) >> 32;
        i32::try_from(i64::from(low) + step).unwrap_or(high)
    }

    /// Close to a standard normal: the centred and scaled sum of sixteen 16-bit uniforms.
    pub(crate) fn normal(&mut self) -> f64 {
        let mut sum = 0_u32;
        for _ in 0..4 {
            let bits = self.bits();
            for shift in [0, 16, 32, 48] {
                sum += u32::from(u16::try_from((bits >> shift) & 0xFFFF).unwrap_or(0));
            }
        }
        // Mean 8 and variance 16/12 in units of 65536; 0.866... is the square root of 12/16.
        (f64::from(sum) / 65_536.0 - 8.0) * 0.866_025_403_784_438_6
    }

    /// One entry of a table, each as likely; the default of an empty one.
    pub(crate) fn pick<T: Copy + Default>(&mut self, table: &[T]) -> T {
        let last = i32::try_from(table.len()).unwrap_or(i32::MAX) - 1;
        let place = usize::try_from(self.between(0, last)).unwrap_or(0);
        table.get(place).copied().unwrap_or_default()
    }

    /// One entry of a table by weight; none when all weights are zero.
    pub(crate) fn weighted<'a, T>(
        &mut self,
        table: &'a [T],
        weight: impl Fn(&T) -> f64,
    ) -> Option<&'a T> {
        let total: f64 = table.iter().map(&weight).sum();
        let mut rest = self.unit() * total;
        let mut last = None;
        for entry in table {
            let weight = weight(entry);
            if weight <= 0.0 {
                continue;
            }
            if rest < weight {
                return Some(entry);
            }
            rest -= weight;
            last = Some(entry);
        }
        last
    }

    fn half(&mut self) -> u32 {
        u32::try_from(self.bits() >> 32).unwrap_or(u32::MAX)
    }
}

/// The nearest whole number.
pub(crate) fn whole(value: f64) -> i32 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the cast saturates, and ages, counts and measurements are far below 2^31"
    )]
    let whole = value.round() as i32;
    whole
}
