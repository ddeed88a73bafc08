//! An attacker's test of what a mechanism gives away, run on the mechanism itself.
//!
//! Two lakes differ in one person. The event that tells them apart best is chosen on some runs; on
//! fresh ones its probabilities are bounded, and the loss they show is at most the one that was
//! paid for. The bounds are Chernoff's, a little wider than those of Clopper and Pearson, and each
//! fails one time in a million. Noise a fifth too small has to be found out.

use super::*;
use crate::plan::Source;
use crate::release::scores;

/// Runs of each lake, for choosing and again for bounding.
const RUNS: usize = 40_000;

/// The end of the interval that holds a probability when `hits` of [`RUNS`] were seen: the furthest
/// `p` in this direction whose divergence from what was seen is not too large.
fn bound(hits: usize, end: f64) -> f64 {
    let seen = hits as f64 / RUNS as f64;
    let part = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a * (a / b).ln() };
    let divergence = |p: f64| part(seen, p) + part(1.0 - seen, 1.0 - p);
    let (mut inside, mut outside) = (seen, end);
    for _ in 0..60 {
        let middle = f64::midpoint(inside, outside);
        if RUNS as f64 * divergence(middle) <= 1e6f64.ln() {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

/// The loss that is sure to have happened between two lakes, of which this gives draws.
fn shown(mut draw: impl FnMut(bool) -> i64) -> f64 {
    let mut runs = |lake| -> Vec<i64> { (0..RUNS).map(|_| draw(lake)).collect() };
    let hits = |draws: &[i64], least: i64, above: bool| {
        draws
            .iter()
            .filter(|draw| (**draw >= least) == above)
            .count()
    };
    let train = [runs(true), runs(false)];
    let mut events: Vec<(i64, bool)> = train[0]
        .iter()
        .flat_map(|t| [(*t, true), (*t, false)])
        .collect();
    events.sort_unstable();
    events.dedup();
    let ratio = |one: usize, other: usize| (bound(one, 0.0) / bound(other, 1.0)).ln();
    let told = |draws: &[Vec<i64>; 2], (least, above): (i64, bool)| {
        let [one, other] = [&draws[0], &draws[1]].map(|draws| hits(draws, least, above));
        ratio(one, other).max(ratio(other, one))
    };
    let best = events
        .into_iter()
        .max_by(|a, b| told(&train, *a).total_cmp(&told(&train, *b)));
    let fresh = [runs(true), runs(false)];
    told(&fresh, best.unwrap())
}

fn planned(scale: f64, threshold: Option<i128>, score: Option<i64>) -> Planned {
    Planned {
        source: Source::Persons(0),
        account: Account::Basic,
        norm: 1.0,
        groups: 1,
        scale,
        threshold,
        score,
    }
}

/// A count with a person and without her, at epsilon 1.
fn of_a_count<N: Noise>() -> f64 {
    let measurement = N::build(&planned(1.0, None, None)).unwrap().0;
    shown(|with| measurement.vector(vec![7 + i128::from(with)]).unwrap()[0] as i64)
}

/// Whether a private key is shown, and with which count, at epsilon 1.
fn of_a_key<N: Noise>() -> f64 {
    let measurement = N::build(&planned(1.0, Some(20), None)).unwrap().0;
    shown(|with| {
        let exact = Counts::from([("k".to_owned(), 19 + i128::from(with))]);
        let noisy = measurement.keys(exact).unwrap();
        noisy.get("k").map_or(0, |count| *count as i64)
    })
}

/// The choice of a median among eleven values, at epsilon 1 for the choice.
fn of_a_choice<N: Noise>() -> f64 {
    let measurement = N::build(&planned(1_000.0, None, Some(500))).unwrap().0;
    shown(|with| {
        let mut rows = [0; 11];
        rows[10] = 1 + i128::from(with);
        measurement.choice(scores(&rows, 500, 0)).unwrap() as i64
    })
}

#[test]
fn no_event_shows_more_than_was_paid() {
    for (what, loss) in [
        ("a count", of_a_count::<OpenDp>()),
        ("a key", of_a_key::<OpenDp>()),
        ("a choice", of_a_choice::<OpenDp>()),
    ] {
        assert!(loss <= 1.0, "{what}: {loss}");
        // And the test would see much of it.
        assert!(loss > 0.3, "{what}: {loss}");
    }
}

#[test]
fn noise_a_fifth_too_small_is_found_out() {
    for (what, loss) in [
        ("a count", of_a_count::<TooQuiet>()),
        ("a key", of_a_key::<TooQuiet>()),
    ] {
        assert!(loss > 1.0, "{what}: {loss}");
    }
}
