//! Dates and times: what is one, their order as far as it is known, their bounds.

use serde_json::{Value, json};

use super::{patient, value};
use crate::moment::{Moment, Side, Sort};

#[test]
fn read() {
    for text in [
        "2020",
        "2020-02",
        "2020-02-29",
        "2020T",
        "2020-02-29T23",
        "2020-02-29T23:59",
        "2020-02-29T23:59:59",
        "2020-02-29T23:59:60Z",
        "2020-02-29T23:59:59.1234567890123Z",
        "2020-02-29T23:59+14:00",
        "10:00",
        "T10",
        "T10:00:00.5",
    ] {
        assert!(Moment::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        "T",
        "0000",
        "19xx",
        "20200",
        "2020-13",
        "2020-00-01",
        "2020-1-1",
        "2023-02-29",
        "1900-02-29",
        "2020-02-30",
        "2020-01-01-01",
        "2020-02T10:00",
        "2020-01-01T24:00",
        "2020-01-01T10:60",
        "2020-01-01T10:00:61",
        "2020-01-01T10.5",
        "2020-01-01T10:00:00.",
        "2020-01-01T10:00:00.x",
        "2020-01-01T10+01:00",
        "2020-01-01T10:00+0100",
        "2020-01-01T10:00+15:00",
        "2020-01-01T10:00ZZ",
        "10:00Z",
        "2020-é1",
        "+2020",
    ] {
        assert!(Moment::parse(text).is_none(), "{text}");
    }
}

/// Two moments and how the first compares to the second, `?` when that is not known.
const COMPARED: &[(&str, &str, &str)] = &[
    ("2020", "2021", "<"),
    ("2020-05", "2020-04", ">"),
    ("2020-05-01", "2020-05-01", "="),
    ("2020", "2020-05", "?"),
    ("2020", "2021-05", "<"),
    ("2020-05-01", "2020-05-01T10:00:00", "?"),
    ("2020-05-01", "2020-05-02T10:00:00+14:00", "<"),
    ("2020-05-01T10:00", "2020-05-01T10:00:00", "?"),
    ("2020-05-01T10:00:00", "2020-05-01T10:00:00.000", "="),
    ("2020-05-01T10:00:00.5", "2020-05-01T10:00:00.49", ">"),
    ("2020-05-01T10:00:00Z", "2020-05-01T12:00:00+02:00", "="),
    ("2020-05-01T00:30:00+02:00", "2020-04-30T23:00:00Z", "<"),
    ("2020-12-31T23:30:00-01:00", "2021-01-01T00:30:00Z", "="),
    ("2020-02-29T23:59:59Z", "2020-03-01T00:00:00Z", "<"),
    ("2019-02-28T23:00:00-01:00", "2019-03-01T00:00:00Z", "="),
    ("2020-05-01T10:00:01Z", "2020-05-01T12:00:00+02:00", ">"),
    ("2020-05-01T10:00:00Z", "2020-05-01T10:00:00", "?"),
    ("2020-05-01T10:00:00Z", "2020-05-03T10:00:00", "<"),
    ("10:00", "10:01", "<"),
    ("10:00", "10:00:30", "?"),
    ("10:00:30.25", "10:00:30.250", "="),
];

#[test]
fn order() {
    for (left, right, wanted) in COMPARED {
        let [a, b] = [left, right].map(|text| Moment::parse(text).unwrap());
        let sign = |order: Result<Option<std::cmp::Ordering>, ()>| match order.unwrap() {
            None => "?",
            Some(order) if order.is_lt() => "<",
            Some(order) if order.is_gt() => ">",
            Some(_) => "=",
        };
        assert_eq!(sign(a.compare(&b)), *wanted, "{left} {right}");
        let turned = match *wanted {
            "<" => ">",
            ">" => "<",
            same => same,
        };
        assert_eq!(sign(b.compare(&a)), turned, "{right} {left}");
    }
    let [day, time] = ["2020-01-01", "10:00"].map(|text| Moment::parse(text).unwrap());
    assert!(day.compare(&time).is_err() && time.compare(&day).is_err());
}

/// A text, what it is, and its bounds.
const BOUNDS: &[(&str, Sort, &str, &str)] = &[
    ("2020", Sort::Date, "2020-01-01", "2020-12-31"),
    ("2019-02", Sort::Date, "2019-02-01", "2019-02-28"),
    ("2019-02-03", Sort::Date, "2019-02-03", "2019-02-03"),
    (
        "2020-02",
        Sort::DateTime,
        "2020-02-01T00:00:00.000+14:00",
        "2020-02-29T23:59:59.999-12:00",
    ),
    (
        "2020-02-03T10:20-05:00",
        Sort::DateTime,
        "2020-02-03T10:20:00.000-05:00",
        "2020-02-03T10:20:59.999-05:00",
    ),
    (
        "2020-02-03T10:20:30.5Z",
        Sort::DateTime,
        "2020-02-03T10:20:30.500Z",
        "2020-02-03T10:20:30.599Z",
    ),
    ("10:20", Sort::DateTime, "10:20:00.000", "10:20:59.999"),
    ("10:20:30.1234", Sort::Date, "10:20:30.123", "10:20:30.123"),
];

#[test]
fn bounds() {
    for (text, sort, low, high) in BOUNDS {
        let bound = |side| Moment::boundary(text, side, *sort);
        assert_eq!(bound(Side::Low).as_deref(), Some(*low), "{text}");
        assert_eq!(bound(Side::High).as_deref(), Some(*high), "{text}");
    }
    assert_eq!(Moment::boundary("19xx", Side::Low, Sort::Date), None);
}

#[test]
fn in_paths() {
    let record = patient(
        r#""birthDate":"1980-02","a":"2020-05-01T10:00:00Z","b":"2020-05-01T12:00:00.000+02:00",
        "c":"2020-05-01","t":"08:30:00""#,
    );
    let cases: &[(&str, Value)] = &[
        ("birthDate < @1981-01-01", json!(true)),
        ("birthDate = @1980-02", json!(true)),
        ("birthDate = @1980-02-01", Value::Null),
        ("birthDate > @1980-01-31", json!(true)),
        ("a = b", json!(true)),
        ("a != b", json!(false)),
        ("a = c", json!(false)),
        ("a >= b", json!(true)),
        ("c < a", Value::Null),
        ("birthDate < c", json!(true)),
        ("c = @2020-05-01", json!(true)),
        ("t < @T08:30:01", json!(true)),
        ("t = @T08:30", Value::Null),
        ("id < 'q'", json!(true)),
        ("@2020-01-01 < @2020-01-02", json!(true)),
        ("@2020-01-01 = @T10:00", json!(false)),
        ("birthDate.highBoundary() = @1980-02-29", json!(true)),
    ];
    for (path, wanted) in cases {
        assert_eq!(
            value(path, "boolean", &record),
            Ok(wanted.clone()),
            "{path}"
        );
    }
    assert_eq!(value("@2020-01", "date", &record), Ok(json!("2020-01")));
    let low = value("birthDate.lowBoundary()", "dateTime", &record);
    assert_eq!(low, Ok(json!("1980-02-01")));
    let low = value("c.lowBoundary()", "dateTime", &record);
    assert_eq!(low, Ok(json!("2020-05-01T00:00:00.000+14:00")));
}
