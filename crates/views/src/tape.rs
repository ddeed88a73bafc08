//! A parsed document as a tape: positions, fields, elements, and numbers as they were written.

use simd_json::{Node, StaticNode};

use crate::moment::Moment;

/// The tape of one document. A position on it is an index; positions come only from its methods,
/// and one that is not on the tape reads as nothing.
pub(crate) struct Tape<'a> {
    nodes: Vec<Node<'a>>,
}

/// A value that holds no other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar<'t> {
    /// Text.
    Text(&'t str),
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction or exponent.
    Decimal(f64),
    /// An object or array, which is no scalar.
    Complex,
    /// A date or time of the view: text that is compared with it is read as one.
    Moment(Moment),
    /// JSON's null, which FHIR has only as a gap in an array.
    Null,
}

/// What is there of a name in an object.
pub(crate) enum Found {
    /// The field's position; a null is none.
    At(usize),
    /// A field whose name begins with it, which may be a choice element.
    Prefixed,
    /// Nothing like it.
    Nothing,
}

/// Objects with more fields are checked for duplicates by sorting.
const FIELDS_COMPARED_MAX: usize = 32;

impl<'a> Tape<'a> {
    pub(crate) fn new(nodes: Vec<Node<'a>>) -> Self {
        Self { nodes }
    }

    /// Takes the memory out for another tape.
    pub(crate) fn take(&mut self) -> Vec<Node<'a>> {
        std::mem::take(&mut self.nodes)
    }

    pub(crate) fn is_object(&self, at: usize) -> bool {
        matches!(self.nodes.get(at), Some(Node::Object { .. }))
    }

    pub(crate) fn is_array(&self, at: usize) -> bool {
        matches!(self.nodes.get(at), Some(Node::Array { .. }))
    }

    pub(crate) fn text(&self, at: usize) -> Option<&'a str> {
        match self.nodes.get(at)? {
            Node::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn scalar(&self, at: usize) -> Scalar<'a> {
        match self.nodes.get(at) {
            Some(Node::String(text)) => Scalar::Text(text),
            Some(Node::Static(StaticNode::Bool(value))) => Scalar::Boolean(*value),
            Some(Node::Static(StaticNode::I64(value))) => Scalar::Integer(i128::from(*value)),
            Some(Node::Static(StaticNode::U64(value))) => Scalar::Integer(i128::from(*value)),
            Some(Node::Static(StaticNode::F64(value))) => Scalar::Decimal(*value),
            Some(Node::Object { .. } | Node::Array { .. }) => Scalar::Complex,
            Some(Node::Static(StaticNode::Null)) | None => Scalar::Null,
        }
    }

    /// Names and positions of an object's fields; none of anything else.
    pub(crate) fn fields(&self, at: usize) -> Fields<'_, 'a> {
        Fields {
            tape: self,
            left: self.object_len(at),
            next: at + 1,
        }
    }

    /// Positions of an array's elements; none of anything else.
    pub(crate) fn elements(&self, at: usize) -> Elements<'_, 'a> {
        let left = match self.nodes.get(at) {
            Some(Node::Array { len, .. }) => *len,
            _ => 0,
        };
        Elements {
            tape: self,
            left,
            next: at + 1,
        }
    }

    /// The field of that name; a null is as good as none.
    pub(crate) fn field(&self, at: usize, name: &str) -> Option<usize> {
        match self.find(at, name) {
            Found::At(at) => Some(at),
            Found::Prefixed | Found::Nothing => None,
        }
    }

    /// The field of that name, or whether there is a longer one that begins with it.
    pub(crate) fn find(&self, at: usize, name: &str) -> Found {
        let (mut next, mut found) = (at + 1, Found::Nothing);
        let first = name.as_bytes().first();
        for _ in 0..self.object_len(at) {
            let Some([Node::String(field), value, ..]) = self.nodes.get(next..) else {
                return found;
            };
            // Most names differ in length or in their first letter.
            if field.len() >= name.len()
                && field.as_bytes().first() == first
                && field.starts_with(name)
            {
                if field.len() == name.len() && !is_null(value) {
                    return Found::At(next + 1);
                }
                found = Found::Prefixed;
            }
            next += 1 + span(value);
        }
        found
    }

    /// An array's elements without the gaps.
    pub(crate) fn values(&self, at: usize) -> impl Iterator<Item = usize> {
        self.elements(at)
            .filter(|at| !self.nodes.get(*at).is_none_or(is_null))
    }

    /// Whether two fields of one object have one name, anywhere in the document.
    pub(crate) fn has_duplicates(&self) -> bool {
        self.nodes.iter().enumerate().any(|(at, node)| match node {
            Node::Object { len: 0 | 1, .. } => false,
            Node::Object { len, .. } if *len <= FIELDS_COMPARED_MAX => self.few_repeat(at, *len),
            Node::Object { .. } => {
                let mut names: Vec<&str> = self.fields(at).map(|(name, _)| name).collect();
                names.sort_unstable();
                names.windows(2).any(|pair| pair.first() == pair.last())
            }
            _ => false,
        })
    }

    /// Whether any text, names among it, holds U+0000.
    pub(crate) fn has_nul(&self) -> bool {
        self.nodes.iter().any(|node| match node {
            Node::String(text) => text.as_bytes().contains(&0),
            _ => false,
        })
    }

    /// Start and length, in the bytes the tape was read from, of the text of the number at `at`.
    ///
    /// `source` are those bytes as they were, `base` the address where they were parsed: the last
    /// text before the number still lies there, and tells where to look.
    pub(crate) fn written(&self, at: usize, base: usize, source: &[u8]) -> Option<(usize, usize)> {
        let mut numbers = 0;
        for node in self.nodes.get(..at)?.iter().rev() {
            match node {
                Node::String(text) => {
                    let quote = text.as_ptr().addr().checked_sub(base)?.checked_sub(1)?;
                    let token = source
                        .get(quote..)
                        .filter(|token| token.first() == Some(&b'"'))?;
                    let at = quote + string_bytes(token);
                    return NumberTexts { source, at }.nth(numbers);
                }
                Node::Static(StaticNode::I64(_) | StaticNode::U64(_) | StaticNode::F64(_)) => {
                    numbers += 1;
                }
                _ => {}
            }
        }
        None
    }

    fn object_len(&self, at: usize) -> usize {
        match self.nodes.get(at) {
            Some(Node::Object { len, .. }) => *len,
            _ => 0,
        }
    }

    /// Compares a name with the earlier ones only when their cheap hashes meet.
    fn few_repeat(&self, at: usize, len: usize) -> bool {
        let mut seen = [0_u64; 4];
        let mut next = at + 1;
        for index in 0..len {
            let Some([Node::String(name), value, ..]) = self.nodes.get(next..) else {
                return false;
            };
            let hash = hash(name.as_bytes());
            let bit = 1_u64 << (hash & 63);
            if let Some(word) = seen.get_mut(usize::from(hash >> 6)) {
                let met = *word & bit != 0;
                *word |= bit;
                if met
                    && self
                        .fields(at)
                        .take(index)
                        .any(|(earlier, _)| earlier == *name)
                {
                    return true;
                }
            }
            next += 1 + span(value);
        }
        false
    }
}

