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
//! let mut bytes = br#"{"resourceType": "Patient", "id": "a", "gender": "female"}"#.to_vec();
//! let patient = Resource::parse(&mut bytes, &Limits::default())?;
//! assert_eq!(program.push(&patient)?, 1);
//! assert_eq!(program.finish()?.num_rows(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is supported
//!
//! Of ViewDefinitions: `select` with `column`, nested `select`, `forEach`, `forEachOrNull`,
//! `unionAll`; `where`; `constant` of every type but dates and times; column `type` (primitives),
//! `description` and `tag`. Of FHIRPath: element names, `[n]`, `$this`, `%constant`, literals
//! (text, integer, decimal, boolean, `{}`), `=`, `!=`, `<`, `<=`, `>`, `>=`, `and`, `or`,
//! `where()`, `exists()`, `empty()`, `not()`, `first()`, `ofType()` of choice elements,
//! `extension()`, `join()`, `getResourceKey()`, `getReferenceKey()`.
//!
//! The rest is refused when the view is parsed ([`ViewError::Unsupported`]): `collection: true`,
//! `repeat`, `%rowIndex`, `%resource`, arithmetic, date and quantity literals, `lowBoundary()`,
//! `highBoundary()`, `is`, `as`, `|`, and every other function.
//!
//! # Known limits
//!
//! - No FHIR schema is known. An element's name that does not exist reads as nothing, as in any
//!   path on absent data; but a choice element read without `ofType()` is an error in a record
//!   that has one, as is `ofType()` of an element that is no choice, a field of a primitive, and
//!   an extension of a primitive.
//! - Text is compared byte by byte, dates too: equal moments in two time zones, or dates of two
//!   precisions, are not equal. Order (`<`) is of numbers only; of texts it is an error.
//! - Numbers are compared as doubles unless both are whole: decimals that differ beyond the
//!   seventeenth digit are equal. Decimal columns of type text keep every digit as written.
//! - An integer beyond 64 bits or a decimal beyond a double's range, anywhere in a record, makes
//!   the record unreadable (`invalid-number`), as does U+0000 in any text (`nul-character`).
//! - The element ids and extensions of primitives (`_birthDate`) are not read; a primitive that
//!   has only an extension does not exist.
//! - A reference by `urn:uuid:` has a key only where no type is asked for.
//! - One resource makes at most 2^20 cells and 64 MiB of text in one view, and a path reads at
//!   most 2^20 values of it; more is an error, for two long lists side by side multiply. A batch
//!   has at most 2 GiB of text in a column (`batch-full`: finish it and push again).
//! - Of a key that stands twice at the top of a ViewDefinition the last counts.
//! - While it is parsed a record takes up to about 32 times its bytes, when it is nothing but
//!   small numbers; two to four times is usual.

mod column;
mod compare;
mod definition;
mod error;
mod evaluate;
mod item;
mod lower;
mod path;
mod plan;
mod program;
mod resource;
mod rows;
mod standard;
mod tape;

pub use column::{Column, ColumnKind};
pub use definition::ViewDefinition;
pub use error::{Bound, Malformation, RecordError, ViewError};
pub use program::Program;
pub use resource::{Limits, Resource};

#[cfg(test)]
mod tests;
