//! Releases: which rows there are, what is hidden, what the numbers and their forms are.

use super::*;
use crate::cell::estimate;

/// A price with next to no noise.
pub(super) fn precise(shape: &Shape) -> One {
    price(shape, epsilon("2000"), delta("1e-6")).unwrap()
}

pub(super) fn regions() -> Key {
    key(
        "region",
        Some(vec![text("south"), KeyValue::Null, text("north")]),
    )
}

#[test]
fn all_public_keys_are_shown_and_no_others() {
    let sexes = key("sex", Some(vec![text("f"), text("m")]));
    let shape = shape(vec![regions(), sexes], vec![persons()]);
    let priced = price(&shape, epsilon("0.5"), delta("1e-7")).unwrap();
    let some = || vec![group(&[text("north"), text("m")], &shape, 40, &[[40, 0]])];
    for groups in [some(), vec![]] {
        let release = released(&priced, groups);
        let keys = (0..release.rows()).map(|row| [0, 1].map(|at| release.key(row, at).unwrap()));
        let (null, north, south) = (KeyValue::Null, text("north"), text("south"));
        let (f, m) = (text("f"), text("m"));
        let expected = [
            [&null, &f],
            [&null, &m],
            [&north, &f],
            [&north, &m],
            [&south, &f],
            [&south, &m],
        ];
        assert!(keys.eq(expected));
    }
}

#[test]
fn without_keys_there_is_one_row() {
    let shape = shape(vec![], vec![persons()]);
    let priced = price(&shape, epsilon("0.5"), delta("1e-7")).unwrap();
    assert_eq!(released(&priced, vec![]).rows(), 1);
    assert_eq!(
        released(&priced, vec![group(&[], &shape, 70, &[[70, 0]])]).rows(),
        1
    );
}

#[test]
fn groups_the_shape_does_not_allow_release_nothing() {
    let bounds = clamp(-5, 20, 0);
    let estimates = vec![
        persons(),
        estimated("r", Measure::Rows, 0, 3),
        estimated("s", Measure::Sum(bounds), 0, 2),
        estimated("m", Measure::Mean(bounds), 0, 2),
    ];
    let shape = shape(vec![regions()], estimates);
    let priced = price(&shape, epsilon("1"), delta("1e-7")).unwrap();
    let right = [[10, 0], [30, 0], [-400, 0], [20, 400]];
    let north = || group(&[text("north")], &shape, 10, &right);
    let answered = |groups| answer::<OpenDp>(Exact::seal(groups), &priced, priced.cost());
    assert!(answered(vec![north()]).is_ok());
    let with = |at: usize, value: [i128; 2]| {
        let mut values = right;
        values[at] = value;
        group(&[text("north")], &shape, 10, &values)
    };
    let wrong = [
        vec![north(), north()],
        vec![group(&[text("west")], &shape, 10, &right)],
        vec![group(&[KeyValue::Integer(1)], &shape, 10, &right)],
        vec![group(&[], &shape, 10, &right)],
        vec![group(&[text("north")], &shape, 10, &right[..3])],
        vec![Group {
            persons: vec![],
            ..north()
        }],
        vec![Group {
            persons: vec![-1],
            ..north()
        }],
        vec![Group {
            persons: vec![(1 << 40) + 1],
            ..north()
        }],
        vec![with(0, [9, 0])],
        vec![with(1, [31, 0])],
        vec![with(1, [-1, 0])],
        vec![with(2, [401, 0])],
        vec![with(2, [i128::MIN, 0])],
        vec![with(3, [21, 0])],
        vec![with(3, [20, 401])],
        vec![with(3, [20, -101])],
    ];
    for (at, groups) in wrong.into_iter().enumerate() {
        assert!(
            matches!(answered(groups), Err(DisclosureError::Exact(_))),
            "case {at}"
        );
    }
}

#[test]
fn less_paid_than_measured_releases_nothing() {
    let shape = shape(vec![key("k", None)], vec![persons()]);
    let priced = price(&shape, epsilon("0.1"), delta("1e-7")).unwrap();
    let full = priced.cost();
    let less_rho = Cost {
        loss: lazaret_model::Loss::from_pico(full.loss.units() - 1),
        ..full
    };
    let less_delta = Cost {
        delta: Delta::from_atto(full.delta.units() - 1),
        ..full
    };
    for paid in [Cost::ZERO, less_rho, less_delta] {
        let refused = answer::<OpenDp>(Exact::seal(vec![]), &priced, paid);
        assert!(matches!(refused, Err(DisclosureError::Underpaid)));
    }
    assert!(answer::<OpenDp>(Exact::seal(vec![]), &priced, full).is_ok());
    for exact in [0, 2] {
        let exact = (0..exact).map(|_| Exact::seal(vec![])).collect();
        let refused = answers::<OpenDp>(exact, priced.0.parts(), full);
        assert!(matches!(refused, Err(DisclosureError::Mismatch)));
    }
}

