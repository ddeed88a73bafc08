//! Tests of chance, dates, curves and the tables.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};
use expect_test::expect;

use crate::calendar::{Date, Local, When};
use crate::curve::{at, crossing};
use crate::diseases::diseases;
use crate::episodes::episodes;
use crate::geography::DEPARTMENTS;
use crate::random::{Stream, whole};

#[test]
fn streams_are_uniform_normal_and_distinct() {
    let mut stream = Stream::new(1, 2, 3);
    let draws = 40_000;
    let mean = (0..draws).map(|_| stream.unit()).sum::<f64>() / f64::from(draws);
    assert!((mean - 0.5).abs() < 0.01, "{mean}");
    let normals: Vec<f64> = (0..draws).map(|_| stream.normal()).collect();
    let mean = normals.iter().sum::<f64>() / f64::from(draws);
    let variance = normals.iter().map(|it| it * it).sum::<f64>() / f64::from(draws);
    assert!(
        mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
        "{mean} {variance}"
    );
    let seen: BTreeSet<i32> = (0..1_000).map(|_| stream.between(-2, 3)).collect();
    assert_eq!(seen, (-2..=3).collect());
    assert_eq!(stream.between(4, 1), 4);
    assert_eq!(stream.pick::<u8>(&[]), 0);
    assert_eq!(stream.weighted(&[1, 2], |_| 0.0), None);
    let firsts: BTreeSet<u64> = (0..100)
        .flat_map(|seed| (0..10).map(move |person| Stream::new(seed, person, 1).bits()))
        .collect();
    assert_eq!(firsts.len(), 1_000);
}

#[test]
fn streams_never_change() {
    let mut stream = Stream::new(42, 7, 1);
    let draws = [stream.bits(), stream.bits(), stream.bits()].map(|it| format!("{it:016x}"));
    expect![[r#"
        [
            "bf1a4a5c579fa627",
            "d154c600cc5727ec",
            "0ca71b6fe43467df",
        ]
    "#]]
    .assert_debug_eq(&draws);
}

#[test]
fn days_are_those_of_the_gregorian_calendar() {
    let mut day = NaiveDate::from_ymd_opt(1880, 1, 1).unwrap();
    let mut ours = Date::new(1880, 1, 1);
    while day.year() < 2_101 {
        assert_eq!(ours.to_string(), day.to_string());
        let (year, month, dom) = ours.parts();
        assert_eq!(Date::new(year, month, dom), ours);
        (day, ours) = (day.succ_opt().unwrap(), ours.plus(1));
    }
}

#[test]
fn local_times_carry_the_offset_of_paris() {
    for (date, minute, local) in [
        (Date::new(2026, 1, 15), 540, "2026-01-15T10:00:00+01:00"),
        (Date::new(2026, 7, 15), 540, "2026-07-15T11:00:00+02:00"),
        (Date::new(2026, 7, 15), 1_330, "2026-07-16T00:10:00+02:00"),
        (Date::new(2026, 3, 29), 59, "2026-03-29T01:59:00+01:00"),
        (Date::new(2026, 3, 29), 60, "2026-03-29T03:00:00+02:00"),
        (Date::new(2026, 10, 25), 59, "2026-10-25T02:59:00+02:00"),
        (Date::new(2026, 10, 25), 60, "2026-10-25T02:00:00+01:00"),
    ] {
        assert_eq!(
            Local(date.midnight().plus_minutes(minute)).to_string(),
            local
        );
    }
}

#[test]
fn dates_are_written_as_precisely_as_they_are_known() {
    let date = Date::new(1948, 3, 9);
    for (when, text) in [
        (When::Year(date), "1948"),
        (When::Month(date), "1948-03"),
        (When::Day(date), "1948-03-09"),
    ] {
        assert_eq!(when.to_string(), text);
    }
    let midnight = date.midnight();
    assert_eq!(midnight.to_string(), "1948-03-09T00:00:00Z");
    assert_eq!(midnight.plus_ms(-1).to_string(), "1948-03-08T23:59:59.999Z");
}

#[test]
fn onsets_give_the_prevalence_of_the_curve() {
    let curve = &[(20.0, 0.0), (50.0, 10.0), (70.0, 30.0), (90.0, 20.0)];
    let people = 20_000;
    for (age, expected) in [(35.0, 0.05), (60.0, 0.2), (70.0, 0.3), (85.0, 0.225)] {
        let held = (0..people)
            .filter_map(|person| crossing(curve, 0.01, f64::from(person) / f64::from(people)))
            .filter(|(onset, end)| *onset < age && end.is_none_or(|end| end > age));
        let share = held.count() as f64 / f64::from(people);
        assert!((share - expected).abs() < 0.002, "{age}: {share}");
        assert!((at(curve, age) - 100.0 * expected).abs() < 1e-9);
    }
    assert_eq!(at(&[], 3.0), 0.0);
    assert_eq!(crossing(&[], 1.0, 0.5), None);
}

#[test]
fn tables_are_in_order() {
    let rising = |points: &[(f64, f64)]| points.windows(2).all(|pair| pair[0].0 < pair[1].0);
    let mut earlier = Vec::new();
    for disease in diseases() {
        assert!(rising(disease.curve), "{}", disease.code.code);
        for (risk, _) in disease.risks {
            assert!(
                earlier.contains(risk),
                "{risk:?} comes after {}",
                disease.code.code
            );
        }
        earlier.push(disease.ailment);
    }
    for episode in episodes() {
        assert!(rising(episode.yearly), "{}", episode.code.code);
        assert!(episode.hours.0 < episode.hours.1 && episode.days.0 <= episode.days.1);
    }
    let regions: BTreeSet<&str> = DEPARTMENTS.iter().map(|it| &it.nuts3[..4]).collect();
    let codes: BTreeSet<&str> = DEPARTMENTS.iter().map(|it| it.nuts3).collect();
    assert_eq!((regions.len(), codes.len()), (22, 96));
}

#[test]
fn rounding_is_to_the_nearest() {
    for (value, nearest) in [
        (0.4, 0),
        (0.5, 1),
        (-1.6, -2),
        (1e12, i32::MAX),
        (f64::NAN, 0),
    ] {
        assert_eq!(whole(value), nearest);
    }
}
