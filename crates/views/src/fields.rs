//! Goes from a value to those within it: fields, choices, extensions, keys.

use crate::choice::is_choice_of;
use crate::compare::reference_key;
use crate::error::Bound;
use crate::evaluate::Reader;
use crate::item::{Fault, ITEMS_MAX, Item, Stop};
use crate::plan::Step;
use crate::tape::Found;

/// Where a walk by name ends.
pub(crate) enum Walked<'s> {
    /// At one item, with the steps that are left for it.
    One(Item, &'s [Step]),
    /// At any number of items, which are pushed, with the steps that are left for all of them.
    Pushed(&'s [Step]),
}

impl Reader<'_, '_, '_> {
    /// Goes from one value to the next by name, as most paths do. Where so many first steps are
    /// those of the last such walk, it goes on from there.
    pub(crate) fn walk<'s>(
        &mut self,
        focus: Item,
        steps: &'s [Step],
        shared: Option<usize>,
    ) -> Result<Walked<'s>, Fault> {
        let tape = self.tape();
        let (mut item, mut left) = (focus, steps);
        if let Some(shared) = shared {
            let trail = &mut self.scratch.trail;
            while trail.pop_if(|stop| stop.steps > shared).is_some() {}
            if let Some(stop) = trail.last() {
                left = steps.get(stop.steps..).unwrap_or_default();
                let Some(there) = stop.item else {
                    return Ok(Walked::Pushed(left));
                };
                item = there;
            }
        }
        while let [step @ (Step::Member(_) | Step::Choice { .. }), rest @ ..] = left {
            left = rest;
            let mut found = self.field(step, item)?;
            if let Some(array) = found.filter(|at| tape.is_array(*at)) {
                let [Step::Index(index), rest @ ..] = left else {
                    self.spread(array)?;
                    return Ok(Walked::Pushed(left));
                };
                left = rest;
                found = tape.values(array).nth(*index);
            }
            if shared.is_some() {
                self.scratch.trail.push(Stop {
                    steps: steps.len() - left.len(),
                    item: found.map(Item::Node),
                });
            }
            let Some(at) = found else {
                return Ok(Walked::Pushed(left));
            };
            item = Item::Node(at);
        }
        Ok(Walked::One(item, left))
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
        let prefixed = match tape.find(at, name) {
            Found::At(at) => return Ok(Some(at)),
            Found::Prefixed => true,
            Found::Nothing => false,
        };
        match other {
            Some(element) if tape.field(at, element).is_some() => Err(Fault::Inapplicable(
                "ofType() of what is not a choice element",
            )),
            None if prefixed && tape.fields(at).any(|(field, _)| is_choice_of(field, name)) => Err(
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
    pub(crate) fn expand(&mut self, step: &Step, item: Item) -> Result<(), Fault> {
        let tape = self.tape();
        match step {
            Step::Extension(url) => {
                let what = "extension() of a value that the path does not name";
                let at = self.object(item, what)?;
                self.extensions(at, url);
            }
            Step::ElementExtension(beside, name, url) => {
                let at = self.object(item, "a field of what is not an object")?;
                for name in [name, beside] {
                    let Some(at) = tape.field(at, name) else {
                        continue;
                    };
                    let single = Some(at).filter(|at| tape.is_object(*at));
                    for at in single.into_iter().chain(tape.elements(at)) {
                        self.extensions(at, url);
                    }
                }
            }
            Step::ReferenceKey(kind) => {
                let found = self.reference(item, kind.as_deref())?;
                self.scratch.items.extend(found);
            }
            _ => {
                if let Some(at) = self.field(step, item)? {
                    self.spread(at)?;
                }
            }
        }
        Ok(())
    }

    /// The key in a Reference.
    pub(crate) fn reference(&self, item: Item, kind: Option<&str>) -> Result<Option<Item>, Fault> {
        let tape = self.tape();
        let at = self.object(item, "getReferenceKey() of what is not a Reference")?;
        let text = tape
            .field(at, "reference")
            .and_then(|at| Some((at, tape.text(at)?)));
        Ok(text.and_then(|(at, text)| {
            let (start, bytes) = reference_key(text, kind)?;
            Some(Item::Part { at, start, bytes })
        }))
    }

    /// Pushes an element's extensions of that URL.
    fn extensions(&mut self, at: usize, url: &str) {
        let tape = self.tape();
        let extensions = tape.field(at, "extension").into_iter();
        for extension in extensions.flat_map(|at| tape.elements(at)) {
            let found = tape.field(extension, "url").and_then(|at| tape.text(at));
            if found == Some(url) {
                self.push(Item::Node(extension));
            }
        }
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
}
