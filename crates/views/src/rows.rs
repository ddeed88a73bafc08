//! Makes a record's rows: goes through the selects, multiplies what stands side by side.

use std::ops::Range;

use crate::error::{Bound, RecordError};
use crate::evaluate::Reader;
use crate::item::{Fault, ITEMS_MAX, Item};
use crate::plan::{Expr, Part, ScalarType, Select, Without};
use crate::resource::ROOT;
use crate::tape::Scalar;

/// Cells that one resource may make in one view: rows times columns.
pub(crate) const CELLS_MAX: usize = 1 << 20;
/// Bytes of text that one resource may make in one view.
pub(crate) const TEXT_BYTES_MAX: usize = 64 << 20;

/// A value of one row and column, of the column's type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell {
    /// Nothing.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Number(f64),
    /// The text of an item.
    Text(Item),
    /// A number's text in the record: start and bytes.
    Written(usize, usize),
}

impl Reader<'_, '_, '_> {
    /// Fills the scratch's cells with the record's rows, none when a condition is not true.
    pub(crate) fn rows(&mut self) -> Result<(), RecordError> {
        self.scratch.clear();
        let plan = self.plan;
        for (expr, path) in &plan.filters {
            let holds = self.truth(expr, Item::Node(ROOT));
            if holds.map_err(|fault| self.error(fault, path, None))? != Some(true) {
                return Ok(());
            }
        }
        self.select(&plan.select, Item::Node(ROOT))
    }

    /// Text of a cell that has text.
    pub(crate) fn cell_text(&self, cell: Cell) -> Option<&str> {
        match cell {
            Cell::Text(item) => self.text(item),
            Cell::Written(start, bytes) => self.resource.source(start, bytes),
            _ => None,
        }
    }

    fn select(&mut self, select: &Select, focus: Item) -> Result<(), RecordError> {
        let Some(each) = &select.each else {
            return self.block(select, focus);
        };
        let start = self.scratch.items.len();
        self.eval(&each.expr, focus)
            .map_err(|fault| self.error(fault, &each.path, None))?;
        let end = self.scratch.items.len();
        if start == end && each.without == Without::NullRow {
            self.blank_row()?;
        }
        for index in start..end {
            if let Some(item) = self.scratch.items.get(index).copied() {
                self.block(select, item)?;
            }
        }
        self.scratch.items.truncate(start);
        Ok(())
    }

    /// The rows of a select for one focus.
    fn block(&mut self, select: &Select, focus: Item) -> Result<(), RecordError> {
        let start = self.scratch.cells.len();
        self.blank_row()?;
        for (index, expr, path) in &select.columns {
            let cell = self.cell(*index, expr, focus);
            let cell = cell.map_err(|fault| self.error(fault, path, Some(*index)))?;
            if let Some(place) = self.scratch.cells.get_mut(start + index) {
                *place = cell;
            }
        }
        for part in &select.parts {
            self.multiply(part, start, focus)?;
        }
        Ok(())
    }

    /// Multiplies the rows from `start` on with the part's rows.
    fn multiply(&mut self, part: &Part, start: usize, focus: Item) -> Result<(), RecordError> {
        let width = self.plan.targets.len();
        let middle = self.scratch.cells.len();
        if start == middle {
            return Ok(());
        }
        for branch in &part.branches {
            self.select(branch, focus)?;
        }
        let end = self.scratch.cells.len();
        if end - middle == width {
            self.overlay(start, middle, &part.range);
            return Ok(());
        }
        let rows = (middle - start) / width * ((end - middle) / width);
        self.room(rows * width)?;
        for left in (start..middle).step_by(width) {
            for right in (middle..end).step_by(width) {
                let row = self.scratch.cells.len();
                self.scratch.cells.extend_from_within(left..left + width);
                let Range {
                    start: first,
                    end: last,
                } = part.range;
                self.scratch
                    .cells
                    .copy_within(right + first..right + last, row + first);
            }
        }
        self.scratch.cells.drain(start..end);
        Ok(())
    }

    /// Puts the only row at `middle` into all rows before it: multiplication by one.
    fn overlay(&mut self, start: usize, middle: usize, range: &Range<usize>) {
        let width = self.plan.targets.len();
        for row in (start..middle).step_by(width) {
            let from = middle + range.start..middle + range.end;
            self.scratch.cells.copy_within(from, row + range.start);
        }
        self.scratch.cells.truncate(middle);
    }

    fn blank_row(&mut self) -> Result<(), RecordError> {
        let width = self.plan.targets.len();
        self.room(width)?;
        let end = self.scratch.cells.len() + width;
        self.scratch.cells.resize(end, Cell::Null);
        Ok(())
    }

    fn room(&self, cells: usize) -> Result<(), RecordError> {
        if self.scratch.cells.len().saturating_add(cells) <= CELLS_MAX {
            return Ok(());
        }
        Err(self.error(Fault::Bound(Bound::Cells), "", None))
    }

    fn cell(&mut self, column: usize, expr: &Expr, focus: Item) -> Result<Cell, Fault> {
        let base = self.scratch.items.len();
        self.eval(expr, focus)?;
        let item = match self.scratch.items.get(base..).unwrap_or_default() {
            [] => return Ok(Cell::Null),
            [item] => *item,
            _ => return Err(Fault::Many),
        };
        self.scratch.items.truncate(base);
        match self.plan.targets.get(column) {
            Some(target) => self.typed(item, target.scalar),
            None => Ok(Cell::Null),
        }
    }

    /// Checks an item against a type.
    fn typed(&mut self, item: Item, wanted: ScalarType) -> Result<Cell, Fault> {
        let scalar = self.scalar(item);
        let mismatch = Fault::Mismatch {
            found: kind(scalar),
        };
        let integer = |low: i64| match scalar {
            Scalar::Integer(value) => {
                let value = i64::try_from(value).ok().filter(|value| *value >= low);
                value.map(Cell::Integer).ok_or(Fault::Mismatch {
                    found: "an integer out of the type's range",
                })
            }
            _ => Err(mismatch),
        };
        match (wanted, scalar) {
            (ScalarType::Boolean, Scalar::Boolean(value)) => Ok(Cell::Boolean(value)),
            (ScalarType::Integer, _) => integer(i64::MIN),
            (ScalarType::PositiveInt, _) => integer(1),
            (ScalarType::UnsignedInt, _) => integer(0),
            (ScalarType::Integer64, Scalar::Text(text)) => {
                text.parse().map(Cell::Integer).map_err(|_| mismatch)
            }
            (ScalarType::Integer64, _) => integer(i64::MIN),
            (ScalarType::Double, Scalar::Integer(value)) => Ok(Cell::Number(value as f64)),
            (ScalarType::Double, Scalar::Decimal(value)) if value.is_finite() => {
                Ok(Cell::Number(value))
            }
            (ScalarType::Text | ScalarType::Any, Scalar::Text(_)) => Ok(Cell::Text(item)),
            (ScalarType::Any, Scalar::Boolean(value)) => self
                .made(if value { "true" } else { "false" })
                .map(Cell::Text),
            (ScalarType::Decimal | ScalarType::Any, Scalar::Integer(_) | Scalar::Decimal(_)) => {
                self.digits(item)
            }
            _ => Err(mismatch),
        }
    }

    /// A number's text, as it is written in the record or the view.
    fn digits(&mut self, item: Item) -> Result<Cell, Fault> {
        let lost = Fault::Inapplicable("a number whose text is not known");
        match item {
            Item::Node(at) => self
                .resource
                .written(at)
                .map(|(s, b)| Cell::Written(s, b))
                .ok_or(lost),
            Item::Literal(index) => {
                let text = self
                    .plan
                    .literals
                    .get(index)
                    .and_then(crate::path::Literal::digits);
                self.made(&text.ok_or(lost)?).map(Cell::Text)
            }
            _ => Err(lost),
        }
    }

    fn error(&self, fault: Fault, path: &str, column: Option<usize>) -> RecordError {
        let view = self.plan.view.clone();
        let target = column.and_then(|column| self.plan.targets.get(column));
        match fault {
            Fault::Many => RecordError::ManyValues {
                view,
                path: path.to_owned(),
            },
            Fault::Mismatch { found } => RecordError::TypeMismatch {
                view,
                column: target.map_or_else(String::new, |target| target.name.clone()),
                expected: target.map_or_else(String::new, |target| target.declared.clone()),
                found,
            },
            Fault::Inapplicable(reason) => RecordError::Inapplicable {
                view,
                path: path.to_owned(),
                reason,
            },
            Fault::Bound(bound) => RecordError::TooMuch {
                view,
                bound,
                max: bound.max(),
            },
        }
    }
}

impl Bound {
    /// Where it is.
    pub(crate) fn max(self) -> usize {
        match self {
            Self::Cells => CELLS_MAX,
            Self::Text => TEXT_BYTES_MAX,
            Self::Items => ITEMS_MAX,
            Self::Batch => i32::MAX as usize,
        }
    }
}

fn kind(scalar: Scalar<'_>) -> &'static str {
    match scalar {
        Scalar::Text(_) => "text",
        Scalar::Boolean(_) => "a boolean",
        Scalar::Integer(_) => "an integer",
        Scalar::Decimal(_) => "a decimal",
        Scalar::Complex => "an object or array",
        Scalar::Null => "null",
    }
}