#[test]
fn cells_of_few_persons_are_hidden() {
    let sum = estimated("s", Measure::Sum(clamp(0, 50, 0)), 1, 1);
    let shape = shape(vec![regions()], vec![persons(), sum]);
    let priced = precise(&shape);
    let with = |name: &str, persons: i64, backed: i64| Group {
        key: vec![text(name)],
        persons: vec![persons, backed],
        values: vec![vec![persons.into()], vec![i128::from(backed) * 7]],
    };
    let release = released(&priced, vec![with("north", 40, 3), with("south", 4, 4)]);
    let hidden = |row, column| release.cell(row, column) == Some(Cell::Hidden);
    assert!(hidden(0, 1) && hidden(0, 2), "the empty group of NULL");
    assert!(
        !hidden(1, 1) && hidden(1, 2),
        "40 persons, 3 of them with a value"
    );
    assert!(hidden(2, 1) && hidden(2, 2));
    let free = Shape {
        minimum: 0,
        ..shape.clone()
    };
    let release = released(&precise(&free), vec![with("south", 4, 4)]);
    assert!((0..3).all(|row| release.cell(row, 2) != Some(Cell::Hidden)));
}

#[test]
fn a_mean_at_one_row_a_person_counts_its_own_persons() {
    let bounds = clamp(1_000, 9_000, 2);
    let shape = shape(
        vec![regions()],
        vec![estimated("m", Measure::Mean(bounds), 0, 1)],
    );
    let priced = precise(&shape);
    assert!(priced.bought().is_empty());
    let with = |name: &str, n: i64| {
        group(
            &[text(name)],
            &shape,
            n,
            &[[n.into(), i128::from(n) * 3_700]],
        )
    };
    let release = released(&priced, vec![with("north", 12), with("south", 8)]);
    assert_eq!(release.cell(2, 1), Some(Cell::Hidden));
    let Some(Cell::Shown(mean)) = release.cell(1, 1) else {
        panic!("12 persons are shown")
    };
    let Number::Real(value) = mean.value else {
        panic!("a real number")
    };
    assert!((value - 37.0).abs() < 6.0 * mean.std_error && mean.std_error < 1.0);
}

#[test]
fn a_mean_of_too_little_is_all_its_bounds_allow() {
    let bounds = clamp(-20, 60, 1);
    for (rows, centred) in [(-500, 900), (0, 0), (290, -4_000), (290, 10)] {
        let cell = estimate(Measure::Mean(bounds), &[rows, centred], normal(100.0)).unwrap();
        let Cell::Shown(mean) = cell else {
            panic!("shown")
        };
        assert_eq!(
            (mean.low95, mean.high95),
            (Number::Real(-2.0), Number::Real(6.0))
        );
        assert_eq!(mean.std_error, 4.0);
        let Number::Real(value) = mean.value else {
            panic!("a real number")
        };
        assert!((-2.0..=6.0).contains(&value));
    }
}

#[test]
fn intervals_hold_the_truth_nineteen_times_in_twenty() {
    let bounds = clamp(0, 200, 1);
    let estimates = vec![
        persons(),
        estimated("s", Measure::Sum(bounds), 0, 1),
        estimated("m", Measure::Mean(bounds), 0, 1),
    ];
    let groups = (0..4_000).map(KeyValue::Integer);
    let key = Key {
        name: "g".into(),
        kind: KeyType::Integer,
        domain: Some(groups.clone().collect()),
    };
    let shape = shape(vec![key], estimates);
    let priced = price(&shape, epsilon("1"), delta("1e-6")).unwrap();
    let exact = groups.map(|g| group(&[g], &shape, 500, &[[500, 0], [70_000, 0], [500, 70_000]]));
    let release = released(&priced, exact.collect());
    for (column, truth) in [(1, 500.0), (2, 7_000.0), (3, 14.0)] {
        let real = |number| match number {
            Number::Whole(value) => value as f64,
            Number::Real(value) => value,
        };
        let holds = |row: &usize| match release.cell(*row, column) {
            Some(Cell::Shown(cell)) => real(cell.low95) <= truth && truth <= real(cell.high95),
            _ => panic!("500 persons are shown"),
        };
        let share = (0..release.rows()).filter(holds).count() as f64 / release.rows() as f64;
        assert!((0.93..0.97).contains(&share), "column {column}: {share}");
    }
}

