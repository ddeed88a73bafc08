//! A night against the ones before it: rows by table, completeness by column.

use std::collections::BTreeMap;

use lazaret_model::{ColumnName, TableName};
use serde::{Deserialize, Serialize};

use super::{ColumnReport, RunReport, TableReport, rounded};

/// Nights before that a night is held against.
pub const NIGHTS_MAX: usize = 7;

/// Nights that have to be known before their mean of rows says anything: the first export is full,
/// those after it hold changes.
const NIGHTS_FOR_ROWS: usize = 3;
/// Rows beyond this ratio to their mean, or below its inverse, are unusual.
const RATIO_UNUSUAL: f64 = 2.0;
/// A change of completeness of this share is unusual.
const CHANGE_UNUSUAL: f64 = 0.05;

/// A night against the ones before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The export times of the nights before, oldest first.
    pub nights: Vec<String>,
    /// Each table of this night.
    pub tables: BTreeMap<TableName, TableDrift>,
}

/// A table's drift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableDrift {
    /// Rows read in each of the nights before; nothing where the table was not there.
    pub rows: Vec<Option<u64>>,
    /// Their mean.
    pub rows_mean: Option<f64>,
    /// This night's rows over that mean.
    pub rows_ratio: Option<f64>,
    /// Whether the ratio is 2 or more, or a half or less, with three nights known.
    pub unusual: bool,
    /// Columns with a completeness now and before.
    pub columns: BTreeMap<ColumnName, ColumnDrift>,
}

/// A column's drift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// The mean of its completeness in the nights before that had rows, each night counting alike.
    pub completeness_mean: f64,
    /// This night's completeness less that mean.
    pub change: f64,
    /// Whether it changed by 0.05 or more.
    pub unusual: bool,
}

impl RunReport {
    /// Compares it with the nights before of the same pipeline and dataset: the last
    /// `NIGHTS_MAX` of `earlier`, which are in order of time, oldest first.
    pub fn compare(&mut self, earlier: &[Self]) {
        let mut nights: Vec<&Self> = earlier
            .iter()
            .filter(|night| night.pipeline == self.pipeline && night.dataset == self.dataset)
            .filter(|night| night.run != self.run)
            .collect();
        nights.drain(..nights.len().saturating_sub(NIGHTS_MAX));
        if nights.is_empty() {
            self.drift = None;
            return;
        }
        let table = |(name, now): (&TableName, &TableReport)| {
            let before: Vec<_> = nights.iter().map(|night| night.tables.get(name)).collect();
            (name.clone(), table_drift(now, &before))
        };
        self.drift = Some(Drift {
            nights: nights.iter().map(|night| night.exported.clone()).collect(),
            tables: self.tables.iter().map(table).collect(),
        });
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts are below 2^53")]
fn table_drift(now: &TableReport, before: &[Option<&TableReport>]) -> TableDrift {
    let known: Vec<&TableReport> = before.iter().copied().flatten().collect();
    let rows_mean = mean(known.iter().map(|table| table.rows as f64));
    let rows_ratio = rows_mean
        .filter(|mean| *mean > 0.0)
        .map(|mean| rounded(now.rows as f64 / mean, 4));
    let is_far = |ratio: f64| ratio >= RATIO_UNUSUAL || ratio * RATIO_UNUSUAL <= 1.0;
    let column = |now: &ColumnReport| {
        let name = now.name.as_str();
        let earlier = known.iter().filter_map(|t| t.column(name)?.completeness);
        let (completeness, mean) = now.completeness.zip(mean(earlier))?;
        let change = rounded(completeness - mean, 4);
        let drift = ColumnDrift {
            completeness_mean: rounded(mean, 4),
            change,
            unusual: change.abs() >= CHANGE_UNUSUAL,
        };
        Some((now.name.clone(), drift))
    };
    TableDrift {
        rows: before.iter().map(|table| table.map(|t| t.rows)).collect(),
        rows_mean: rows_mean.map(|mean| rounded(mean, 1)),
        rows_ratio,
        unusual: known.len() >= NIGHTS_FOR_ROWS && rows_ratio.is_some_and(is_far),
        columns: now.columns.iter().filter_map(column).collect(),
    }
}

/// The mean of numbers; none of no number.
fn mean(numbers: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), n| (sum + n, count + 1.0));
    (count > 0.0).then_some(sum / count)
}
