//! Tests of what follows from care: dispenses, reports, images, plans, devices and claims.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate};
use serde_json::Value;

use super::{Night, PERSONS, key, nights, subject};

const KINDS: [&str; 9] = [
    "MedicationDispense",
    "MedicationAdministration",
    "AllergyIntolerance",
    "DiagnosticReport",
    "ImagingStudy",
    "CarePlan",
    "Device",
    "Claim",
    "ExplanationOfBenefit",
];

fn by_key<'a>(night: &'a Night, kind: &str) -> BTreeMap<String, &'a Value> {
    night.of(kind).iter().map(|it| (key(it), it)).collect()
}

fn at(value: &Value) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap()
}

fn cents(money: &Value) -> i64 {
    assert_eq!(money["currency"], "EUR");
    let cents = money["value"].as_f64().unwrap() * 100.0;
    assert!((cents - cents.round()).abs() < 1e-6, "{money}");
    format!("{cents:.0}").parse().unwrap()
}

#[test]
fn every_kind_is_there_and_none_is_most_of_it() {
    let night = &nights()[0];
    let all = night.all().count() as f64;
    for kind in KINDS {
        let share = night.of(kind).len() as f64 / all;
        assert!((0.000_2..0.1).contains(&share), "{kind}: {share}");
    }
    let allergic: BTreeSet<&str> = night.of("AllergyIntolerance").iter().map(subject).collect();
    let share = allergic.len() as f64 / f64::from(PERSONS);
    assert!((0.15..0.27).contains(&share), "{share} are allergic");
}

