//! What a hospital has on file about one person.

mod care;

use std::fmt;

use serde::{Serialize, Serializer};

use crate::analytes::Analyte;
use crate::calendar::{Date, Moment, When};
use crate::code::{Code, Codes, snomed};
use crate::person::Person;
use crate::random::mix;

pub(crate) use care::{
    Administration, Allergy, Care, Cents, Claim, Decision, Device, Dispense, Dose, Plan, Report,
    Study,
};

/// A FHIR resource type that is exported, in the order of export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Patient,
    Encounter,
    Condition,
    Observation,
    MedicationRequest,
    Procedure,
    Immunization,
    MedicationDispense,
    MedicationAdministration,
    AllergyIntolerance,
    DiagnosticReport,
    ImagingStudy,
    CarePlan,
    Device,
    Claim,
    ExplanationOfBenefit,
}

/// The logical id of a resource: 128 bits in the form of a version 4 UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id(u64, u64);

/// What every resource has: its id and when it was last stored.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) id: Id,
    pub(crate) version: u32,
    pub(crate) updated: Moment,
}

/// Everything on file about one person.
pub(crate) struct Chart {
    pub(crate) head: Head,
    pub(crate) person: Person,
    pub(crate) encounters: Vec<Encounter>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) observations: Vec<Observation>,
    pub(crate) medications: Vec<Medication>,
    pub(crate) procedures: Vec<Procedure>,
    pub(crate) immunizations: Vec<Immunization>,
    pub(crate) care: Care,
    desk: Desk,
}

/// Gives new resources their ids and their time of storage.
#[derive(Clone)]
pub(crate) struct Desk {
    seed: u64,
    person: u32,
    last: u32,
    closing: Moment,
}

/// How somebody meets the hospital.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Ambulatory,
    Emergency,
    Inpatient,
}

pub(crate) struct Encounter {
    pub(crate) head: Head,
    pub(crate) class: Class,
    pub(crate) kind: Code,
    pub(crate) start: Moment,
    pub(crate) end: Moment,
    pub(crate) reason: Option<Code>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    /// On the problem list.
    Problem,
    /// Diagnosed in one encounter.
    Diagnosis,
}

pub(crate) struct Condition {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    pub(crate) listing: Listing,
    pub(crate) codes: Codes,
    pub(crate) onset: Option<When>,
    pub(crate) abatement: Option<Date>,
    pub(crate) recorded: Date,
    /// Whether somebody wrote a note that names the patient.
    pub(crate) note: Note,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Note {
    None,
    NamesPatient,
}

/// A measured or answered value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    /// In units of 10^-decimals of the analyte.
    Quantity(i32),
    /// Systolic and diastolic, mm[Hg]; one may not have been read.
    Pressure(Option<i32>, Option<i32>),
    Answer(Code),
    /// A code of the data-absent-reason code system.
    Absent(&'static str),
}

pub(crate) struct Observation {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    pub(crate) analyte: &'static Analyte,
    pub(crate) local: LocalCode,
    pub(crate) effective: Moment,
    pub(crate) status: &'static str,
    pub(crate) value: Value,
}

/// Whether the laboratory's own code stands beside the LOINC code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocalCode {
    Without,
    After,
    Before,
}

pub(crate) struct Medication {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    pub(crate) code: Code,
    pub(crate) authored: Moment,
    pub(crate) status: &'static str,
}

pub(crate) struct Procedure {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    pub(crate) codes: Codes,
    pub(crate) start: Moment,
    /// Absent where only the moment was noted.
    pub(crate) end: Option<Moment>,
}

pub(crate) struct Immunization {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    pub(crate) code: Code,
    pub(crate) given: Date,
    pub(crate) status: &'static str,
}

impl Chart {
    /// A chart with the patient alone, stored before `closing`.
    pub(crate) fn open(seed: u64, person: Person, closing: Moment) -> Self {
        let mut desk = Desk {
            seed,
            person: person.index,
            last: 0,
            closing,
        };
        Self {
            head: desk.head(Kind::Patient),
            person,
            encounters: Vec::new(),
            conditions: Vec::new(),
            observations: Vec::new(),
            medications: Vec::new(),
            procedures: Vec::new(),
            immunizations: Vec::new(),
            care: Care::default(),
            desk,
        }
    }

    /// The head of a new resource.
    pub(crate) fn head(&mut self, kind: Kind) -> Head {
        self.desk.head(kind)
    }

