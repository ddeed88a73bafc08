//! Variances, deviations, quantiles and counts of different values.

use super::*;
use crate::cell::estimate;
use crate::plan::measurements;

fn spread(sample: bool, root: bool) -> Spread {
    Spread { sample, root }
}

fn numbered(groups: i64) -> Key {
    Key {
        name: "g".into(),
        kind: KeyType::Integer,
        domain: Some((0..groups).map(KeyValue::Integer).collect()),
    }
}

fn real(number: Number) -> f64 {
    match number {
        Number::Whole(value) => value as f64,
        Number::Real(value) => value,
    }
}

/// A group of persons with a value each, as the engine gives it to each estimate.
fn measured(key: i64, shape: &Shape, values: &[i64]) -> Group {
    let numbers = shape
        .estimates
        .iter()
        .map(|estimate| match estimate.measure {
            Measure::Spread(clamp, _) => {
                let centred = |x: &i64| i128::from(2 * x - clamp.low() - clamp.high());
                let squares = values.iter().map(|x| centred(x).pow(2)).sum();
                vec![
                    values.len() as i128,
                    values.iter().map(centred).sum(),
                    squares,
                ]
            }
            Measure::Quantile(clamp, _) => {
                let mut counts = vec![0; estimate.measure.numbers()];
                values
                    .iter()
                    .for_each(|x| counts[Measure::candidate(clamp, *x)] += 1);
                counts
            }
            _ => vec![values.len() as i128],
        });
    Group {
        key: vec![KeyValue::Integer(key)],
        persons: vec![values.len() as i64; shape.masks],
        values: numbers.collect(),
    }
}

#[test]
fn intervals_of_spread_and_quantiles_hold_the_truth() {
    let bounds = clamp(0, 1_000, 1);
    let estimates = vec![
        persons(),
        estimated("v", Measure::Spread(bounds, spread(false, false)), 0, 1),
        estimated("s", Measure::Spread(bounds, spread(true, true)), 0, 1),
        estimated("m", Measure::Quantile(bounds, 500), 0, 1),
        estimated("q", Measure::Quantile(bounds, 900), 0, 1),
    ];
    // 2,000 persons with the values 200, 201 .. 599, five of each.
    let values: Vec<i64> = (0..2_000).map(|n| 200 + n % 400).collect();
    let mean = 39.95;
    let variance = values
        .iter()
        .map(|x| (*x as f64 / 10.0 - mean).powi(2))
        .sum::<f64>()
        / 2_000.0;
    let deviation = (variance * 2_000.0 / 1_999.0).sqrt();
    let shape = shape(vec![numbered(300)], estimates);
    let priced = price(&shape, epsilon("2"), delta("1e-6")).unwrap();
    let exact = (0..300).map(|g| measured(g, &shape, &values)).collect();
    let release = released(&priced, exact);
    for (column, truth, at_most) in [
        (2, variance, 0.985),
        (3, deviation, 0.985),
        (4, 39.95, 1.0),
        (5, 55.95, 1.0),
    ] {
        let mut errors = Vec::new();
        let holds = |row: &usize| match release.cell(*row, column) {
            Some(Cell::Shown(cell)) => {
                errors.push((real(cell.value) - truth).abs() / cell.std_error);
                real(cell.low95) <= truth && truth <= real(cell.high95)
            }
            _ => panic!("2,000 persons are shown"),
        };
        let share = (0..300).filter(holds).count() as f64 / 300.0;
        // 300 draws of 95 %: a standard error of 1.3 %.
        assert!(
            (0.89..=at_most).contains(&share),
            "column {column}: {share}"
        );
        let typical = errors.iter().sum::<f64>() / 300.0;
        assert!(
            typical < 1.5,
            "column {column}: {typical} standard errors off"
        );
    }
}

