//! References: whose record it is.

/// Whom a subject's reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject<'a> {
    /// The patient with this local id.
    Patient(&'a str),
    /// A group, a device, a place: not a person.
    NotAPerson,
    /// Nobody that can be found in this export.
    Unknown,
}

/// Reads a literal reference (FHIR R4, 2.3.0.1): `Type/id`, with or without a version. An absolute
/// URL counts only where it begins with the export's own server, because another server's
/// `Patient/1` is somebody else. Contained, conditional and logical references name nobody here.
pub(crate) fn subject<'a>(reference: &'a str, base: Option<&str>) -> Subject<'a> {
    let own = base.and_then(|base| reference.strip_prefix(base));
    let local = own
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(reference);
    let mut parts = local.split('/');
    let (Some(kind), Some(id)) = (parts.next(), parts.next()) else {
        return Subject::Unknown;
    };
    let versioned = match (parts.next(), parts.next(), parts.next()) {
        (None, None, None) => true,
        (Some("_history"), Some(version), None) => is_id(version),
        _ => false,
    };
    let kind_is_a_type = kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !versioned || !kind_is_a_type || !is_id(id) {
        return Subject::Unknown;
    }
    match kind {
        "Patient" => Subject::Patient(id),
        // Persons, but not the ones whose data this is.
        "Person" | "RelatedPerson" | "Practitioner" | "PractitionerRole" => Subject::Unknown,
        _ => Subject::NotAPerson,
    }
}

/// Whether a text can be a logical id. FHIR allows 64 letters, digits, `-` and `.`; sources use
/// more, so only what could break a reference or a line is refused.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"/?#|".contains(c);
    !id.is_empty() && id.len() <= 256 && id.chars().all(plain)
}