#[test]
fn each_stay_and_emergency_that_ended_is_claimed_once() {
    let night = &nights()[0];
    let encounters = by_key(night, "Encounter");
    let ended = |it: &&Value| it["status"] == "finished" && it["class"]["code"] != "AMB";
    let mut open: BTreeSet<&str> = BTreeSet::new();
    let expected: BTreeSet<&String> = (encounters.iter())
        .filter(|(_, it)| ended(it))
        .map(|(key, _)| key)
        .collect();
    for claim in night.of("Claim") {
        let encounter = claim["item"][0]["encounter"][0]["reference"]
            .as_str()
            .unwrap();
        assert!(open.insert(encounter), "{encounter} is claimed twice");
        let billed = encounters[encounter];
        assert_eq!(subject(billed), subject(claim));
        assert_eq!(billed["period"], claim["billablePeriod"]);
        let total = cents(&claim["total"]);
        assert!((2_000..40_000_000).contains(&total), "{total}");
        if billed["class"]["code"] == "IMP" {
            assert!(total > 40_000, "{total} for a stay");
        }
    }
    let claimed: BTreeSet<String> = open.into_iter().map(str::to_owned).collect();
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn insurers_answer_to_claims_and_grant_no_more_than_that() {
    let mut claims: BTreeMap<String, &Value> = BTreeMap::new();
    let (mut denied, mut decided) = (0, BTreeSet::new());
    for night in nights() {
        claims.extend(by_key(night, "Claim"));
        for benefit in night.of("ExplanationOfBenefit") {
            let reference = benefit["claim"]["reference"].as_str().unwrap();
            assert!(decided.insert(reference), "{reference} is decided twice");
            let claim = claims[reference];
            assert_eq!(subject(benefit), subject(claim));
            assert_eq!(benefit["billablePeriod"], claim["billablePeriod"]);
            let total = |place: usize| cents(&benefit["total"][place]["amount"]);
            assert_eq!(total(0), cents(&claim["total"]));
            assert!(total(1) <= total(0));
            match benefit.get("payment") {
                Some(payment) => assert_eq!(cents(&payment["amount"]), total(1)),
                None => denied += 1,
            }
            let made: NaiveDate = benefit["created"].as_str().unwrap().parse().unwrap();
            assert!(made >= at(&claim["created"]).date_naive());
        }
    }
    let share = decided.len() as f64 / claims.len() as f64;
    assert!((0.9..1.0).contains(&share), "{share} are decided");
    assert!(denied > 0 && denied < decided.len() / 20, "{denied} denied");
}

#[test]
fn medications_are_given_on_the_ward_and_handed_over_elsewhere() {
    let night = &nights()[0];
    let (requests, encounters) = (
        by_key(night, "MedicationRequest"),
        by_key(night, "Encounter"),
    );
    for given in night.of("MedicationAdministration") {
        let request = requests[given["request"]["reference"].as_str().unwrap()];
        let stay = encounters[given["context"]["reference"].as_str().unwrap()];
        assert_eq!(stay["class"]["code"], "IMP");
        let moment = at(&given["effectiveDateTime"]);
        assert!(moment > at(&request["authoredOn"]));
        assert!(stay["period"].get("end").is_none_or(|end| moment < at(end)));
        assert!(given["dosage"]["dose"]["value"].as_i64().unwrap() > 0);
    }
    for dispense in night.of("MedicationDispense") {
        let reference = &dispense["authorizingPrescription"][0]["reference"];
        let request = requests[reference.as_str().unwrap()];
        assert!(at(&dispense["whenHandedOver"]) > at(&request["authoredOn"]));
        assert_eq!(
            dispense["medicationCodeableConcept"],
            request["medicationCodeableConcept"]
        );
        let days = dispense["daysSupply"]["value"].as_i64().unwrap();
        assert!(dispense["quantity"]["value"].as_i64().unwrap() >= days);
    }
}

#[test]
fn images_are_archived_and_reported() {
    let night = &nights()[0];
    let mut modalities = BTreeSet::new();
    for study in night.of("ImagingStudy") {
        let series = study["series"].as_array().unwrap();
        assert_eq!(study["numberOfSeries"], series.len());
        assert!(
            series
                .iter()
                .all(|it| it["modality"] == study["modality"][0])
        );
        modalities.insert(study["modality"][0]["code"].as_str().unwrap());
    }
    assert_eq!(
        modalities,
        BTreeSet::from(["BMD", "CT", "DX", "MG", "US", "XA"])
    );
    let of = |section: &str| {
        let reports = night.of("DiagnosticReport").iter();
        reports
            .filter(|it| it["category"][0]["coding"][0]["code"] == section)
            .count()
    };
    assert_eq!(of("RAD"), night.of("ImagingStudy").len());
    assert!(of("LAB") > of("RAD"));
}

#[test]
fn what_identifies_a_person_or_a_thing_is_planted() {
    let night = &nights()[0];
    let patients = by_key(night, "Patient");
    let mut named = 0;
    for report in night.of("DiagnosticReport") {
        if let Some(conclusion) = report["conclusion"].as_str() {
            let family = patients[subject(report)]["name"][0]["family"].as_str();
            assert!(conclusion.contains(family.unwrap()));
            named += 1;
        }
    }
    assert!(named > 20, "{named} reports name their patient");
    let serials: BTreeSet<&str> = (night.of("Device").iter())
        .map(|it| it["serialNumber"].as_str().unwrap())
        .collect();
    assert_eq!(serials.len(), night.of("Device").len());
    for device in night.of("Device") {
        let udi = device["udiCarrier"][0]["carrierHRF"].as_str().unwrap();
        assert!(udi.contains(device["serialNumber"].as_str().unwrap()));
    }
}

#[test]
fn later_nights_bring_bills_answers_refills_and_final_reports() {
    let (first, later) = nights().split_first().unwrap();
    let known: BTreeMap<String, &Value> = first.all().map(|it| (key(it), it)).collect();
    let of = |kind: &'static str| later.iter().flat_map(move |night| night.of(kind));
    for kind in ["MedicationDispense", "Claim", "ExplanationOfBenefit"] {
        let new = of(kind).filter(|it| !known.contains_key(&key(it)));
        assert!(new.count() > 2, "no new {kind}");
    }
    let mut finished = 0;
    for report in of("DiagnosticReport") {
        if let Some(before) = known.get(&key(report)) {
            assert_eq!(before["status"], "preliminary");
            assert_eq!(report["status"], "final");
            finished += 1;
        }
    }
    assert!(finished > 2, "{finished} reports became final");
    let ended = of("CarePlan").filter(|it| known.contains_key(&key(it)));
    assert!(ended.clone().count() > 2);
    for plan in ended {
        assert_eq!(plan["status"], "completed");
        assert!(plan["period"]["end"].is_string());
    }
    let outgrown = of("AllergyIntolerance").filter(|it| known.contains_key(&key(it)));
    for allergy in outgrown {
        assert_eq!(allergy["clinicalStatus"]["coding"][0]["code"], "resolved");
    }
}
