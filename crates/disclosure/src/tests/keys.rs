//! Private keys: who passes the threshold, and what that costs.

use proptest::prelude::*;

use super::*;
use crate::groups::encode;
use crate::plan::Source;

fn open(estimates: Vec<Estimate>) -> Shape {
    shape(vec![key("k", None)], estimates)
}

#[test]
fn a_key_of_one_person_is_never_released() {
    let shape = open(vec![persons()]);
    let priced = price(&shape, epsilon("1"), delta("1e-7")).unwrap();
    for run in 0..200 {
        let lonely =
            (0..50).map(|at| group(&[text(&format!("lonely {at}"))], &shape, 1, &[[1, 0]]));
        let large = group(&[text("large")], &shape, 5_000, &[[5_000, 0]]);
        let release = released(&priced, lonely.chain([large]).collect());
        assert_eq!(release.rows(), 1, "run {run}");
        assert!(release.key(0, 0) == Some(&text("large")));
    }
}

/// `P(noise >= least)` of the discrete Gaussian, by its definition.
fn tail(sigma: f64, least: i128) -> f64 {
    let density = |x: i128| (-0.5 * (x as f64 / sigma).powi(2)).exp();
    let far = (50.0 * sigma) as i128;
    let all: f64 = 1.0 + 2.0 * (1..far).map(density).sum::<f64>();
    (least..far.max(least)).map(density).sum::<f64>() / all
}

#[test]
fn the_threshold_costs_at_least_what_it_can_fail() {
    for (sigma, groups) in [(0.8, 1), (1.0, 3), (4.0, 1), (20.0, 10)] {
        for threshold in [3, 5, 9, 30, 90] {
            let l2 = f64::from(groups).sqrt().next_up();
            let planned = Planned {
                source: Source::Persons(0),
                account: Account::Zcdp,
                norm: l2,
                groups,
                scale: sigma,
                threshold: Some(threshold),
                score: None,
            };
            let paid = OpenDp::build(&planned).unwrap().1.delta;
            // A person alone in each of her groups is seen when one noisy 1 reaches the threshold.
            let alone = tail(sigma, threshold - 1);
            let fails = 1.0 - (1.0 - alone).powi(groups.try_into().unwrap());
            let paid = paid.units() as f64 / 1e18;
            assert!(
                paid >= fails * (1.0 - 1e-6) - 1e-15,
                "sigma {sigma}: {paid} under {fails}"
            );
        }
    }
}

#[test]
fn the_library_alone_would_leave_out_the_equal_count() {
    // The reason for `threshold - 1` in `noise`: OpenDP's function lets a count equal to the
    // threshold through, its map leaves that out. When this fails, OpenDP has been corrected.
    let passing = tail(1.0, 5 - 1);
    let stated = crate::noise::passes(Account::Zcdp, 1.0, 5).unwrap();
    assert!(stated < passing, "{stated} and {passing}");
}

#[test]
fn the_threshold_is_the_smallest_that_may_be() {
    let shape = open(vec![persons()]);
    let priced = price(&shape, epsilon("1"), delta("1e-6")).unwrap();
    let planned = priced.planned[0].clone();
    let threshold = planned.threshold.unwrap();
    let limit = delta("1e-6").units() / 200;
    let lower = Planned {
        threshold: Some(threshold - 1),
        ..planned
    };
    let cost = OpenDp::build(&lower).unwrap().1;
    assert!(cost.delta.units() > limit && priced.cost().delta.units() <= limit);
    let strict = Shape {
        minimum: 5_000,
        ..shape
    };
    let strict = price(&strict, epsilon("1"), delta("1e-6")).unwrap();
    assert_eq!(strict.threshold(), Some(5_000));
    assert!(strict.cost().delta < priced.cost().delta);
}

