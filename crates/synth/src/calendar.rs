//! Days and moments as plain numbers, and how FHIR writes them.
//!
//! An export holds a million dates: these types cost a few divisions to write. Local times carry
//! the offset of Paris, as the records of a French hospital do.

use std::fmt;

use serde::{Serialize, Serializer};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(i32);

/// A moment: milliseconds from 1970-01-01T00:00:00Z. Written in UTC, with milliseconds
/// where there are any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

/// A moment written in the local time of Paris to the second.
#[derive(Clone, Copy)]
pub(crate) struct Local(pub(crate) Moment);

/// A date as precise as somebody wrote it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Only the year is known.
    Year(Date),
    /// Only year and month are known.
    Month(Date),
    /// The day is known.
    Day(Date),
}

impl Date {
    /// The day of a proleptic Gregorian date; `month` 1 to 12.
    pub(crate) const fn new(year: i32, month: i32, day: i32) -> Self {
        // Years begin in March here, so that the leap day is the last of its year.
        let (year, month) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        // 719468 days lie between 0000-03-01 and 1970-01-01.
        Self(365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468)
    }

    /// Year, month (1 to 12) and day.
    pub(crate) const fn parts(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let year = year + 400 * era;
        if month < 10 {
            (year, month + 3, day)
        } else {
            (year + 1, month - 9, day)
        }
    }

    /// This many days later.
    pub(crate) const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days from `earlier` to this day.
    pub(crate) const fn since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Years from `birth` to this day.
    pub(crate) fn age(self, birth: Self) -> f64 {
        f64::from(self.since(birth)) / 365.25
    }

    /// Midnight in UTC.
    pub(crate) fn midnight(self) -> Moment {
        Moment(i64::from(self.0) * DAY_MS)
    }

    /// 0 for Sunday.
    const fn weekday(self) -> i32 {
        (self.0 + 4).rem_euclid(7)
    }
}

impl Moment {
    /// The day in UTC.
    pub(crate) fn date(self) -> Date {
        Date(i32::try_from(self.0.div_euclid(DAY_MS)).unwrap_or(i32::MAX))
    }

    /// This many milliseconds later.
    pub(crate) const fn plus_ms(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// This many minutes later.
    pub(crate) fn plus_minutes(self, minutes: i32) -> Self {
        Self(self.0.saturating_add(i64::from(minutes) * 60_000))
    }

    /// Milliseconds from `earlier` to this moment.
    pub(crate) const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Offset of Paris from UTC in hours: summer time from the last Sunday of March to that of
    /// October, 01:00 UTC (Directive 2000/84/EC).
    fn paris(self) -> i64 {
        let (year, _, _) = self.date().parts();
        let change = |month| {
            let last = Date::new(year, month, 31);
            last.plus(-last.weekday()).midnight().plus_ms(HOUR_MS)
        };
        if self >= change(3) && self < change(10) {
            2
        } else {
            1
        }
    }
}

impl When {
    /// The first day it may mean.
    pub(crate) const fn date(self) -> Date {
        match self {
            Self::Year(date) | Self::Month(date) | Self::Day(date) => date,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(out, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for When {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, _) = self.date().parts();
        match self {
            Self::Year(_) => write!(out, "{year:04}"),
            Self::Month(_) => write!(out, "{year:04}-{month:02}"),
            Self::Day(date) => date.fmt(out),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_day = self.0.rem_euclid(DAY_MS);
        let (seconds, milliseconds) = (in_day / 1_000, in_day % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(out, "{}T{hour:02}:{minute:02}:{second:02}", self.date())?;
        match milliseconds {
            0 => out.write_str("Z"),
            _ => write!(out, ".{milliseconds:03}Z"),
        }
    }
}

impl fmt::Display for Local {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = self.0.paris();
        let local = self.0.plus_ms(offset * HOUR_MS);
        let seconds = local.0.rem_euclid(DAY_MS) / 1_000;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(
            out,
            "{}T{hour:02}:{minute:02}:{second:02}+{offset:02}:00",
            local.date()
        )
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Local {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
