//! The closed allow-list below a release: every plan node and expression that may see records.
//!
//! Each rule proves one thing: what comes out of the node is, person by person, a function of that
//! one person's rows, whatever their order. [`Scope`] carries what is known about the node's
//! output. A rule gives the node anew from its checked inputs, so that what runs is what was
//! checked: sums below become sums of whole numbers, windows are given an order of all columns.

mod aggregate;
mod expression;
mod function;
mod group;
mod interval;
mod join;
mod literal;
mod node;
mod subquery;
mod window;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::logical_expr::{Expr, LogicalPlan};
use lazaret_disclosure::KeyValue;
use lazaret_model::{Refusal, RefusalCode};

pub(crate) use aggregate::{Argument, Asked, aggregate};
pub(crate) use expression::facts;
pub(crate) use interval::Interval;
pub(crate) use join::capped;
pub(crate) use literal::{decimal, literal};
pub(crate) use subquery::{joined, joined_above};

/// What a column may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Opacity {
    /// Any allowed expression.
    #[default]
    Open,
    /// The person whose row it is, or NULL: joined on, grouped by and counted distinct.
    Person,
    /// A pseudonym that identifies rows: joined on and grouped by beside the person.
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
    pub(crate) bounds: Option<Interval>,
    /// Whether it has one value a person.
    pub(crate) per_person: bool,
    /// Whether it numbers the person's rows from 1.
    pub(crate) numbered: bool,
}

/// What is known about a plan node's output.
#[derive(Clone)]
pub(crate) struct Scope {
    /// Facts of its columns, in the order of its schema.
    pub(crate) columns: Vec<Facts>,
    /// Which column carries the person. Rows in which it is NULL are nobody's and count nowhere.
    pub(crate) carrier: usize,
    /// Rows a person plausibly has in it.
    pub(crate) rows_per_person: u32,
    /// How many inputs of its joins have many rows a person.
    pub(crate) many: usize,
}

impl Scope {
    /// Only released numbers: all of them are open.
    pub(crate) fn released(columns: usize) -> Self {
        Self {
            columns: vec![Facts::default(); columns],
            carrier: usize::MAX,
            rows_per_person: 1,
            many: 0,
        }
    }

    /// So many rows a person; of one, all columns have one value.
    fn of_rows(mut self, rows: u32) -> Self {
        self.rows_per_person = rows;
        for facts in self.columns.iter_mut().filter(|_| rows == 1) {
            facts.per_person = true;
        }
        self
    }
}

/// A checked node: what may run, and what is known about its output.
pub(crate) struct Below {
    pub(crate) plan: LogicalPlan,
    pub(crate) scope: Scope,
}

/// A refusal of a shape that cannot be answered privately.
pub(crate) fn not_private(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::NotPrivate, reason)
}

/// A node that the engine makes of checked parts.
fn built<T>(made: datafusion::common::Result<T>) -> Result<T, Refusal> {
    made.map_err(|error| not_private(error.strip_backtrace()))
}

/// An expression as its author may have written it: without the engine's casts and types.
pub(crate) fn written(expr: &Expr) -> String {
    let plain = expr
        .clone()
        .transform_up(|part| Ok(Transformed::yes(crate::functions::plain(part))));
    plain
        .data()
        .map_or_else(|_| expr.to_string(), |plain| plain.to_string())
        .replace("count(1)", "count(*)")
}