#[test]
fn how_surely_a_small_group_is_shown_follows_from_the_noise() {
    let sum = estimated("s", Measure::Sum(clamp(0, 50, 0)), 0, 1);
    let public = shape(vec![regions()], vec![sum.clone()]);
    let priced = price(&public, epsilon("2"), delta("1e-7")).unwrap();
    let odds = |persons| priced.shown_by_noise(persons).unwrap();
    assert!(odds(1) < odds(5) && odds(5) < odds(9) && odds(9) < 1.0);
    assert_eq!(
        priced.shown_by_noise(10),
        None,
        "the minimum itself is no accident"
    );
    let private = shape(vec![key("k", None)], vec![sum]);
    let priced = price(&private, epsilon("2"), delta("1e-7")).unwrap();
    assert_eq!(priced.shown_by_noise(1), None, "a threshold decides");
}

#[cfg(feature = "noiseless")]
#[test]
fn without_noise_everything_is_shown_as_it_is() {
    let bounds = clamp(0, 100, 1);
    let sum = estimated("s", Measure::Sum(bounds), 0, 1);
    let mean = estimated("m", Measure::Mean(bounds), 0, 1);
    let shape = shape(vec![regions()], vec![persons(), sum, mean]);
    let priced = price(&shape, epsilon("0.1"), delta("1e-7")).unwrap();
    let few = group(&[text("north")], &shape, 3, &[[3, 0], [45, 0], [3, 45]]);
    let release = release_without_noise(vec![Exact::seal(vec![few])], &priced.0)
        .ok()
        .unwrap()
        .remove(0);
    let value = |row, column| match release.cell(row, column) {
        Some(Cell::Shown(shown)) if shown.std_error == 0.0 && shown.low95 == shown.value => {
            Some(shown.value)
        }
        _ => None,
    };
    let row = |row| [1, 2, 3].map(|column| value(row, column));
    let (n, s, m) = (Number::Whole(3), Number::Real(4.5), Number::Real(1.5));
    assert_eq!(row(1), [Some(n), Some(s), Some(m)]);
    assert_eq!(
        row(0),
        [Some(Number::Whole(0)), Some(Number::Real(0.0)), None]
    );
    let open = super::shape(vec![key("k", None)], vec![persons()]);
    let priced = price(&open, epsilon("0.1"), delta("1e-7")).unwrap();
    let lonely = Exact::seal(vec![group(&[text("x")], &open, 1, &[[1, 0]])]);
    assert_eq!(
        release_without_noise(vec![lonely], &priced.0).ok().unwrap()[0].rows(),
        1
    );
}

#[test]
fn several_releases_share_one_price() {
    let public = shape(vec![regions()], vec![persons()]);
    let private = shape(vec![key("k", None)], vec![persons()]);
    let (asked, permit) = (epsilon("1"), delta("1e-6"));
    let shapes = [public.clone(), private.clone(), private.clone()];
    let all = crate::price(&shapes, Account::Zcdp, asked, permit).unwrap();
    // The same epsilon, so the same rho but for rounding, and the same part for each number.
    let alone = price(&public, asked, permit).unwrap().cost().loss.units();
    assert!(all.cost().loss.units() <= alone && all.cost().loss.units() + 100 > alone);
    let errors: Vec<_> = all
        .parts()
        .iter()
        .map(|part| part.planned[0].sigma())
        .collect();
    assert!(errors[0] == errors[1] && errors[1] == errors[2]);
    // Two thresholds take no more of delta than one may.
    let limit = permit.units() / 2 / 100;
    assert!(all.cost().delta.units() <= limit && all.cost().delta > Delta::ZERO);
    let exact = || (0..3).map(|_| Exact::seal(vec![])).collect();
    let releases = answers::<OpenDp>(exact(), all.parts(), all.cost())
        .ok()
        .unwrap();
    let rows: Vec<_> = releases.iter().map(Release::rows).collect();
    assert_eq!(rows, [3, 0, 0]);
    // What pays for one of them pays not for all.
    let one = price(&private, asked, permit).unwrap().cost();
    let less = Cost {
        delta: all.cost().delta,
        loss: lazaret_model::Loss::from_pico(one.loss.units() / 2),
    };
    let refused = answers::<OpenDp>(exact(), all.parts(), less);
    assert!(matches!(refused, Err(DisclosureError::Underpaid)));
}
