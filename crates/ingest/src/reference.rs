//! References: whose record it is (FHIR R4, 2.3.0).

use std::borrow::Cow;

use lazaret_views::Resource;

/// Whom a reference names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    /// The patient with this local id.
    Patient(&'a str),
    /// The patient with this identifier of a system.
    Identified {
        /// The system's name.
        system: Cow<'a, str>,
        /// The identifier.
        value: Cow<'a, str>,
    },
    /// A group, a device, a place: not a person.
    NotAPerson,
    /// A patient of another server, who is somebody else even where the id is the same.
    Elsewhere,
    /// Nobody that can be found in this export.
    Unknown,
}

/// What a reference's element says; `display` is never looked at, for people write names and
/// identifiers there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reference<'a> {
    /// `reference`.
    pub(crate) literal: Option<&'a str>,
    /// `type`.
    pub(crate) kind: Option<&'a str>,
    /// `identifier.system`.
    pub(crate) system: Option<&'a str>,
    /// `identifier.value`.
    pub(crate) value: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// What a resource says behind these fields.
    pub(crate) fn read(resource: &'a Resource<'_>, fields: &[String]) -> Self {
        let text = |rest: &[&str]| match (fields, rest) {
            ([field], [rest]) => resource.text(&[field, rest]),
            _ => {
                let fields = fields.iter().map(String::as_str);
                resource.text(&fields.chain(rest.iter().copied()).collect::<Vec<_>>())
            }
        };
        let literal = text(&["reference"]);
        // What nearly all records say needs nothing else.
        if literal.is_some_and(|literal| literal.starts_with("Patient/")) {
            return Self {
                literal,
                ..Self::default()
            };
        }
        Self {
            literal,
            kind: text(&["type"]),
            system: text(&["identifier", "system"]),
            value: text(&["identifier", "value"]),
        }
    }

    /// Whether nothing is named at all.
    pub(crate) const fn is_absent(&self) -> bool {
        self.literal.is_none() && self.kind.is_none() && self.value.is_none()
    }

    /// Whom it names: by its literal, and where that leads nowhere by its identifier.
    pub(crate) fn subject(&self, base: Option<&str>) -> Subject<'a> {
        let literal = self.literal.filter(|literal| !literal.is_empty());
        let named = literal.map_or(Subject::Unknown, |literal| subject(literal, base));
        if !matches!(named, Subject::Unknown | Subject::Elsewhere) {
            return named;
        }
        match (self.kind.map(of_type), self.system.zip(self.value)) {
            (None | Some(Kind::Patient), Some((system, value))) => Subject::Identified {
                system: Cow::Borrowed(system),
                value: Cow::Borrowed(value),
            },
            (Some(Kind::NotAPerson), _) if literal.is_none() => Subject::NotAPerson,
            _ => named,
        }
    }
}

/// Reads a literal reference: `Type/id`, with or without a version, also below a server's URL;
/// `urn:uuid:` of a patient whose id that is; `Patient?identifier=system|value`. A reference to
/// what is contained in the record (`#`) leads to nobody.
fn subject<'a>(literal: &'a str, base: Option<&str>) -> Subject<'a> {
    if let Some(uuid) = literal.strip_prefix("urn:uuid:") {
        return if is_uuid(uuid) {
            Subject::Patient(uuid)
        } else {
            Subject::Unknown
        };
    }
    let own = base.and_then(|base| literal.strip_prefix(base.trim_end_matches('/')));
    let own = own.and_then(|rest| rest.strip_prefix('/'));
    let is_absolute = literal.contains("://");
    match own {
        Some(local) => local_subject(local),
        None if !is_absolute => local_subject(literal),
        None => match local_subject(last_two(literal)) {
            Subject::Patient(_) => Subject::Elsewhere,
            Subject::NotAPerson => Subject::NotAPerson,
            _ => Subject::Unknown,
        },
    }
}

/// `Type/id` at the end of a URL of another server, with what follows the id.
fn last_two(url: &str) -> &str {
    let versionless = url.split("/_history/").next().unwrap_or(url);
    let mut slashes = versionless.rmatch_indices('/').map(|(at, _)| at);
    let before = slashes.nth(1).map_or(0, |at| at + 1);
    versionless.get(before..).unwrap_or("")
}

fn local_subject(local: &str) -> Subject<'_> {
    if let Some(query) = local.strip_prefix("Patient?") {
        return conditional(query).unwrap_or(Subject::Unknown);
    }
    let mut parts = local.split('/');
    let (Some(kind), Some(id)) = (parts.next(), parts.next()) else {
        return Subject::Unknown;
    };
    let versioned = match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => true,
        (Some("_history"), Some(version), None) => is_id(version),
        _ => false,
    };
    if !versioned || !is_id(id) {
        return Subject::Unknown;
    }
    match of_type(kind) {
        Kind::Patient => Subject::Patient(id),
        Kind::NotAPerson => Subject::NotAPerson,
        Kind::Unknown => Subject::Unknown,
    }
}

/// What a type is.
enum Kind {
    Patient,
    NotAPerson,
    Unknown,
}

fn of_type(kind: &str) -> Kind {
    let is_a_type = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    match kind {
        "Patient" => Kind::Patient,
        // Persons, but not the ones whose data this is.
        "Person" | "RelatedPerson" | "Practitioner" | "PractitionerRole" => Kind::Unknown,
        _ if is_a_type => Kind::NotAPerson,
        _ => Kind::Unknown,
    }
}

/// A search by identifier alone; any other criterion could leave several patients.
fn conditional(query: &str) -> Option<Subject<'_>> {
    let token = query.strip_prefix("identifier=")?;
    if token.contains('&') {
        return None;
    }
    let token = decoded(token)?;
    let (system, value) = token.split_once('|')?;
    (!system.is_empty() && !value.is_empty()).then(|| Subject::Identified {
        system: Cow::Owned(system.to_owned()),
        value: Cow::Owned(value.to_owned()),
    })
}

/// A query's text without percent-encoding; nothing where that is malformed.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = after.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a text can be a logical id. FHIR allows 64 letters, digits, `-` and `.`; sources use
/// more, so only what could break a reference or a line is refused.
pub(crate) fn is_id(id: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"/?#|".contains(c);
    !id.is_empty() && id.len() <= 256 && (id.bytes().all(usual) || id.chars().all(plain))
}
