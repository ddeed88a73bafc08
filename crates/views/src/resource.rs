//! One FHIR resource, parsed once and read by any number of views.

use std::cell::RefCell;
use std::sync::OnceLock;

use simd_json::{Buffers, ErrorType};

use crate::error::{Malformation, RecordError};
use crate::tape::{Tape, Written};

/// How large a record may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the record's JSON.
    pub bytes_max: usize,
    /// Objects and arrays inside each other, the resource itself counted.
    pub nesting_max: usize,
}

impl Default for Limits {
    /// 16 MiB, 64 levels.
    fn default() -> Self {
        Self {
            bytes_max: 16 << 20,
            nesting_max: 64,
        }
    }
}

/// One parsed resource. Text borrows from the bytes it was parsed from, which are unescaped in
/// place.
pub struct Resource<'a> {
    tape: Tape<'a>,
    source: Vec<u8>,
    written: OnceLock<Vec<Written>>,
    kind: &'a str,
}

impl<'a> Resource<'a> {
    /// Parses one resource.
    ///
    /// Limits are kept before and while parsing, which does not recurse. Beyond JSON's grammar a
    /// duplicate field, U+0000 and a number out of range are refused, wherever they are.
    ///
    /// # Errors
    ///
    /// The record is too large, too deep, malformed, or not an object with a `resourceType`.
    pub fn parse(bytes: &'a mut [u8], limits: &Limits) -> Result<Self, RecordError> {
        if bytes.len() > limits.bytes_max {
            return Err(RecordError::TooLarge {
                bytes: bytes.len(),
                max: limits.bytes_max,
            });
        }
        // Parsing rounds numbers and unescapes in place: what was written is kept beside it.
        let source = bytes.to_vec();
        let parsed = with_buffers(bytes.len(), limits.nesting_max, |buffers| {
            simd_json::to_tape_with_buffers(bytes, buffers)
        });
        let tape = Tape::new(parsed.map_err(|error| refused(&error, &source, limits))?.0);
        if !tape.is_object(ROOT) {
            return Err(RecordError::NotAResource {
                reason: "it is not an object",
            });
        }
        // U+0000 can only come from an escape: raw control characters are not JSON.
        if source.contains(&b'\\') && tape.has_nul() {
            return Err(RecordError::Malformed {
                what: Malformation::Nul,
                offset: 0,
            });
        }
        if tape.has_duplicates() {
            return Err(RecordError::Malformed {
                what: Malformation::DuplicateKey,
                offset: 0,
            });
        }
        let kind = tape
            .field(ROOT, "resourceType")
            .ok_or(RecordError::NotAResource {
                reason: "it has no resourceType",
            })?;
        let kind =
            tape.text(kind)
                .filter(|kind| is_type_name(kind))
                .ok_or(RecordError::NotAResource {
                    reason: "its resourceType is not a type's name",
                })?;
        Ok(Self {
            tape,
            source,
            written: OnceLock::new(),
            kind,
        })
    }

    /// Its `resourceType`.
    #[must_use]
    pub fn resource_type(&self) -> &str {
        self.kind
    }

    /// Its `id`, when it has one that is text.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.tape
            .field(ROOT, "id")
            .and_then(|at| self.tape.text(at))
    }

    /// The text at a path of field names, such as `["meta", "lastUpdated"]`; none when there is
    /// none or it is something else. Arrays are not looked into.
    #[must_use]
    pub fn text(&self, path: &[&str]) -> Option<&str> {
        let mut at = ROOT;
        for name in path {
            at = self.tape.field(at, name)?;
        }
        self.tape.text(at)
    }

    /// System and value of each business identifier (`identifier`) that has a value.
    pub fn identifiers(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        let field = self.tape.field(ROOT, "identifier");
        let single = field.filter(|at| self.tape.is_object(*at));
        let many = field.into_iter().flat_map(|at| self.tape.elements(at));
        single.into_iter().chain(many).filter_map(|at| {
            let text = |name| self.tape.field(at, name).and_then(|at| self.tape.text(at));
            Some((text("system"), text("value")?))
        })
    }

    /// Whether it has a field of that name with a value.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.tape.field(ROOT, field).is_some()
    }

    pub(crate) fn tape(&self) -> &Tape<'a> {
        &self.tape
    }

    /// Start and length, in the source, of the text of the number at `at`.
    pub(crate) fn written(&self, at: usize) -> Option<(usize, usize)> {
        let all = self.written.get_or_init(|| self.tape.written(&self.source));
        let found = all.binary_search_by_key(&at, |written| written.at).ok()?;
        all.get(found).map(|written| (written.start, written.bytes))
    }

    /// Bytes of the source that are known to be a number's text.
    pub(crate) fn source(&self, start: usize, bytes: usize) -> Option<&str> {
        std::str::from_utf8(self.source.get(start..start + bytes)?).ok()
    }
}

impl std::fmt::Debug for Resource<'_> {
    /// Tells nothing of the record.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resource").finish_non_exhaustive()
    }
}

/// The resource's own position on its tape.
pub(crate) const ROOT: usize = 0;

/// Buffers that grew over this by one record are given back.
const BUFFER_BYTES_KEPT_MAX: usize = 1 << 20;

thread_local! {
    /// The parser's buffers and the nesting they were made for.
    static BUFFERS: RefCell<Option<(usize, Buffers)>> = const { RefCell::new(None) };
}

/// Calls with this thread's buffers, or with new ones for a record too large to keep them.
fn with_buffers<T>(bytes: usize, nesting_max: usize, call: impl FnOnce(&mut Buffers) -> T) -> T {
    if bytes > BUFFER_BYTES_KEPT_MAX {
        return call(&mut Buffers::with_max_depth(bytes, nesting_max));
    }
    let kept = BUFFERS
        .take()
        .filter(|(nesting, _)| *nesting == nesting_max);
    let mut kept =
        kept.unwrap_or_else(|| (nesting_max, Buffers::with_max_depth(bytes, nesting_max)));
    let result = call(&mut kept.1);
    BUFFERS.set(Some(kept));
    result
}

fn refused(error: &simd_json::Error, source: &[u8], limits: &Limits) -> RecordError {
    let what = match error.error() {
        ErrorType::DepthLimitExceeded => {
            return RecordError::TooDeep {
                max: limits.nesting_max,
            };
        }
        ErrorType::InputTooLarge => {
            return RecordError::TooLarge {
                bytes: source.len(),
                max: u32::MAX as usize,
            };
        }
        ErrorType::InvalidUtf8 => Malformation::Utf8,
        ErrorType::InvalidNumber | ErrorType::InvalidExponent => Malformation::Number,
        ErrorType::InvalidEscape
        | ErrorType::InvalidUnicodeCodepoint
        | ErrorType::InvalidUnicodeEscape => Malformation::Escape,
        _ => Malformation::Json,
    };
    let utf8 = std::str::from_utf8(source);
    let offset = utf8.map_or_else(|fault| fault.valid_up_to(), |_| error.index());
    let what = if utf8.is_err() {
        Malformation::Utf8
    } else {
        what
    };
    RecordError::Malformed { what, offset }
}

fn is_type_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