#[test]
fn other_estimates_are_of_surviving_keys_alone() {
    let bounds = clamp(0, 100, 0);
    let estimates = vec![
        estimated("s", Measure::Sum(bounds), 1, 2),
        persons(),
        estimated("m", Measure::Mean(bounds), 0, 1),
    ];
    let shape = open(estimates);
    let priced = price(&shape, epsilon("2"), delta("1e-6")).unwrap();
    let groups = [("z", 4_000), ("m", 1), ("a", 9_000)].map(|(name, persons)| {
        let n = i128::from(persons);
        group(
            &[text(name)],
            &shape,
            persons,
            &[[n * 20, 0], [n, 0], [n, n * 30]],
        )
    });
    let release = released(&priced, groups.into());
    let keys: Vec<_> = (0..release.rows())
        .map(|row| release.key(row, 0).unwrap())
        .collect();
    assert!(keys == [&text("a"), &text("z")], "in the order of keys");
    for (row, (sum, persons)) in [(180_000.0, 9_000), (80_000.0, 4_000)]
        .into_iter()
        .enumerate()
    {
        let [
            Some(Cell::Shown(s)),
            Some(Cell::Shown(n)),
            Some(Cell::Shown(m)),
        ] = [1, 2, 3].map(|column| release.cell(row, column))
        else {
            panic!("all are shown")
        };
        let near = |number: Number, exact: f64, error: f64| match number {
            Number::Whole(value) => (value as f64 - exact).abs() <= 6.0 * error,
            Number::Real(value) => (value - exact).abs() <= 6.0 * error,
        };
        assert!(near(s.value, sum, s.std_error));
        assert!(near(n.value, f64::from(persons), n.std_error));
        assert!(near(m.value, 30.0, m.std_error));
    }
}

#[test]
fn a_public_key_beside_a_private_one_is_private_too() {
    let region = key("region", Some(vec![text("north"), text("south")]));
    let shape = shape(vec![region, key("code", None)], vec![persons()]);
    let priced = price(&shape, epsilon("1"), delta("1e-6")).unwrap();
    let large = |region: &str| group(&[text(region), text("c")], &shape, 900, &[[900, 0]]);
    let release = released(&priced, vec![large("north")]);
    assert_eq!(
        release.rows(),
        1,
        "south has no persons and is not completed"
    );
    assert_eq!(released(&priced, vec![]).rows(), 0);
    let wrong = answer::<OpenDp>(Exact::seal(vec![large("west")]), &priced, priced.cost());
    assert!(matches!(wrong, Err(DisclosureError::Exact(_))));
}

#[test]
fn delta_must_allow_a_threshold() {
    let shape = open(vec![persons()]);
    for permit in ["1e-16", "1e-14"] {
        let refused = price(&shape, epsilon("1"), delta(permit));
        assert!(
            matches!(refused, Err(DisclosureError::Parameters(_))),
            "{permit}"
        );
    }
}

/// A key from plain parts, because keys have no `Debug`.
fn made(parts: &[(u8, String, i64)]) -> Vec<KeyValue> {
    let value = |(kind, text, number): &(u8, String, i64)| match kind {
        0 => KeyValue::Null,
        1 => KeyValue::Text(text.clone()),
        2 => KeyValue::Integer(*number),
        3 => KeyValue::Boolean(*number > 0),
        _ => KeyValue::Date(i32::try_from(*number).unwrap()),
    };
    parts.iter().map(value).collect()
}

proptest! {
    #[test]
    fn different_keys_have_different_codes(
        one in prop::collection::vec((0u8..5, "[int0-2:;]{0,4}", -2i64..3), 0..4),
        two in prop::collection::vec((0u8..5, "[int0-2:;]{0,4}", -2i64..3), 0..4),
    ) {
        let (one, two) = (made(&one), made(&two));
        prop_assert_eq!(one == two, encode(&one) == encode(&two));
    }
}

/// At epsilon 1 and delta 1e-6, with 40 groups of 42 persons and 12 large ones, and a person in one
/// group, `PipelineDP` keeps 51 of 52. In three groups thresholds are 50 and 61 persons: then a
/// third of the small ones stays at most.
#[test]
fn rare_groups_are_kept() {
    let shape = shape(vec![key("k", None)], vec![persons()]);
    let one = |at: i64| {
        let persons = if at < 40 { 42 } else { 900 };
        group(
            &[text(&at.to_string())],
            &shape,
            persons,
            &[[persons.into(), 0]],
        )
    };
    for account in [Account::Zcdp, Account::Basic] {
        let shapes = std::slice::from_ref(&shape);
        let price = crate::price(shapes, account, epsilon("1"), delta("1e-6")).unwrap();
        let kept = (0..50).map(|_| {
            let exact = vec![Exact::seal((0..52).map(one).collect())];
            let release = answers::<OpenDp>(exact, price.parts(), price.cost());
            release.ok().unwrap().remove(0).rows()
        });
        let kept: usize = kept.sum();
        assert!(kept >= 51 * 50, "{account:?}: {kept} of {}", 52 * 50);
    }
}
