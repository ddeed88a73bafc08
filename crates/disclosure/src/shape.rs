//! What an answer looks like before a row is read: its keys, its estimates, a person's bounds.

use std::collections::BTreeSet;
use std::fmt;

use lazaret_model::Clamp;

use crate::{Checked, DisclosureError};

/// The most groups that public keys may span; planning sets a lower limit of its own.
const PUBLIC_GROUPS_MAX: u64 = 1_000_000;
/// The most rows a person may add to a count, so that a count and its noise fit 64 bits.
const COUNT_REACH_MAX: u128 = 1 << 20;
/// The most a person may add to a number in a group, so that a sum and its noise fit 128 bits.
const REACH_MAX: u128 = 1 << 80;

/// One value of a group's key. It has no `Debug`: in an exact result it is data about persons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyValue {
    /// NULL.
    Null,
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
    /// A day, counted from 1970-01-01.
    Date(i32),
}

/// The type of a key's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyType {
    /// UTF-8 text.
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Truth values.
    Boolean,
    /// Days.
    Date,
}

impl KeyType {
    /// Whether a value may stand in a column of this type; NULL may in all.
    pub(crate) const fn holds(self, value: &KeyValue) -> bool {
        matches!(
            (self, value),
            (_, KeyValue::Null)
                | (Self::Text, KeyValue::Text(_))
                | (Self::Integer, KeyValue::Integer(_))
                | (Self::Boolean, KeyValue::Boolean(_))
                | (Self::Date, KeyValue::Date(_))
        )
    }

    /// The name of the type in a release.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "utf8",
            Self::Integer => "int64",
            Self::Boolean => "boolean",
            Self::Date => "date32",
        }
    }
}

/// A column that groups.
#[derive(Clone, PartialEq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: KeyType,
    /// The values of a public key, from outside the records: each is shown, and no other occurs.
    /// `None` makes the key private.
    pub domain: Option<Vec<KeyValue>>,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.domain.as_ref().map(Vec::len);
        write!(f, "Key({} {:?}, values: {values:?})", self.name, self.kind)
    }
}

/// What is estimated of each group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Distinct persons.
    Persons,
    /// Rows.
    Rows,
    /// The sum of values within bounds.
    Sum(Clamp),
    /// The mean of values within bounds.
    Mean(Clamp),
    /// How many different values there are; one person brings `rows_per_person` of them at most.
    Distinct,
    /// How far values within bounds spread.
    Spread(Clamp, Spread),
    /// A quantile of values within bounds, in thousandths.
    Quantile(Clamp, u16),
}

/// A measure of spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// Whether it is of the values as a sample: divided by `n - 1`.
    pub sample: bool,
    /// Whether it is the root: a standard deviation instead of a variance.
    pub root: bool,
}

/// Values among which a quantile is looked for, at most, less one.
const CANDIDATES_MAX: u64 = 500;

impl Measure {
    /// How many exact numbers of a group it takes.
    ///
    /// # Privacy
    /// A function of the query's text.
    #[must_use]
    pub fn numbers(self) -> usize {
        match self {
            Self::Persons | Self::Rows | Self::Sum(_) | Self::Distinct => 1,
            Self::Mean(_) => 2,
            Self::Spread(..) => 3,
            Self::Quantile(clamp, _) => {
                let steps = clamp.high().abs_diff(clamp.low()).div_ceil(step(clamp));
                usize::try_from(steps)
                    .unwrap_or(usize::MAX)
                    .saturating_add(1)
            }
        }
    }

    /// The candidate of a quantile that is nearest to a value within the bounds.
    ///
    /// # Privacy
    /// Arithmetic on one value where the engine holds it: nothing is kept.
    #[must_use]
    pub fn candidate(clamp: Clamp, value: i64) -> usize {
        let step = step(clamp);
        let nearest = (value.max(clamp.low()).abs_diff(clamp.low()) + step / 2) / step;
        let last = clamp.high().abs_diff(clamp.low()).div_ceil(step);
        usize::try_from(nearest.min(last)).unwrap_or(usize::MAX)
    }

