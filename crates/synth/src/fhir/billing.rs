//! Claims and explanations of benefit.

use serde::{Serialize, Serializer};

use super::{Concept, Meta, Period, Reference};
use crate::calendar::{Date, Local};
use crate::chart::{self, Cents, Decision, Id, Kind};
use crate::code::Code;

const TYPE: &str = "http://terminology.hl7.org/CodeSystem/claim-type";
const PRIORITY: &str = "http://terminology.hl7.org/CodeSystem/processpriority";
const ADJUDICATION: &str = "http://terminology.hl7.org/CodeSystem/adjudication";
const PROVIDER: Named = Named {
    display: "Centre hospitalier de démonstration",
};
const INSURER: Named = Named {
    display: "Caisse de démonstration",
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Claim {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    r#type: Concept,
    r#use: &'static str,
    patient: Reference,
    billable_period: Period,
    created: Local,
    provider: Named,
    priority: Concept,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<[Diagnosis; 1]>,
    insurance: [Insurance; 1],
    item: [Item; 1],
    total: Money,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExplanationOfBenefit {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    status: &'static str,
    r#type: Concept,
    r#use: &'static str,
    patient: Reference,
    billable_period: Period,
    created: Date,
    insurer: Named,
    provider: Named,
    claim: Reference,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnosis: Option<[Diagnosis; 1]>,
    insurance: [Insurance; 1],
    item: [Item; 1],
    total: [Total; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<Payment>,
}

/// A reference by name alone.
#[derive(Clone, Copy, Serialize)]
struct Named {
    display: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Diagnosis {
    sequence: u8,
    diagnosis_codeable_concept: Concept,
}

#[derive(Serialize)]
struct Insurance {
    sequence: u8,
    focal: bool,
    coverage: Named,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    sequence: u8,
    product_or_service: Concept,
    encounter: [Reference; 1],
    net: Money,
}

#[derive(Serialize)]
struct Money {
    value: Cents,
    currency: &'static str,
}

#[derive(Serialize)]
struct Total {
    category: Concept,
    amount: Money,
}

#[derive(Serialize)]
struct Payment {
    date: Date,
    amount: Money,
}

pub(super) fn claim(it: &chart::Claim, patient: Reference) -> Claim {
    Claim {
        resource_type: Kind::Claim.name(),
        id: it.head.id,
        meta: Meta::of(&it.head),
        status: "active",
        r#type: institutional(),
        r#use: "claim",
        patient,
        billable_period: billed(it),
        created: Local(it.end),
        provider: PROVIDER,
        priority: Concept::bare(Code::new(PRIORITY, "normal", "")),
        diagnosis: diagnosis(it),
        insurance: [insurance()],
        item: [item(it)],
        total: euro(it.total),
    }
}

pub(super) fn benefit(
    it: &chart::Claim,
    decision: &Decision,
    patient: Reference,
) -> ExplanationOfBenefit {
    let granted = decision.granted;
    let total = |code, amount| Total {
        category: Concept::bare(Code::new(ADJUDICATION, code, "")),
        amount: euro(amount),
    };
    ExplanationOfBenefit {
        resource_type: Kind::ExplanationOfBenefit.name(),
        id: decision.head.id,
        meta: Meta::of(&decision.head),
        status: "active",
        r#type: institutional(),
        r#use: "claim",
        patient,
        billable_period: billed(it),
        created: decision.made,
        insurer: INSURER,
        provider: PROVIDER,
        claim: Reference(Kind::Claim, it.head.id),
        outcome: "complete",
        diagnosis: diagnosis(it),
        insurance: [insurance()],
        item: [item(it)],
        total: [total("submitted", it.total), total("benefit", granted)],
        // Nothing is paid where nothing is granted.
        payment: (granted != Cents(0)).then_some(Payment {
            date: decision.made,
            amount: euro(granted),
        }),
    }
}

fn institutional() -> Concept {
    Concept::bare(Code::new(TYPE, "institutional", ""))
}

fn billed(it: &chart::Claim) -> Period {
    Period {
        start: Local(it.start),
        end: Some(Local(it.end)),
    }
}

fn diagnosis(it: &chart::Claim) -> Option<[Diagnosis; 1]> {
    let code = it.diagnosis?;
    Some([Diagnosis {
        sequence: 1,
        diagnosis_codeable_concept: Concept::bare(code),
    }])
}

fn insurance() -> Insurance {
    Insurance {
        sequence: 1,
        focal: true,
        coverage: INSURER,
    }
}

fn item(it: &chart::Claim) -> Item {
    Item {
        sequence: 1,
        product_or_service: Concept::named(it.service.into()),
        encounter: [Reference(Kind::Encounter, it.encounter)],
        net: euro(it.total),
    }
}

fn euro(value: Cents) -> Money {
    Money {
        value,
        currency: "EUR",
    }
}

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // One division of two exact numbers: the shortest decimal that reads back the same.
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}
