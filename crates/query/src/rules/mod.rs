//! The closed allow-list below a release: every plan node and expression that may see records.
//!
//! Each rule proves one thing: what comes out of the node is, person by person, a function of that
//! one person's rows. [`Scope`] carries what is known about the node's output.

mod aggregate;
mod expression;
mod join;
mod literal;
mod node;

use lazaret_disclosure::KeyValue;
use lazaret_model::{Clamp, Refusal, RefusalCode};

pub(crate) use aggregate::{Argument, Asked, aggregate};
pub(crate) use expression::facts;
pub(crate) use join::capped;
pub(crate) use literal::literal;
pub(crate) use node::below;

/// What a column may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Opacity {
    /// Any allowed expression.
    #[default]
    Open,
    /// The carrier of the person: joined on and counted distinct, nothing else.
    Person,
    /// A pseudonym that identifies rows: joined on together with the person, nothing else.
    Record,
}

/// What is known about one column or expression, from the schema and the text alone.
#[derive(Clone, Default)]
pub(crate) struct Facts {
    pub(crate) opacity: Opacity,
    /// Its possible values, when they are public; NULL not among them.
    pub(crate) domain: Option<Vec<KeyValue>>,
    /// Whether the domain is what a table declares, so that records may hold other values too.
    pub(crate) declared: bool,
    /// Bounds of a number, public.
    pub(crate) bounds: Option<Clamp>,
    /// Whether it has one value a person.
    pub(crate) per_person: bool,
}

/// What is known about a plan node's output.
#[derive(Clone)]
pub(crate) struct Scope {
    /// Facts of its columns, in the order of its schema.
    pub(crate) columns: Vec<Facts>,
    /// Which column carries the person.
    pub(crate) carrier: usize,
    /// Rows a person plausibly has in it.
    pub(crate) rows_per_person: u32,
}

/// A refusal of a shape that cannot be answered privately.
pub(crate) fn not_private(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::NotPrivate, reason)
}
