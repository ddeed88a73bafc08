//! A population: how many people, from which seed.

use crate::places::Places;

/// Synthetic people. Holds none of them: each is made when it is written.
#[derive(Clone)]
pub struct Population {
    persons: u32,
    seed: u64,
    places: Places,
}

impl Population {
    /// A population of `persons` people. The same number and seed give the same people; with the
    /// same seed, a larger population begins with the people of a smaller one.
    #[must_use]
    pub fn new(persons: u32, seed: u64) -> Self {
        Self {
            persons,
            seed,
            places: Places::new(),
        }
    }

    /// How many people there are on the first night.
    #[must_use]
    pub fn persons(&self) -> u32 {
        self.persons
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn places(&self) -> &Places {
        &self.places
    }
}

impl std::fmt::Debug for Population {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { persons, seed, .. } = self;
        out.debug_struct("Population")
            .field("persons", persons)
            .field("seed", seed)
            .finish()
    }
}
