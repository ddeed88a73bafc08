//! The sampler: its cost, its spread, its size, and that a fault in it would be seen.

use super::*;
use crate::plan::Source;

/// Draws for a statistic; its own standard error follows from them.
const DRAWS: usize = 20_000;

fn planned(sigma: f64) -> Planned {
    Planned {
        source: Source::Estimate(0),
        account: Account::Zcdp,
        norm: 1.0,
        groups: 1,
        scale: sigma,
        threshold: None,
        score: None,
    }
}

fn draws<N: Noise>(sigma: f64, exact: i128) -> Vec<f64> {
    let noisy = N::build(&planned(sigma))
        .unwrap()
        .0
        .vector(vec![exact; DRAWS])
        .unwrap();
    noisy
        .into_iter()
        .map(|value| (value - exact) as f64)
        .collect()
}

/// Whether draws have mean zero, this variance, and a normal share within one sigma, each within
/// five of its standard errors: an honest sampler fails once in a million.
fn is_gaussian(draws: &[f64], sigma: f64) -> bool {
    let count = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / count;
    let variance = draws.iter().map(|draw| draw.powi(2)).sum::<f64>() / count;
    let within = draws.iter().filter(|draw| draw.abs() <= sigma).count() as f64 / count;
    // P(|x| <= sigma) of the discrete Gaussian, by its definition.
    let density = |x: f64| (-0.5 * (x / sigma).powi(2)).exp();
    let mass = |most: f64| {
        let tail = (1..=most as i64).map(|x| density(x as f64)).sum::<f64>();
        1.0 + 2.0 * tail
    };
    let share = mass(sigma.floor()) / mass(40.0 * sigma);
    mean.abs() < 5.0 * sigma / count.sqrt()
        && (variance / sigma.powi(2) - 1.0).abs() < 5.0 * (2.0 / count).sqrt()
        && (within - share).abs() < 5.0 * (share * (1.0 - share) / count).sqrt()
}

#[test]
fn noise_has_the_spread_that_was_priced() {
    for sigma in [3.0, 45.808_425, 12_345.678] {
        assert!(
            is_gaussian(&draws::<OpenDp>(sigma, 1_000), sigma),
            "sigma {sigma}"
        );
    }
}

#[test]
fn noise_a_fifth_too_small_is_noticed() {
    for sigma in [3.0, 45.808_425] {
        assert!(
            !is_gaussian(&draws::<TooQuiet>(sigma, 1_000), sigma),
            "sigma {sigma}"
        );
    }
}

#[test]
fn maps_state_known_costs() {
    for (l2, sigma, pico) in [
        (1.0, 4.0, 31_250_000_000),
        (1.0, 1.0, 500_000_000_000),
        (3.0, 1.0, 4_500_000_000_000),
    ] {
        let planned = Planned {
            norm: l2,
            ..planned(sigma)
        };
        let cost = OpenDp::build(&planned).unwrap().1;
        assert_eq!(cost.loss.units(), pico);
        // A third of anything is rounded up, never down.
        let planned = Planned {
            norm: l2 / 3.0,
            ..planned
        };
        let cost = OpenDp::build(&planned).unwrap().1;
        assert_eq!(cost.loss.units(), (pico as u128).div_ceil(9) as u64);
    }
}

#[test]
fn sums_beyond_64_bits_keep_their_noise() {
    for exact in [1i128 << 100, -(1i128 << 100), i128::from(i64::MAX)] {
        let noisy = draws::<OpenDp>(50.0, exact);
        assert!(is_gaussian(&noisy, 50.0));
    }
}

#[test]
fn no_two_draws_of_a_stream_repeat() {
    let (one, two) = (draws::<OpenDp>(1e9, 0), draws::<OpenDp>(1e9, 0));
    let equal = one.iter().zip(&two).filter(|(a, b)| a == b).count();
    assert!(equal < 3);
}

#[test]
fn tails_bound_what_passes_a_minimum() {
    for (sigma, excess) in [(5.0f64, 9u32), (5.0, 1), (45.8, 9), (1.0, 9)] {
        let density = |x: f64| (-0.5 * (x / sigma).powi(2)).exp();
        let all: f64 = (-2_000..=2_000).map(|x| density(f64::from(x))).sum();
        let tail: f64 = (i64::from(excess)..=2_000).map(|x| density(x as f64)).sum();
        let bound = crate::noise::passes(Account::Zcdp, sigma, excess).unwrap();
        assert!(
            bound >= tail / all,
            "sigma {sigma}: {bound} under {}",
            tail / all
        );
        assert!(bound <= 1.0 && (sigma < 5.0 || bound < 2.0 * tail / all));
    }
}
