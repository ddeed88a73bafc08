//! The exact groups put in order: checked against the shape, completed over public keys.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::DisclosureError::Exact;
use crate::{Checked, Estimate, Group, Key, KeyValue, Measure, Shape};

/// The most persons a group may have, so that no sum leaves 128 bits.
const PERSONS_MAX: i64 = 1 << 40;

/// All groups of an answer, sorted by key. Public keys: each combination of their domains, with
/// zeros where the engine had no group. No keys: one group. Private keys: the groups that exist.
///
/// # Errors
/// `Exact`, where a group is not one the shape allows. That is a defect of the engine, and what
/// follows from it would not be private; so nothing is released.
pub(crate) fn arrange(groups: Vec<Group>, shape: &Shape) -> Checked<Vec<Group>> {
    let domain = |key: &Key| Some(key.domain.as_ref()?.iter().cloned().collect());
    let domains: Vec<Option<BTreeSet<_>>> = shape.keys.iter().map(domain).collect();
    let mut given = BTreeMap::new();
    for group in groups {
        group.check(shape)?;
        let mut values = group.key.iter().zip(&domains);
        if !values.all(|(value, domain)| domain.as_ref().is_none_or(|d| d.contains(value))) {
            return Err(Exact("a group lies outside the public domains"));
        }
        if given.insert(group.key.clone(), group).is_some() {
            return Err(Exact("a group occurs twice"));
        }
    }
    if shape.is_private() {
        return Ok(given.into_values().collect());
    }
    let mut keys = product(&shape.keys);
    keys.sort_unstable();
    let complete = |key| {
        given
            .remove(&key)
            .unwrap_or_else(|| Group::empty(key, shape))
    };
    Ok(keys.into_iter().map(complete).collect())
}

/// A text that stands for a key, different for different keys: each value with its type, texts
/// with their length.
pub(crate) fn encode(key: &[KeyValue]) -> String {
    let mut text = String::new();
    for value in key {
        // Writing to a String does not fail.
        let written = match value {
            KeyValue::Null => write!(text, "n;"),
            KeyValue::Text(value) => write!(text, "t{}:{value};", value.len()),
            KeyValue::Integer(value) => write!(text, "i{value};"),
            KeyValue::Boolean(value) => write!(text, "b{};", u8::from(*value)),
            KeyValue::Date(value) => write!(text, "d{value};"),
        };
        debug_assert!(written.is_ok());
    }
    text
}

impl Group {
    /// The coordinates that an estimate's measurement takes of this group.
    ///
    /// For a mean: `n * u` and `sum(2x - low - high) = 2 sum(x) - n (low + high)`, with
    /// `u = high - low`, so that one person moves both by the same at most; for a spread the same
    /// with the squares. For a quantile: the rows by candidate, which are scored.
    pub(crate) fn coordinates(&self, at: usize, shape: &Shape) -> Vec<i128> {
        let values = self.values.get(at).map(Vec::as_slice).unwrap_or_default();
        let measure = shape.estimates.get(at).map(|estimate| estimate.measure);
        match (measure, values) {
            (Some(Measure::Mean(clamp)), [rows, sum]) => {
                let (low, high) = (i128::from(clamp.low()), i128::from(clamp.high()));
                vec![rows * (high - low), 2 * sum - rows * (low + high)]
            }
            (Some(Measure::Spread(clamp, _)), [rows, sum, squares]) => {
                let width = i128::from(clamp.high()) - i128::from(clamp.low());
                let square = width * width;
                vec![rows * square, sum * width, 2 * squares - rows * square]
            }
            _ => values.to_vec(),
        }
    }

    /// The persons of a mask.
    pub(crate) fn persons_of(&self, mask: usize) -> i128 {
        i128::from(self.persons.get(mask).copied().unwrap_or(0))
    }

    fn empty(key: Vec<KeyValue>, shape: &Shape) -> Self {
        let zeros = |estimate: &Estimate| vec![0; estimate.measure.numbers()];
        let values = shape.estimates.iter().map(zeros).collect();
        Self {
            key,
            persons: vec![0; shape.masks],
            values,
        }
    }

    /// Every number is one that so many persons within their bounds can bring about. It follows
    /// that no coordinate leaves 128 bits: reach is at most 2^80, persons at most 2^40.
    fn check(&self, shape: &Shape) -> Checked<()> {
        let mut values = self.key.iter().zip(&shape.keys);
        if self.key.len() != shape.keys.len() || !values.all(|(value, key)| key.kind.holds(value)) {
            return Err(Exact("a key has the wrong length or type"));
        }
        let mut persons = self.persons.iter();
        if self.persons.len() != shape.masks || !persons.all(|n| (0..=PERSONS_MAX).contains(n)) {
            return Err(Exact("a number of persons is missing or impossible"));
        }
        if shape.is_private() && self.persons_of(0) < 1 {
            return Err(Exact("a private key without persons"));
        }
        let mut values = self.values.iter().zip(&shape.estimates);
        let allowed = values.all(|(values, each)| each.allows(values, self.persons_of(each.mask)));
        match allowed && self.values.len() == shape.estimates.len() {
            true => Ok(()),
            false => Err(Exact("a value is out of its bounds")),
        }
    }
}

impl Estimate {
    /// Whether so many persons can have brought these values about.
    fn allows(&self, values: &[i128], persons: i128) -> bool {
        let rows = persons * i128::from(self.rows_per_person);
        match (self.measure, values) {
            (Measure::Persons, [count]) => *count == persons,
            (Measure::Rows | Measure::Distinct, [count]) => (0..=rows).contains(count),
            (Measure::Sum(_), [sum]) => {
                let reach = i128::try_from(self.reach()).unwrap_or(i128::MAX);
                sum.unsigned_abs() <= (persons.saturating_mul(reach)).unsigned_abs()
            }
            (Measure::Mean(clamp), [count, sum]) => {
                let (low, high) = (i128::from(clamp.low()), i128::from(clamp.high()));
                (0..=rows).contains(count) && (count * low..=count * high).contains(sum)
            }
            (Measure::Spread(clamp, _), [count, sum, squares]) => {
                let width = i128::from(clamp.high()) - i128::from(clamp.low());
                (0..=rows).contains(count)
                    && (-count * width..=count * width).contains(sum)
                    && (0..=count * width * width).contains(squares)
            }
            (Measure::Quantile(..), counts) => {
                counts.len() == self.measure.numbers()
                    && counts.iter().all(|count| (0..=rows).contains(count))
                    && counts.iter().sum::<i128>() <= rows
            }
            _ => false,
        }
    }
}

/// Every combination of the domains' values; one, empty, where there are no keys.
fn product(keys: &[Key]) -> Vec<Vec<KeyValue>> {
    let mut all = vec![Vec::new()];
    for domain in keys.iter().flat_map(|key| &key.domain) {
        let with = |value: &KeyValue, key: &[KeyValue]| [key, std::slice::from_ref(value)].concat();
        let longer = all
            .iter()
            .flat_map(|key| domain.iter().map(move |value| with(value, key)));
        all = longer.collect();
    }
    all
}
