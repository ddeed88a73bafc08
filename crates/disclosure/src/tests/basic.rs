//! The account `basic`: epsilons add up, and the noise is the discrete Laplace.

use super::answers::regions;
use super::*;
use crate::plan::Source;

/// Draws for a statistic.
const DRAWS: usize = 20_000;

fn basic(shapes: &[Shape], spent: &str) -> Price {
    crate::price(shapes, Account::Basic, epsilon(spent), delta("1e-6")).unwrap()
}

fn planned(scale: f64, threshold: Option<i128>, groups: u32) -> Planned {
    Planned {
        source: Source::Persons(0),
        account: Account::Basic,
        norm: f64::from(groups),
        groups,
        scale,
        threshold,
        score: None,
    }
}

/// `P(noise >= least)` of the discrete Laplace, by its definition.
fn tail(scale: f64, least: i128) -> f64 {
    let step = (-1.0 / scale).exp();
    step.powi(least.try_into().unwrap()) / (1.0 + step)
}

/// Whether draws have mean zero, the variance of the discrete Laplace and its share within one
/// scale, each within six standard errors.
fn is_laplace(draws: &[f64], scale: f64) -> bool {
    let count = draws.len() as f64;
    let step = (-1.0 / scale).exp();
    let variance = 2.0 * step / (1.0 - step).powi(2);
    let mean = draws.iter().sum::<f64>() / count;
    let found = draws.iter().map(|draw| draw.powi(2)).sum::<f64>() / count;
    let within = draws.iter().filter(|draw| draw.abs() <= scale).count() as f64 / count;
    let share = 1.0 - 2.0 * tail(scale, scale.floor() as i128 + 1);
    mean.abs() < 6.0 * (variance / count).sqrt()
        // The fourth moment of a Laplace is six times its variance squared.
        && (found / variance - 1.0).abs() < 6.0 * (5.0 / count).sqrt()
        && (within - share).abs() < 6.0 * (share * (1.0 - share) / count).sqrt()
}

fn draws<N: Noise>(scale: f64) -> Vec<f64> {
    let measurement = N::build(&planned(scale, None, 1)).unwrap().0;
    let noisy = measurement.vector(vec![1_000; DRAWS]).unwrap();
    noisy
        .into_iter()
        .map(|value| (value - 1_000) as f64)
        .collect()
}

#[test]
fn noise_has_the_spread_that_was_priced_and_less_is_noticed() {
    for scale in [1.0, 3.0, 45.808_425, 12_345.678] {
        assert!(is_laplace(&draws::<OpenDp>(scale), scale), "scale {scale}");
        if scale > 1.0 {
            assert!(
                !is_laplace(&draws::<TooQuiet>(scale), scale),
                "scale {scale}"
            );
        }
    }
}

#[test]
fn epsilons_add_up_to_what_was_asked() {
    let sum = estimated("s", Measure::Sum(clamp(0, 50, 0)), 0, 3);
    let mean = estimated("m", Measure::Mean(clamp(0, 50, 0)), 0, 1);
    let median = estimated("q", Measure::Quantile(clamp(0, 50, 0), 500), 0, 1);
    let shape = shape(vec![regions()], vec![persons(), sum, mean, median]);
    let price = basic(std::slice::from_ref(&shape), "1");
    let spent = price.cost();
    assert!(spent.loss.units() <= 1_000_000_000_000 && spent.loss.units() > 999_999_000_000);
    assert_eq!(spent.delta, Delta::ZERO);
    let planned = &price.parts()[0].planned;
    assert_eq!(planned.len(), 4);
    // By hand: a quarter of epsilon each; the sum moves by 150, the two coordinates of the mean by
    // 50 each, the three choices by 2 * 500 thousandths each.
    for (planned, scale) in planned.iter().zip([4.0, 600.0, 400.0, 12_000.0]) {
        let off = planned.scale / scale - 1.0;
        assert!((0.0..1e-6).contains(&off), "{} and {scale}", planned.scale);
    }
}

