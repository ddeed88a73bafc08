//! What is checked of a record before any view sees it: type, id, person, last change.

use std::mem;

use lazaret_pseudonym::{Pseudonymiser, RawIdentifier};
use lazaret_views::Resource;

use crate::date::Moment;
use crate::pipeline::Pipeline;
use crate::reference::{Subject, is_id, subject};
use crate::table::PersonPath;
use crate::treat::IMPOSSIBLE_DATE;

/// Why a record goes to quarantine: a stable code, and words without any of its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) reason: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, reason: &str) -> Self {
        Self {
            code,
            reason: reason.to_owned(),
        }
    }
}

/// What is the same for all records of a file.
pub(crate) struct Surroundings<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) keys: &'a Pseudonymiser,
    /// The type that the file's name says.
    pub(crate) resource_type: &'a str,
    /// Where resources of this type name their person.
    pub(crate) person: &'a PersonPath,
    /// The export's own server, for absolute references.
    pub(crate) base: Option<&'a str>,
    /// Microseconds, UTC: of records that do not say when they changed.
    pub(crate) exported: i64,
    pub(crate) export_year: i32,
}

/// A record that views may see.
pub(crate) struct Vetted {
    /// The pseudonym of the resource.
    pub(crate) resource: i64,
    /// When the source last changed it, microseconds, UTC.
    pub(crate) updated: i64,
    pub(crate) whose: Whose,
}

/// Whose record it is.
pub(crate) enum Whose {
    /// A patient's own record: the local id, and the identifier if it has one of the systems'.
    Own(String, Option<RawIdentifier>),
    /// A record of the patient with this local id.
    Of(String),
    /// Of a group, a device, a place.
    Nobody,
}

impl Whose {
    /// The local id of the patient.
    pub(crate) fn id(&self) -> Option<&str> {
        match self {
            Self::Own(id, _) | Self::Of(id) => Some(id),
            Self::Nobody => None,
        }
    }

    /// The patient and its identifier, taken out.
    pub(crate) fn take_identifier(&mut self) -> Option<(String, Option<RawIdentifier>)> {
        match self {
            Self::Own(id, identifier) => Some((mem::take(id), identifier.take())),
            _ => None,
        }
    }
}

/// Checks a record.
///
/// # Errors
/// Why it goes to quarantine.
pub(crate) fn vet(
    resource: &Resource<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Vetted, Fault> {
    let kind = surroundings.resource_type;
    if resource.resource_type() != kind {
        return Err(Fault::new(
            "wrong-type",
            "the record is not of the type of its file",
        ));
    }
    let id = resource.id().filter(|id| is_id(id));
    let id = id.ok_or_else(|| Fault::new("no-id", "the record has no usable id"))?;
    let whose = match surroundings.person {
        PersonPath::Own => Whose::Own(id.to_owned(), identifier(resource, surroundings.pipeline)),
        PersonPath::Reference(fields) => {
            let mut path: Vec<&str> = fields.iter().map(String::as_str).collect();
            path.push("reference");
            let reference = resource.text(&path).unwrap_or("");
            match subject(reference, surroundings.base) {
                Subject::Patient(id) => Whose::Of(id.to_owned()),
                Subject::NotAPerson => Whose::Nobody,
                Subject::Unknown => {
                    return Err(Fault::new("no-person", "the record names no patient"));
                }
            }
        }
    };
    let updated = match resource.text(&["meta", "lastUpdated"]) {
        None => surroundings.exported,
        Some(text) => Moment::parse(text)
            .and_then(|moment| moment.instant)
            .map(|instant| instant.timestamp_micros())
            .ok_or_else(|| Fault::new(IMPOSSIBLE_DATE, "meta.lastUpdated is no moment"))?,
    };
    let resource = surroundings.keys.resource(kind, id);
    Ok(Vetted {
        resource,
        updated,
        whose,
    })
}

/// The identifier of the first of the pipeline's systems that the patient has one of.
fn identifier(resource: &Resource<'_>, pipeline: &Pipeline) -> Option<RawIdentifier> {
    pipeline.systems.iter().find_map(|wanted| {
        let mut of_system = resource
            .identifiers()
            .filter(|(system, _)| *system == Some(wanted.as_str()));
        // An empty identifier is none; the next one of the system may be better.
        of_system.find_map(|(_, value)| RawIdentifier::new(wanted, value.to_owned()).ok())
    })
}
