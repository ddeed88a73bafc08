//! Quality is counted right, whoever counts and however strings are stored.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    StringViewArray,
};
use arrow::datatypes::Int32Type;
use chrono::DateTime;
use lazaret_model::{Clamp, ColumnDescription, ColumnType, Instant, TableDescription, Treatment};

use crate::report::quality::Quality;
use crate::{TableReport, Timeliness};

const HOUR: i64 = 3_600_000_000;

fn exported() -> Instant {
    DateTime::parse_from_rfc3339("2026-03-02T00:00:00Z")
        .unwrap()
        .to_utc()
}

fn column(name: &str, kind: ColumnType, treatment: Treatment) -> ColumnDescription {
    ColumnDescription {
        name: name.parse().unwrap(),
        kind,
        treatment,
        description: String::new(),
        bounds: None,
        values: Vec::new(),
    }
}

fn table(name: &str, columns: Vec<ColumnDescription>) -> TableDescription {
    TableDescription {
        name: name.parse().unwrap(),
        title: String::new(),
        columns,
        rows_per_person: 1,
    }
}

fn person() -> TableDescription {
    table(
        "person",
        vec![
            column("person_id", ColumnType::Pseudonym, Treatment::Person),
            column("birth_year", ColumnType::Integer, Treatment::AgeCap90),
        ],
    )
}

fn visit() -> TableDescription {
    let mut kind = column("kind", ColumnType::Text, Treatment::Keep);
    kind.values = vec!["in".to_owned(), "out".to_owned()];
    let mut length = column("length", ColumnType::Number, Treatment::Derived);
    length.bounds = Some(Clamp::new(0, 1000, 1).unwrap());
    let id = column("person_id", ColumnType::Pseudonym, Treatment::Person);
    let day = column("day", ColumnType::Date, Treatment::Date);
    table("visit", vec![id, kind, length, day])
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true)))
        .unwrap()
}

fn births(years: &[(i64, i64)]) -> RecordBatch {
    let (ids, years): (Vec<_>, Vec<_>) = years.iter().copied().unzip();
    batch(vec![
        ("person_id", Arc::new(Int64Array::from(ids))),
        ("birth_year", Arc::new(Int64Array::from(years))),
    ])
}

/// The day of 1 January of a year.
fn day(year: i32) -> i32 {
    let date = chrono::NaiveDate::from_yo_opt(year, 1).unwrap();
    date.signed_duration_since(chrono::NaiveDate::default())
        .num_days()
        .try_into()
        .unwrap()
}

fn visits(kinds: ArrayRef) -> RecordBatch {
    let now = exported().timestamp_micros();
    let days = [Some(day(1970)), Some(day(1990)), None, Some(day(2027))];
    batch(vec![
        ("person_id", Arc::new(Int64Array::from(vec![1, 1, 2, 2]))),
        ("kind", kinds),
        (
            "length",
            Arc::new(Float64Array::from(vec![
                Some(100.0),
                Some(100.1),
                Some(f64::NAN),
                None,
            ])),
        ),
        ("day", Arc::new(Date32Array::from(days.to_vec()))),
        (
            "_updated",
            Arc::new(Int64Array::from(vec![
                now - 5 * HOUR,
                now - 100 * HOUR,
                now - 100 * HOUR,
                now + HOUR,
            ])),
        ),
    ])
}

const KINDS: [Option<&str>; 4] = [Some("out"), Some("in"), Some("elsewhere"), None];

fn seen(kinds: ArrayRef) -> TableReport {
    let mut quality = Quality::new(&[person(), visit()], exported());
    quality.observe(&person(), &births(&[(1, 1980), (2, 1990)]));
    quality.observe(&visit(), &visits(kinds));
    quality.report().remove(&"visit".parse().unwrap()).unwrap()
}