#[test]
fn one_precise_answer_takes_less_noise_than_under_zcdp() {
    let shape = shape(vec![], vec![persons()]);
    let basic = basic(std::slice::from_ref(&shape), "1");
    let zcdp = price(&shape, epsilon("1"), delta("1e-6")).unwrap();
    let (ours, theirs) = (basic.parts()[0].planned[0].sigma(), zcdp.planned[0].sigma());
    assert!(
        (1.41..1.42).contains(&ours) && theirs > 3.0 * ours,
        "{ours} {theirs}"
    );
}

#[test]
fn the_threshold_costs_at_least_what_it_can_fail() {
    for (scale, groups) in [(0.8, 1), (1.0, 3), (4.0, 1), (20.0, 10)] {
        for threshold in [3, 5, 9, 30, 90] {
            let paid = OpenDp::build(&planned(scale, Some(threshold), groups))
                .unwrap()
                .1
                .delta;
            let alone = tail(scale, threshold - 1);
            let fails = 1.0 - (1.0 - alone).powi(groups.try_into().unwrap());
            let paid = paid.units() as f64 / 1e18;
            assert!(
                paid >= fails * (1.0 - 1e-6) - 1e-15,
                "{scale}: {paid} under {fails}"
            );
        }
    }
}

#[test]
fn tails_bound_what_passes_a_minimum() {
    for (scale, excess) in [(5.0f64, 9u32), (5.0, 1), (45.8, 9), (1.0, 9)] {
        let bound = crate::noise::passes(Account::Basic, scale, excess).unwrap();
        let truth = tail(scale, excess.into());
        assert!(
            bound >= truth * (1.0 - 1e-9) && bound < 2.5 * truth,
            "{scale}: {bound} and {truth}"
        );
    }
}

#[test]
fn intervals_hold_the_truth_nineteen_times_in_twenty() {
    let groups = (0..1_500).map(|at| text(&at.to_string()));
    let key = key("g", Some(groups.clone().collect()));
    let bounds = clamp(0, 300, 1);
    let estimates = vec![
        persons(),
        estimated("s", Measure::Sum(bounds), 0, 1),
        estimated("m", Measure::Mean(bounds), 0, 1),
    ];
    let shape = shape(vec![key], estimates);
    let price = basic(std::slice::from_ref(&shape), "1");
    let exact = groups.map(|g| group(&[g], &shape, 500, &[[500, 0], [70_000, 0], [500, 70_000]]));
    let exact = vec![Exact::seal(exact.collect())];
    let release = answers::<OpenDp>(exact, price.parts(), price.cost())
        .ok()
        .unwrap()
        .remove(0);
    for (column, truth) in [(1, 500.0), (2, 7_000.0), (3, 14.0)] {
        let real = |number| match number {
            Number::Whole(value) => value as f64,
            Number::Real(value) => value,
        };
        let held = (0..release.rows()).filter(|row| {
            let Some(Cell::Shown(shown)) = release.cell(*row, column) else {
                panic!("shown")
            };
            real(shown.low95) <= truth && truth <= real(shown.high95)
        });
        let share = held.count() as f64 / release.rows() as f64;
        assert!((0.93..0.99).contains(&share), "column {column}: {share}");
    }
}

#[test]
fn a_permit_takes_of_the_cap_what_it_comes_to_in_rho() {
    let budget = |account| crate::budget(account, epsilon("3"), epsilon("0.5"), delta("1e-7"));
    let basic = budget(Account::Basic).unwrap();
    assert_eq!(basic.total.loss.to_string(), "3");
    assert_eq!(basic.per_query_max.to_string(), "0.5");
    assert_eq!(basic.of_cap.loss.to_string(), "4.5");
    assert_eq!(basic.of_cap.delta, basic.total.delta);
    let zcdp = budget(Account::Zcdp).unwrap();
    assert_eq!(zcdp.of_cap, zcdp.total);
    assert!(zcdp.per_query_max < zcdp.total.loss);
    let uneven = crate::budget(
        Account::Basic,
        Epsilon::from_nano(1),
        epsilon("1"),
        delta("1e-7"),
    );
    assert_eq!(uneven.unwrap().of_cap.loss.units(), 1, "rounded up");
    let left = crate::epsilon(
        Account::Basic,
        lazaret_model::Loss::from_pico(1_500_001),
        delta("1e-7"),
    );
    assert_eq!(left.unwrap().units(), 1_500, "no more than is left");
}