    /// The value of a candidate, in units.
    pub(crate) fn value(clamp: Clamp, candidate: usize) -> i64 {
        let above = step(clamp).saturating_mul(candidate as u64);
        clamp.low().saturating_add_unsigned(above).min(clamp.high())
    }

    /// Whether it is a number of something.
    const fn is_count(self) -> bool {
        matches!(self, Self::Persons | Self::Rows | Self::Distinct)
    }
}

/// The distance of candidates, in units.
fn step(clamp: Clamp) -> u64 {
    clamp.high().abs_diff(clamp.low()).div_ceil(CANDIDATES_MAX)
}

/// A column that is estimated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Its name.
    pub name: String,
    /// What it estimates.
    pub measure: Measure,
    /// Which persons stand behind it: 0 means all rows, others an argument that is not null or a
    /// filter. Estimates with one mask have one set of persons.
    pub mask: usize,
    /// The rows of one person that count in one group; 1 for persons.
    pub rows_per_person: u32,
}

impl Estimate {
    /// Whether this estimate is itself a number of persons: one row a person makes rows persons.
    pub(crate) fn counts_persons(&self) -> bool {
        matches!(self.measure, Measure::Persons)
            || matches!(self.measure, Measure::Rows) && self.rows_per_person == 1
    }

    /// Whether the first coordinate of this estimate counts persons: a mean of one row each.
    pub(crate) fn counts_values(&self) -> bool {
        matches!(self.measure, Measure::Mean(_) | Measure::Spread(..)) && self.rows_per_person == 1
    }

    /// What one row adds to the first coordinate: the width of the bounds for a mean, its square
    /// for a spread, else 1.
    pub(crate) fn first_unit(&self) -> i128 {
        match self.measure {
            Measure::Mean(clamp) => i128::from(clamp.high().abs_diff(clamp.low())),
            Measure::Spread(clamp, _) => i128::from(clamp.high().abs_diff(clamp.low())).pow(2),
            _ => 1,
        }
    }

    /// Whether its noise is that of a count.
    pub(crate) const fn is_count(&self) -> bool {
        self.measure.is_count()
    }

    /// The most that one person can add to or take from one coordinate of one group, in units.
    ///
    /// For a mean the coordinates are `n * u` and `sum(2x - low - high)` with `u = high - low`:
    /// each row adds `u` to the first and, as `|2x - low - high| <= u`, at most `u` to the second.
    /// For a spread, with `y = 2x - low - high`, they are `n u^2`, `u sum(y)` and
    /// `sum(2 y^2 - u^2)`: each row moves each by at most `u^2`. For a quantile `a` the score of a
    /// candidate is minus the distance of `(1 - a)` rows below it and `a` rows above from each
    /// other, in thousandths: a row moves it by at most the larger of the two.
    pub(crate) fn reach(&self) -> u128 {
        let rows = u128::from(self.rows_per_person);
        match self.measure {
            Measure::Persons => 1,
            Measure::Rows | Measure::Distinct => rows,
            Measure::Sum(clamp) => {
                let largest = clamp.low().unsigned_abs().max(clamp.high().unsigned_abs());
                rows * u128::from(largest)
            }
            Measure::Mean(clamp) => rows * u128::from(clamp.high().abs_diff(clamp.low())),
            Measure::Spread(clamp, _) => {
                rows.saturating_mul(u128::from(clamp.high().abs_diff(clamp.low())).pow(2))
            }
            Measure::Quantile(_, part) => rows * u128::from(part.max(1000 - part)),
        }
    }

    /// How many coordinates the estimate takes of each group; for a quantile, how many choices.
    pub(crate) const fn coordinates(&self) -> u32 {
        match self.measure {
            Measure::Mean(_) => 2,
            Measure::Spread(..) | Measure::Quantile(..) => 3,
            _ => 1,
        }
    }
}