/// However few rows there are beside the noise, the interval holds the truth.
#[test]
fn intervals_of_quantiles_of_few_hold_the_truth() {
    let bounds = clamp(0, 1_000, 0);
    for (persons, spent) in [
        (20, "0.05"),
        (60, "0.5"),
        (200, "0.2"),
        (600, "0.1"),
        (1_500, "0.1"),
    ] {
        for part in [100, 500, 950] {
            let estimates = vec![estimated("q", Measure::Quantile(bounds, part), 0, 1)];
            let shape = Shape {
                minimum: 0,
                ..shape(vec![numbered(120)], estimates)
            };
            let values: Vec<i64> = (0..persons).map(|n| 300 + n % 50).collect();
            let priced = price(&shape, epsilon(spent), delta("1e-6")).unwrap();
            let exact = (0..120).map(|g| measured(g, &shape, &values)).collect();
            let release = released(&priced, exact);
            let truth = 300.0 + f64::from(part) / 1_000.0 * 50.0;
            let holds = |row: &usize| match release.cell(*row, 1) {
                Some(Cell::Shown(cell)) => {
                    // The candidates are two units apart.
                    real(cell.low95) <= truth + 2.0 && truth - 2.0 <= real(cell.high95)
                }
                _ => panic!("nothing is hidden"),
            };
            let held = (0..120).filter(holds).count();
            assert!(
                held >= 108,
                "{persons} persons at {spent}, {part}: {held} of 120"
            );
        }
    }
}

#[test]
fn without_noise_they_are_exact() {
    let bounds = clamp(0, 100, 0);
    let values = [10, 20, 20, 50];
    let cases = [
        (Measure::Spread(bounds, spread(false, false)), 225.0),
        (Measure::Spread(bounds, spread(true, false)), 300.0),
        (Measure::Spread(bounds, spread(false, true)), 15.0),
        (Measure::Spread(bounds, spread(true, true)), 300f64.sqrt()),
    ];
    for (measure, truth) in cases {
        let shape = shape(vec![numbered(1)], vec![estimated("x", measure, 0, 1)]);
        let numbers = measured(0, &shape, &values).coordinates(0, &shape);
        let Cell::Shown(shown) = estimate(measure, &numbers, normal(0.0)).unwrap() else {
            panic!("shown")
        };
        assert!((real(shown.value) - truth).abs() < 1e-9 && shown.std_error == 0.0);
    }
    let sample = Measure::Spread(bounds, spread(true, false));
    assert_eq!(
        estimate(sample, &[10_000, 0, 0], normal(0.0)).unwrap(),
        Cell::Hidden
    );
}

#[test]
fn a_spread_of_too_little_is_all_its_bounds_allow() {
    let bounds = clamp(0, 200, 1);
    for noisy in [[-500, 900, 4], [0, 0, 0], [290, -4_000, 9_000]] {
        let measure = Measure::Spread(bounds, spread(false, true));
        let Cell::Shown(shown) = estimate(measure, &noisy, normal(100.0)).unwrap() else {
            panic!("shown")
        };
        assert_eq!((real(shown.low95), real(shown.high95)), (0.0, 10.0));
        assert!(shown.std_error.is_finite() && (0.0..=10.0).contains(&real(shown.value)));
    }
}

#[test]
fn a_choice_costs_what_three_in_each_group_cost() {
    let measure = Measure::Quantile(clamp(0, 100, 0), 900);
    let mut shape = shape(vec![key("k", None)], vec![estimated("q", measure, 0, 4)]);
    shape.groups_per_person = 5;
    let priced = price(&shape, epsilon("1"), delta("1e-6")).unwrap();
    let planned = priced
        .planned
        .iter()
        .find(|planned| planned.score.is_some())
        .unwrap();
    let cost = OpenDp::build(planned).unwrap().1.loss.units() as f64 / 1e12;
    // A score of thousandths moves by 900 a row, and OpenDP doubles it; (d / scale)^2 / 8 a choice.
    let expected = 15.0 * (2.0 * 3_600.0 / planned.scale).powi(2) / 8.0;
    assert!((cost / expected - 1.0).abs() < 1e-6, "{cost} {expected}");
    assert!(priced.cost().loss.units() as f64 / 1e12 >= cost);
}

