//! FHIRPath as text: the tree a path is read into, before it knows of views or records.

mod lexer;
mod parser;

pub(crate) use parser::parse;

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
}

impl Literal {
    /// A number's digits, as they were written; none of what is no number.
    pub(crate) fn digits(&self) -> Option<String> {
        match self {
            Self::Integer(value) => Some(value.to_string()),
            Self::Decimal(digits, _) => Some(digits.clone()),
            Self::Text(_) | Self::Boolean(_) => None,
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
}

/// A path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ast {
    /// `{}`.
    Empty,
    /// A value.
    Literal(Literal),
    /// `%name`.
    Constant(String),
    /// `$this`, also the unwritten start of a path.
    This,
    /// A start and what is done with it, in order.
    Chain(Box<Ast>, Vec<Call>),
    /// Two operands.
    Binary(Operator, Box<Ast>, Box<Ast>),
}

/// One step of a chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Call {
    /// `.name`.
    Member(String),
    /// `[index]`.
    Index(Ast),
    /// `.name(arguments)`.
    Function(String, Vec<Ast>),
}

/// Why a text is not a path this engine reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PathFault {
    /// Not FHIRPath.
    Syntax {
        /// Bytes from the start.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// FHIRPath, but not supported yet.
    Unsupported(String),
}

impl PathFault {
    pub(crate) fn syntax(position: usize, reason: impl Into<String>) -> Self {
        Self::Syntax {
            position,
            reason: reason.into(),
        }
    }
}
