//! Allergies, dispenses, administrations, reports, imaging studies, care plans and devices.

use serde::Serialize;

use super::{Concept, Meta, Reference, at};
use crate::calendar::{Date, Local};
use crate::chart::{self, Id, Kind, Note};
use crate::code::{Code, UCUM};

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const SECTION: &str = "http://terminology.hl7.org/CodeSystem/v2-0074";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AllergyIntolerance {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    clinical_status: Concept,
    verification_status: Concept,
    r#type: &'static str,
    category: [&'static str; 1],
    criticality: &'static str,
    code: Concept,
    patient: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    onset_date_time: Option<Date>,
    recorded_date: Date,
}

/// A whole number of a unit.
#[derive(Serialize)]
struct Amount {
    value: i32,
    unit: &'static str,
    system: &'static str,
    code: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MedicationDispense {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    medication_codeable_concept: Concept,
    subject: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Reference>,
    authorizing_prescription: [Reference; 1],
    quantity: Amount,
    days_supply: Amount,
    when_handed_over: Local,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MedicationAdministration {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    medication_codeable_concept: Concept,
    subject: Reference,
    context: Reference,
    effective_date_time: Local,
    request: Reference,
    dosage: Dosage,
}

#[derive(Serialize)]
struct Dosage {
    route: Concept,
    dose: Amount,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DiagnosticReport {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    category: [Concept; 1],
    code: Concept,
    subject: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    encounter: Option<Reference>,
    effective_date_time: Local,
    issued: Local,
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ImagingStudy {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    identifier: [Identifier; 1],
    status: &'static str,
    modality: [Code; 1],
    subject: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    encounter: Option<Reference>,
    started: Local,
    number_of_series: i32,
    number_of_instances: i32,
    series: Vec<Series>,
}

#[derive(Serialize)]
struct Identifier {
    system: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    uid: String,
    number: i32,
    modality: Code,
    number_of_instances: i32,
    body_site: Code,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CarePlan {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    intent: &'static str,
    category: [Concept; 1],
    subject: Reference,
    encounter: Reference,
    period: Days,
    activity: [Activity; 1],
}

/// A `Period` of days.
#[derive(Serialize)]
struct Days {
    start: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Date>,
}

#[derive(Serialize)]
struct Activity {
    detail: Detail,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    code: Concept,
    reason_code: [Concept; 1],
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Device {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    udi_carrier: [Carrier; 1],
    status: &'static str,
    manufacture_date: Date,
    expiration_date: Date,
    lot_number: String,
    serial_number: String,
    r#type: Concept,
    patient: Reference,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Carrier {
    device_identifier: String,
    #[serde(rename = "carrierHRF")]
    carrier: String,
}

pub(super) fn allergy(it: &chart::Allergy, patient: Reference) -> AllergyIntolerance {
    AllergyIntolerance {
        resource_type: Kind::AllergyIntolerance.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        clinical_status: Concept::bare(Code::new(CLINICAL, it.status, "")),
        verification_status: Concept::bare(Code::new(VERIFICATION, "confirmed", "")),
        r#type: it.kind,
        category: [it.category],
        criticality: it.criticality,
        code: Concept::named(it.code.into()),
        patient,
        onset_date_time: it.onset,
        recorded_date: it.recorded,
    }
}

pub(super) fn dispense(it: &chart::Dispense, subject: Reference) -> MedicationDispense {
    MedicationDispense {
        resource_type: Kind::MedicationDispense.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: "completed",
        medication_codeable_concept: Concept::named(it.code.into()),
        subject,
        context: at(it.encounter),
        authorizing_prescription: [Reference(Kind::MedicationRequest, it.request)],
        quantity: amount(it.quantity, "{dose}"),
        days_supply: amount(it.days, "d"),
        when_handed_over: Local(it.at),
    }
}

pub(super) fn administration(
    it: &chart::Administration,
    subject: Reference,
) -> MedicationAdministration {
    MedicationAdministration {
        resource_type: Kind::MedicationAdministration.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: "completed",
        medication_codeable_concept: Concept::named(it.code.into()),
        subject,
        context: Reference(Kind::Encounter, it.encounter),
        effective_date_time: Local(it.at),
        request: Reference(Kind::MedicationRequest, it.request),
        dosage: Dosage {
            route: Concept::named(it.dose.route.into()),
            dose: amount(it.dose.amount, it.dose.unit),
        },
    }
}

pub(super) fn report(it: &chart::Report, subject: Reference, family: &str) -> DiagnosticReport {
    let conclusion = (it.conclusion == Note::NamesPatient)
        .then(|| format!("Patient {family} : pas d'anomalie significative."));
    DiagnosticReport {
        resource_type: Kind::DiagnosticReport.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: it.status,
        category: [Concept::bare(Code::new(SECTION, it.section, ""))],
        code: Concept::named(it.code.into()),
        subject,
        encounter: at(it.encounter),
        effective_date_time: Local(it.effective),
        issued: Local(it.issued),
        conclusion,
    }
}

pub(super) fn study(it: &chart::Study, subject: Reference) -> ImagingStudy {
    // The root 2.25 holds UUIDs as numbers (DICOM PS3.5, B.2).
    let uid = format!("2.25.{}", it.head.id.number());
    let series = |number| Series {
        uid: format!("{uid}.{number}"),
        number,
        modality: it.modality,
        number_of_instances: it.images,
        body_site: it.site,
    };
    ImagingStudy {
        resource_type: Kind::ImagingStudy.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: "available",
        modality: [it.modality],
        subject,
        encounter: at(it.encounter),
        started: Local(it.started),
        number_of_series: it.series,
        number_of_instances: it.series * it.images,
        series: (1..=it.series).map(series).collect(),
        identifier: [Identifier {
            system: "urn:dicom:uid",
            value: format!("urn:oid:{uid}"),
        }],
    }
}

pub(super) fn plan(it: &chart::Plan, subject: Reference) -> CarePlan {
    let open = it.status == "active";
    let detail = Detail {
        code: Concept::named(it.activity.into()),
        reason_code: [Concept::bare(it.reason)],
        status: if open { "in-progress" } else { "completed" },
    };
    CarePlan {
        resource_type: Kind::CarePlan.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: it.status,
        intent: "plan",
        category: [Concept::named(it.category.into())],
        subject,
        encounter: Reference(Kind::Encounter, it.encounter),
        period: Days {
            start: it.start,
            end: it.end,
        },
        activity: [Activity { detail }],
    }
}

pub(super) fn device(it: &chart::Device, patient: Reference) -> Device {
    let number = it.head.id.number();
    let (serial, lot) = (number % 10_000_000_000, (number >> 64) % 100_000_000);
    let identifier = format!("{:014}", (number >> 32) % 100_000_000_000_000);
    Device {
        resource_type: Kind::Device.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: "active",
        manufacture_date: it.made,
        expiration_date: it.expires,
        udi_carrier: [Carrier {
            carrier: format!("(01){identifier}(10){lot:08}(21){serial:010}"),
            device_identifier: identifier,
        }],
        lot_number: format!("{lot:08}"),
        serial_number: format!("{serial:010}"),
        r#type: Concept::named(it.code.into()),
        patient,
    }
}

fn amount(value: i32, code: &'static str) -> Amount {
    Amount {
        value,
        unit: code,
        system: UCUM,
        code,
    }
}
