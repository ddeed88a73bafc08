//! The quality of a night's rows, counted in one pass over each batch: numbers, never a value.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::{Datelike, NaiveDate};
use lazaret_model::{ColumnName, ColumnType, Instant, TableDescription, TableName, Treatment};
use lazaret_pseudonym::HIDDEN_COLUMNS;

use super::{ColumnReport, TableReport, Timeliness, share};
use ages::Ages;

mod ages;
mod values;

/// Persons whose year of birth is remembered: at most 70 MB. Dates of others are not held against
/// a birth.
const BIRTHS_MAX: usize = 2 << 20;
/// The class of the oldest begins so many years before the export.
const CAPPED_AGE_YEARS: i32 = 91;

/// What is known about the rows seen so far. Counting a batch is short beside making it, so threads
/// can share one behind a lock.
#[derive(Debug, Clone)]
pub(crate) struct Quality {
    exported: Instant,
    tables: BTreeMap<TableName, TableQuality>,
    births: Births,
}

/// Years of birth by person.
type Births = HashMap<i64, i32, BuildHasherDefault<AsItIs>>;

/// Pseudonyms are as good as random: they need no hash.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_i64(&mut self, number: i64) {
        self.0 = number.cast_unsigned();
    }
}

#[derive(Debug, Clone)]
struct TableQuality {
    rows: u64,
    columns: Vec<ColumnQuality>,
    ages: Ages,
}

#[derive(Debug, Clone)]
struct ColumnQuality {
    name: ColumnName,
    nulls: u64,
    outside: u64,
    after_export: u64,
    before_birth: u64,
}

impl Quality {
    /// Nothing seen yet of these tables, of an export of that time.
    pub(crate) fn new(tables: &[TableDescription], exported: Instant) -> Self {
        let column = |name: &ColumnName| ColumnQuality {
            name: name.clone(),
            nulls: 0,
            outside: 0,
            after_export: 0,
            before_birth: 0,
        };
        let empty = |table: &TableDescription| {
            let quality = TableQuality {
                rows: 0,
                columns: table.columns.iter().map(|c| column(&c.name)).collect(),
                ages: Ages::default(),
            };
            (table.name.clone(), quality)
        };
        Self {
            exported,
            tables: tables.iter().map(empty).collect(),
            births: Births::default(),
        }
    }

    /// Counts a batch of a table: its columns in the order of the description, then the hidden
    /// ones. Dates are held against births that were seen before.
    pub(crate) fn observe(&mut self, description: &TableDescription, rows: &RecordBatch) {
        self.learn_births(description, rows);
        let births = self.births_of(description, rows);
        let Some(table) = self.tables.get_mut(&description.name) else {
            return;
        };
        table.rows += rows.num_rows() as u64;
        let day = days(self.exported.date_naive());
        let columns = description.columns.iter().zip(rows.columns());
        for (quality, (column, array)) in table.columns.iter_mut().zip(columns) {
            quality.nulls += array.null_count() as u64;
            if array.null_count() == array.len() {
                continue;
            }
            quality.outside += values::outside(column, array);
            let dates = if column.kind == ColumnType::Date {
                array.as_primitive_opt::<Date32Type>().map(|days| {
                    let late = values::count(days, |date| date > day);
                    let early = values::count_with(days, &births, |date, born| date < born.day);
                    (late, early)
                })
            } else if column.treatment == Treatment::Year {
                array.as_primitive_opt::<Int64Type>().map(|years| {
                    let now = i64::from(self.exported.year());
                    let late = values::count(years, |year| year > now);
                    let early = |year, born: &Birth| year < i64::from(born.year);
                    (late, values::count_with(years, &births, early))
                })
            } else {
                None
            };
            let (late, early) = dates.unwrap_or_default();
            quality.after_export += late;
            quality.before_birth += early;
        }
        let [.., updated] = HIDDEN_COLUMNS;
        let updated = rows.column_by_name(updated);
        if let Some(updated) = updated.and_then(|array| array.as_primitive_opt::<Int64Type>()) {
            table
                .ages
                .add(updated.values(), self.exported.timestamp_micros());
        }
    }

    /// The counts by table.
    pub(crate) fn report(&self) -> BTreeMap<TableName, TableReport> {
        let report = |table: &TableQuality| TableReport {
            rows: table.rows,
            columns: table.columns.iter().map(|c| c.report(table.rows)).collect(),
            updated: table
                .ages
                .hours()
                .map(|(newest_hours, median_hours)| Timeliness {
                    newest_hours,
                    median_hours,
                }),
            stored: None,
        };
        let tables = self.tables.iter();
        tables
            .map(|(name, table)| (name.clone(), report(table)))
            .collect()
    }

    /// Years of birth, where the table has them: not those of the class of the oldest, whose year
    /// is not their own.
    fn learn_births(&mut self, description: &TableDescription, rows: &RecordBatch) {
        let is_birth = |treatment| treatment == Treatment::AgeCap90;
        let mut columns = description.columns.iter();
        let Some(at) = columns.position(|column| is_birth(column.treatment)) else {
            return;
        };
        let array = |at: usize| rows.columns().get(at)?.as_primitive_opt::<Int64Type>();
        let Some((persons, years)) = array(0).zip(array(at)) else {
            return;
        };
        let oldest = self.exported.year() - CAPPED_AGE_YEARS;
        let births = &mut self.births;
        for (person, year) in persons.values().iter().zip(years) {
            let year = year.and_then(|year| i32::try_from(year).ok());
            if let Some(year) = year.filter(|year| *year > oldest && births.len() < BIRTHS_MAX) {
                births.insert(*person, year);
            }
        }
    }

    /// The birth of each row's person; empty where there is nothing to hold against it.
    fn births_of(&self, description: &TableDescription, rows: &RecordBatch) -> Vec<Option<Birth>> {
        let mut columns = description.columns.iter();
        let dated = columns.any(|c| c.kind == ColumnType::Date || c.treatment == Treatment::Year);
        let persons = rows.columns().first();
        let persons = persons.and_then(|array| array.as_primitive_opt::<Int64Type>());
        let (Some(persons), true, false) = (persons, dated, self.births.is_empty()) else {
            return Vec::new();
        };
        let mut last = None;
        let birth = |person: &i64| match last {
            Some((known, birth)) if known == *person => birth,
            _ => {
                let birth = self.births.get(person).and_then(|year| Birth::of(*year));
                last = Some((*person, birth));
                birth
            }
        };
        persons.values().iter().map(birth).collect()
    }
}

/// When somebody was born, as early as the year allows.
#[derive(Debug, Clone, Copy)]
struct Birth {
    year: i32,
    day: i32,
}

impl Birth {
    fn of(year: i32) -> Option<Self> {
        let day = days(NaiveDate::from_yo_opt(year, 1)?);
        Some(Self { year, day })
    }
}

impl ColumnQuality {
    fn report(&self, rows: u64) -> ColumnReport {
        let present = rows - self.nulls;
        ColumnReport {
            name: self.name.clone(),
            present,
            completeness: share(present, rows),
            outside: self.outside,
            validity: share(present - self.outside, present),
            after_export: self.after_export,
            before_birth: self.before_birth,
        }
    }
}

/// Days since 1970, as Arrow counts them.
fn days(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - NaiveDate::default().num_days_from_ce()
}
