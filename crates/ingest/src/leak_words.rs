//! What in a record says who somebody is, and how it is compared.

use lazaret_pseudonym::{Pseudonymiser, RawIdentifier};
use lazaret_views::Resource;

use crate::reference::{Reference, Subject};
use crate::table::PersonPath;

/// Fewest characters of what is looked for, so that `m` or `12` are nobody's name.
const CHARS_MIN: usize = 4;
/// Fewest digits of a number that is looked for, so that years are nobody's.
const DIGITS_MIN: usize = 6;
/// Fewest characters of an identifier that no code equals by chance. SNOMED CT has codes of up to
/// 18 digits, but a few hundred of that length where there are 10^11 numbers.
const UNMISTAKABLE_IDENTIFIER: usize = 11;
/// The same of text with letters, such as a mail address or a line of an address.
const UNMISTAKABLE_TEXT: usize = 8;

/// How far a text tells of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// Nothing else reads like this: a row of anybody must not hold it.
    Anywhere,
    /// A code or a word may read the same (`Long`, `73211009`): it must not stand in a row of the
    /// person it belongs to.
    Own,
}

/// Letters and digits in lower case: what is left of a text when nobody cares how it was written.
pub(crate) fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        let kept = text.bytes().filter(u8::is_ascii_alphanumeric);
        out.extend(kept.map(|byte| char::from(byte.to_ascii_lowercase())));
    } else {
        let kept = text.chars().filter(|c| c.is_alphanumeric());
        out.extend(kept.flat_map(char::to_lowercase));
    }
    out
}

/// A text as a whole, its words and their parts, as far as they are long enough to be looked for;
/// normal. `a.b@c.org` is a word of three parts.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut found = vec![normal(text)];
    for word in text.split_whitespace() {
        if word.len() < text.len() {
            found.push(normal(word));
        }
        let parts = word.split(|c: char| !c.is_alphanumeric());
        found.extend(parts.filter(|part| part.len() < word.len()).map(normal));
    }
    found.retain(|word| long_enough(word));
    found
}

fn long_enough(word: &str) -> bool {
    let least = if digits(word) { DIGITS_MIN } else { CHARS_MIN };
    word.len() >= least
}

fn digits(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The subject of the patient whose record it is, as `Pseudonymiser::subject` has it; none where
/// the record does not say.
pub(crate) fn owner(
    resource: &Resource<'_>,
    person: &PersonPath,
    base: Option<&str>,
    keys: &Pseudonymiser,
) -> Option<i64> {
    let local = |id: &str| keys.token("Patient", id);
    let token = match person {
        PersonPath::Own => local(resource.id()?),
        PersonPath::Reference(fields) => match Reference::read(resource, fields).subject(base) {
            Subject::Patient(id) => local(id),
            Subject::Identified { system, value } => {
                let identifier = RawIdentifier::new(&system, value.into_owned()).ok()?;
                keys.identifier_token(&identifier)
            }
            _ => return None,
        },
    };
    Some(keys.subject(&token))
}

/// Calls with every text of the record that tells who its person is: of a `Patient` identifiers,
/// names, telecoms and address lines, also of the contacts; of another what stands in the
/// reference to the patient.
pub(crate) fn tell(
    resource: &Resource<'_>,
    person: &PersonPath,
    mut found: impl FnMut(Reach, String),
) {
    let mut identifier = |text: &str| take(text, UNMISTAKABLE_IDENTIFIER, &mut found);
    match person {
        PersonPath::Own => {
            for (_, value) in resource.identifiers() {
                identifier(value);
            }
        }
        PersonPath::Reference(fields) => {
            if let Some(value) = resource.text(&nested(fields, &["identifier", "value"])) {
                identifier(value);
            }
            if let Some(name) = resource.text(&path(fields, "display")) {
                full_name(name, &mut found);
            }
            return;
        }
    }
    for part in ["name", "contact.name"] {
        let at: Vec<&str> = part.split('.').collect();
        for name in resource.texts(&[&at[..], &["text"]].concat()) {
            full_name(name, &mut found);
        }
        for field in ["family", "given"] {
            for name in resource.texts(&[&at[..], &[field]].concat()) {
                for word in words(name) {
                    found(Reach::Own, word);
                }
            }
        }
    }
    for at in [
        &["telecom", "value"][..],
        &["contact", "telecom", "value"],
        &["address", "line"],
        &["address", "text"],
        &["contact", "address", "line"],
    ] {
        for text in resource.texts(at) {
            take(text, UNMISTAKABLE_TEXT, &mut found);
        }
    }
}

/// A name with its parts: `Ada Martin` is somebody wherever it stands, `Ada` only where it is
/// Ada's own row.
fn full_name(name: &str, found: &mut impl FnMut(Reach, String)) {
    let several = name.split_whitespace().nth(1).is_some();
    for (place, word) in words(name).into_iter().enumerate() {
        let unmistakable = place == 0 && several && word.len() >= UNMISTAKABLE_TEXT;
        found(reach(unmistakable), word);
    }
}

fn take(text: &str, unmistakable_chars: usize, found: &mut impl FnMut(Reach, String)) {
    let word = normal(text);
    if long_enough(&word) {
        let least = if digits(&word) {
            UNMISTAKABLE_IDENTIFIER
        } else {
            unmistakable_chars
        };
        found(reach(word.len() >= least), word);
    }
}

const fn reach(unmistakable: bool) -> Reach {
    if unmistakable {
        Reach::Anywhere
    } else {
        Reach::Own
    }
}

fn path<'a>(fields: &'a [String], last: &'a str) -> Vec<&'a str> {
    nested(fields, &[last])
}

fn nested<'a>(fields: &'a [String], rest: &[&'a str]) -> Vec<&'a str> {
    let fields = fields.iter().map(String::as_str);
    fields.chain(rest.iter().copied()).collect()
}
