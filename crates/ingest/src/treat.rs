//! Treatments, column by column: a view's rows become what may be stored.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Date32Builder, Float64Builder, Int64Builder, RecordBatch,
    RecordBatchOptions, StringArray, StringBuilder,
};
use arrow::datatypes::{Field, Schema};

use crate::IngestError;
use crate::column::Action;
use crate::date::Moment;
use crate::derive::Formula;
use crate::pool::Shared;
use crate::regions::{Place, UNKNOWN, country_code};
use crate::table::{Table, precision_name};

/// Rows after their treatment, records still raw, and the rows that cannot stay.
pub(crate) struct Treated {
    pub(crate) rows: RecordBatch,
    /// Row and code, in no order; a row may have several.
    pub(crate) faults: Vec<(usize, &'static str)>,
}

/// A date that the calendar does not have, or a birth after the export.
pub(crate) const IMPOSSIBLE_DATE: &str = "impossible-date";
/// A value that contradicts another one.
pub(crate) const IMPOSSIBLE_VALUE: &str = "impossible-value";
/// A field that must not be there.
pub(crate) const REJECTED_FIELD: &str = "rejected-field";

/// Age from which everyone is in one class, by calendar year: over 90.
const AGE_YEARS_MAX: i32 = 90;

/// Treats the rows of one table.
///
/// # Errors
/// `Defect`, when the view's columns are not what it declared.
pub(crate) fn treat(
    table: &Table,
    raw: &RecordBatch,
    shared: &Shared,
) -> Result<Treated, IngestError> {
    let mut out = Columns {
        raw,
        table,
        fields: Vec::new(),
        arrays: Vec::new(),
        faults: Vec::new(),
    };
    for (position, decision) in table.decisions.iter().enumerate() {
        let name = decision.name.as_str();
        match &decision.action {
            Action::Person | Action::Input => {}
            Action::Record(_) | Action::Keep => {
                let array = raw.columns().get(position).cloned();
                out.push(name, array.ok_or(SHAPE)?);
            }
            Action::Date => out.date(name, &[position])?,
            Action::Year => out.year(name, position)?,
            Action::AgeCap90 => out.birth_year(name, position, shared.export_year)?,
            Action::Country => out.country(name, position, shared)?,
            Action::Region { country, state } => {
                let place = [Some(position), out.position(country), out.position(state)];
                out.region(name, place, shared)?;
            }
            Action::Reject => out.reject(position)?,
        }
    }
    for derived in &table.derived {
        match &derived.formula {
            Formula::Date(columns) => out.date(&derived.name, columns)?,
            Formula::Hours(start, end) => out.hours(&derived.name, *start, *end)?,
        }
    }
    let schema = Arc::new(Schema::new(out.fields));
    // A table of persons and nothing else has rows without columns here.
    let rows = RecordBatchOptions::new().with_row_count(Some(raw.num_rows()));
    let rows = RecordBatch::try_new_with_options(schema, out.arrays, &rows).map_err(|_| SHAPE)?;
    Ok(Treated {
        rows,
        faults: out.faults,
    })
}

/// The error of a view that does not give the columns it declared.
const SHAPE: IngestError = IngestError::Defect {
    reason: "a view's rows do not have the columns it declares",
};

/// The columns that are being made.
struct Columns<'a> {
    raw: &'a RecordBatch,
    table: &'a Table,
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
    faults: Vec<(usize, &'static str)>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, name: &str, array: ArrayRef) {
        self.fields
            .push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
    }