/// A hash of a name's length and three of its letters.
fn hash(name: &[u8]) -> u8 {
    let letter = |at: usize| name.get(at).copied().unwrap_or_default();
    let last = name.len().wrapping_sub(1);
    let [length, ..] = name.len().to_le_bytes();
    let mixed = u32::from_le_bytes([length, letter(0), letter(name.len() / 2), letter(last)]);
    let [.., top] = mixed.wrapping_mul(0x9E37_79B1).to_le_bytes();
    top
}

/// How many nodes a value takes, itself among them.
fn span(node: &Node<'_>) -> usize {
    match node {
        Node::Object { count, .. } | Node::Array { count, .. } => count + 1,
        Node::String(_) | Node::Static(_) => 1,
    }
}

fn is_null(node: &Node<'_>) -> bool {
    matches!(node, Node::Static(StaticNode::Null))
}

/// An object's fields, in their order.
pub(crate) struct Fields<'t, 'a> {
    tape: &'t Tape<'a>,
    left: usize,
    next: usize,
}

impl<'a> Iterator for Fields<'_, 'a> {
    type Item = (&'a str, usize);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let [Node::String(name), value, ..] = self.tape.nodes.get(self.next..)? else {
            return None;
        };
        let at = self.next + 1;
        self.next = at + span(value);
        Some((name, at))
    }
}

/// An array's elements, in their order.
pub(crate) struct Elements<'t, 'a> {
    tape: &'t Tape<'a>,
    left: usize,
    next: usize,
}

impl Elements<'_, '_> {
    /// How many are left, gaps among them.
    pub(crate) fn left(&self) -> usize {
        self.left
    }
}

impl Iterator for Elements<'_, '_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let element = self.next;
        self.next += span(self.tape.nodes.get(element)?);
        Some(element)
    }
}

/// Places of the numbers in a document that is known to be JSON: start and length.
struct NumberTexts<'s> {
    source: &'s [u8],
    at: usize,
}

impl Iterator for NumberTexts<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        loop {
            let rest = self.source.get(self.at..)?;
            let wanted = |byte: &u8| matches!(byte, b'"' | b'-' | b'0'..=b'9');
            let found = rest.iter().position(wanted)?;
            let token = rest.get(found..)?;
            let start = self.at + found;
            if token.first() == Some(&b'"') {
                self.at = start + string_bytes(token);
            } else {
                let part =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let bytes = token.iter().take_while(|byte| part(byte)).count();
                self.at = start + bytes;
                return Some((start, bytes));
            }
        }
    }
}

/// Bytes of the string that `token` starts with, both quotes among them.
fn string_bytes(token: &[u8]) -> usize {
    let mut escaped = false;
    let closing = token.iter().skip(1).position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(token.len(), |closing| closing + 2)
}
