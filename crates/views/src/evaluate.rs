//! Evaluates compiled paths over a record's tape.

use crate::compare::{equals, order, reference_key};
use crate::error::Bound;
use crate::item::{Fault, ITEMS_MAX, Item, Scratch};
use crate::lower::is_choice_of;
use crate::path::Literal;
use crate::plan::{Comparison, Expr, Plan, Step};
use crate::resource::Resource;
use crate::rows::TEXT_BYTES_MAX;
use crate::tape::{Scalar, Tape};

/// One plan over one record.
pub(crate) struct Reader<'p, 'r, 'a> {
    pub(crate) plan: &'p Plan,
    pub(crate) resource: &'r Resource<'a>,
    pub(crate) scratch: &'p mut Scratch,
}

impl<'r, 'a> Reader<'_, 'r, 'a> {
    /// Evaluates with `focus` as `$this`; the result is on top of the items.
    pub(crate) fn eval(&mut self, expr: &Expr, focus: Item) -> Result<(), Fault> {
        let base = self.scratch.items.len();
        match expr {
            Expr::Empty => {}
            Expr::This => self.push(focus),
            Expr::Literal(index) => self.push(Item::Literal(*index)),
            Expr::Chain(start, steps) => {
                let mut left = steps.as_slice();
                if let Expr::This = **start {
                    left = self.walk(focus, steps)?;
                } else {
                    self.eval(start, focus)?;
                }
                for step in left {
                    self.step(step, base)?;
                }
            }
            Expr::Compare(comparison, left, right) => {
                self.eval(left, focus)?;
                let middle = self.scratch.items.len();
                self.eval(right, focus)?;
                let result = self.compare(*comparison, base, middle)?;
                self.replace(base, result);
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
            Item::Literal(index) => match self.plan.literals.get(index) {
                Some(Literal::Text(text)) => Scalar::Text(text),
                Some(Literal::Boolean(value)) => Scalar::Boolean(*value),
                Some(Literal::Integer(value)) => Scalar::Integer(i128::from(*value)),
                Some(Literal::Decimal(_, value)) => Scalar::Decimal(*value),
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
                Literal::Text(text) => Some(text),
                _ => None,
            },
            Item::Boolean(_) => None,
        }
    }

    fn tape(&self) -> &'r Tape<'a> {
        self.resource.tape()
    }

    fn push(&mut self, item: Item) {
        self.scratch.items.push(item);
    }

    /// Takes the items from `base` on away and puts a truth value there, if there is one.
    fn replace(&mut self, base: usize, result: Option<bool>) {
        self.scratch.items.truncate(base);
        self.scratch.items.extend(result.map(Item::Boolean));
    }

    fn item(&self, index: usize) -> Result<Item, Fault> {
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
            Step::Member(_)
            | Step::Choice { .. }
            | Step::Extension(_)
            | Step::ResourceKey
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

    /// Goes from one value to the next by name, as most paths do, and pushes where that ends.
    /// Gives the steps that are left, for all that was pushed.
    fn walk<'s>(&mut self, focus: Item, steps: &'s [Step]) -> Result<&'s [Step], Fault> {
        let tape = self.tape();
        let (mut item, mut left) = (focus, steps);
        while let [step @ (Step::Member(_) | Step::Choice { .. }), rest @ ..] = left {
            left = rest;
            let Some(at) = self.field(step, item)? else {
                return Ok(left);
            };
            if !tape.is_array(at) {
                item = Item::Node(at);
                continue;
            }
            let [Step::Index(index), rest @ ..] = left else {
                self.spread(at)?;
                return Ok(left);
            };
            left = rest;
            let Some(at) = tape.values(at).nth(*index) else {
                return Ok(left);
            };
            item = Item::Node(at);
        }
        self.push(item);
        Ok(left)
    }

    /// The field that a member or choice names.
    fn field(&self, step: &Step, item: Item) -> Result<Option<usize>, Fault> {
        let tape = self.tape();
        let at = self.object(item, "a field of what is not an object")?;
        let (name, other) = match step {
            Step::Member(name) => (name, None),
            Step::Choice { field, element } => (field, Some(element)),
            _ => return Ok(None),
        };
        let found = tape.field(at, name);
        if found.is_some() {
            return Ok(found);
        }
        match other {
            Some(element) if tape.field(at, element).is_some() => Err(Fault::Inapplicable(
                "ofType() of what is not a choice element",
            )),
            None if tape.fields(at).any(|(field, _)| is_choice_of(field, name)) => Err(
                Fault::Inapplicable("a choice element is read without ofType()"),
            ),
            _ => Ok(None),
        }
    }

    fn object(&self, item: Item, otherwise: &'static str) -> Result<usize, Fault> {
        match item {
            Item::Node(at) if self.tape().is_object(at) => Ok(at),
            _ => Err(Fault::Inapplicable(otherwise)),
        }
    }

    /// Pushes what a step makes of one item.
    fn expand(&mut self, step: &Step, item: Item) -> Result<(), Fault> {
        let tape = self.tape();
        match step {
            Step::Extension(url) => {
                let what = "extensions of primitive elements are not read yet";
                let extensions = tape
                    .field(self.object(item, what)?, "extension")
                    .into_iter();
                for extension in extensions.flat_map(|at| tape.elements(at)) {
                    let found = tape.field(extension, "url").and_then(|at| tape.text(at));
                    if found == Some(url) {
                        self.push(Item::Node(extension));
                    }
                }
            }
            Step::ReferenceKey(kind) => {
                let at = self.object(item, "getReferenceKey() of what is not a Reference")?;
                let reference = tape.field(at, "reference");
                let text = reference.and_then(|at| Some((at, tape.text(at)?)));
                if let Some((at, text)) = text
                    && let Some((start, bytes)) = reference_key(text, kind.as_deref())
                {
                    self.push(Item::Part { at, start, bytes });
                }
            }
            Step::ResourceKey => {
                let at = self.object(item, "getResourceKey() of what is not a resource")?;
                self.scratch
                    .items
                    .extend(tape.field(at, "id").map(Item::Node));
            }
            _ => {
                if let Some(at) = self.field(step, item)? {
                    self.spread(at)?;
                }
            }
        }
        Ok(())
    }

    /// Pushes a value, an array's elements one by one, without the gaps.
    fn spread(&mut self, at: usize) -> Result<(), Fault> {
        let tape = self.tape();
        if tape.is_array(at) {
            let room = ITEMS_MAX.saturating_sub(self.scratch.items.len());
            if tape.elements(at).left() > room {
                return Err(Fault::Bound(Bound::Items));
            }
            self.scratch.items.extend(tape.values(at).map(Item::Node));
        } else {
            self.push(Item::Node(at));
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

    fn compare(
        &self,
        comparison: Comparison,
        base: usize,
        middle: usize,
    ) -> Result<Option<bool>, Fault> {
        let left = self.scratch.items.get(base..middle).unwrap_or_default();
        let right = self.scratch.items.get(middle..).unwrap_or_default();
        if left.is_empty() || right.is_empty() {
            return Ok(None);
        }
        if matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
            let mut equal = left.len() == right.len();
            for (left, right) in left.iter().zip(right) {
                equal = equal && equals(self.scalar(*left), self.scalar(*right))?;
            }
            return Ok(Some(equal == (comparison == Comparison::Equal)));
        }
        let ([left], [right]) = (left, right) else {
            return Err(Fault::Many);
        };
        let order = order(self.scalar(*left), self.scalar(*right))?;
        Ok(Some(match comparison {
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }
}
