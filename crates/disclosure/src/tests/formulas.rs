//! Numbers computed of released ones, with the error that follows.

use super::*;

fn column(place: usize) -> Box<Formula> {
    Formula::Column(place).into()
}

fn of(operation: Operation, left: Box<Formula>, right: Box<Formula>) -> Formula {
    Formula::Of(operation, left, right)
}

/// Many groups of 4,000 persons of whom 1,000 have something.
fn counted(groups: i64) -> Release {
    let key = Key {
        name: "year".into(),
        kind: KeyType::Integer,
        domain: Some((0..groups).map(KeyValue::Integer).collect()),
    };
    let estimates = vec![persons(), estimated("some", Measure::Rows, 1, 1)];
    let shape = Shape {
        minimum: 0,
        ..shape(vec![key], estimates)
    };
    let priced = price(&shape, epsilon("1"), delta("1e-6")).unwrap();
    let group = |year| Group {
        key: vec![KeyValue::Integer(year)],
        persons: vec![4_000, 1_000],
        values: vec![vec![4_000], vec![1_000]],
    };
    released(&shape, &priced, (0..groups).map(group).collect())
}

fn shown(release: &Release, row: usize) -> Option<(f64, f64, f64)> {
    let last = release.columns().len() - 1;
    let real = |number| match number {
        Number::Whole(value) => value as f64,
        Number::Real(value) => value,
    };
    match release.cell(row, last)? {
        Cell::Shown(cell) => Some((real(cell.value), real(cell.low95), real(cell.high95))),
        Cell::Hidden => None,
    }
}

#[test]
fn intervals_of_what_is_computed_hold_the_truth() {
    let release = counted(2_000);
    let share = of(Operation::Over, column(2), column(1));
    let percent = of(
        Operation::Times,
        Formula::Number(100.0).into(),
        share.into(),
    );
    let others = of(Operation::Minus, column(1), column(2));
    let product = of(Operation::Times, column(1), column(2));
    let itself = of(Operation::Plus, column(1), column(1));
    for (formula, truth) in [
        (percent, 25.0),
        (others, 3_000.0),
        (product, 4e6),
        (itself, 8_000.0),
    ] {
        let computed = release.compute("x", "of two", &formula).unwrap();
        let holds = |row: &usize| {
            shown(&computed, *row).is_some_and(|(_, low, high)| low <= truth && truth <= high)
        };
        let share = (0..2_000).filter(holds).count() as f64 / 2_000.0;
        assert!((0.93..0.97).contains(&share), "{truth}: {share}");
    }
}

#[test]
fn keys_and_literals_are_exact() {
    let release = counted(3);
    let year = of(Operation::Plus, column(0), Formula::Number(1_900.0).into());
    let release = release.compute("y", "year + 1900", &year).unwrap();
    assert_eq!(shown(&release, 2), Some((1_902.0, 1_902.0, 1_902.0)));
    let json = serde_json::to_value(&release).unwrap();
    let described = serde_json::json!({
        "name": "y", "role": "computed", "type": "float64", "formula": "year + 1900"
    });
    assert_eq!(json["columns"][3], described);
}

#[test]
fn what_says_nothing_is_hidden() {
    let release = counted(1);
    let nothing = of(Operation::Minus, column(1), column(1));
    let by_nothing = of(Operation::Over, column(2), nothing.into());
    assert_eq!(
        shown(&release.compute("x", "", &by_nothing).unwrap(), 0),
        None
    );
    let zero = of(Operation::Over, column(1), Formula::Number(0.0).into());
    let hidden = release.compute("x", "", &zero).unwrap();
    assert_eq!(shown(&hidden, 0), None);
    let of_hidden = of(Operation::Plus, column(3), column(1));
    assert_eq!(
        shown(&hidden.compute("z", "", &of_hidden).unwrap(), 0),
        None
    );
    // A share of a count that noise alone could have made says nothing either.
    let far = of(Operation::Minus, column(2), Formula::Number(1_000.0).into());
    let share = of(Operation::Over, column(1), far.into());
    assert_eq!(shown(&release.compute("x", "", &share).unwrap(), 0), None);
    assert!(release.compute("x", "", &Formula::Column(9)).is_err());
}
