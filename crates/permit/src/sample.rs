//! What several tests start from: an application, its permit, and the time.

use chrono::{TimeZone, Utc};
use lazaret_model::Instant;
use serde_json::{Value, json};

use crate::payload::{Grant, Payload};
use crate::{Application, Country, Issuer, VerifyingKey};

pub(crate) fn now() -> Instant {
    Utc.with_ymd_and_hms(2026, 11, 23, 9, 30, 0).unwrap()
}

pub(crate) fn issuer() -> Issuer {
    Issuer {
        hdab_id: "hdab-fr".into(),
        name: "Demo access body".into(),
        country: Country::new("FR").unwrap(),
        contact: "hdab@example.org".into(),
    }
}

/// A complete application of Rosa's, with sections that nothing here looks at.
pub(crate) fn document() -> Value {
    json!({
        "schemaVersion": "0.1", "applicationType": "DATA_ACCESS", "applicationId": null,
        "s1_dataSources": [{"datasetId": "fr-demo", "country": "FR"}],
        "s2_public": {"projectName": "Antibiotics in age", "projectLeader": "Rosa Marin",
                      "purposes": ["53(1)(e)", "53(1)(a)"],
                      "laySummaryMax250Words": "We count who gets antibiotics."},
        "s3_applicant": {"kind": "LEGAL", "name": "University of Anywhere",
                         "contact": {"fullName": "Rosa Marin", "email": "rosa@example.org"}},
        "s4_payment": {"financed": true},
        "s5_purpose": {"necessityExplanation": "Counts by age.", "aimAndTopic": "Prescribing.",
                       "expectedBenefit": "Fewer resistant germs.",
                       "requestedFormat": "ANONYMISED"},
        "s8_processing": {
            "accessPeriod": {"from": "2026-01-01", "to": "2028-12-31"},
            "controllers": ["University of Anywhere"],
            "authorisedPersons": [
                {"fullName": "Rosa Marin", "email": "rosa@example.org", "role": "PI"},
                {"fullName": "Ivo Benda", "email": "ivo@example.org", "role": "ANALYST"}]},
        "s9_additional": {"notes": "kept as it is"},
        "s10_confirm": {"processingFeeAware": true, "holderFeeAware": true,
                        "informationCorrect": true},
        "policy": {"what": {"allow": {"person": ["person_id", "sex"]}},
                   "output": {"dp": {"epsilonTotal": 2.0, "epsilonPerQueryMax": 0.5}}}
    })
}

/// A permit's payload as it is issued for that application.
pub(crate) fn payload(key: &VerifyingKey) -> Value {
    let document = document();
    let application = Application::parse(&document).ok().unwrap();
    let grant = Grant {
        id: &"FR-2026-P-000017".parse().unwrap(),
        application_id: &"FR-2026-000123".parse().unwrap(),
        application: &application,
        document: &document,
        policy: &application.policy,
        issuer: &issuer(),
        fingerprint: &key.fingerprint(),
        reasons: "",
        from: "2026-11-23".parse().unwrap(),
        to: "2028-12-31".parse().unwrap(),
        at: now(),
    };
    let payload = grant.payload();
    assert!(Payload::parse(&payload).is_ok());
    payload
}

/// Sets the value at a dotted path, where `[0]` counts in arrays.
pub(crate) fn set(document: &mut Value, path: &str, value: Value) {
    let mut place = document;
    for name in path.split('.') {
        let (name, index) = match name.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (name, None),
        };
        place = &mut place[name];
        if let Some(index) = index {
            place = &mut place[index];
        }
    }
    *place = value;
}

/// Every field that grants or forbids what the engine cannot do yet.
pub(crate) fn unenforced_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("who.cohortSql", json!("birth_year < 1990")),
        ("who.maxPersons", json!(1000)),
        ("who.sampling", json!({"share": 0.1})),
        ("what.generalise", json!({"authored_date": "month"})),
        ("when.from", json!("2024-01-01")),
        ("when.to", json!("2026-12-31")),
        ("where.regions", json!(["FR"])),
        ("where.regions", json!([])),
        ("optOut.excluded", json!(1)),
        ("optOut.excludedSha256", json!("00")),
        ("optOut.art71_4", json!(true)),
        ("output.dp.unit", json!("RECORD")),
        ("output.release", json!("REVIEW_REQUIRED")),
        ("output.secondarySuppression", json!(false)),
        ("output.dominance", json!({"n": 2})),
        ("output.replySlotSeconds", json!(10)),
        ("output.replySlotSeconds", json!(0)),
        ("pseudonymDomain", json!("project-7")),
    ]
}
