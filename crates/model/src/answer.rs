//! The two ways in which a question stays unanswered.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a request was refused, as a stable word for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The text is not SQL that can be read.
    Syntax,
    /// A table, column or function that is not there, or not granted.
    NotGranted,
    /// A shape of query that cannot be answered privately.
    NotPrivate,
    /// A limit on the size of text, plan or groups.
    TooLarge,
    /// A number has no bounds, so its noise has no scale.
    Unbounded,
    /// The budget, the cap or the per-query maximum would be exceeded.
    Budget,
    /// The permit is not valid: signature, time, status or a field the engine does not enforce.
    Permit,
    /// A step of a procedure that is not allowed now, or not to this person.
    Transition,
}

/// A refusal explains itself, because it depends on the query's text, the schema and the permit
/// alone. It is made before a row is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The kind of reason.
    pub code: RefusalCode,
    /// What is wrong.
    pub reason: String,
    /// The clause of the permit, the Regulation or the specification.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// How to write it instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The line of the query, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column of the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}

impl Refusal {
    /// A refusal with its reason alone.
    pub fn new(code: RefusalCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            clause: None,
            hint: None,
            line: None,
            column: None,
        }
    }

    /// The same refusal, with the clause it rests on.
    #[must_use]
    pub fn clause(mut self, clause: impl Into<String>) -> Self {
        self.clause = Some(clause.into());
        self
    }

    /// The same refusal, with a way to write the request instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same refusal, with its place in the text.
    #[must_use]
    pub const fn at(mut self, line: u64, column: u64) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused: {}", self.reason)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, " (line {line}, column {column})")?;
        }
        if let Some(clause) = &self.clause {
            write!(f, " [{clause}]")?;
        }
        self.hint
            .as_ref()
            .map_or(Ok(()), |hint| write!(f, "\n  instead: {hint}"))
    }
}

impl std::error::Error for Refusal {}

/// Something went wrong below the line where rows are read: a ticket, and nothing else, because
/// an engine's errors hold values. The operator finds the ticket in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The number under which the access body finds what happened.
    pub ticket: String,
}

impl Fault {
    /// A fault under a ticket that was drawn at random before the rows were read.
    pub fn new(ticket: impl Into<String>) -> Self {
        Self {
            ticket: ticket.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no answer: ask the data access body about ticket {}",
            self.ticket
        )
    }
}

impl std::error::Error for Fault {}
