//! What is checked of a record before any view sees it: type, id, person, last change.

use lazaret_pseudonym::{PersonId, RawIdentifier, Token};
use lazaret_views::Resource;

use crate::IngestError;
use crate::date::Moment;
use crate::persons::{Person, Persons};
use crate::pool::{Kind, Shared};
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

/// A record that views may see.
#[derive(Clone, Copy)]
pub(crate) struct Vetted {
    /// The pseudonym of the resource.
    pub(crate) resource: i64,
    /// When the source last changed it, microseconds, UTC.
    pub(crate) updated: i64,
    pub(crate) whose: Whose,
}

/// Whose record it is.
#[derive(Clone, Copy)]
pub(crate) enum Whose {
    /// A patient's own record.
    Own(Own),
    /// A record of this person.
    Of(Person),
    /// Of a group, a device, a place.
    Nobody,
}

/// A patient's own record, which the run links to the person.
#[derive(Clone, Copy)]
pub(crate) struct Own {
    pub(crate) token: Token,
    pub(crate) subject: i64,
    /// The person of its identifier, or of its local id when it has none.
    pub(crate) person: PersonId,
    pub(crate) identified: bool,
}

/// Checks a record.
///
/// # Errors
/// Inside, why it goes to quarantine; outside, defects.
pub(crate) fn vet(
    resource: &Resource<'_>,
    kind: &Kind,
    shared: &Shared,
    persons: &mut Persons,
) -> Result<Result<Vetted, Fault>, IngestError> {
    let resource_type = kind.resource_type.as_str();
    if resource.resource_type() != resource_type {
        let reason = "the record is not of the type of its file";
        return Ok(Err(Fault::new("wrong-type", reason)));
    }
    let Some(id) = resource.id().filter(|id| is_id(id)) else {
        return Ok(Err(Fault::new("no-id", "the record has no usable id")));
    };
    let whose = match &kind.person {
        PersonPath::Own => Whose::Own(own(resource, id, shared)?),
        PersonPath::Reference(fields) => {
            match subject(reference(resource, fields), shared.base.as_deref()) {
                Subject::Patient(id) => Whose::Of(persons.find(id, shared)?),
                Subject::NotAPerson => Whose::Nobody,
                Subject::Unknown => {
                    let reason = "the record names no patient";
                    return Ok(Err(Fault::new("no-person", reason)));
                }
            }
        }
    };
    let updated = match resource.text(&["meta", "lastUpdated"]) {
        None => Some(shared.exported),
        Some(text) => Moment::parse(text).and_then(|moment| moment.micros),
    };
    let Some(updated) = updated else {
        let reason = "meta.lastUpdated is no moment";
        return Ok(Err(Fault::new(IMPOSSIBLE_DATE, reason)));
    };
    let resource = shared.keys.resource(resource_type, id);
    Ok(Ok(Vetted {
        resource,
        updated,
        whose,
    }))
}

/// The reference behind these fields; empty where there is none.
fn reference<'r>(resource: &'r Resource<'_>, fields: &[String]) -> &'r str {
    let text = match fields {
        [field] => resource.text(&[field, "reference"]),
        fields => {
            let fields = fields.iter().map(String::as_str);
            resource.text(&fields.chain(["reference"]).collect::<Vec<_>>())
        }
    };
    text.unwrap_or("")
}

fn own(resource: &Resource<'_>, id: &str, shared: &Shared) -> Result<Own, IngestError> {
    let keys = &shared.keys;
    let token = keys.token("Patient", id);
    let identifier = identifier(resource, &shared.systems);
    let person = match &identifier {
        Some(identifier) => keys.person(identifier),
        None => keys.person(&RawIdentifier::local(id)?),
    };
    Ok(Own {
        token,
        subject: keys.subject(&token),
        person,
        identified: identifier.is_some(),
    })
}

/// The identifier of the first of the pipeline's systems that the patient has one of.
fn identifier(resource: &Resource<'_>, systems: &[String]) -> Option<RawIdentifier> {
    systems.iter().find_map(|wanted| {
        let mut of_system = resource
            .identifiers()
            .filter(|(system, _)| *system == Some(wanted.as_str()));
        // An empty identifier is none; the next one of the system may be better.
        of_system.find_map(|(_, value)| RawIdentifier::new(wanted, value.to_owned()).ok())
    })
}
