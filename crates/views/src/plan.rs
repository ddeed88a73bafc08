//! A compiled view: what is looked up, in which order, into which column.

use std::ops::Range;

use crate::moment::{Side, Sort};
use crate::path::Literal;

/// A view, ready to run over records. Shared by every program made of it.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The view's name.
    pub(crate) view: String,
    /// The type of resource it reads.
    pub(crate) resource: String,
    /// Literals and constants, named by their index.
    pub(crate) literals: Vec<Literal>,
    /// Bytes of text in the longest of them.
    pub(crate) literal_bytes: usize,
    /// What a resource must satisfy, with the path as it is written.
    pub(crate) filters: Vec<(Expr, String)>,
    /// The tree of selects.
    pub(crate) select: Select,
    /// The columns in output order.
    pub(crate) targets: Vec<Target>,
}

/// What a column takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Its name.
    pub(crate) name: String,
    /// The FHIR type as it is declared, for messages.
    pub(crate) declared: String,
    /// The type its values are checked against.
    pub(crate) scalar: ScalarType,
    /// How many values a row has.
    pub(crate) many: Many,
}

/// How many values a column has in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Many {
    /// None or one.
    One,
    /// A list: `collection` is true.
    List,
}

/// FHIR's primitive types, as far as they are checked and written differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScalarType {
    /// `boolean`.
    Boolean,
    /// `integer`.
    Integer,
    /// `positiveInt`: 1 and more.
    PositiveInt,
    /// `unsignedInt`: 0 and more.
    UnsignedInt,
    /// `integer64`: JSON has it as text.
    Integer64,
    /// `decimal`, its digits kept.
    Decimal,
    /// `decimal` that the view wants as a double.
    Double,
    /// Every primitive that JSON has as text.
    Text,
    /// No type declared: any primitive, as text.
    Any,
}

/// One select: rows for each focus.
#[derive(Debug)]
pub(crate) struct Select {
    /// What to go through; without it the focus stays.
    pub(crate) each: Option<Each>,
    /// Its own columns, in the order of their paths.
    pub(crate) columns: Vec<Source>,
    /// Nested selects and unions, whose rows are multiplied.
    pub(crate) parts: Vec<Part>,
    /// The columns of the select and of all within it.
    pub(crate) range: Range<usize>,
}

/// What fills a column.
#[derive(Debug)]
pub(crate) struct Source {
    /// The column's index in the output.
    pub(crate) index: usize,
    /// Its value.
    pub(crate) expr: Expr,
    /// Its path as it is written.
    pub(crate) path: String,
    /// How many of its first steps go by name where the source before it goes too.
    pub(crate) shared: usize,
}

impl Source {
    /// Sources of one focus in an order in which paths that begin alike follow each other, so
    /// that what is common to them is walked once.
    pub(crate) fn in_order(mut sources: Vec<Self>) -> Vec<Self> {
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        let mut before: &[Step] = &[];
        let mut shared = Vec::with_capacity(sources.len());
        for source in &sources {
            let way = source.expr.way();
            shared.push(before.iter().zip(way).take_while(|(a, b)| a == b).count());
            before = way;
        }
        for (source, shared) in sources.iter_mut().zip(shared) {
            source.shared = shared;
        }
        sources
    }
}

/// `forEach`, `forEachOrNull` or `repeat`.
#[derive(Debug)]
pub(crate) struct Each {
    /// What gives the items, with the path as it is written; several for `repeat`.
    pub(crate) paths: Vec<(Expr, String)>,
    /// Which of the three.
    pub(crate) how: How,
}

/// How a select goes through items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// `forEach`: no item, no row.
    Each,
    /// `forEachOrNull`: no item, one row of nulls.
    EachOrNull,
    /// `repeat`: the items, then for each of them its own, as deep as there are any.
    Repeat,
}

/// A factor of a select's rows: the rows of all branches, one after the other.
#[derive(Debug)]
pub(crate) struct Part {
    /// One nested select, or the branches of a union.
    pub(crate) branches: Vec<Select>,
    /// The columns they fill.
    pub(crate) range: Range<usize>,
}

/// A compiled path.
#[derive(Debug, PartialEq)]
pub(crate) enum Expr {
    /// Nothing.
    Empty,
    /// The focus.
    This,
    /// The literal of that index.
    Literal(usize),
    /// A start and what is done with it.
    Chain(Box<Expr>, Vec<Step>),
    /// The index of the select's item, from 0.
    RowIndex,
    /// A number from two, or text from two.
    Compute(Arithmetic, Box<Expr>, Box<Expr>),
    /// Text from two, nothing as empty text.
    Concatenate(Box<Expr>, Box<Expr>),
    /// A comparison of two operands.
    Compare(Comparison, Box<Expr>, Box<Expr>),
    /// Three-valued conjunction.
    And(Box<Expr>, Box<Expr>),
    /// Three-valued disjunction.
    Or(Box<Expr>, Box<Expr>),
}

/// How two operands are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The same values in the same order.
    Equal,
    /// Not so.
    NotEqual,
    /// By order.
    Less,
    /// By order.
    LessOrEqual,
    /// By order.
    Greater,
    /// By order.
    GreaterOrEqual,
}

/// What is computed of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// The sum; of two texts, one after the other.
    Add,
    /// The difference.
    Subtract,
    /// The product.
    Multiply,
    /// The quotient, none by zero.
    Divide,
}

impl Expr {
    /// The first steps of a chain from the focus, as far as they go by name.
    fn way(&self) -> &[Step] {
        let Self::Chain(start, steps) = self else {
            return &[];
        };
        let by_name =
            |step: &&Step| matches!(step, Step::Member(_) | Step::Choice { .. } | Step::Index(_));
        let named = steps.iter().take_while(by_name).count();
        let from_focus = matches!(**start, Self::This);
        steps
            .get(..named)
            .filter(|_| from_focus)
            .unwrap_or_default()
    }
}

/// One step of a chain, over the items so far.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// The field of that name, arrays taken apart.
    Member(String),
    /// A choice element of one type.
    Choice {
        /// The element's name with its type: `valueQuantity`.
        field: String,
        /// The element's name: `value`.
        element: String,
    },
    /// The item of that index.
    Index(usize),
    /// Items for which the expression is true.
    Where(Expr),
    /// Whether there are items for which the expression is true.
    Exists(Option<Expr>),
    /// Whether there are no items.
    Empty,
    /// The other truth value.
    Not,
    /// Extensions with that URL.
    Extension(String),
    /// Extensions with that URL of an element of that name, which may be primitive: then they are
    /// in the element of the second name, `_birthDate`.
    ElementExtension(String, String, String),
    /// The least or greatest value the text or number can mean, and what a date is.
    Boundary(Side, Sort),
    /// The key of the resource that is referred to, if it is of the type.
    ReferenceKey(Option<String>),
    /// All texts as one, with that between them.
    Join(String),
}