    fn text(&self, position: usize) -> Result<&'a StringArray, IngestError> {
        self.raw
            .columns()
            .get(position)
            .and_then(|array| array.as_string_opt())
            .ok_or(SHAPE)
    }

    fn position(&self, name: &Option<String>) -> Option<usize> {
        let name = name.as_ref()?;
        self.table
            .decisions
            .iter()
            .position(|decision| decision.name == *name)
    }

    /// A value as a moment; where the calendar has none, the row is at fault.
    fn moment(&mut self, row: usize, text: Option<&str>) -> Option<Moment> {
        let moment = Moment::parse(text?);
        if moment.is_none() {
            self.faults.push((row, IMPOSSIBLE_DATE));
        }
        moment
    }

    /// The first of several dates that is there, and its precision.
    fn date(&mut self, name: &str, positions: &[usize]) -> Result<(), IngestError> {
        let sources: Vec<_> = positions
            .iter()
            .map(|at| self.text(*at))
            .collect::<Result<_, _>>()?;
        let rows = self.raw.num_rows();
        let mut days = Date32Builder::with_capacity(rows);
        let mut precisions = StringBuilder::with_capacity(rows, rows * 3);
        for row in 0..rows {
            let text = sources.iter().find_map(|source| value(source, row));
            let moment = self.moment(row, text);
            days.append_option(moment.map(|moment| moment.days));
            precisions.append_option(moment.map(|moment| moment.precision.name()));
        }
        self.push(name, Arc::new(days.finish()));
        self.push(&precision_name(name), Arc::new(precisions.finish()));
        Ok(())
    }

    fn year(&mut self, name: &str, position: usize) -> Result<(), IngestError> {
        let source = self.text(position)?;
        let mut years = Int64Builder::with_capacity(source.len());
        for (row, text) in source.iter().enumerate() {
            years.append_option(self.moment(row, text).map(|moment| i64::from(moment.year)));
        }
        self.push(name, Arc::new(years.finish()));
        Ok(())
    }

    /// Everyone whose year of birth is 91 or more years before the export's has the year 91 years
    /// before it. Days do not matter, so who is 90 or 91 then is in the class too.
    fn birth_year(&mut self, name: &str, position: usize, now: i32) -> Result<(), IngestError> {
        let source = self.text(position)?;
        let mut years = Int64Builder::with_capacity(source.len());
        for (row, text) in source.iter().enumerate() {
            let year = self.moment(row, text).map(|moment| moment.year);
            if year.is_some_and(|year| year > now) {
                self.faults.push((row, IMPOSSIBLE_DATE));
            }
            years.append_option(year.map(|year| i64::from(year.max(now - AGE_YEARS_MAX - 1))));
        }
        self.push(name, Arc::new(years.finish()));
        Ok(())
    }

    fn country(&mut self, name: &str, position: usize, shared: &Shared) -> Result<(), IngestError> {
        let source = self.text(position)?;
        let mut codes = StringBuilder::with_capacity(source.len(), source.len() * 2);
        for text in source {
            let code = text.or(shared.country.as_deref()).and_then(country_code);
            codes.append_value(code.as_deref().unwrap_or(UNKNOWN));
        }
        self.push(name, Arc::new(codes.finish()));
        Ok(())
    }

    fn region(
        &mut self,
        name: &str,
        [postcode, country, state]: [Option<usize>; 3],
        shared: &Shared,
    ) -> Result<(), IngestError> {
        let source = |at: Option<usize>| at.map(|at| self.text(at)).transpose();
        let (postcodes, countries, states) = (source(postcode)?, source(country)?, source(state)?);
        let mut regions = StringBuilder::with_capacity(self.raw.num_rows(), 64);
        for row in 0..self.raw.num_rows() {
            let at = |source: Option<&'a StringArray>| source.and_then(|from| value(from, row));
            let country = at(countries).or(shared.country.as_deref());
            let place = Place {
                country,
                postcode: at(postcodes),
                state: at(states),
            };
            regions.append_value(shared.regions.region(&place));
        }
        self.push(name, Arc::new(regions.finish()));
        Ok(())
    }

    /// Hours between two moments; a second one before the first is impossible.
    fn hours(&mut self, name: &str, start: usize, end: usize) -> Result<(), IngestError> {
        let (starts, ends) = (self.text(start)?, self.text(end)?);
        let mut hours = Float64Builder::with_capacity(starts.len());
        for (row, (start, end)) in starts.iter().zip(ends).enumerate() {
            let start = self.moment(row, start).and_then(|moment| moment.micros);
            let end = self.moment(row, end).and_then(|moment| moment.micros);
            let micros = start.zip(end).map(|(start, end)| end - start);
            if micros.is_some_and(|micros| micros < 0) {
                self.faults.push((row, IMPOSSIBLE_VALUE));
            }
            // All the time there is in years of four digits is below 2^59 microseconds, so what
            // is rounded here is below a tenth of a millisecond.
            #[allow(clippy::cast_precision_loss, reason = "see above")]
            hours.append_option(micros.map(|micros| micros as f64 / 3_600_000_000.0));
        }
        self.push(name, Arc::new(hours.finish()));
        Ok(())
    }

    fn reject(&mut self, position: usize) -> Result<(), IngestError> {
        let array = self.raw.columns().get(position).ok_or(SHAPE)?;
        let present = (0..array.len()).filter(|row| array.is_valid(*row));
        self.faults.extend(present.map(|row| (row, REJECTED_FIELD)));
        Ok(())
    }
}

fn value(source: &StringArray, row: usize) -> Option<&str> {
    source.is_valid(row).then(|| source.value(row))
}