/// All that a price and a release depend on besides the numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The keys, in order; none means one row.
    pub keys: Vec<Key>,
    /// The estimates, in order.
    pub estimates: Vec<Estimate>,
    /// How many masks there are; mask 0, all rows, is always one of them.
    pub masks: usize,
    /// The groups one person may be in.
    pub groups_per_person: u32,
    /// The persons that must stand behind a cell for it to be shown; 0 hides nothing.
    pub minimum: u32,
}

impl Shape {
    /// Whether some key has no public domain, so that the keys themselves are to be protected.
    #[must_use]
    pub(crate) fn is_private(&self) -> bool {
        self.keys.iter().any(|key| key.domain.is_none())
    }

    /// The groups a person's bounded rows can touch: no more than there are.
    pub(crate) fn groups_touched(&self) -> Checked<u32> {
        if self.is_private() {
            return Ok(self.groups_per_person);
        }
        let groups = u32::try_from(self.public_groups()?).unwrap_or(u32::MAX);
        Ok(self.groups_per_person.min(groups))
    }

    /// Checks everything a price or a release relies on.
    pub(crate) fn check(&self) -> Checked<()> {
        let mut names = BTreeSet::new();
        let keys = self.keys.iter().map(|key| &key.name);
        for name in keys.chain(self.estimates.iter().map(|estimate| &estimate.name)) {
            if !names.insert(name) {
                return refuse(format!("two columns are called `{name}`"));
            }
        }
        if self.groups_per_person == 0 || self.masks == 0 {
            return refuse("a person must be allowed one group, and mask 0 must be there".into());
        }
        for key in &self.keys {
            key.check()?;
        }
        if !self.is_private() {
            self.public_groups()?;
        }
        self.estimates
            .iter()
            .try_for_each(|each| each.check(self.masks))
    }

    /// The product of the public domains.
    fn public_groups(&self) -> Checked<u64> {
        let sizes = self
            .keys
            .iter()
            .flat_map(|key| &key.domain)
            .map(|domain| domain.len() as u64);
        match sizes.into_iter().try_fold(1u64, u64::checked_mul) {
            Some(groups) if groups <= PUBLIC_GROUPS_MAX => Ok(groups),
            _ => refuse(format!("its keys span over {PUBLIC_GROUPS_MAX} groups")),
        }
    }
}

impl Key {
    fn check(&self) -> Checked<()> {
        let Some(domain) = &self.domain else {
            return Ok(());
        };
        let distinct: BTreeSet<_> = domain.iter().collect();
        let typed = domain.iter().all(|value| self.kind.holds(value));
        if domain.is_empty() || distinct.len() != domain.len() || !typed {
            let name = &self.name;
            return refuse(format!(
                "the domain of `{name}` repeats, mixes types or is empty"
            ));
        }
        Ok(())
    }
}

impl Estimate {
    fn check(&self, masks: usize) -> Checked<()> {
        let name = &self.name;
        let one = matches!(self.measure, Measure::Persons);
        if self.mask >= masks {
            return refuse(format!("`{name}` stands on a mask that is not there"));
        }
        if self.rows_per_person == 0 || one && self.rows_per_person != 1 {
            return refuse(format!("`{name}` needs its rows per person, 1 for persons"));
        }
        let quantile =
            matches!(self.measure, Measure::Quantile(_, part) if !(1..1000).contains(&part));
        if quantile {
            return refuse(format!("`{name}` is no quantile between 0.001 and 0.999"));
        }
        let most = if self.is_count() {
            COUNT_REACH_MAX
        } else {
            REACH_MAX
        };
        if self.reach() > most {
            return refuse(format!(
                "one person moves `{name}` too far: tighten its bounds"
            ));
        }
        Ok(())
    }
}

fn refuse<T>(reason: String) -> Checked<T> {
    Err(DisclosureError::Shape(reason))
}
