//! Which of a person's groups and rows are kept: keyed hashes.

use datafusion::common::{Result, internal_datafusion_err};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use siphasher::sip::SipHasher13;

use super::exec::ReleaseKey;

/// What orders a person's groups and values when some have to go: a keyed hash of the person and
/// of what it is, and that itself where two hashes meet.
pub(super) type Rank<T> = (u64, T);
/// A group's values, canonically: their hash under the release's key.
pub(super) type Name = [u8; 32];

/// The first bytes of a name: what is drawn of it.
pub(super) const fn start(name: &Name) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *name;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// The keyed hashes of one release. Who does not know its key cannot tell which of a person's
/// groups and rows are kept.
pub(super) struct Lot {
    names: Hmac<Sha256>,
    draws: SipHasher13,
}

impl Lot {
    pub(super) fn new(key: &ReleaseKey) -> Result<Self> {
        let names = <Hmac<Sha256> as KeyInit>::new_from_slice(key.0.as_slice())
            .map_err(|_| internal_datafusion_err!("a release key has 32 bytes"))?;
        let own = names.clone().chain_update(b"draws").finalize().into_bytes();
        let key = own.first_chunk().copied().unwrap_or_default();
        Ok(Self {
            names,
            draws: SipHasher13::new_with_key(&key),
        })
    }

    /// The name of values.
    pub(super) fn name(&self, values: &[u8]) -> Name {
        let hash = self
            .names
            .clone()
            .chain_update(b"name")
            .chain_update(values);
        hash.finalize().into_bytes().into()
    }

    /// A keyed hash of a person and of any bytes.
    pub(super) fn draw_of(&self, person: i64, what: &[u8]) -> u64 {
        self.draws.hash(&[&person.to_be_bytes(), what].concat())
    }

    /// The rank of the `at`-th such thing of a person.
    pub(super) fn draw<T>(&self, person: i64, what: u64, at: u64, itself: T) -> Rank<T> {
        let mut bytes = [0; 24];
        let (first, rest) = bytes.split_at_mut(8);
        let (second, third) = rest.split_at_mut(8);
        first.copy_from_slice(&person.to_be_bytes());
        second.copy_from_slice(&what.to_be_bytes());
        third.copy_from_slice(&at.to_be_bytes());
        // The first of its kind is the only one mostly, and shorter to hash.
        let told = if at == 0 { 16 } else { 24 };
        (
            self.draws.hash(bytes.get(..told).unwrap_or_default()),
            itself,
        )
    }
}

/// Which of a person's groups are kept; used again from person to person.
#[derive(Default)]
pub(super) struct Draws(Vec<Rank<usize>>);

impl Draws {
    /// The places of at most `most` groups: those whose names have the smallest keyed hashes beside
    /// the person, so that no group is the first to go for everybody.
    pub(super) fn keep(
        &mut self,
        person: i64,
        groups: impl Iterator<Item = usize> + Clone,
        most: usize,
        names: &[Name],
        lot: &Lot,
    ) -> &[Rank<usize>] {
        let drawn = groups.clone().enumerate().map(|(place, group)| {
            let name = names.get(group).map_or(0, start);
            lot.draw(person, name, 0, place)
        });
        self.0.clear();
        self.0.extend(drawn);
        if self.0.len() > most {
            let name = |group: usize| names.get(group);
            let of = |place: usize| groups.clone().nth(place).map(name);
            let order = |a: &Rank<usize>, b: &Rank<usize>| {
                a.0.cmp(&b.0).then_with(|| of(a.1).cmp(&of(b.1)))
            };
            self.0.select_nth_unstable_by(most, order);
        }
        self.0.get(..most).unwrap_or(&self.0)
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        16 * self.0.capacity()
    }
}
