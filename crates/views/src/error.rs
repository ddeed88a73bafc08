//! What can be wrong with a view and with a record; neither error ever holds a record's values.

use thiserror::Error;

use crate::path::{FaultKind, PathFault};

/// Why a ViewDefinition cannot be used. `at` is where in its JSON: `select[1].column[0].path`.
#[derive(Debug, Error)]
pub enum ViewError {
    /// The bytes are not JSON, or not of a ViewDefinition's shape.
    #[error("view definition{}: {reason}; correct the file", said(.at))]
    Shape {
        /// Where in the definition, empty for the whole.
        at: String,
        /// What is wrong, with line and column where it is not JSON.
        reason: String,
    },
    /// The parts do not fit together: names, unions, constants.
    #[error("view `{view}`{}: {reason}; correct the definition", said(.at))]
    Invalid {
        /// The view's name.
        view: String,
        /// Where in the definition, empty for the whole.
        at: String,
        /// What does not fit.
        reason: String,
    },
    /// A path is not FHIRPath.
    #[error("view `{view}`{}: `{path}`, at byte {position}: {reason}; correct the path", said(.at))]
    Path {
        /// The view's name.
        view: String,
        /// Where in the definition.
        at: String,
        /// The path as it is written in the definition.
        path: String,
        /// Bytes from the start of the path.
        position: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Standard, but this engine does not do it: it never answers null instead.
    #[error(
        "view `{view}`{}: `{path}`, at byte {position}: {what} is not supported; \
        write the view without it",
        said(.at)
    )]
    Unsupported {
        /// The view's name.
        view: String,
        /// Where in the definition.
        at: String,
        /// The path, or the value of the definition.
        path: String,
        /// Bytes from the start of the path.
        position: usize,
        /// What would be needed.
        what: String,
    },
    /// Columns that Arrow refuses to put into one batch.
    #[error("view `{view}`: columns do not make a batch; report this as a defect")]
    Batch {
        /// The view's name.
        view: String,
        /// Arrow's reason.
        source: arrow::error::ArrowError,
    },
}

/// What keeps a record's bytes from being read, before any view sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformation {
    /// Not JSON (RFC 8259).
    Json,
    /// Not UTF-8.
    Utf8,
    /// A number that is not JSON's, or an integer beyond 64 bits or a decimal beyond a double.
    Number,
    /// An escape that is not JSON's, among them a surrogate without its other half.
    Escape,
    /// The character U+0000, which FHIR forbids and many stores refuse.
    Nul,
    /// Two fields of one object have one name, so readers would differ about its value.
    DuplicateKey,
}

/// A bound a record reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Cells (rows times columns) that one resource makes in one view.
    Cells,
    /// Bytes of text that one resource makes in one view.
    Text,
    /// Values that one path reads from one resource.
    Items,
    /// Bytes of text that one batch can hold: finish it and push the resource again.
    Batch,
}

/// Why a record gave no rows. Names of views, columns and types only: no value of the record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordError {
    /// More bytes than [`Limits::bytes_max`](crate::Limits).
    #[error("record of {bytes} bytes is over the limit of {max}; raise the limit or split it")]
    TooLarge {
        /// The record's bytes.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// Objects and arrays nested deeper than [`Limits::nesting_max`](crate::Limits).
    #[error("record is nested deeper than {max}; raise the limit or correct the source")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// Bytes that are not a JSON document this engine reads.
    #[error("record is not readable, near byte {offset}: {}; correct the source", .what.reason())]
    Malformed {
        /// What is wrong.
        what: Malformation,
        /// Bytes from the start of the record, 0 when it is not known where.
        offset: usize,
    },
    /// JSON, but not a FHIR resource.
    #[error("record is not a resource: {reason}; correct the source")]
    NotAResource {
        /// What it lacks.
        reason: &'static str,
    },
    /// A value of another type than the column declares.
    #[error("view `{view}`, column `{column}`: declared {expected}, found {found}; correct one")]
    TypeMismatch {
        /// The view's name.
        view: String,
        /// The column's name.
        column: String,
        /// The FHIR type the view declares.
        expected: String,
        /// The kind of value that was there.
        found: &'static str,
    },
    /// More than one value where one is wanted.
    #[error("view `{view}`: path `{path}` gives several values where one is wanted; add first()")]
    ManyValues {
        /// The view's name.
        view: String,
        /// The path as it is written in the view.
        path: String,
    },
    /// The path means nothing for this record, so null would be a wrong answer.
    #[error("view `{view}`: path `{path}` cannot be applied: {reason}; correct view or source")]
    Inapplicable {
        /// The view's name.
        view: String,
        /// The path as it is written in the view.
        path: String,
        /// Why not.
        reason: &'static str,
    },
    /// The record makes more than one resource may, or than fits.
    #[error("view `{view}`: over {max} {}; narrow the view or split the record", .bound.unit())]
    TooMuch {
        /// The view's name.
        view: String,
        /// Which bound.
        bound: Bound,
        /// The bound.
        max: usize,
    },
}

