//! Dates and times of FHIR and FHIRPath: how much of them is known, their order, their bounds.

use std::cmp::Ordering;

/// A date, a date with a time, or a time of day, as precise as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Year, month, day, hour, minute, second; of a time of day the first three are 0.
    fields: [u32; 6],
    /// Of the second.
    nanos: u32,
    /// How many of the fields are written, those of a date counted for a time of day.
    known: usize,
    /// Minutes east of Greenwich.
    zone: Option<i32>,
}

/// What a text without a time of its own stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A day, or all days of a month or year.
    Date,
    /// A moment in it.
    DateTime,
}

/// Which bound of a value that is known to some precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The least it can be.
    Low,
    /// The greatest it can be.
    High,
}

/// Fields of a date.
const DATE: usize = 3;
/// Minutes by which the offset of a moment without one can differ from Greenwich.
const ZONE_MINUTES_MAX: i64 = 14 * 60;

impl Moment {
    /// Reads `2020`, `2020-01`, `2020-01-31`, a date with a time, or a time with or without `T`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time).filter(|time| !time.is_empty())),
            None if text.contains(':') => ("", Some(text)),
            None => (text, None),
        };
        let mut moment = Self {
            fields: [0; 6],
            nanos: 0,
            known: DATE,
            zone: None,
        };
        if date.is_empty() {
            time?;
        } else {
            moment.known = moment.read(0, date.split('-'), &[4, 2, 2])?;
        }
        if let Some(time) = time.filter(|_| moment.known == DATE) {
            moment.time(time, date.is_empty())?;
        } else if time.is_some() {
            return None;
        }
        moment.is_valid(date.is_empty()).then_some(moment)
    }

    fn time(&mut self, text: &str, of_day: bool) -> Option<()> {
        let zone = text.find(['Z', '+', '-']);
        let (clock, zone) = text.split_at_checked(zone.unwrap_or(text.len()))?;
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        self.known = self.read(DATE, clock.split(':'), &[2, 2, 2])?;
        if clock.len() < text.len() - zone.len() {
            // Beyond nanoseconds digits are no longer compared.
            let digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
            let whole = self.known == 6 && digits && !fraction.is_empty();
            let nanos = format!("{:0<9.9}", fraction).parse().ok();
            self.nanos = nanos.filter(|_| whole)?;
        }
        if zone.is_empty() {
            return Some(());
        }
        self.zone = Some(minutes(zone)?).filter(|_| !of_day && self.known > 4);
        self.zone.map(|_| ())
    }

    /// Reads numbers of so many digits into the fields from `first` on; how many are known then.
    fn read<'t>(
        &mut self,
        first: usize,
        parts: impl Iterator<Item = &'t str>,
        digits: &[usize],
    ) -> Option<usize> {
        let mut known = first;
        for (index, part) in parts.enumerate() {
            *self.fields.get_mut(known)? = number(part, *digits.get(index)?)?;
            known += 1;
        }
        Some(known)
    }

    fn is_valid(&self, of_day: bool) -> bool {
        let [year, month, day, hour, minute, second] = self.fields;
        let date = of_day
            || year > 0
                && (self.known < 2 || (1..=12).contains(&month))
                && (self.known < 3 || (1..=days(year, month)).contains(&day));
        date && hour < 24 && minute < 60 && second <= 60
    }

    /// Whether it is a time of day.
    pub(crate) fn is_of_day(&self) -> bool {
        self.fields.first() == Some(&0)
    }

    /// Whether it has hours.
    pub(crate) fn has_time(&self) -> bool {
        self.known > DATE
    }

    /// Whether it has an offset.
    pub(crate) fn is_zoned(&self) -> bool {
        self.zone.is_some()
    }

    /// Order of two moments: none within the shared precision when one is less precise, or when
    /// only one has an offset and they are nearer than offsets can differ.
    ///
    /// # Errors
    ///
    /// One is a time of day and the other is not.
    pub(crate) fn compare(&self, other: &Self) -> Result<Option<Ordering>, ()> {
        if self.is_of_day() != other.is_of_day() {
            return Err(());
        }
        let shared = self.known.min(other.known);
        let fields = |moment: &Self| moment.fields.into_iter().take(shared);
        let by_fields = fields(self).cmp(fields(other));
        let zoned = self.zone.is_some() || other.zone.is_some();
        let by_field = if zoned && shared > DATE {
            let apart = self.minutes() - other.minutes();
            if self.zone.is_some() != other.zone.is_some() && apart.abs() <= ZONE_MINUTES_MAX {
                return Ok(None);
            }
            let seconds = |moment: &Self| moment.fields.into_iter().skip(5).take(shared.max(5) - 5);
            apart
                .cmp(&0)
                .then_with(|| seconds(self).cmp(seconds(other)))
        } else {
            by_fields
        };
        Ok(match by_field {
            Ordering::Equal if self.known != other.known => None,
            Ordering::Equal => Some(self.nanos.cmp(&other.nanos)),
            unequal => Some(unequal),
        })
    }

    /// Minutes since a fixed day, in Greenwich.
    fn minutes(&self) -> i64 {
        let [year, month, day, hour, minute, _] = self.fields.map(i64::from);
        // Days of the years and months before, the year beginning in March.
        let (year, month) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
        (days * 24 + hour) * 60 + minute - i64::from(self.zone.unwrap_or(0))
    }

    /// The earliest or latest moment that the text can mean, to the millisecond or the day; an
    /// offset that is not written may be any.
    pub(crate) fn boundary(text: &str, side: Side, sort: Sort) -> Option<String> {
        let moment = Self::parse(text)?;
        let low = side == Side::Low;
        let [year, mut month, mut day, mut hour, mut minute, mut second] = moment.fields;
        let unknown = |index: usize| moment.known <= index;
        for (index, field, (least, most)) in [
            (1, &mut month, (1, 12)),
            (3, &mut hour, (0, 23)),
            (4, &mut minute, (0, 59)),
            (5, &mut second, (0, 59)),
        ] {
            if unknown(index) {
                *field = if low { least } else { most };
            }
        }
        if unknown(2) {
            day = if low { 1 } else { days(year, month) };
        }
        let fraction = text.split_once('.').map_or("", |(_, rest)| rest);
        let written = fraction
            .bytes()
            .take_while(u8::is_ascii_digit)
            .take(3)
            .count();
        let written = fraction.get(..written).unwrap_or_default();
        let rest = if low { "000" } else { "999" };
        let millis = format!("{written}{}", rest.get(written.len()..).unwrap_or_default());
        let clock = format!("{hour:02}:{minute:02}:{second:02}.{millis}");
        if moment.is_of_day() {
            return Some(clock);
        }
        let date = format!("{year:04}-{month:02}-{day:02}");
        if sort == Sort::Date {
            return Some(date);
        }
        let zone = match moment.zone {
            Some(_) => text.rfind(['Z', '+', '-']).and_then(|at| text.get(at..))?,
            None if low => "+14:00",
            None => "-12:00",
        };
        Some(format!("{date}T{clock}{zone}"))
    }
}

/// Minutes of `Z`, `+01:00`, `-05:30`.
fn minutes(zone: &str) -> Option<i32> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    let all = i32::try_from(hours * 60 + minutes).ok()?;
    (hours <= 14 && minutes < 60).then_some(sign * all)
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}
