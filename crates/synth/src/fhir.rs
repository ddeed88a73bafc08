//! Charts as FHIR R4 resources, borrowed and serialised as they are.

mod billing;
mod care;
mod clinical;
mod patient;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::calendar::{Local, Moment};
use crate::chart::{Chart, Head, Id, Kind};
use crate::code::{Code, Codes};

/// Where resources go.
pub(crate) trait Sink {
    /// Why a resource could not be taken.
    type Error;

    /// Takes one resource.
    fn put<T: Serialize>(&mut self, kind: Kind, resource: &T) -> Result<(), Self::Error>;
}

/// Puts everything that was stored after `since`, as it is known at `now`; the patient first.
pub(crate) fn put_chart<S: Sink>(
    chart: &Chart,
    since: Moment,
    now: Moment,
    sink: &mut S,
) -> Result<(), S::Error> {
    let new = |head: &Head| head.updated > since;
    let subject = Reference(Kind::Patient, chart.head.id);
    if new(&chart.head) {
        sink.put(Kind::Patient, &patient::patient(chart))?;
    }
    for encounter in chart.encounters.iter().filter(|it| new(&it.head)) {
        sink.put(
            Kind::Encounter,
            &clinical::encounter(encounter, subject, now),
        )?;
    }
    for condition in chart.conditions.iter().filter(|it| new(&it.head)) {
        sink.put(
            Kind::Condition,
            &clinical::condition(condition, subject, &chart.person.family),
        )?;
    }
    for observation in chart.observations.iter().filter(|it| new(&it.head)) {
        sink.put(
            Kind::Observation,
            &clinical::observation(observation, subject),
        )?;
    }
    for medication in chart.medications.iter().filter(|it| new(&it.head)) {
        sink.put(
            Kind::MedicationRequest,
            &clinical::medication(medication, subject),
        )?;
    }
    for procedure in chart.procedures.iter().filter(|it| new(&it.head)) {
        sink.put(Kind::Procedure, &clinical::procedure(procedure, subject))?;
    }
    for immunization in chart.immunizations.iter().filter(|it| new(&it.head)) {
        sink.put(
            Kind::Immunization,
            &clinical::immunization(immunization, subject),
        )?;
    }
    put_care(chart, since, sink)
}

fn put_care<S: Sink>(chart: &Chart, since: Moment, sink: &mut S) -> Result<(), S::Error> {
    let new = |head: &Head| head.updated > since;
    let (subject, care) = (Reference(Kind::Patient, chart.head.id), &chart.care);
    for it in care.dispenses.iter().filter(|it| new(&it.head)) {
        sink.put(Kind::MedicationDispense, &care::dispense(it, subject))?;
    }
    for it in care.administrations.iter().filter(|it| new(&it.head)) {
        let administration = care::administration(it, subject);
        sink.put(Kind::MedicationAdministration, &administration)?;
    }
    for it in care.allergies.iter().filter(|it| new(&it.head)) {
        sink.put(Kind::AllergyIntolerance, &care::allergy(it, subject))?;
    }
    for it in care.reports.iter().filter(|it| new(&it.head)) {
        let report = care::report(it, subject, &chart.person.family);
        sink.put(Kind::DiagnosticReport, &report)?;
    }
    for it in care.studies.iter().filter(|it| new(&it.head)) {
        sink.put(Kind::ImagingStudy, &care::study(it, subject))?;
    }
    for it in care.plans.iter().filter(|it| new(&it.head)) {
        sink.put(Kind::CarePlan, &care::plan(it, subject))?;
    }
    for it in care.devices.iter().filter(|it| new(&it.head)) {
        sink.put(Kind::Device, &care::device(it, subject))?;
    }
    for it in care.claims.iter().filter(|it| new(&it.head)) {
        sink.put(Kind::Claim, &billing::claim(it, subject))?;
    }
    for claim in &care.claims {
        if let Some(it) = claim.decision.as_ref().filter(|it| new(&it.head)) {
            let benefit = billing::benefit(claim, it, subject);
            sink.put(Kind::ExplanationOfBenefit, &benefit)?;
        }
    }
    Ok(())
}

/// `Type/id`.
#[derive(Clone, Copy)]
struct Reference(Kind, Id);

/// The encounter a resource belongs to.
fn at(encounter: Option<Id>) -> Option<Reference> {
    encounter.map(|id| Reference(Kind::Encounter, id))
}

/// FHIR's `meta`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    version_id: Version,
    last_updated: Moment,
}

struct Version(u32);

/// FHIR's `Period`; a period that goes on has no end.
#[derive(Serialize)]
struct Period {
    start: Local,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Local>,
}

/// FHIR's `CodeableConcept`.
#[derive(Serialize)]
struct Concept {
    coding: Codes,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'static str>,
}

impl Meta {
    fn of(head: &Head) -> Self {
        Self {
            version_id: Version(head.version),
            last_updated: head.updated,
        }
    }
}

impl Concept {
    /// A code without text.
    fn bare(code: Code) -> Self {
        Self {
            coding: code.into(),
            text: None,
        }
    }

    /// Codes with the first one's name as text.
    fn named(coding: Codes) -> Self {
        Self {
            coding,
            text: Some(coding.first.display),
        }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.0.name(), self.1)
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Object<T> {
            reference: T,
        }
        struct Text<'a>(&'a Reference);
        impl Serialize for Text<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self.0)
            }
        }
        Object {
            reference: Text(self),
        }
        .serialize(serializer)
    }
}