/// The view a message is about.
#[derive(Clone, Copy)]
pub(crate) struct View<'n> {
    /// Its name.
    pub(crate) name: &'n str,
}

impl View<'_> {
    /// The parts do not fit.
    pub(crate) fn invalid(self, at: &str, reason: impl Into<String>) -> ViewError {
        ViewError::Invalid {
            view: self.name.to_owned(),
            at: at.to_owned(),
            reason: reason.into(),
        }
    }

    /// Something is not supported.
    pub(crate) fn unsupported(self, at: &str, path: &str, what: &str) -> ViewError {
        ViewError::Unsupported {
            view: self.name.to_owned(),
            at: at.to_owned(),
            path: path.to_owned(),
            position: 0,
            what: what.to_owned(),
        }
    }

    /// A path cannot be used.
    pub(crate) fn path(self, at: &str, path: &str, fault: PathFault) -> ViewError {
        let (view, at, path) = (self.name.to_owned(), at.to_owned(), path.to_owned());
        let PathFault {
            position,
            reason,
            kind,
        } = fault;
        match kind {
            FaultKind::Unsupported => ViewError::Unsupported {
                view,
                at,
                path,
                position,
                what: reason,
            },
            FaultKind::Syntax => ViewError::Path {
                view,
                at,
                path,
                position,
                reason,
            },
        }
    }
}

/// Where in a definition, as a message goes on after its name.
fn said(at: &str) -> String {
    if at.is_empty() {
        String::new()
    } else {
        format!(", {at}")
    }
}

impl Malformation {
    fn reason(self) -> &'static str {
        match self {
            Self::Json => "not JSON",
            Self::Utf8 => "not UTF-8",
            Self::Number => "a number that is malformed or out of range",
            Self::Escape => "an escape that is malformed",
            Self::Nul => "the character U+0000",
            Self::DuplicateKey => "a field that occurs twice in one object",
        }
    }
}

impl Bound {
    fn unit(self) -> &'static str {
        match self {
            Self::Cells => "cells from one resource",
            Self::Text => "bytes of text from one resource",
            Self::Items => "values of one path in one resource",
            Self::Batch => "bytes of text in one batch",
        }
    }
}

impl RecordError {
    /// A stable code for quarantine indexes and reports.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too-large",
            Self::TooDeep { .. } => "too-deep",
            Self::Malformed { what, .. } => match what {
                Malformation::Json => "invalid-json",
                Malformation::Utf8 => "invalid-utf8",
                Malformation::Number => "invalid-number",
                Malformation::Escape => "invalid-escape",
                Malformation::Nul => "nul-character",
                Malformation::DuplicateKey => "duplicate-key",
            },
            Self::NotAResource { .. } => "not-a-resource",
            Self::TypeMismatch { .. } => "type-mismatch",
            Self::ManyValues { .. } => "many-values",
            Self::Inapplicable { .. } => "path-inapplicable",
            Self::TooMuch { bound, .. } => match bound {
                Bound::Cells => "too-many-cells",
                Bound::Text => "too-much-text",
                Bound::Items => "too-many-values",
                Bound::Batch => "batch-full",
            },
        }
    }
}
