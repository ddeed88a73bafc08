//! Makes a record's rows: goes through the selects, multiplies what stands side by side.

use std::ops::Range;

use crate::error::{Bound, RecordError};
use crate::evaluate::Reader;
use crate::item::{Fault, ITEMS_MAX, Item};
use crate::plan::{Each, Expr, How, Many, Part, ScalarType, Select, Source};
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
    /// A list: where it starts and ends in the scratch's.
    List(usize, usize),
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

    /// Bytes of text in the record's cells, or more than there are; lists count once for each row
    /// they are in.
    ///
    /// # Errors
    ///
    /// The bound that is reached.
    pub(crate) fn fits(&self) -> Result<usize, Bound> {
        let cells = &self.scratch.cells;
        if self.scratch.listed.is_empty() {
            // No cell has more text than the record, the view's literals and what was made of them.
            let each = self.resource.bytes() + self.plan.literal_bytes + self.scratch.made.len();
            let most = cells.len().saturating_mul(each);
            if most <= TEXT_BYTES_MAX {
                return Ok(most);
            }
        }
        let listed = cells.iter().map(|cell| match cell {
            Cell::List(start, end) => end - start,
            _ => 1,
        });
        if listed.sum::<usize>() > CELLS_MAX {
            return Err(Bound::Cells);
        }
        let bytes = |cell: &Cell| self.cell_text(*cell).map_or(0, str::len);
        let text = cells.iter().map(|cell| match cell {
            Cell::List(start, end) => {
                let listed = self.scratch.listed.get(*start..*end).unwrap_or_default();
                listed.iter().map(bytes).sum()
            }
            cell => bytes(cell),
        });
        Some(text.sum())
            .filter(|text| *text <= TEXT_BYTES_MAX)
            .ok_or(Bound::Text)
    }

    /// The error of a bound.
    pub(crate) fn too_much(&self, bound: Bound) -> RecordError {
        self.error(Fault::Bound(bound), "", None)
    }

    fn select(&mut self, select: &Select, focus: Item) -> Result<(), RecordError> {
        let Some(each) = &select.each else {
            return self.block(select, focus);
        };
        let (start, outer) = (self.scratch.items.len(), self.row_index);
        self.gather(each, focus)?;
        let end = self.scratch.items.len();
        self.row_index = 0;
        if start == end && each.how == How::EachOrNull {
            self.row_of_nulls(select)?;
        }
        for index in start..end {
            if let Some(item) = self.scratch.items.get(index).copied() {
                self.block(select, item)?;
            }
            self.row_index += 1;
        }
        self.row_index = outer;
        self.scratch.items.truncate(start);
        Ok(())
    }

    /// Pushes the items of a select.
    fn gather(&mut self, each: &Each, focus: Item) -> Result<(), RecordError> {
        let start = self.scratch.items.len();
        self.all(each, focus)?;
        if each.how != How::Repeat {
            return Ok(());
        }
        // What an item gives comes right after it; those that wait are kept backwards.
        let mut waiting: Vec<Item> = self.scratch.items.drain(start..).rev().collect();
        while let Some(item) = waiting.pop() {
            self.push(item);
            let end = self.scratch.items.len();
            self.all(each, item)?;
            if waiting.len() + self.scratch.items.len() > ITEMS_MAX {
                return Err(self.too_much(Bound::Items));
            }
            waiting.extend(self.scratch.items.drain(end..).rev());
        }
        Ok(())
    }

    fn all(&mut self, each: &Each, focus: Item) -> Result<(), RecordError> {
        for (expr, path) in &each.paths {
            self.eval(expr, focus)
                .map_err(|fault| self.error(fault, path, None))?;
        }
        Ok(())
    }

    /// The row of a `forEachOrNull` without items: of its columns only the index has a value.
    fn row_of_nulls(&mut self, select: &Select) -> Result<(), RecordError> {
        let start = self.scratch.cells.len();
        self.blank_row()?;
        for column in &select.columns {
            if column.expr == Expr::RowIndex {
                self.fill(start, column, Item::Node(ROOT))?;
            }
        }
        Ok(())
    }

    /// Evaluates a column into the row that starts there.
    fn fill(&mut self, start: usize, source: &Source, focus: Item) -> Result<(), RecordError> {
        let cell = self.cell(source, focus);
        let cell = cell.map_err(|fault| self.error(fault, &source.path, Some(source.index)))?;
        if let Some(place) = self.scratch.cells.get_mut(start + source.index) {
            *place = cell;
        }
        Ok(())
    }

    /// The rows of a select for one focus.
    fn block(&mut self, select: &Select, focus: Item) -> Result<(), RecordError> {
        let start = self.scratch.cells.len();
        self.blank_row()?;
        self.scratch.trail.clear();
        for column in &select.columns {
            self.fill(start, column, focus)?;
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
        Err(self.too_much(Bound::Cells))
    }

    fn cell(&mut self, source: &Source, focus: Item) -> Result<Cell, Fault> {
        let plan = self.plan;
        let Some(target) = plan.targets.get(source.index) else {
            return Ok(Cell::Null);
        };
        if target.many == Many::List {
            self.scratch.trail.clear();
            return self.list(&source.expr, target.scalar, focus);
        }
        match self.single(source, focus)? {
            Some(item) => self.typed(item, target.scalar),
            None => Ok(Cell::Null),
        }
    }

    fn list(&mut self, expr: &Expr, wanted: ScalarType, focus: Item) -> Result<Cell, Fault> {
        let base = self.scratch.items.len();
        self.eval(expr, focus)?;
        let start = self.scratch.listed.len();
        if self.scratch.items.len() - base > CELLS_MAX.saturating_sub(start) {
            return Err(Fault::Bound(Bound::Cells));
        }
        for index in base..self.scratch.items.len() {
            let item = self.item(index)?;
            let cell = self.typed(item, wanted)?;
            self.scratch.listed.push(cell);
        }
        self.scratch.items.truncate(base);
        Ok(Cell::List(start, self.scratch.listed.len()))
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
            (ScalarType::Text | ScalarType::Any, Scalar::Text(_) | Scalar::Moment(_)) => {
                Ok(Cell::Text(item))
            }
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
            Item::Integer(value) => self.made(&value.to_string()).map(Cell::Text),
            Item::Digits { start, bytes } => Ok(Cell::Text(Item::Made { start, bytes })),
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
        Scalar::Moment(_) => "a date or time",
        Scalar::Null => "null",
    }
}
