//! Encounters, conditions, observations, prescriptions, procedures and immunizations.

use serde::{Serialize, Serializer};

use super::{Concept, Meta, Period, Reference, at};
use crate::analytes::{self, Analyte, Category};
use crate::calendar::{Date, Local, Moment, When};
use crate::chart::{self, Id, Listing, LocalCode, Note, Value};
use crate::code::{Code, Codes, LOCAL, UCUM};
use crate::measure::scale;

const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CONDITION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
const OBSERVATION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Encounter {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    class: Code,
    r#type: [Concept; 1],
    subject: Reference,
    period: Period,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<[Concept; 1]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    clinical_status: Concept,
    verification_status: Concept,
    category: [Concept; 1],
    code: Concept,
    subject: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    encounter: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    onset_date_time: Option<When>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abatement_date_time: Option<Date>,
    recorded_date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<[Annotation; 1]>,
}

#[derive(Serialize)]
struct Annotation {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Observation {
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
    #[serde(flatten)]
    value: Measured,
    #[serde(skip_serializing_if = "Option::is_none")]
    interpretation: Option<[Concept; 1]>,
}

/// The value in one of FHIR's forms.
#[derive(Serialize)]
enum Measured {
    #[serde(rename = "valueQuantity")]
    Quantity(Quantity),
    #[serde(rename = "valueCodeableConcept")]
    Answer(Concept),
    #[serde(rename = "dataAbsentReason")]
    Absent(Concept),
    #[serde(rename = "component")]
    Components(Box<[Component; 2]>),
}

#[derive(Serialize)]
struct Quantity {
    value: Decimal,
    unit: &'static str,
    system: &'static str,
    code: &'static str,
}

/// A whole number of 10^-decimals.
struct Decimal(i32, &'static Analyte);

#[derive(Serialize)]
struct Component {
    code: Concept,
    #[serde(flatten)]
    value: Measured,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MedicationRequest {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    intent: &'static str,
    medication_codeable_concept: Concept,
    subject: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    encounter: Option<Reference>,
    authored_on: Local,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Procedure {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    code: Concept,
    subject: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    encounter: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    performed_period: Option<Period>,
    #[serde(skip_serializing_if = "Option::is_none")]
    performed_date_time: Option<Local>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Immunization {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    vaccine_code: Concept,
    patient: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    encounter: Option<Reference>,
    occurrence_date_time: Date,
    primary_source: bool,
}

pub(super) fn encounter(it: &chart::Encounter, subject: Reference, now: Moment) -> Encounter {
    let over = it.end <= now;
    Encounter {
        resource_type: "Encounter",
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: if over { "finished" } else { "in-progress" },
        class: it.class.code(),
        r#type: [Concept::named(it.kind.into())],
        subject,
        period: Period {
            start: Local(it.start),
            end: over.then_some(Local(it.end)),
        },
        reason_code: it.reason.map(|code| [Concept::bare(code)]),
    }
}

pub(super) fn condition(it: &chart::Condition, subject: Reference, family: &str) -> Condition {
    let status = if it.abatement.is_some() {
        "resolved"
    } else {
        "active"
    };
    let category = match it.listing {
        Listing::Problem => "problem-list-item",
        Listing::Diagnosis => "encounter-diagnosis",
    };
    let note = (it.note == Note::NamesPatient).then(|| {
        [Annotation {
            text: format!("Patient {family} vu ce jour, à revoir si besoin."),
        }]
    });
    Condition {
        resource_type: "Condition",
        id: it.head.id,
        meta: Meta::of(&it.head),
        clinical_status: Concept::bare(Code::new(CLINICAL, status, "")),
        verification_status: Concept::bare(Code::new(VERIFICATION, "confirmed", "")),
        category: [Concept::bare(Code::new(CONDITION_CATEGORY, category, ""))],
        code: Concept::named(it.codes),
        subject,
        encounter: at(it.encounter),
        onset_date_time: it.onset,
        abatement_date_time: it.abatement,
        recorded_date: it.recorded,
        note,
    }
}

pub(super) fn observation(it: &chart::Observation, subject: Reference) -> Observation {
    let category = match it.analyte.category {
        Category::Laboratory => "laboratory",
        Category::Vital => "vital-signs",
        Category::Social => "social-history",
    };
    let local = Code::new(LOCAL, it.analyte.local, "");
    let coding = match it.local {
        LocalCode::Without => it.analyte.code.into(),
        LocalCode::After => Codes {
            first: it.analyte.code,
            second: Some(local),
        },
        LocalCode::Before => Codes {
            first: local,
            second: Some(it.analyte.code),
        },
    };
    Observation {
        resource_type: "Observation",
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: it.status,
        category: [Concept::bare(Code::new(OBSERVATION_CATEGORY, category, ""))],
        code: Concept {
            coding,
            text: Some(it.analyte.code.display),
        },
        subject,
        encounter: at(it.encounter),
        effective_date_time: Local(it.effective),
        value: measured(it.analyte, it.value),
        interpretation: interpretation(it.analyte, it.value),
    }
}

pub(super) fn medication(it: &chart::Medication, subject: Reference) -> MedicationRequest {
    MedicationRequest {
        resource_type: "MedicationRequest",
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: it.status,
        intent: "order",
        medication_codeable_concept: Concept::named(it.code.into()),
        subject,
        encounter: at(it.encounter),
        authored_on: Local(it.authored),
    }
}

pub(super) fn procedure(it: &chart::Procedure, subject: Reference) -> Procedure {
    let period = it.end.map(|end| Period {
        start: Local(it.start),
        end: Some(Local(end)),
    });
    Procedure {
        resource_type: "Procedure",
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: "completed",
        code: Concept::named(it.codes),
        subject,
        encounter: at(it.encounter),
        performed_date_time: period.is_none().then_some(Local(it.start)),
        performed_period: period,
    }
}

pub(super) fn immunization(it: &chart::Immunization, subject: Reference) -> Immunization {
    Immunization {
        resource_type: "Immunization",
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: it.status,
        vaccine_code: Concept::named(it.code.into()),
        patient: subject,
        encounter: at(it.encounter),
        occurrence_date_time: it.given,
        primary_source: true,
    }
}

fn measured(analyte: &'static Analyte, value: Value) -> Measured {
    match value {
        Value::Quantity(value) => quantity(analyte, value),
        Value::Answer(code) => Measured::Answer(Concept::named(code.into())),
        Value::Absent(reason) => absent(reason),
        Value::Pressure(systolic, diastolic) => Measured::Components(Box::new([
            component(&analytes::SYSTOLIC, systolic),
            component(&analytes::DIASTOLIC, diastolic),
        ])),
    }
}

fn component(analyte: &'static Analyte, value: Option<i32>) -> Component {
    Component {
        code: Concept::bare(analyte.code),
        value: value.map_or_else(|| absent("not-performed"), |value| quantity(analyte, value)),
    }
}

fn quantity(analyte: &'static Analyte, value: i32) -> Measured {
    Measured::Quantity(Quantity {
        value: Decimal(value, analyte),
        unit: analyte.unit,
        system: UCUM,
        code: analyte.unit,
    })
}

fn absent(reason: &'static str) -> Measured {
    Measured::Absent(Concept::bare(Code::new(ABSENT, reason, "")))
}

/// `H` or `L` outside the reference interval; most laboratories say nothing inside it.
fn interpretation(analyte: &Analyte, value: Value) -> Option<[Concept; 1]> {
    let Value::Quantity(value) = value else {
        return None;
    };
    let (value, (low, high)) = (f64::from(value) / scale(analyte), analyte.normal);
    if high <= 0.0 || (low..=high).contains(&value) {
        return None;
    }
    let code = if value > high { "H" } else { "L" };
    Some([Concept::bare(Code::new(INTERPRETATION, code, ""))])
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.1.decimals {
            0 => serializer.serialize_i32(self.0),
            // One division of two exact numbers: the shortest decimal that reads back the same is
            // the intended one.
            _ => serializer.serialize_f64(f64::from(self.0) / scale(self.1)),
        }
    }
}
