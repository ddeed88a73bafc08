//! What evaluation works with: items, the faults that stop it, and memory used again.

use crate::error::Bound;
use crate::rows::Cell;

/// Values that may be in all collections of one evaluation together.
pub(crate) const ITEMS_MAX: usize = 1 << 20;

/// Items, bytes or cells whose memory is kept for the next record.
const KEPT_MAX: usize = 1 << 16;

/// A value in a collection: a place where it is found, never the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// On the tape, at that position.
    Node(usize),
    /// Part of the text at that position of the tape.
    Part {
        /// The position.
        at: usize,
        /// Bytes before the part.
        start: usize,
        /// Bytes of the part.
        bytes: usize,
    },
    /// The literal of that index.
    Literal(usize),
    /// Text made while evaluating.
    Made {
        /// Where it starts in [`Scratch::made`].
        start: usize,
        /// Its bytes.
        bytes: usize,
    },
    /// A number made while evaluating, its digits as in [`Item::Made`].
    Digits {
        /// Where they start in [`Scratch::made`].
        start: usize,
        /// Their bytes.
        bytes: usize,
    },
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
}

/// Why an expression has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Several values where one is wanted.
    Many,
    /// A value of another type than declared.
    Mismatch {
        /// What was there.
        found: &'static str,
    },
    /// Null would be wrong.
    Inapplicable(&'static str),
    /// A bound is reached.
    Bound(Bound),
}

/// A place on the way of a walk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// The steps that lead there.
    pub(crate) steps: usize,
    /// What is there; nothing where the walk ended.
    pub(crate) item: Option<Item>,
}

/// Memory that is used again for each record.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    /// A stack of collections.
    pub(crate) items: Vec<Item>,
    /// Where the walk of the last column went, as long as the focus is the same.
    pub(crate) trail: Vec<Stop>,
    /// Text made while evaluating one record.
    pub(crate) made: String,
    /// The record's rows, one after the other.
    pub(crate) cells: Vec<Cell>,
    /// What is in lists, which cells name by their place here.
    pub(crate) listed: Vec<Cell>,
}

impl Scratch {
    /// Empties it; memory that one large record needed is given back.
    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.items.shrink_to(KEPT_MAX);
        self.made.clear();
        self.made.shrink_to(KEPT_MAX);
        self.cells.clear();
        self.cells.shrink_to(KEPT_MAX);
        self.listed.clear();
        self.listed.shrink_to(KEPT_MAX);
    }
}
