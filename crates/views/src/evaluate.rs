//! Evaluates compiled paths over a record's tape.

use crate::error::Bound;
use crate::fields::Walked;
use crate::item::{Fault, Item, Scratch};
use crate::path::Literal;
use crate::plan::{Expr, Plan, Source, Step};
use crate::resource::Resource;
use crate::rows::TEXT_BYTES_MAX;
use crate::tape::{Scalar, Tape};

/// One plan over one record.
pub(crate) struct Reader<'p, 'r, 'a> {
    pub(crate) plan: &'p Plan,
    pub(crate) resource: &'r Resource<'a>,
    pub(crate) scratch: &'p mut Scratch,
    /// The index of the item a select is at.
    pub(crate) row_index: i64,
}

impl<'r, 'a> Reader<'_, 'r, 'a> {
    /// Evaluates with `focus` as `$this`; the result is on top of the items.
    pub(crate) fn eval(&mut self, expr: &Expr, focus: Item) -> Result<(), Fault> {
        let base = self.scratch.items.len();
        match expr {
            Expr::Empty => {}
            Expr::This => self.push(focus),
            Expr::Literal(index) => self.push(Item::Literal(*index)),
            Expr::RowIndex => self.push(Item::Integer(self.row_index)),
            Expr::Chain(start, steps) => {
                if let Expr::This = **start {
                    let left = match self.walk(focus, steps, None)? {
                        Walked::One(item, left) => {
                            self.push(item);
                            left
                        }
                        Walked::Pushed(left) => left,
                    };
                    return self.steps(left, base);
                }
                self.eval(start, focus)?;
                self.steps(steps, base)?;
            }
            Expr::Compare(comparison, left, right) => {
                let middle = self.both(left, right, focus)?;
                let result = self.compare(*comparison, base, middle)?;
                self.replace(base, result);
            }
            Expr::Compute(operator, left, right) => {
                let middle = self.both(left, right, focus)?;
                self.compute(*operator, base, middle)?;
            }
            Expr::Concatenate(left, right) => {
                let middle = self.both(left, right, focus)?;
                self.concatenate(base, middle)?;
            }
            Expr::And(left, right) => {
                let result = match self.truth(left, focus)? {
                    Some(false) => Some(false),
                    left => match self.truth(right, focus)? {
                        Some(false) => Some(false),
                        right => left.and(right),
                    },
                };
                self.replace(base, result);
            }
            Expr::Or(left, right) => {
                let result = match self.truth(left, focus)? {
                    Some(true) => Some(true),
                    left => match self.truth(right, focus)? {
                        Some(true) => Some(true),
                        right => left.and(right),
                    },
                };
                self.replace(base, result);
            }
        }
        Ok(())
    }

    /// Evaluates what gives at most one item, after the source before it.
    pub(crate) fn single(&mut self, source: &Source, focus: Item) -> Result<Option<Item>, Fault> {
        let base = self.scratch.items.len();
        match &source.expr {
            Expr::Chain(start, steps) if matches!(**start, Expr::This) => {
                // Most columns end where the walk does, without a collection.
                match self.walk(focus, steps, Some(source.shared))? {
                    Walked::One(item, []) => return Ok(Some(item)),
                    Walked::One(item, [Step::ReferenceKey(kind)]) => {
                        return self.reference(item, kind.as_deref());
                    }
                    Walked::One(item, left) => {
                        self.push(item);
                        self.steps(left, base)?;
                    }
                    Walked::Pushed([]) if self.scratch.items.len() == base => return Ok(None),
                    Walked::Pushed(left) => self.steps(left, base)?,
                }
            }
            expr => self.eval(expr, focus)?,
        }
        let single = match self.scratch.items.get(base..).unwrap_or_default() {
            [] => None,
            [item] => Some(*item),
            _ => return Err(Fault::Many),
        };
        self.scratch.items.truncate(base);
        Ok(single)
    }

    fn steps(&mut self, steps: &[Step], base: usize) -> Result<(), Fault> {
        steps.iter().try_for_each(|step| self.step(step, base))
    }

    /// Evaluates two operands, one after the other on top; where the second begins.
    fn both(&mut self, left: &Expr, right: &Expr, focus: Item) -> Result<usize, Fault> {
        self.eval(left, focus)?;
        let middle = self.scratch.items.len();
        self.eval(right, focus)?;
        Ok(middle)
    }

    /// Evaluates a condition: nothing is neither true nor false.
    pub(crate) fn truth(&mut self, expr: &Expr, focus: Item) -> Result<Option<bool>, Fault> {
        let base = self.scratch.items.len();
        self.eval(expr, focus)?;
        let result = self.truth_of(base)?;
        self.scratch.items.truncate(base);
        Ok(result)
    }

    pub(crate) fn scalar(&self, item: Item) -> Scalar<'_> {
        match item {
            Item::Node(at) => self.tape().scalar(at),
            Item::Boolean(value) => Scalar::Boolean(value),
            Item::Part { .. } | Item::Made { .. } => {
                self.text(item).map_or(Scalar::Null, Scalar::Text)
            }
            Item::Integer(value) => Scalar::Integer(i128::from(value)),
            Item::Digits { start, bytes } => self.computed(start, bytes),
            Item::Literal(index) => match self.plan.literals.get(index) {
                Some(Literal::Text(text)) => Scalar::Text(text),
                Some(Literal::Boolean(value)) => Scalar::Boolean(*value),
                Some(Literal::Integer(value)) => Scalar::Integer(i128::from(*value)),
                Some(Literal::Decimal(_, value)) => Scalar::Decimal(*value),
                Some(Literal::Moment(_, moment)) => Scalar::Moment(*moment),
                None => Scalar::Null,
            },
        }
    }

    /// The item's text, when it is text.
    pub(crate) fn text(&self, item: Item) -> Option<&str> {
        match item {
            Item::Node(at) => self.tape().text(at),
            Item::Part { at, start, bytes } => self.tape().text(at)?.get(start..start + bytes),
            Item::Made { start, bytes } => self.scratch.made.get(start..start + bytes),
            Item::Literal(index) => match self.plan.literals.get(index)? {
                Literal::Text(text) | Literal::Moment(text, _) => Some(text),
                _ => None,
            },
            Item::Boolean(_) | Item::Integer(_) | Item::Digits { .. } => None,
        }
    }

    /// A computed number: whole when it has no point.
    fn computed(&self, start: usize, bytes: usize) -> Scalar<'_> {
        let text = self
            .scratch
            .made
            .get(start..start + bytes)
            .unwrap_or_default();
        match (text.parse(), text.parse()) {
            (Ok(whole), _) => Scalar::Integer(whole),
            (_, Ok(value)) => Scalar::Decimal(value),
            _ => Scalar::Null,
        }
    }

    pub(crate) fn tape(&self) -> &'r Tape<'a> {
        self.resource.tape()
    }

    pub(crate) fn push(&mut self, item: Item) {
        self.scratch.items.push(item);
    }

    /// Takes the items from `base` on away and puts a truth value there, if there is one.
    pub(crate) fn replace(&mut self, base: usize, result: Option<bool>) {
        self.scratch.items.truncate(base);
        self.scratch.items.extend(result.map(Item::Boolean));
    }

    pub(crate) fn item(&self, index: usize) -> Result<Item, Fault> {
        self.scratch
            .items
            .get(index)
            .copied()
            .ok_or(Fault::Inapplicable("an item is missing"))
    }

    fn step(&mut self, step: &Step, base: usize) -> Result<(), Fault> {
        let end = self.scratch.items.len();
        match step {
            Step::Index(index) => {
                let found = self
                    .scratch
                    .items
                    .get(base..)
                    .and_then(|items| items.get(*index));
                let found = found.copied();
                self.scratch.items.truncate(base);
                self.scratch.items.extend(found);
            }
            Step::Where(criteria) => self.filter(criteria, base)?,
            Step::Exists(criteria) => {
                if let Some(criteria) = criteria {
                    self.filter(criteria, base)?;
                }
                let exists = self.scratch.items.len() > base;
                self.replace(base, Some(exists));
            }
            Step::Empty => self.replace(base, Some(end == base)),
            Step::Not => {
                let negated = self.truth_of(base)?.map(|value| !value);
                self.replace(base, negated);
            }
            Step::Join(separator) => self.join(separator, base)?,
            Step::Boundary(side, sort) => self.boundaries(*side, *sort, base)?,
            Step::Member(_)
            | Step::Choice { .. }
            | Step::Extension(_)
            | Step::ElementExtension(..)
            | Step::ReferenceKey(_) => {
                for index in base..end {
                    let item = self.item(index)?;
                    self.expand(step, item)?;
                }
                self.scratch.items.drain(base..end);
            }
        }
        Ok(())
    }

    fn filter(&mut self, criteria: &Expr, base: usize) -> Result<(), Fault> {
        let end = self.scratch.items.len();
        let mut kept = base;
        for index in base..end {
            let item = self.item(index)?;
            if self.truth(criteria, item)? == Some(true) {
                if let Some(place) = self.scratch.items.get_mut(kept) {
                    *place = item;
                }
                kept += 1;
            }
        }
        self.scratch.items.truncate(kept);
        Ok(())
    }

    fn join(&mut self, separator: &str, base: usize) -> Result<(), Fault> {
        let mut joined = String::new();
        for index in base..self.scratch.items.len() {
            let text = self.text(self.item(index)?);
            let text = text.ok_or(Fault::Inapplicable("join() of what is not text"))?;
            if index > base {
                joined.push_str(separator);
            }
            joined.push_str(text);
            if joined.len() > TEXT_BYTES_MAX {
                return Err(Fault::Bound(Bound::Text));
            }
        }
        self.scratch.items.truncate(base);
        let item = self.made(&joined)?;
        self.push(item);
        Ok(())
    }

    /// Keeps text that is not in the record until the record's rows are written.
    pub(crate) fn made(&mut self, text: &str) -> Result<Item, Fault> {
        let start = self.scratch.made.len();
        if start + text.len() > TEXT_BYTES_MAX {
            return Err(Fault::Bound(Bound::Text));
        }
        self.scratch.made.push_str(text);
        Ok(Item::Made {
            start,
            bytes: text.len(),
        })
    }

    fn truth_of(&self, base: usize) -> Result<Option<bool>, Fault> {
        match self.scratch.items.get(base..).unwrap_or_default() {
            [] => Ok(None),
            [item] => match self.scalar(*item) {
                Scalar::Boolean(value) => Ok(Some(value)),
                _ => Err(Fault::Inapplicable("a condition that is not boolean")),
            },
            _ => Err(Fault::Many),
        }
    }
}
