//! FHIRPath as text: the tree a path is read into, before it knows of views or records.

mod lexer;
mod parser;

pub(crate) use parser::parse;

use crate::moment::Moment;

/// A value written in a path or a constant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// Text.
    Text(String),
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction: as it is written, and its nearest double.
    Decimal(String, f64),
    /// A date or time: as it is written, and what it means.
    Moment(String, Moment),
}

impl Literal {
    /// Bytes of its text.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) | Self::Decimal(text, _) | Self::Moment(text, _) => text.len(),
            Self::Boolean(_) | Self::Integer(_) => 0,
        }
    }

    /// A number's digits, as they were written; none of what is no number.
    pub(crate) fn digits(&self) -> Option<String> {
        match self {
            Self::Integer(value) => Some(value.to_string()),
            Self::Decimal(digits, _) => Some(digits.clone()),
            Self::Text(_) | Self::Boolean(_) | Self::Moment(..) => None,
        }
    }
}

/// What stands between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `and`.
    And,
    /// `or`.
    Or,
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `&`.
    Concatenate,
}

/// A path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ast {
    /// `{}`.
    Empty,
    /// A value.
    Literal(Literal),
    /// `%name`, and the byte it starts at.
    Constant(usize, String),
    /// `$this`, also the unwritten start of a path.
    This,
    /// A start and what is done with it, in order.
    Chain(Box<Ast>, Vec<Call>),
    /// Two operands.
    Binary(Operator, Box<Ast>, Box<Ast>),
}

/// One step of a chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The byte it starts at.
    pub(crate) position: usize,
    /// What it does.
    pub(crate) kind: CallKind,
}

/// What a step of a chain does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CallKind {
    /// `.name`.
    Member(String),
    /// `[index]`.
    Index(Ast),
    /// `.name(arguments)`.
    Function(String, Vec<Ast>),
}

/// Why a text is not a path this engine reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathFault {
    /// Bytes from the start of the path.
    pub(crate) position: usize,
    /// What is wrong, or what would be needed.
    pub(crate) reason: String,
    /// Whose fault it is.
    pub(crate) kind: FaultKind,
}

/// Whether a path is wrong or this engine too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Not FHIRPath.
    Syntax,
    /// FHIRPath, but not supported.
    Unsupported,
}

impl PathFault {
    pub(crate) fn syntax(position: usize, reason: impl Into<String>) -> Self {
        Self {
            position,
            reason: reason.into(),
            kind: FaultKind::Syntax,
        }
    }

    pub(crate) fn unsupported(position: usize, what: impl Into<String>) -> Self {
        Self {
            position,
            reason: what.into(),
            kind: FaultKind::Unsupported,
        }
    }
}
