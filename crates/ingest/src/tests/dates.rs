//! Dates that the calendar has, and others.

use chrono::{Datelike, NaiveDate};

use crate::date::{Moment, Precision};

#[test]
fn every_day_of_the_calendar_is_one() {
    let first = NaiveDate::from_ymd_opt(1, 1, 1).unwrap();
    let days = first.iter_days().take_while(|day| day.year() < 10_000);
    for day in days.filter(|day| day.day() == 1 || (1890..2110).contains(&day.year())) {
        let text = day.to_string();
        let moment = Moment::parse(&text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(moment.days, day.to_epoch_days(), "{text}");
    }
    for year in 1..10_000 {
        let leap = NaiveDate::from_ymd_opt(year, 2, 29).is_some();
        assert_eq!(Moment::parse(&format!("{year:04}-02-29")).is_some(), leap);
    }
}

#[test]
fn dates_have_a_day_a_precision_and_perhaps_a_moment() {
    use Precision::{Day, Month, Year};
    for (text, day, precision, micros) in [
        ("1970", "1970-01-01", Year, None),
        ("2024-02", "2024-02-01", Month, None),
        ("2024-02-29", "2024-02-29", Day, None),
        ("1970-01-01T00:00:01Z", "1970-01-01", Day, Some(1_000_000)),
        (
            "1970-01-01T00:00:00.123456789Z",
            "1970-01-01",
            Day,
            Some(123_456),
        ),
        (
            "1970-01-01T00:00:00.1234567891234Z",
            "1970-01-01",
            Day,
            Some(123_456),
        ),
        ("1970-01-01T01:00:00+01:00", "1970-01-01", Day, Some(0)),
        ("1969-12-31T19:00:00-05:00", "1969-12-31", Day, Some(0)),
        ("1970-01-01T14:00:00+14:00", "1970-01-01", Day, Some(0)),
        ("1970-01-01T00:00Z", "1970-01-01", Day, Some(0)),
        ("1970-01-01T00:01:00", "1970-01-01", Day, Some(60_000_000)),
        ("1970-01-01T00:00:60Z", "1970-01-01", Day, Some(59_000_000)),
    ] {
        let moment = Moment::parse(text).unwrap_or_else(|| panic!("{text}"));
        let written = NaiveDate::from_epoch_days(moment.days).unwrap();
        assert_eq!(written.to_string(), day, "{text}");
        assert_eq!(moment.year, written.year(), "{text}");
        assert_eq!(moment.precision, precision, "{text}");
        assert_eq!(moment.micros, micros, "{text}");
    }
    assert_eq!(Moment::parse("1970-01-02").unwrap().days, 1);
    assert_eq!(Moment::parse("1969").unwrap().days, -365);
}

#[test]
fn what_the_calendar_does_not_have_is_no_date() {
    for text in [
        "",
        " ",
        "0000",
        "24",
        "02024",
        "2024-2",
        "2024-13",
        "2024-00",
        "2023-02-29",
        "2024-02-30",
        "2024-01-32",
        "2024-01-00",
        "2024/01/01",
        "2024-01-01-01",
        "-2024",
        "+2024",
        "2024-01-01 ",
        "2024-01-01T",
        "2024T10:00:00Z",
        "2024-01T10:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T10Z",
        "2024-01-01T10:60:00Z",
        "2024-01-01T10:00:61Z",
        "2024-01-01T10:00:00z",
        "2024-01-01T10:00:00.Z",
        "2024-01-01T10:00:00.1x",
        "2024-01-01T10:00.5Z",
        "2024-01-01T10:00:00+1:00",
        "2024-01-01T10:00:00+15:00",
        "2024-01-01T10:00:00+01:60",
        "2024-01-01T10:00:00+01",
        "2024-01-01T10:00:00Z+",
        "2024-01-01T10:00:00:00Z",
        "٢٠٢٤",
        "2024-01-01T10:00:00\u{2212}01:00",
        "9999999999",
        "tomorrow",
    ] {
        assert_eq!(Moment::parse(text), None, "{text:?}");
    }
}
