//! FHIR's dates: whole and partial days, and moments with a time zone.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Utc};

/// How much of a date was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// The year alone.
    Year,
    /// Year and month.
    Month,
    /// The whole day.
    Day,
}

impl Precision {
    /// The value of a `<column>_precision` column.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }
}

/// A `date`, `dateTime` or `instant` (FHIR R4, 2.24.0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The day as it was written, in the time zone of its source; parts not written are the first.
    pub(crate) day: NaiveDate,
    /// How much of the day was written.
    pub(crate) precision: Precision,
    /// The moment, when a time was written; without a zone it is taken as UTC.
    pub(crate) instant: Option<DateTime<Utc>>,
}

impl Moment {
    /// Parses the text, or nothing when it is no date that the calendar has. Seconds and the zone
    /// may be missing, as many sources leave them out.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = i32::try_from(digits(parts.next()?, 4)?)
            .ok()
            .filter(|year| *year > 0)?;
        let month = parts
            .next()
            .map(|part| digits(part, 2).ok_or(()))
            .transpose()
            .ok()?;
        let day = parts
            .next()
            .map(|part| digits(part, 2).ok_or(()))
            .transpose()
            .ok()?;
        let precision = match (month, day, parts.next()) {
            (None, None, None) => Precision::Year,
            (Some(_), None, None) => Precision::Month,
            (Some(_), Some(_), None) => Precision::Day,
            _ => return None,
        };
        let day = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1))?;
        let instant = match time {
            None => None,
            Some(time) if precision == Precision::Day => Some(instant(day, time)?),
            Some(_) => return None,
        };
        Some(Self {
            day,
            precision,
            instant,
        })
    }

    /// Days since 1970.
    pub(crate) fn days(&self) -> i32 {
        self.day.to_epoch_days()
    }

    /// The year.
    pub(crate) fn year(&self) -> i32 {
        self.day.year()
    }
}

fn instant(day: NaiveDate, text: &str) -> Option<DateTime<Utc>> {
    let (time, zone) = match text.find(['Z', '+', '-']) {
        Some(at) => text.split_at_checked(at)?,
        None => (text, "Z"),
    };
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (time, None),
    };
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let second = parts
        .next()
        .map(|part| digits(part, 2).ok_or(()))
        .transpose()
        .ok()?;
    if parts.next().is_some() || (fraction.is_some() && second.is_none()) {
        return None;
    }
    // FHIR writes leap seconds as 60; they count as the second before.
    let second = match second.unwrap_or(0) {
        60 => 59,
        second => second,
    };
    let nanos = fraction.map_or(Some(0), nanoseconds)?;
    let local = day.and_time(NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?);
    local
        .and_local_timezone(offset(zone)?)
        .single()
        .map(|moment| moment.to_utc())
}

fn offset(zone: &str) -> Option<FixedOffset> {
    if zone == "Z" {
        return FixedOffset::east_opt(0);
    }
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    if minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return None;
    }
    let seconds = i32::try_from((hours * 60 + minutes) * 60).ok()?;
    FixedOffset::east_opt(if zone.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

/// Any number of digits; what is finer than a nanosecond is cut.
fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{:0<9}", fraction.get(..fraction.len().min(9))?)
        .parse()
        .ok()
}

/// A number of exactly so many digits.
fn digits(text: &str, count: usize) -> Option<u32> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
