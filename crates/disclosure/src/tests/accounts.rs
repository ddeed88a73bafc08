//! The account: conversions, prices and what they add up to.

use lazaret_model::Loss;
use proptest::prelude::*;

use super::*;
use crate::account::{half, is_within, largest};

#[test]
fn the_worked_example_holds() {
    let budget = cap(epsilon("3"), delta("1e-7")).unwrap();
    assert_eq!(budget.loss.units() / 100_000_000, 1504, "rho 0.1504");
    assert_eq!(budget.delta, delta("5e-8"));
    let shape = shape(vec![], vec![persons()]);
    let priced = price(&shape, epsilon("0.1"), delta("1e-7")).unwrap();
    assert_eq!(priced.cost().loss.units() / 1_000_000, 238, "rho 0.000238");
    assert_eq!(priced.cost().delta, Delta::ZERO);
    assert_eq!(budget.loss.units() / priced.cost().loss.units(), 631);
    let Role::Estimate(card) = &priced.columns()[0].role else {
        panic!("a count")
    };
    assert!((card.scale - 45.8).abs() < 0.05);
    assert_eq!(card.sensitivity, 1.0);
    let left = budget.saturating_sub(priced.cost());
    let left = crate::epsilon(Account::Zcdp, left.loss, delta("1e-7")).unwrap();
    assert_eq!(left.units() / 1_000_000, 2_997, "epsilon 2.997 is left");
}

#[test]
fn the_conversion_is_tight_and_never_beyond() {
    for (e, d) in [
        ("0.001", "1e-12"),
        ("0.1", "1e-7"),
        ("1", "1e-6"),
        ("3", "1e-7"),
        ("20", "1e-5"),
    ] {
        let (e, d) = (epsilon(e), half(delta(d)));
        let rho = largest(Account::Zcdp, e, d).unwrap();
        assert!(is_within(Account::Zcdp, rho, e, d).unwrap());
        let more = Loss::from_pico(rho.units() + 1 + rho.units() / 1_000_000);
        assert!(
            !is_within(Account::Zcdp, more, e, d).unwrap(),
            "{e} {d}: {rho} is not the largest"
        );
        // The simple bound is looser, so it allows less.
        let (log, e) = (-(d.units() as f64 / 1e18).ln(), e.units() as f64 / 1e9);
        assert!(rho.units() as f64 / 1e12 > ((log + e).sqrt() - log.sqrt()).powi(2));
    }
}

#[test]
fn rho_goes_back_to_its_epsilon() {
    for e in ["0.1", "1", "3"] {
        let rho = cap(epsilon(e), delta("1e-7")).unwrap().loss;
        let back = crate::epsilon(Account::Zcdp, rho, delta("1e-7")).unwrap();
        assert!(back.units() <= epsilon(e).units() + 1, "{back}");
        assert!(back.units() + 100 >= epsilon(e).units(), "{back}");
    }
    assert_eq!(
        crate::epsilon(Account::Zcdp, Loss::ZERO, delta("1e-7")).unwrap(),
        Epsilon::ZERO
    );
    assert!(crate::epsilon(Account::Zcdp, Loss::from_pico(1), Delta::ZERO).is_err());
}

#[test]
fn parameters_without_a_budget_are_refused() {
    for (e, d) in [
        ("0", "1e-7"),
        ("1", "0"),
        ("1", "1e-18"),
        ("1e-9", "1e-18"),
        ("1", "17"),
    ] {
        let refused = cap(epsilon(e), delta(d));
        assert!(
            matches!(refused, Err(DisclosureError::Parameters(_))),
            "{e} {d}"
        );
    }
}

#[test]
fn shapes_that_cannot_be_released_are_refused() {
    let domain = |values: &[&str]| Some(values.iter().map(|value| text(value)).collect());
    let wide = clamp(-(1 << 53), 1 << 53, 0);
    let cases = [
        shape(vec![], vec![persons(), persons()]),
        shape(vec![key("n", None)], vec![persons()]),
        shape(vec![key("k", domain(&[]))], vec![persons()]),
        shape(vec![key("k", domain(&["a", "a"]))], vec![persons()]),
        shape(
            vec![key("k", Some(vec![KeyValue::Integer(1)]))],
            vec![persons()],
        ),
        shape(vec![], vec![estimated("n", Measure::Persons, 0, 2)]),
        shape(vec![], vec![estimated("n", Measure::Rows, 0, 0)]),
        shape(
            vec![],
            vec![estimated("n", Measure::Rows, 0, (1 << 20) + 1)],
        ),
        shape(vec![], vec![estimated("n", Measure::Sum(wide), 0, 1 << 28)]),
        Shape {
            masks: 0,
            ..shape(vec![], vec![persons()])
        },
        Shape {
            groups_per_person: 0,
            ..shape(vec![], vec![persons()])
        },
        shape(
            (0..21)
                .map(|at| key(&format!("k{at}"), domain(&["a", "b"])))
                .collect(),
            vec![persons()],
        ),
    ];
    for (at, shape) in cases.iter().enumerate() {
        let refused = price(shape, epsilon("1"), delta("1e-7"));
        assert!(
            matches!(refused, Err(DisclosureError::Shape(_))),
            "case {at}"
        );
    }
    let nothing = price(&shape(vec![], vec![]), epsilon("1"), delta("1e-7"));
    assert!(matches!(nothing, Err(DisclosureError::Parameters(_))));
}