/// One person moves no score by more than was declared: the persons of two lakes differ by one,
/// who has up to four rows.
#[test]
fn one_person_moves_scores_by_what_was_declared() {
    use crate::release::scores;
    let mut rows = vec![3, 0, 9, 1, 0, 4];
    for (part, shift) in [(1, 700), (250, -700), (500, 0), (999, 700), (999, -9_000)] {
        for at in 0..rows.len() {
            let before = scores(&rows, part, shift);
            rows[at] += 4;
            let after = scores(&rows, part, shift);
            rows[at] -= 4;
            let moved = before
                .iter()
                .zip(&after)
                .map(|(a, b)| (a - b).abs())
                .max()
                .unwrap();
            assert!(
                moved <= 4 * i64::try_from(part.max(1_000 - part)).unwrap(),
                "{part} {moved}"
            );
        }
    }
    assert_eq!(scores(&[1, 0, 1], 500, 0), [-500, 0, -500]);
    assert_eq!(scores(&[i128::MAX / 2_000, 1], 500, 0).len(), 2);
}

#[test]
fn candidates_span_the_bounds() {
    for bounds in [
        clamp(0, 3, 0),
        clamp(-7, 1_000, 1),
        clamp(0, 499, 2),
        clamp(5, 5_006, 0),
    ] {
        let last = Measure::Quantile(bounds, 500).numbers() - 1;
        assert_eq!(Measure::value(bounds, 0), bounds.low());
        assert_eq!(Measure::value(bounds, last), bounds.high());
        assert!(last <= 501);
        for value in [
            i64::MIN,
            bounds.low(),
            bounds.low() + 2,
            bounds.high(),
            i64::MAX,
        ] {
            let candidate = Measure::candidate(bounds, value);
            let inside = value.clamp(bounds.low(), bounds.high());
            let off = Measure::value(bounds, candidate).abs_diff(inside);
            assert!(
                candidate <= last && off <= 11,
                "{bounds:?} {value} {candidate}"
            );
        }
    }
}

#[test]
fn impossible_numbers_release_nothing() {
    let bounds = clamp(0, 10, 0);
    let estimates = vec![
        estimated("d", Measure::Distinct, 0, 2),
        estimated("v", Measure::Spread(bounds, spread(false, false)), 0, 2),
        estimated("q", Measure::Quantile(bounds, 500), 0, 2),
    ];
    let shape = shape(vec![numbered(1)], estimates);
    let (_, backings) = measurements(&shape);
    assert!(
        backings.iter().all(Option::is_some),
        "their persons are bought"
    );
    let priced = price(&shape, epsilon("1"), delta("1e-7")).unwrap();
    let right = vec![
        vec![20],
        vec![20, 200, 2_000],
        [vec![20], vec![0; 10]].concat(),
    ];
    let answered = |values: Vec<Vec<i128>>| {
        let group = Group {
            key: vec![KeyValue::Integer(0)],
            persons: vec![10],
            values,
        };
        answer::<OpenDp>(Exact::seal(vec![group]), &priced, priced.cost())
    };
    assert!(answered(right.clone()).is_ok());
    for (at, value) in [
        (0, vec![21]),
        (0, vec![-1]),
        (0, vec![]),
        (1, vec![20, 201, 2_000]),
        (1, vec![20, 200, 2_001]),
        (1, vec![20, 200, -1]),
        (2, vec![20]),
        (2, [vec![-1], vec![0; 10]].concat()),
        (2, [vec![20, 1], vec![0; 9]].concat()),
    ] {
        let mut values = right.clone();
        values[at] = value;
        assert!(matches!(answered(values), Err(DisclosureError::Exact(_))));
    }
}
