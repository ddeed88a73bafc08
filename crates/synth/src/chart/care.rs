//! What follows from care: what is handed over, given, reported, planned, implanted and billed.

use super::{Head, Id, Kind, Note};
use crate::calendar::{Date, Moment};
use crate::code::Code;

/// Everything of that kind on file about one person.
#[derive(Default)]
pub(crate) struct Care {
    pub(crate) allergies: Vec<Allergy>,
    pub(crate) dispenses: Vec<Dispense>,
    pub(crate) administrations: Vec<Administration>,
    pub(crate) reports: Vec<Report>,
    pub(crate) studies: Vec<Study>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) devices: Vec<Device>,
    pub(crate) claims: Vec<Claim>,
}

pub(crate) struct Allergy {
    pub(crate) head: Head,
    pub(crate) code: Code,
    /// FHIR's allergy-intolerance-type, -category and -criticality.
    pub(crate) kind: &'static str,
    pub(crate) category: &'static str,
    pub(crate) criticality: &'static str,
    /// FHIR's allergyintolerance-clinical.
    pub(crate) status: &'static str,
    pub(crate) onset: Option<Date>,
    pub(crate) recorded: Date,
}

pub(crate) struct Dispense {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    pub(crate) request: Id,
    pub(crate) code: Code,
    pub(crate) at: Moment,
    /// Doses.
    pub(crate) quantity: i32,
    pub(crate) days: i32,
}

pub(crate) struct Administration {
    pub(crate) head: Head,
    pub(crate) encounter: Id,
    pub(crate) request: Id,
    pub(crate) code: Code,
    pub(crate) at: Moment,
    pub(crate) dose: Dose,
}

/// How much of a medication is given at once, and on which way.
#[derive(Clone, Copy)]
pub(crate) struct Dose {
    pub(crate) amount: i32,
    /// UCUM.
    pub(crate) unit: &'static str,
    pub(crate) route: Code,
}

pub(crate) struct Report {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    /// HL7's diagnostic service section (table 0074).
    pub(crate) section: &'static str,
    pub(crate) code: Code,
    pub(crate) effective: Moment,
    pub(crate) issued: Moment,
    pub(crate) status: &'static str,
    /// Whether its conclusion names the patient.
    pub(crate) conclusion: Note,
}

pub(crate) struct Study {
    pub(crate) head: Head,
    pub(crate) encounter: Option<Id>,
    pub(crate) modality: Code,
    pub(crate) site: Code,
    pub(crate) started: Moment,
    pub(crate) series: i32,
    /// Images in each series.
    pub(crate) images: i32,
}

pub(crate) struct Plan {
    pub(crate) head: Head,
    pub(crate) encounter: Id,
    pub(crate) category: Code,
    pub(crate) activity: Code,
    /// The disease it is for.
    pub(crate) reason: Code,
    pub(crate) start: Date,
    pub(crate) end: Option<Date>,
    pub(crate) status: &'static str,
}

pub(crate) struct Device {
    pub(crate) head: Head,
    pub(crate) code: Code,
    pub(crate) made: Date,
    pub(crate) expires: Date,
}

pub(crate) struct Claim {
    pub(crate) head: Head,
    pub(crate) encounter: Id,
    pub(crate) start: Moment,
    pub(crate) end: Moment,
    /// What the encounter was.
    pub(crate) service: Code,
    pub(crate) diagnosis: Option<Code>,
    pub(crate) total: Cents,
    pub(crate) decision: Option<Decision>,
}

/// What the insurer answers to a claim: an ExplanationOfBenefit of its own.
pub(crate) struct Decision {
    pub(crate) head: Head,
    pub(crate) made: Date,
    pub(crate) granted: Cents,
}

/// An amount of euro in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cents(pub(crate) i32);

impl Care {
    /// Type and id of everything.
    pub(super) fn resources(&self) -> Vec<(Kind, Id)> {
        let mut all = Vec::new();
        let mut list = |kind, heads: &mut dyn Iterator<Item = &Head>| {
            all.extend(heads.map(|head| (kind, head.id)));
        };
        let dispenses = &mut self.dispenses.iter().map(|it| &it.head);
        list(Kind::MedicationDispense, dispenses);
        let administrations = &mut self.administrations.iter().map(|it| &it.head);
        list(Kind::MedicationAdministration, administrations);
        let allergies = &mut self.allergies.iter().map(|it| &it.head);
        list(Kind::AllergyIntolerance, allergies);
        let reports = &mut self.reports.iter().map(|it| &it.head);
        list(Kind::DiagnosticReport, reports);
        list(
            Kind::ImagingStudy,
            &mut self.studies.iter().map(|it| &it.head),
        );
        list(Kind::CarePlan, &mut self.plans.iter().map(|it| &it.head));
        list(Kind::Device, &mut self.devices.iter().map(|it| &it.head));
        list(Kind::Claim, &mut self.claims.iter().map(|it| &it.head));
        let decisions = self.claims.iter().filter_map(|it| it.decision.as_ref());
        let heads = &mut decisions.map(|it| &it.head);
        list(Kind::ExplanationOfBenefit, heads);
        all
    }
}