#[test]
fn each_kind_of_text_counts_alike() {
    let plain = seen(Arc::new(StringArray::from(KINDS.to_vec())));
    let dictionary: DictionaryArray<Int32Type> = KINDS.into_iter().collect();
    assert_eq!(seen(Arc::new(dictionary)), plain);
    assert_eq!(seen(Arc::new(StringViewArray::from(KINDS.to_vec()))), plain);
    let of = |name: &str| plain.column(name).unwrap().clone();
    assert_eq!(plain.rows, 4);
    assert_eq!((of("kind").present, of("kind").outside), (3, 1));
    assert_eq!(of("kind").completeness, Some(0.75));
    assert_eq!(of("kind").validity, Some(0.6667));
    assert_eq!(of("length").outside, 2, "above the bound, and no number");
    assert_eq!((of("day").after_export, of("day").before_birth), (1, 1));
    assert_eq!(of("person_id").completeness, Some(1.0));
}

#[test]
fn ages_are_those_at_the_export() {
    let report = seen(Arc::new(StringArray::from(KINDS.to_vec())));
    let ages = Timeliness {
        newest_hours: 0,
        median_hours: 5,
    };
    assert_eq!(report.updated, Some(ages), "what is newer has no age");
    for hours in [0, 1, 15, 16, 17, 100, 8766, 100_000, 9_000_000] {
        let mut quality = Quality::new(&[visit()], exported());
        let changed = exported().timestamp_micros() - hours * HOUR;
        let changed: ArrayRef = Arc::new(Int64Array::from(vec![changed, 0]));
        quality.observe(&visit(), &batch(vec![("_updated", changed)]).slice(0, 1));
        let ages = quality.report()[&"visit".parse().unwrap()].updated.unwrap();
        let hours = u64::try_from(hours).unwrap();
        assert_eq!((ages.newest_hours, ages.median_hours), (hours, hours));
    }
}

#[test]
fn a_median_is_at_most_an_eighth_too_low() {
    for hours in [16, 31, 100, 1000, 12_345, 1_000_000] {
        let mut quality = Quality::new(&[visit()], exported());
        let now = exported().timestamp_micros();
        let changed = vec![now, now - hours * HOUR, now - hours * HOUR];
        let changed: ArrayRef = Arc::new(Int64Array::from(changed));
        quality.observe(&visit(), &batch(vec![("_updated", changed)]));
        let ages = quality.report()[&"visit".parse().unwrap()].updated.unwrap();
        let hours = u64::try_from(hours).unwrap();
        assert!(
            ages.median_hours <= hours && ages.median_hours * 8 >= hours * 7,
            "{ages:?}"
        );
    }
}

#[test]
fn many_batches_count_what_one_counts() {
    let kinds: ArrayRef = Arc::new(StringArray::from(KINDS.to_vec()));
    let rows = visits(kinds);
    let mut one = Quality::new(&[person(), visit()], exported());
    one.observe(&person(), &births(&[(1, 1980), (2, 1990)]));
    let mut many = one.clone();
    one.observe(&visit(), &rows);
    for at in [2, 0, 3, 1] {
        many.observe(&visit(), &rows.slice(at, 1));
    }
    assert_eq!(many.report(), one.report());
}

#[test]
fn a_birth_in_the_class_of_the_oldest_is_held_against_nobody() {
    let mut quality = Quality::new(&[person(), visit()], exported());
    quality.observe(&person(), &births(&[(1, 1935), (2, 1935)]));
    let kinds: ArrayRef = Arc::new(StringArray::from(KINDS.to_vec()));
    let mut rows = visits(kinds).columns().to_vec();
    rows[3] = Arc::new(Date32Array::from(vec![day(1930); 4]));
    let names = ["person_id", "kind", "length", "day"];
    quality.observe(&visit(), &batch(names.into_iter().zip(rows).collect()));
    let report = quality.report();
    let visit = &report[&"visit".parse().unwrap()];
    assert_eq!(visit.column("day").unwrap().before_birth, 0);
}
