//! FHIR's dates: whole and partial days, and moments with a time zone.

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
    /// The year as it was written, 1 to 9999.
    pub(crate) year: i32,
    /// The day as it was written, in the time zone of its source, in days since 1970; parts not
    /// written are the first.
    pub(crate) days: i32,
    /// How much of the day was written.
    pub(crate) precision: Precision,
    /// Microseconds since 1970, UTC, when a time was written; without a zone it is taken as UTC.
    pub(crate) micros: Option<i64>,
}

impl Moment {
    /// Parses the text, or nothing when it is no date that the calendar has. Seconds and the zone
    /// may be missing, as many sources leave them out; what is finer than a microsecond is cut.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut text = Cursor(text.as_bytes());
        let year = text.number(4).filter(|year| *year > 0)?;
        let (mut month, mut day, mut precision) = (1, 1, Precision::Year);
        if !text.is_at_end() {
            text.expect(b'-')?;
            month = text.number(2).filter(|month| (1..=12).contains(month))?;
            precision = Precision::Month;
        }
        if !text.is_at_end() {
            text.expect(b'-')?;
            let last = last_day(year, month);
            day = text.number(2).filter(|day| (1..=last).contains(day))?;
            precision = Precision::Day;
        }
        let days = days_since_1970(year, month, day);
        let mut moment = Self {
            year,
            days,
            precision,
            micros: None,
        };
        if !text.is_at_end() {
            text.expect(b'T')?;
            moment.micros = Some(i64::from(days) * 86_400_000_000 + text.time()?);
        }
        Some(moment)
    }
}

/// What is left of a text.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    const fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// The value of the next digit.
    fn digit(&mut self) -> Option<i32> {
        let (digit, rest) = self.0.split_first()?;
        let value = i32::from(digit.wrapping_sub(b'0'));
        self.0 = rest;
        (value <= 9).then_some(value)
    }

    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i32> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 10 + self.digit()?;
        }
        Some(number)
    }

    /// A time of day with its zone to the end, in microseconds from the day's start in UTC.
    fn time(&mut self) -> Option<i64> {
        let hour = self.number(2).filter(|hour| *hour < 24)?;
        self.expect(b':')?;
        let minute = self.number(2).filter(|minute| *minute < 60)?;
        let (mut second, mut fraction) = (0, 0);
        if self.eat(b':') {
            // FHIR writes leap seconds as 60; they count as the second before.
            second = self.number(2).filter(|second| *second <= 60)?.min(59);
            if self.eat(b'.') {
                fraction = self.fraction()?;
            }
        }
        let zone = self.zone()?;
        let seconds = (hour * 60 + minute - zone) * 60 + second;
        Some(i64::from(seconds) * 1_000_000 + i64::from(fraction))
    }

    /// Any number of digits but none, in microseconds.
    fn fraction(&mut self) -> Option<i32> {
        let (mut micros, mut unit) = (self.digit()? * 100_000, 10_000);
        while self.0.first().is_some_and(u8::is_ascii_digit) {
            micros += self.digit()? * unit;
            unit /= 10;
        }
        Some(micros)
    }

    /// Minutes east of UTC, to the end of the text.
    fn zone(&mut self) -> Option<i32> {
        if self.is_at_end() {
            return Some(0);
        }
        let minutes = if self.eat(b'Z') {
            0
        } else {
            let east = self.eat(b'+');
            if !east {
                self.expect(b'-')?;
            }
            let hours = self.number(2)?;
            self.expect(b':')?;
            let minutes = hours * 60 + self.number(2).filter(|minutes| *minutes < 60)?;
            let minutes = Some(minutes).filter(|minutes| *minutes <= 14 * 60)?;
            if east { minutes } else { -minutes }
        };
        self.is_at_end().then_some(minutes)
    }
}

const fn last_day(year: i32, month: i32) -> i32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar: years are counted from March, so that the leap
/// day is a year's last, and 400 of them have 146,097 days.
const fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (cycle, of_cycle) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let in_cycle = of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year;
    cycle * 146_097 + in_cycle - 719_468
}
