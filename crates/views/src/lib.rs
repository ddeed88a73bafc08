//! SQL-on-FHIR ViewDefinitions compiled to columnar extraction.
//!
//! A [`ViewDefinition`] is the standard's JSON. It compiles into a [`Program`], which turns parsed
//! [`Resource`]s straight into Arrow batches. A resource is parsed once and pushed into as many
//! programs as there are views of its type.
//!
//! ```
//! use lazaret_views::{Limits, Resource, ViewDefinition};
//!
//! let view = ViewDefinition::parse(
//!     br#"{"name": "person", "resource": "Patient", "select": [{"column": [
//!         {"name": "key", "path": "getResourceKey()", "type": "id"},
//!         {"name": "sex", "path": "gender", "type": "code"}]}]}"#,
//! )?;
//! let mut program = view.compile()?;
//! let record = br#"{"resourceType": "Patient", "id": "a", "gender": "female"}"#;
//! let mut copy = Vec::new();
//! let patient = Resource::parse(record, &mut copy, &Limits::default())?;
//! assert_eq!(program.push(&patient)?, 1);
//! assert_eq!(program.finish()?.num_rows(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is supported
//!
//! All of the official suite (SQL-on-FHIR v2, with its experimental cases): its report is written
//! by this crate's tests. Version 2 and HL7's 3.0.0-ballot are read alike.
//!
//! Of ViewDefinitions: `select` with `column`, nested `select`, `unionAll`, and one of `forEach`,
//! `forEachOrNull` and `repeat`; `where`; `constant` of every type; column `type` (primitives),
//! `collection`, `description` and `tag`. Decimals, dates and times are text as they are written;
//! `decimal` with the tag `ansi/type` = `DOUBLE` is a double.
//!
//! Of FHIRPath: element names, `[n]`, `$this`, `%constant`, `%rowIndex`, literals (text, numbers,
//! booleans, dates and times, `{}`), `=`, `!=`, `<`, `<=`, `>`, `>=`, `+`, `-`, `*`, `/`, `&`,
//! `and`, `or`, `as`, `where()`, `exists()`, `empty()`, `not()`, `first()`, `ofType()` of choice
//! elements, `extension()` also of primitives, `join()`, `lowBoundary()`, `highBoundary()`,
//! `getResourceKey()`, `getReferenceKey()`.
//!
//! The rest is refused when the view is parsed ([`ViewError::Unsupported`]): `%resource`, quantity
//! literals, `is`, `|`, and every other function. Errors say where in the definition they are
//! (`select[1].column[0].path`) and at which byte of the path.
//!
//! # Known limits
//!
//! - No FHIR schema is known. An element's name that does not exist reads as nothing, as in any
//!   path on absent data; but a choice element read without `ofType()` is an error in a record
//!   that has one, as is `ofType()` of an element that is no choice, and a field of a primitive.
//! - A date is known by its literal, its constant or its look. Against a literal or constant it is
//!   compared as FHIRPath has it, with nothing as the result where precisions differ. Two texts of
//!   the record are equal when they are the same bytes or the same moment with an offset; their
//!   order is that of dates when both look like dates, else of their bytes. A moment without an
//!   offset has no order to one with an offset that is less than 14 hours away.
//! - A bound is a day when the path says `ofType(date)` or `birthDate` or the column's type is
//!   `date`, else a moment in milliseconds. Bounds of decimals have one digit more than what is
//!   written, not FHIRPath's eight; quantities and periods have none, nor does an argument.
//! - Arithmetic is exact to 38 digits, more is an error; quotients have up to 18 digits after the
//!   point. Numbers are compared as doubles unless both are whole: decimals that differ beyond the
//!   seventeenth digit are equal. Decimal columns of type text keep every digit as written.
//! - An integer beyond 64 bits or a decimal beyond a double's range, anywhere in a record, makes
//!   the record unreadable (`invalid-number`), as does U+0000 in any text (`nul-character`).
//! - Of a primitive's own `_element` only extensions are read, and only where the path names it.
//! - The only column of a `forEachOrNull` without items that is not null is a bare `%rowIndex`.
//! - An `instant` is text as it is written, not the timestamp of the ballot's default.
//! - A reference by `urn:uuid:` has a key only where no type is asked for.
//! - One resource makes at most 2^20 cells and 64 MiB of text in one view, and a path reads at
//!   most 2^20 values of it; more is an error, for two long lists side by side multiply. A batch
//!   has at most 2 GiB of text in a column (`batch-full`: finish it and push again).
//! - Of a key that stands twice in an object of a ViewDefinition the last counts.
//! - While it is parsed a record takes up to about 32 times its bytes, when it is nothing but
//!   small numbers; two to four times is usual. A thread keeps that memory for the next record.

mod choice;
mod column;
mod compare;
mod compute;
mod definition;
mod error;
mod evaluate;
mod exact;
mod fields;
mod item;
mod lower;
mod moment;
mod path;
mod plan;
mod program;
mod resource;
mod rows;
mod standard;
mod tape;
mod write;

pub use column::{Column, ColumnKind, ItemKind};
pub use definition::ViewDefinition;
pub use error::{Bound, Malformation, RecordError, ViewError};
pub use program::Program;
pub use resource::{Limits, Resource};

#[cfg(test)]
mod tests;