#[test]
fn persons_are_bought_only_where_nothing_counts_them() {
    let age = Measure::Mean(clamp(0, 110, 0));
    let sum = Measure::Sum(clamp(0, 50, 0));
    let open = || vec![key("k", None)];
    let cases: [(Vec<Key>, Vec<Estimate>, &[usize]); 9] = [
        (vec![], vec![persons()], &[]),
        (vec![], vec![estimated("r", Measure::Rows, 0, 5)], &[0]),
        (vec![], vec![estimated("r", Measure::Rows, 0, 1)], &[]),
        (vec![], vec![estimated("m", age, 0, 1)], &[]),
        (vec![], vec![estimated("m", age, 0, 2)], &[0]),
        (
            vec![],
            vec![
                persons(),
                estimated("s", sum, 1, 3),
                estimated("t", sum, 1, 1),
            ],
            &[1],
        ),
        (open(), vec![persons()], &[]),
        (open(), vec![estimated("m", age, 0, 1)], &[0]),
        (open(), vec![estimated("m", age, 1, 1)], &[0]),
    ];
    for (at, (keys, estimates, expected)) in cases.into_iter().enumerate() {
        let shape = shape(keys, estimates);
        let priced = price(&shape, epsilon("1"), delta("1e-7")).unwrap();
        let masks: Vec<_> = priced.bought().iter().map(|bought| bought.mask).collect();
        assert_eq!(masks, expected, "case {at}");
        let free = Shape {
            minimum: 0,
            ..shape
        };
        let bought = price(&free, epsilon("1"), delta("1e-7"))
            .unwrap()
            .bought()
            .len();
        assert!(
            bought <= usize::from(free.is_private()),
            "case {at} without a minimum"
        );
    }
}

#[test]
fn a_wider_reach_means_more_noise_at_the_same_cost() {
    let scale = |shape: &Shape| {
        let priced = price(shape, epsilon("1"), delta("1e-7")).unwrap();
        let Role::Estimate(card) = &priced.columns().last().unwrap().role else {
            panic!()
        };
        (card.scale, card.sensitivity)
    };
    let public = || key("k", Some(["a", "b", "c", "d"].map(text).to_vec()));
    let rows = |most: u32| estimated("r", Measure::Rows, 0, most);
    let plain = Shape {
        minimum: 0,
        ..shape(vec![public()], vec![rows(1)])
    };
    let (one, sensitivity) = scale(&plain);
    assert_eq!(sensitivity, 1.0);
    let wider = Shape {
        estimates: vec![rows(7)],
        ..plain.clone()
    };
    assert!((scale(&wider).0 / one - 7.0).abs() < 1e-6);
    let more = Shape {
        groups_per_person: 4,
        ..plain.clone()
    };
    assert!((scale(&more).0 / one - 2.0).abs() < 1e-6);
    // There are four groups, so nobody is in more.
    let most = Shape {
        groups_per_person: 900,
        ..plain.clone()
    };
    assert_eq!(scale(&most), scale(&more));
    let sum = Measure::Sum(clamp(-30, 20, 1));
    let sum = Shape {
        estimates: vec![estimated("s", sum, 0, 2)],
        ..plain.clone()
    };
    assert!((scale(&sum).1 - 6.0).abs() < 1e-9, "2 rows of at most 3.0");
    let mean = Measure::Mean(clamp(-30, 20, 1));
    let mean = Shape {
        estimates: vec![estimated("m", mean, 0, 2)],
        ..plain
    };
    assert!(
        (scale(&mean).1 - 2.0f64.sqrt() * 5.0).abs() < 1e-9,
        "2 rows within 2.5 of the middle"
    );
}

fn arbitrary_shape() -> impl Strategy<Value = Shape> {
    let measure = prop_oneof![
        Just((Measure::Persons, 1u32)),
        (1u32..500).prop_map(|rows| (Measure::Rows, rows)),
        (1u32..500, -9_000i64..0, 1i64..9_000)
            .prop_map(|(rows, low, high)| (Measure::Sum(clamp(low, high, 2)), rows)),
        (1u32..500, -9_000i64..0, 1i64..9_000)
            .prop_map(|(rows, low, high)| (Measure::Mean(clamp(low, high, 2)), rows)),
    ];
    let estimates = prop::collection::vec((measure, 0usize..3), 1..6);
    (estimates, 1u32..50, 0u32..2, any::<bool>()).prop_map(|(all, groups, minimum, private)| {
        let estimates = all
            .into_iter()
            .enumerate()
            .map(|(at, ((measure, rows), mask))| estimated(&format!("e{at}"), measure, mask, rows));
        let domain = (!private).then(|| (0..60).map(|at| text(&at.to_string())).collect());
        Shape {
            groups_per_person: groups,
            minimum: minimum * 10,
            masks: 3,
            ..shape(vec![key("k", domain)], estimates.collect())
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_price_is_within_its_epsilon_and_grows_with_it(
        shape in arbitrary_shape(),
        nano in 10_000_000u64..4_000_000_000,
        more in 0u64..1_000_000_000,
    ) {
        let permit = delta("1e-6");
        let (low, high) = (Epsilon::from_nano(nano), Epsilon::from_nano(nano + more));
        let priced = |epsilon| price(&shape, epsilon, permit).unwrap();
        let (cheap, dear) = (priced(low), priced(high));
        prop_assert!(is_within(Account::Zcdp, cheap.cost().loss, low, half(permit)).unwrap());
        prop_assert!(cheap.cost().loss <= dear.cost().loss);
        // No more than a part in a million is left unused by rounding.
        let most = largest(Account::Zcdp, low, half(permit)).unwrap().units();
        prop_assert!(cheap.cost().loss.units() + most / 1_000_000 + 20 >= most);
        let limit = half(permit).units() / 100;
        prop_assert!(cheap.cost().delta.units() <= limit);
        prop_assert_eq!(shape.is_private(), cheap.cost().delta > Delta::ZERO);
        for at in 0..shape.estimates.len() {
            prop_assert!(cheap.planned[at].sigma() >= dear.planned[at].sigma());
        }
    }
}
