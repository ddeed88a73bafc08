//! What a question gets: rows of released numbers, and of each column where it comes from.

use lazaret_disclosure::{Cell, Column, KeyValue, Number, Release, Role};

use super::formula::{Formula, Told};

/// What stands where an outer join found nothing.
static NOTHING: KeyValue = KeyValue::Null;

/// The rows of an answer, in their order, and its columns.
pub struct Answered {
    pub(super) output: Vec<Output>,
    pub(super) rows: usize,
    pub(super) releases: Vec<Release>,
    pub(super) places: Vec<Place>,
    /// Standard errors of a computed number that its interval has to each side.
    pub(super) width: f64,
}

/// A column of an answer.
pub(super) struct Output {
    pub(super) name: String,
    pub(super) formula: Formula,
    pub(super) written: String,
}

/// Where a release is read.
pub(super) struct Place {
    /// Which.
    pub(super) release: usize,
    /// The place of its first column among those of all.
    pub(super) first: usize,
    /// For each row of the answer, which of its rows that is of.
    pub(super) rows: Vec<Option<usize>>,
}

/// Where a column comes from.
pub enum Origin<'a> {
    /// It is a released one, with its card.
    Released(&'a Column),
    /// It is computed of released ones, so.
    Computed(&'a str),
}

impl Answered {
    /// The columns, in order: their names and where they come from.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Origin<'_>)> {
        self.output.iter().map(|output| {
            let released = match output.formula {
                Formula::Column(column) => self.of(column),
                _ => None,
            };
            let released = released.and_then(|(place, at)| self.column(place, at));
            let computed = Origin::Computed(&output.written);
            (
                output.name.as_str(),
                released.map_or(computed, Origin::Released),
            )
        })
    }

    /// How many rows there are.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// A value of a key's column; NULL where a join found none.
    #[must_use]
    pub fn key(&self, row: usize, column: usize) -> Option<&KeyValue> {
        let Formula::Column(column) = self.output.get(column)?.formula else {
            return None;
        };
        let (place, at) = self.of(column)?;
        match place.rows.get(row)? {
            Some(row) => self.releases.get(place.release)?.key(*row, at),
            None => matches!(self.column(place, at)?.role, Role::Key { .. }).then_some(&NOTHING),
        }
    }

    /// A number of another column; hidden where a join found none.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Option<Cell> {
        match &self.output.get(column)?.formula {
            Formula::Column(column) => {
                let (place, at) = self.of(*column)?;
                match place.rows.get(row)? {
                    Some(row) => self.releases.get(place.release)?.cell(*row, at),
                    None => Some(Cell::Hidden),
                }
            }
            computed => Some(computed.cell(&|column| self.told(row, column), self.width)),
        }
    }

    /// Where a column is read, and its place there.
    fn of(&self, column: usize) -> Option<(&Place, usize)> {
        let mut places = self.places.iter().rev();
        let place = places.find(|place| place.first <= column)?;
        Some((place, column - place.first))
    }

    fn column(&self, place: &Place, at: usize) -> Option<&Column> {
        self.releases.get(place.release)?.columns().nth(at)
    }

    /// A released number and its standard error; a key's is zero.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a real number is computed of it"
    )]
    fn told(&self, row: usize, column: usize) -> Option<Told> {
        let (place, at) = self.of(column)?;
        let (release, row) = (self.releases.get(place.release)?, (*place.rows.get(row)?)?);
        let (value, std_error) = match (release.key(row, at), release.cell(row, at)) {
            (Some(KeyValue::Integer(value)), _) => (*value as f64, 0.0),
            (None, Some(Cell::Shown(shown))) => match shown.value {
                Number::Whole(value) => (value as f64, shown.std_error),
                Number::Real(value) => (value, shown.std_error),
            },
            _ => return None,
        };
        Some(Told {
            value,
            std_error,
            of: [place.release, row, at],
        })
    }
}
