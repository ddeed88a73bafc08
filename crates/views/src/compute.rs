//! What is made of two operands, and of a value known to some precision.

use crate::compare::{equals, order};
use crate::error::Bound;
use crate::evaluate::Reader;
use crate::exact::Exact;
use crate::item::{Fault, ITEMS_MAX, Item};
use crate::moment::{Moment, Side, Sort};
use crate::path::Literal;
use crate::plan::{Arithmetic, Comparison};
use crate::rows::TEXT_BYTES_MAX;
use crate::tape::Scalar;

/// Why a number's digits are not had.
const TOO_LONG: Fault = Fault::Inapplicable("a number of more than 38 digits");

impl Reader<'_, '_, '_> {
    pub(crate) fn compare(
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
            // Unequal values decide, whatever is not known of the others.
            let mut equal = Some(left.len() == right.len());
            for (left, right) in left.iter().zip(right) {
                equal = match (equal, equals(self.scalar(*left), self.scalar(*right))?) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                };
            }
            return Ok(equal.map(|equal| equal == (comparison == Comparison::Equal)));
        }
        let ([left], [right]) = (left, right) else {
            return Err(Fault::Many);
        };
        let order = order(self.scalar(*left), self.scalar(*right))?;
        Ok(order.map(|order| match comparison {
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            _ => order.is_ge(),
        }))
    }

    /// Puts the result of two numbers, or the sum of two texts, in place of both.
    pub(crate) fn compute(
        &mut self,
        operator: Arithmetic,
        base: usize,
        middle: usize,
    ) -> Result<(), Fault> {
        let (Some(left), Some(right)) = self.operands(base, middle)? else {
            self.scratch.items.truncate(base);
            return Ok(());
        };
        let texts = (self.scalar(left), self.scalar(right));
        if let (Arithmetic::Add, (Scalar::Text(_), Scalar::Text(_))) = (operator, texts) {
            return self.concatenate(base, middle);
        }
        let (left, right) = (self.exact(left)?, self.exact(right)?);
        let result = left.compute(operator, right).ok_or(TOO_LONG)?;
        self.scratch.items.truncate(base);
        if let Some(result) = result {
            let item = self.digits_made(&result)?;
            self.push(item);
        }
        Ok(())
    }

    /// Puts two texts, one after the other, in place of both; nothing is as empty text.
    pub(crate) fn concatenate(&mut self, base: usize, middle: usize) -> Result<(), Fault> {
        let (left, right) = self.operands(base, middle)?;
        let text = |item: Option<Item>| match item {
            None => Ok(""),
            Some(item) => self.text(item).ok_or(Fault::Inapplicable(
                "texts are put together with what is not text",
            )),
        };
        let (left, right) = (text(left)?, text(right)?);
        if left.len() + right.len() > TEXT_BYTES_MAX {
            return Err(Fault::Bound(Bound::Text));
        }
        let both = format!("{left}{right}");
        self.scratch.items.truncate(base);
        let item = self.made(&both)?;
        self.push(item);
        Ok(())
    }

    fn operands(&self, base: usize, middle: usize) -> Result<(Option<Item>, Option<Item>), Fault> {
        let single = |items: Option<&[Item]>| match items.unwrap_or_default() {
            [] => Ok(None),
            [item] => Ok(Some(*item)),
            _ => Err(Fault::Many),
        };
        let items = &self.scratch.items;
        Ok((
            single(items.get(base..middle))?,
            single(items.get(middle..))?,
        ))
    }

    /// A number with all its digits.
    fn exact(&self, item: Item) -> Result<Exact, Fault> {
        let none = Fault::Inapplicable("a number is computed of what is not one");
        if !matches!(self.scalar(item), Scalar::Integer(_) | Scalar::Decimal(_)) {
            return Err(none);
        }
        let found = match item {
            Item::Integer(value) => Exact::parse(&value.to_string()),
            Item::Literal(index) => {
                let literal = self.plan.literals.get(index);
                literal
                    .and_then(Literal::digits)
                    .and_then(|digits| Exact::parse(&digits))
            }
            Item::Node(at) => {
                let text = self.resource.written(at);
                let text = text.and_then(|(start, bytes)| self.resource.source(start, bytes));
                text.and_then(Exact::parse)
            }
            Item::Digits { start, bytes } => {
                let text = self.scratch.made.get(start..start + bytes);
                text.and_then(Exact::parse)
            }
            Item::Part { .. } | Item::Made { .. } | Item::Boolean(_) => return Err(none),
        };
        found.ok_or(TOO_LONG)
    }

    fn digits_made(&mut self, number: &Exact) -> Result<Item, Fault> {
        match self.made(&number.to_string())? {
            Item::Made { start, bytes } => Ok(Item::Digits { start, bytes }),
            other => Ok(other),
        }
    }

    /// Puts the bounds of the items from `base` on in their place.
    pub(crate) fn boundaries(&mut self, side: Side, sort: Sort, base: usize) -> Result<(), Fault> {
        let end = self.scratch.items.len();
        if 2 * (end - base) > ITEMS_MAX {
            return Err(Fault::Bound(Bound::Items));
        }
        for index in base..end {
            let item = self.item(index)?;
            let bound = match self.scalar(item) {
                Scalar::Integer(_) | Scalar::Decimal(_) => {
                    let bound = self.exact(item)?.boundary(side).ok_or(TOO_LONG)?;
                    self.digits_made(&bound)?
                }
                Scalar::Text(_) | Scalar::Moment(_) => {
                    let text = self.text(item).unwrap_or_default();
                    let bound = Moment::boundary(text, side, sort);
                    let bound =
                        bound.ok_or(Fault::Inapplicable("a bound of text that is no date"))?;
                    self.made(&bound)?
                }
                _ => {
                    return Err(Fault::Inapplicable(
                        "a bound of what is no number and no date",
                    ));
                }
            };
            self.push(bound);
        }
        self.scratch.items.drain(base..end);
        Ok(())
    }
}