    /// The desk, which can be asked while a part of the chart is being changed.
    pub(crate) fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// From here on things are stored before `closing`, which is later than the last one.
    pub(crate) fn turn_to(&mut self, closing: Moment) {
        self.desk.closing = closing;
    }

    /// Type and id of everything on file.
    pub(crate) fn resources(&self) -> Vec<(Kind, Id)> {
        let mut all = vec![(Kind::Patient, self.head.id)];
        all.extend(
            self.encounters
                .iter()
                .map(|it| (Kind::Encounter, it.head.id)),
        );
        all.extend(
            self.conditions
                .iter()
                .map(|it| (Kind::Condition, it.head.id)),
        );
        all.extend(
            self.observations
                .iter()
                .map(|it| (Kind::Observation, it.head.id)),
        );
        all.extend(
            self.medications
                .iter()
                .map(|it| (Kind::MedicationRequest, it.head.id)),
        );
        all.extend(
            self.procedures
                .iter()
                .map(|it| (Kind::Procedure, it.head.id)),
        );
        all.extend(
            self.immunizations
                .iter()
                .map(|it| (Kind::Immunization, it.head.id)),
        );
        all.extend(self.care.resources());
        all
    }
}

impl Desk {
    fn head(&mut self, kind: Kind) -> Head {
        self.last += 1;
        let id = Id::new(self.seed, self.person, kind, self.last);
        Head {
            id,
            version: 1,
            updated: self.stored(id, 1),
        }
    }

    /// Marks a resource as stored again.
    pub(crate) fn store_again(&self, head: &mut Head) {
        head.version += 1;
        head.updated = self.stored(head.id, head.version);
    }

    /// One minute to four hours before closing.
    fn stored(&self, id: Id, version: u32) -> Moment {
        let spread = mix(id.0 ^ u64::from(version)) % 14_340_000;
        self.closing
            .plus_ms(-60_000 - i64::try_from(spread).unwrap_or(0))
    }
}

impl Kind {
    /// The FHIR resource type.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Patient => "Patient",
            Self::Encounter => "Encounter",
            Self::Condition => "Condition",
            Self::Observation => "Observation",
            Self::MedicationRequest => "MedicationRequest",
            Self::Procedure => "Procedure",
            Self::Immunization => "Immunization",
            Self::MedicationDispense => "MedicationDispense",
            Self::MedicationAdministration => "MedicationAdministration",
            Self::AllergyIntolerance => "AllergyIntolerance",
            Self::DiagnosticReport => "DiagnosticReport",
            Self::ImagingStudy => "ImagingStudy",
            Self::CarePlan => "CarePlan",
            Self::Device => "Device",
            Self::Claim => "Claim",
            Self::ExplanationOfBenefit => "ExplanationOfBenefit",
        }
    }
}

impl Id {
    /// The same 128 bits as a number.
    pub(crate) fn number(self) -> u128 {
        (u128::from(self.0) << 64) | u128::from(self.1)
    }

    fn new(seed: u64, person: u32, kind: Kind, number: u32) -> Self {
        let person = mix(seed.wrapping_add(mix(u64::from(person))));
        let resource = ((kind as u64) << 32) | u64::from(number);
        let high = mix(person ^ mix(resource));
        let low = mix(high.wrapping_add(person.rotate_left(32)) ^ resource);
        // Version 4 and variant 1 (RFC 9562), where the numbers say them.
        Self(
            (high & !0xF000) | 0x4000,
            (low & (u64::MAX >> 2)) | (1 << 63),
        )
    }
}

impl Class {
    /// The code of HL7's ActEncounterCode.
    pub(crate) const fn code(self) -> Code {
        let (code, display) = match self {
            Self::Ambulatory => ("AMB", "ambulatory"),
            Self::Emergency => ("EMER", "emergency"),
            Self::Inpatient => ("IMP", "inpatient encounter"),
        };
        Code::new(
            "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            code,
            display,
        )
    }

    /// What such an encounter usually is.
    pub(crate) const fn kind(self) -> Code {
        match self {
            Self::Ambulatory => snomed("185345009", "Encounter for symptom"),
            Self::Emergency => snomed("50849002", "Emergency room admission"),
            Self::Inpatient => snomed("32485007", "Hospital admission"),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(high, low) = *self;
        let (a, b, c) = (high >> 32, (high >> 16) & 0xFFFF, high & 0xFFFF);
        let (d, e) = (low >> 48, low & 0xFFFF_FFFF_FFFF);
        write!(out, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
