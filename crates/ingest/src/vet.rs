//! What is checked of a record before any view sees it: type, id, person, last change.

use lazaret_pseudonym::{Origin, PersonId, RawIdentifier, Token};
use lazaret_views::Resource;

use crate::IngestError;
use crate::date::Moment;
use crate::persons::{Person, Persons, identified};
use crate::pool::{Kind, Shared};
use crate::reference::{Reference, Subject, is_id};
use crate::run::Touched;
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
pub(crate) struct Vetted {
    /// The pseudonym of the resource.
    pub(crate) resource: i64,
    /// When the source last changed it, microseconds, UTC.
    pub(crate) updated: i64,
    pub(crate) whose: Whose,
}

/// Whose record it is.
pub(crate) enum Whose {
    /// A patient's own record.
    Own(Own),
    /// A record of this person.
    Of(Person),
    /// Of a group, a device, a place.
    Nobody,
}

/// A patient's own record, which the run links to the person.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) token: Token,
    pub(crate) subject: i64,
    /// The person of its identifier, or of its local id when it has none.
    pub(crate) person: PersonId,
    pub(crate) identified: bool,
    /// Tokens of the patient's further identifiers of the pipeline's systems.
    pub(crate) aliases: Vec<Token>,
}

impl Vetted {
    /// That the record was read.
    pub(crate) const fn touched(&self) -> Touched {
        Touched {
            resource: self.resource,
            updated: self.updated,
        }
    }

    /// Where a row comes from; none for a record of nobody.
    pub(crate) const fn origin(&self, ordinal: i32) -> Option<Origin> {
        let (person, subject) = match &self.whose {
            Whose::Own(own) => (own.person, own.subject),
            Whose::Of(person) => (person.person, person.subject),
            Whose::Nobody => return None,
        };
        Some(Origin {
            person,
            subject,
            resource: self.resource,
            ordinal,
            updated: self.updated,
        })
    }
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
    let resource_type = kind.about.resource_type.as_str();
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
            let reference = Reference::read(resource, fields);
            match reference.subject(kind.about.base.as_deref()) {
                Subject::Patient(id) => Whose::Of(persons.find(id, shared)?),
                Subject::Identified { system, value } => {
                    match known_identifier(&system, &value, shared) {
                        Some(identifier) => Whose::Of(identified(&identifier, shared)),
                        None => {
                            let what = "names a patient by an identifier of another system";
                            return Ok(Err(no_person(what)));
                        }
                    }
                }
                Subject::NotAPerson => Whose::Nobody,
                Subject::Elsewhere => {
                    return Ok(Err(no_person("names a patient of another server")));
                }
                // A hospital's own device is nobody's (FHIR R4, Device.patient is 0..1).
                Subject::Unknown if resource_type == "Device" && reference.is_absent() => {
                    Whose::Nobody
                }
                Subject::Unknown => return Ok(Err(no_person("names no patient"))),
            }
        }
    };
    let updated = match resource.text(&["meta", "lastUpdated"]) {
        None => Some(kind.about.exported),
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

fn no_person(what: &str) -> Fault {
    Fault {
        code: "no-person",
        reason: format!("the record {what}"),
    }
}

/// An identifier, if it is of one of the pipeline's systems.
fn known_identifier(system: &str, value: &str, shared: &Shared) -> Option<RawIdentifier> {
    let system = system.trim();
    let known = shared.systems.iter().any(|known| known == system);
    let value = known.then(|| value.to_owned())?;
    RawIdentifier::new(system, value).ok()
}

fn own(resource: &Resource<'_>, id: &str, shared: &Shared) -> Result<Own, IngestError> {
    let keys = &shared.keys;
    let token = keys.token("Patient", id);
    let mut identifiers = identifiers(resource, &shared.systems);
    let first = identifiers.next();
    let person = match &first {
        Some(identifier) => keys.person(identifier),
        None => keys.person(&RawIdentifier::local(id)?),
    };
    Ok(Own {
        token,
        subject: keys.subject(&token),
        person,
        identified: first.is_some(),
        aliases: identifiers
            .map(|further| keys.identifier_token(&further))
            .collect(),
    })
}

/// The patient's identifiers of the pipeline's systems, in the systems' order: the first names the
/// person. An empty identifier is none; the next one of its system may be better.
fn identifiers(resource: &Resource<'_>, systems: &[String]) -> impl Iterator<Item = RawIdentifier> {
    systems.iter().flat_map(|wanted| {
        let mine = resource.identifiers();
        let of_system = mine.filter(|(system, _)| *system == Some(wanted.as_str()));
        of_system.filter_map(|(_, value)| RawIdentifier::new(wanted, value.to_owned()).ok())
    })
}
