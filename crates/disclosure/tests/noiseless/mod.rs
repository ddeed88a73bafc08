//! Releases without noise: compiled into tests alone, with the feature `noiseless`.

use lazaret_ledger::Cost;

use crate::noise::{Counts, Noise};
use crate::plan::Planned;
use crate::release::answers;
use crate::{Checked, DisclosureError, Exact, Price, Release};

/// The same releases with exact numbers and nothing hidden: zero standard errors, all groups that
/// exist. A mean of no rows is a hidden cell, a sum of none is zero.
///
/// # Errors
/// As of [`release`].
///
/// # Privacy
/// None: it opens the seal. It exists only with the feature `noiseless`, for tests that compare
/// the engine with another one, and is never compiled into the program.
pub fn release_without_noise(
    exact: Vec<Exact>,
    price: &Price,
) -> Result<Vec<Release>, DisclosureError> {
    answers::<Exactly>(exact, price.parts(), Cost::ZERO)
}

/// Nothing is added and nothing hidden: for tests that compare with another engine.
struct Exactly;

impl Noise for Exactly {
    fn build(_: &Planned) -> Checked<(Self, Cost)> {
        Ok((Self, Cost::ZERO))
    }

    fn vector(&self, exact: Vec<i128>) -> Checked<Vec<i128>> {
        Ok(exact)
    }

    fn keys(&self, exact: Counts) -> Checked<Counts> {
        Ok(exact)
    }

    fn choice(&self, scores: Vec<i64>) -> Checked<usize> {
        let best = scores.iter().max().copied().unwrap_or_default();
        Ok(scores.iter().position(|score| *score == best).unwrap_or(0))
    }

    fn sigma(_: &Planned) -> f64 {
        0.0
    }

    fn shows(_: i128, _: i128, _: u32) -> bool {
        true
    }
}
