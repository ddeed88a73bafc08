//! One FHIR resource, parsed once and read by any number of views.

use std::cell::RefCell;

use simd_json::{Buffers, ErrorType};

use crate::error::{Malformation, RecordError};
use crate::tape::Tape;

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

/// One parsed resource. Text borrows from a copy of the record, which is unescaped in place; the
/// record itself tells how its numbers are written.
pub struct Resource<'a> {
    tape: Tape<'a>,
    source: &'a [u8],
    base: usize,
    kind: &'a str,
}

impl<'a> Resource<'a> {
    /// Parses one resource. What `copy` holds does not count: it is memory, to be used again for
    /// the next record.
    ///
    /// Limits are kept before and while parsing, which does not recurse. Beyond JSON's grammar a
    /// duplicate field, U+0000 and a number out of range are refused, wherever they are.
    ///
    /// # Errors
    ///
    /// The record is too large, too deep, malformed, or not an object with a `resourceType`.
    pub fn parse(
        record: &'a [u8],
        copy: &'a mut Vec<u8>,
        limits: &Limits,
    ) -> Result<Self, RecordError> {
        if record.len() > limits.bytes_max {
            return Err(RecordError::TooLarge {
                bytes: record.len(),
                max: limits.bytes_max,
            });
        }
        copy.clear();
        copy.extend_from_slice(record);
        copy.resize(record.len() + simd_json::INPUT_PADDING, b' ');
        let base = copy.as_ptr().addr();
        let parsed = tape(copy, record.len(), limits.nesting_max);
        // From here on the memory goes back when the resource is dropped, refused or not.
        let mut resource = Self {
            tape: parsed.map_err(|error| refused(&error, record, limits))?,
            source: record,
            base,
            kind: "",
        };
        let tape = &resource.tape;
        if !tape.is_object(ROOT) {
            return Err(RecordError::NotAResource {
                reason: "it is not an object",
            });
        }
        // U+0000 can only come from an escape: raw control characters are not JSON.
        if memchr::memchr(b'\\', record).is_some() && tape.has_nul() {
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
        resource.kind = kind;
        Ok(resource)
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

    /// Every text at a path of field names; arrays are looked into at each step.
    #[must_use]
    pub fn texts(&self, path: &[&str]) -> Vec<&str> {
        let mut at = vec![ROOT];
        for name in path {
            let fields = at.iter().filter_map(|at| self.tape.field(*at, name));
            let items = |at| {
                let single = Some(at).filter(|at| !self.tape.is_array(*at));
                single.into_iter().chain(self.tape.elements(at))
            };
            at = fields.flat_map(items).collect();
        }
        at.into_iter().filter_map(|at| self.tape.text(at)).collect()
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

    /// Bytes of the record.
    pub(crate) fn bytes(&self) -> usize {
        self.source.len()
    }

    /// Start and length, in the source, of the text of the number at `at`.
    pub(crate) fn written(&self, at: usize) -> Option<(usize, usize)> {
        self.tape.written(at, self.base, self.source)
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

/// Memory for a record larger than this is given back after it.
const BYTES_KEPT_MAX: usize = 1 << 20;
/// Nodes of a tape whose memory is kept.
const NODES_KEPT_MAX: usize = 1 << 16;

/// A thread's memory for parsing: the parser's, and that of the last tape dropped.
struct Kept {
    nesting_max: usize,
    buffers: Buffers,
    nodes: simd_json::Tape<'static>,
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

impl Kept {
    fn new(bytes: usize, nesting_max: usize) -> Self {
        Self {
            nesting_max,
            buffers: Buffers::with_max_depth(bytes, nesting_max),
            nodes: simd_json::Tape(Vec::new()),
        }
    }

    fn parse<'a>(&mut self, padded: &'a mut [u8], bytes: usize) -> simd_json::Result<Tape<'a>> {
        let nodes = std::mem::replace(&mut self.nodes, simd_json::Tape(Vec::new()));
        let mut nodes = nodes.reset();
        simd_json::fill_tape_padded(padded, bytes, &mut self.buffers, &mut nodes)?;
        Ok(Tape::new(nodes.0))
    }
}

/// Parses in this thread's memory, or in new memory when the record is too large to keep it.
fn tape(padded: &mut [u8], bytes: usize, nesting_max: usize) -> simd_json::Result<Tape<'_>> {
    if bytes > BYTES_KEPT_MAX {
        return Kept::new(bytes, nesting_max).parse(padded, bytes);
    }
    KEPT.with_borrow_mut(|kept| {
        let fitting = kept.take_if(|kept| kept.nesting_max != nesting_max);
        drop(fitting);
        kept.get_or_insert_with(|| Kept::new(bytes, nesting_max))
            .parse(padded, bytes)
    })
}

impl Drop for Resource<'_> {
    fn drop(&mut self) {
        let nodes = self.tape.take();
        if nodes.capacity() > NODES_KEPT_MAX {
            return;
        }
        // A thread that ends has no memory to keep.
        KEPT.try_with(|kept| {
            if let Some(kept) = kept.borrow_mut().as_mut() {
                kept.nodes = simd_json::Tape(nodes).reset();
            }
        })
        .ok();
    }
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
