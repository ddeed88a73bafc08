//! Tests of what changes from night to night.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{NIGHTS, Night, key, nights, subject};

/// The references of a resource to others, at any depth.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(members) => {
            let own = members.get("reference").and_then(Value::as_str);
            own.into_iter()
                .chain(members.values().flat_map(references))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn updated(resource: &Value) -> &str {
    resource["meta"]["lastUpdated"].as_str().unwrap()
}

fn transaction_time(night: &Night) -> &str {
    night.manifest["transactionTime"].as_str().unwrap()
}

#[test]
fn the_manifest_agrees_with_the_files() {
    let times = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"];
    for (night, day) in nights().iter().zip(times) {
        assert_eq!(
            night.manifest["transactionTime"],
            format!("{day}T00:00:00Z")
        );
        assert_eq!(night.manifest["requiresAccessToken"], false);
        assert_eq!(night.manifest["error"], json!([]));
        let lines = night
            .resources
            .iter()
            .map(|(kind, all)| (kind.clone(), all.len() as u64));
        assert_eq!(night.export.resources, lines.collect());
        assert_eq!(night.export.deleted, night.deleted.len() as u64);
    }
    assert_eq!(nights().len(), NIGHTS as usize);
    assert_eq!(nights()[0].deleted, Vec::<String>::new());
}

#[test]
fn every_reference_is_to_something_that_is_there() {
    let mut there: BTreeMap<String, &Value> = BTreeMap::new();
    for night in nights() {
        let mut tonight = BTreeSet::new();
        for resource in night.all() {
            assert!(
                tonight.insert(key(resource)),
                "{} twice in a night",
                key(resource)
            );
            there.insert(key(resource), resource);
        }
        for deleted in &night.deleted {
            assert!(there.remove(deleted).is_some(), "{deleted} was not there");
            assert!(
                !tonight.contains(deleted),
                "{deleted} both written and deleted"
            );
        }
        for (key, resource) in &there {
            for reference in references(resource) {
                assert!(there.contains_key(reference), "{key} refers to {reference}");
            }
        }
    }
}

#[test]
fn every_resource_was_stored_on_the_day_of_its_export() {
    let mut before = "2026-10-31T00:00:00Z";
    for night in nights() {
        for resource in night.all() {
            let updated = updated(resource);
            assert!(
                before < updated && updated < transaction_time(night),
                "{updated}"
            );
        }
        before = transaction_time(night);
    }
}

#[test]
fn later_nights_change_a_little_of_everything() {
    let mut known: BTreeMap<String, Value> = BTreeMap::new();
    for (number, night) in nights().iter().enumerate() {
        let total = known.len() as f64;
        let mut changed: BTreeMap<&str, u32> = BTreeMap::new();
        let mut new: BTreeMap<&str, u32> = BTreeMap::new();
        for resource in night.all() {
            let kind = resource["resourceType"].as_str().unwrap();
            match known.insert(key(resource), resource.clone()) {
                None => *new.entry(kind).or_default() += 1,
                Some(earlier) => {
                    let (mut earlier, mut later) = (earlier, resource.clone());
                    earlier["meta"].take();
                    later["meta"].take();
                    assert_ne!(earlier, later, "only its time changed");
                    *changed.entry(kind).or_default() += 1;
                }
            }
        }
        if number == 0 {
            assert!(changed.is_empty());
            continue;
        }
        let share = f64::from(changed.values().sum::<u32>()) / total;
        assert!((0.005..0.015).contains(&share), "{share} changed");
        for kind in ["Observation", "Condition", "MedicationRequest"] {
            assert!(changed.contains_key(kind), "no {kind} changed: {changed:?}");
        }
        for kind in ["Patient", "Encounter", "Observation", "Condition"] {
            assert!(new.contains_key(kind), "no new {kind}: {new:?}");
        }
        assert_eq!(new["Patient"], 1);
        let patients = night
            .deleted
            .iter()
            .filter(|it| it.starts_with("Patient/"))
            .count();
        assert_eq!(patients, 1);
        assert!(night.deleted.len() > 3);
        for deleted in &night.deleted {
            known.remove(deleted);
        }
    }
}

#[test]
fn a_deleted_patient_takes_everything_along() {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for night in nights() {
        for resource in night.all().filter(|it| it["resourceType"] != "Patient") {
            known.insert(key(resource), subject(resource).to_owned());
        }
        let deleted: BTreeSet<&String> = night.deleted.iter().collect();
        assert_eq!(deleted.len(), night.deleted.len());
        known.retain(|key, _| !deleted.contains(key));
        for (key, patient) in &known {
            assert!(!deleted.contains(patient), "{key} has lost its patient");
        }
    }
}

#[test]
fn corrected_values_differ_and_resolved_conditions_end() {
    let first: BTreeMap<String, &Value> = nights()[0]
        .all()
        .map(|resource| (key(resource), resource))
        .collect();
    let second = &nights()[1];
    let mut seen = (0, 0);
    for observation in second
        .of("Observation")
        .iter()
        .filter(|it| it["status"] == "corrected")
    {
        let before = first[&key(observation)];
        assert_ne!(
            observation["valueQuantity"]["value"],
            before["valueQuantity"]["value"]
        );
        assert_eq!(observation["meta"]["versionId"], "2");
        seen.0 += 1;
    }
    for condition in second.of("Condition") {
        let Some(before) = first.get(&key(condition)) else {
            continue;
        };
        assert_eq!(before["clinicalStatus"]["coding"][0]["code"], "active");
        assert_eq!(condition["clinicalStatus"]["coding"][0]["code"], "resolved");
        assert_eq!(condition["abatementDateTime"], "2026-11-01");
        seen.1 += 1;
    }
    assert!(seen.0 > 50 && seen.1 > 10, "{seen:?}");
}

#[test]
fn a_stay_that_is_open_ends_on_a_later_night() {
    let (first, later) = nights().split_first().unwrap();
    let open: BTreeSet<String> = (first.of("Encounter").iter())
        .filter(|it| it["status"] == "in-progress")
        .map(|it| {
            assert_eq!(it["period"].get("end"), None);
            key(it)
        })
        .collect();
    assert!(!open.is_empty());
    let ended = later
        .iter()
        .flat_map(|night| night.of("Encounter"))
        .filter(|it| {
            open.contains(&key(it)) && it["status"] == "finished" && it["period"]["end"].is_string()
        });
    assert!(ended.count() > 0);
}
