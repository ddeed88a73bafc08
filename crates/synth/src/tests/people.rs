//! Tests that the people are plausible and as untidy as people are.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde_json::Value;

use super::{PERSONS, key, nights, subject};

/// What the tests ask about a person.
#[derive(Default)]
struct Facts {
    age: i32,
    woman: bool,
    death: Option<String>,
    codes: BTreeSet<String>,
    values: BTreeMap<String, Vec<f64>>,
    resources: usize,
}

fn facts() -> BTreeMap<String, Facts> {
    let night = &nights()[0];
    let mut people = BTreeMap::new();
    for patient in night.of("Patient") {
        let year: i32 = patient["birthDate"].as_str().unwrap()[..4].parse().unwrap();
        let death = patient["deceasedDateTime"].as_str().map(str::to_owned);
        let last: i32 = death
            .as_ref()
            .map_or(2026, |date| date[..4].parse().unwrap());
        let woman = patient["gender"] == "female";
        people.insert(
            key(patient),
            Facts {
                age: last - year,
                woman,
                death,
                ..Facts::default()
            },
        );
    }
    for resource in night.all().filter(|it| it["resourceType"] != "Patient") {
        let person = people.get_mut(subject(resource)).unwrap();
        person.resources += 1;
        match resource["resourceType"].as_str().unwrap() {
            "Condition" => {
                person
                    .codes
                    .insert(code(resource, "http://hl7.org/fhir/sid/icd-10"));
            }
            "Observation" => {
                if let Some(value) = resource["valueQuantity"]["value"].as_f64() {
                    let code = code(resource, "http://loinc.org");
                    person.values.entry(code).or_default().push(value);
                }
            }
            _ => {}
        }
    }
    people
}

fn code(resource: &Value, system: &str) -> String {
    let codings = resource["code"]["coding"].as_array().unwrap();
    let coding = codings.iter().find(|it| it["system"] == system).unwrap();
    coding["code"].as_str().unwrap().to_owned()
}

fn share<'a>(people: impl Iterator<Item = &'a Facts>, holds: impl Fn(&Facts) -> bool) -> f64 {
    let (mut all, mut some) = (0_u32, 0_u32);
    for person in people {
        all += 1;
        some += u32::from(holds(person));
    }
    f64::from(some) / f64::from(all)
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    assert!(values.len() > 20, "only {} values", values.len());
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn ages_sexes_and_deaths_are_those_of_the_country() {
    let people = facts();
    let age = mean(people.values().map(|it| f64::from(it.age)));
    assert!((40.0..46.0).contains(&age), "mean age {age}");
    let women = share(people.values(), |it| it.woman);
    assert!((0.48..0.55).contains(&women), "{women} women");
    let old = share(people.values(), |it| it.age >= 75);
    assert!((0.08..0.14).contains(&old), "{old} over 75");
    let dead = share(people.values(), |it| it.death.is_some());
    assert!((0.015..0.04).contains(&dead), "{dead} dead");
    let age_at_death = mean(
        people
            .values()
            .filter(|it| it.death.is_some())
            .map(|it| f64::from(it.age)),
    );
    assert!(
        (72.0..87.0).contains(&age_at_death),
        "died at {age_at_death}"
    );
}

#[test]
fn chronic_disease_follows_age_and_sex() {
    let people = facts();
    let at = |low: i32, high: i32, code: &str| {
        let group = people.values().filter(|it| (low..high).contains(&it.age));
        share(group, |it| it.codes.contains(code))
    };
    for code in ["E11.9", "I10", "M17.9", "N18.3"] {
        let [young, middle, old] = [at(0, 40, code), at(40, 65, code), at(65, 90, code)];
        assert!(
            young < middle && middle < old,
            "{code}: {young} {middle} {old}"
        );
    }
    assert!(
        (0.10..0.24).contains(&at(65, 90, "E11.9")),
        "{}",
        at(65, 90, "E11.9")
    );
    assert!(at(85, 110, "G30.9") > at(65, 75, "G30.9"));
    let women = share(people.values().filter(|it| it.woman), |it| {
        it.codes.contains("E03.9")
    });
    let others = share(people.values().filter(|it| !it.woman), |it| {
        it.codes.contains("E03.9")
    });
    assert!(women > others);
    assert!(
        people
            .values()
            .all(|it| it.woman || !it.codes.contains("O80.9"))
    );
}

#[test]
fn comorbidity_is_more_than_chance() {
    let people = facts();
    for (one, other) in [("I10", "E11.9"), ("E66.9", "I10"), ("I25.1", "I50.9")] {
        let group = || people.values().filter(|it| (50..85).contains(&it.age));
        let with = share(group().filter(|it| it.codes.contains(one)), |it| {
            it.codes.contains(other)
        });
        let without = share(group().filter(|it| !it.codes.contains(one)), |it| {
            it.codes.contains(other)
        });
        assert!(
            with > 1.1 * without,
            "{other} with {one} {with}, without {without}"
        );
    }
}

#[test]
fn values_follow_disease_and_person() {
    let people = facts();
    let values = |code: &str, holds: &dyn Fn(&Facts) -> bool| {
        let group = people.values().filter(|it| it.age >= 18 && holds(it));
        mean(
            group
                .filter_map(|it| it.values.get(code))
                .flatten()
                .copied(),
        )
    };
    let diabetes = |it: &Facts| it.codes.contains("E11.9");
    assert!(values("4548-4", &diabetes) > 6.6);
    assert!(values("4548-4", &|it| !diabetes(it)) < 6.2);
    let kidney = |it: &Facts| it.codes.contains("N18.3");
    assert!(values("33914-3", &kidney) < 60.0);
    assert!(values("2160-0", &kidney) > values("2160-0", &|it| !kidney(it)) + 0.2);
    assert!(values("718-7", &|it| !it.woman) > values("718-7", &|it| it.woman) + 0.8);
    // Two values of one person are closer than two of different persons.
    let pairs: Vec<(f64, f64)> = (people.values())
        .filter_map(|it| it.values.get("2093-3"))
        .filter_map(|values| Some((*values.first()?, *values.get(1)?)))
        .collect();
    let apart = |pairs: Vec<(f64, f64)>| mean(pairs.into_iter().map(|(a, b)| (a - b).abs()));
    let shifted = pairs
        .iter()
        .zip(pairs.iter().skip(1))
        .map(|(one, other)| (one.0, other.1));
    let (same, different) = (apart(pairs.clone()), apart(shifted.collect()));
    assert!(same < 0.6 * different, "{same} {different}");
}

#[test]
fn files_are_as_full_as_expected() {
    let night = &nights()[0];
    let per_person = |kind: &str| night.of(kind).len() as f64 / f64::from(PERSONS);
    let all = night.all().count() as f64 / f64::from(PERSONS);
    assert!((52.0..66.0).contains(&all), "{all} resources a person");
    let observations = per_person("Observation");
    assert!(
        (25.0..35.0).contains(&observations),
        "{observations} observations a person"
    );
    assert_eq!(night.of("Patient").len(), PERSONS as usize);
    let people = facts();
    let nothing = share(people.values(), |it| it.resources == 0);
    assert!(
        (0.005..0.03).contains(&nothing),
        "{nothing} with nothing else"
    );
    assert!(people.values().map(|it| it.resources).max() > Some(250));
    for class in ["AMB", "EMER", "IMP"] {
        assert!(
            night
                .of("Encounter")
                .iter()
                .any(|it| it["class"]["code"] == class)
        );
    }
}

#[test]
fn nothing_happens_before_birth_or_after_death() {
    let people = facts();
    for encounter in nights()[0].of("Encounter") {
        let start = encounter["period"]["start"].as_str().unwrap();
        let person = &people[subject(encounter)];
        let born = 2026 - person.age - 3;
        assert!(start[..4].parse::<i32>().unwrap() >= born);
        if let Some(death) = &person.death {
            assert!(&start[..10] <= death.as_str(), "{start} after {death}");
        }
        if let Some(end) = encounter["period"]["end"].as_str() {
            let at = |text| DateTime::parse_from_rfc3339(text).unwrap();
            assert!(at(start) < at(end), "{start} to {end}");
        }
    }
}

#[test]
fn hard_things_are_there() {
    let night = &nights()[0];
    let any = |kind: &str, holds: &dyn Fn(&Value) -> bool| night.of(kind).iter().any(holds);
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    let many = |value: &Value| value.as_array().is_some_and(|all| all.len() > 1);
    type Case<'a> = (&'a str, &'a str, &'a dyn Fn(&Value) -> bool);
    let cases: &[Case<'_>] = &[
        ("Patient", "no gender", &|it| it.get("gender").is_none()),
        ("Patient", "gender unknown", &|it| it["gender"] == "unknown"),
        ("Patient", "birth year", &|it| length(&it["birthDate"]) == 4),
        ("Patient", "birth month", &|it| {
            length(&it["birthDate"]) == 7
        }),
        ("Patient", "several addresses", &|it| many(&it["address"])),
        ("Patient", "an old address first", &|it| {
            it["address"][0]["use"] == "old"
        }),
        ("Patient", "no address", &|it| it.get("address").is_none()),
        ("Patient", "death without date", &|it| {
            it["deceasedBoolean"] == true
        }),
        ("Condition", "onset year", &|it| {
            length(&it["onsetDateTime"]) == 4
        }),
        ("Condition", "onset month", &|it| {
            length(&it["onsetDateTime"]) == 7
        }),
        ("Condition", "no onset", &|it| {
            it.get("onsetDateTime").is_none()
        }),
        ("Condition", "two codings", &|it| {
            many(&it["code"]["coding"])
        }),
        ("Condition", "a note", &|it| {
            it["note"][0]["text"].is_string()
        }),
        ("Observation", "two codings", &|it| {
            many(&it["code"]["coding"])
        }),
        ("Observation", "no value", &|it| {
            it.get("dataAbsentReason").is_some()
        }),
        ("Observation", "an answer", &|it| {
            it["valueCodeableConcept"]["coding"].is_array()
        }),
        ("Observation", "components", &|it| many(&it["component"])),
        ("Observation", "entered in error", &|it| {
            it["status"] == "entered-in-error"
        }),
        ("Procedure", "two codings", &|it| {
            many(&it["code"]["coding"])
        }),
        ("Procedure", "a moment", &|it| {
            it["performedDateTime"].is_string()
        }),
        ("Procedure", "a period", &|it| {
            it["performedPeriod"]["end"].is_string()
        }),
        ("Immunization", "not done", &|it| it["status"] == "not-done"),
    ];
    for (kind, what, holds) in cases {
        assert!(any(kind, holds), "no {kind} with {what}");
    }
}

#[test]
fn what_names_a_person_is_planted_in_every_patient() {
    for patient in nights()[0].of("Patient") {
        let family = patient["name"][0]["family"].as_str().unwrap();
        assert!(patient["text"]["div"].as_str().unwrap().contains(family));
    }
    let families: BTreeMap<String, &str> = (nights()[0].of("Patient").iter())
        .map(|it| (key(it), it["name"][0]["family"].as_str().unwrap()))
        .collect();
    for condition in nights()[0]
        .of("Condition")
        .iter()
        .filter(|it| it.get("note").is_some())
    {
        let note = condition["note"][0]["text"].as_str().unwrap();
        assert!(note.contains(families[subject(condition)]));
    }
}

#[test]
fn identifiers_are_valid_and_distinct() {
    let mut seen = BTreeSet::new();
    for night in nights() {
        for patient in night.of("Patient") {
            for identifier in patient["identifier"].as_array().unwrap() {
                let value = identifier["value"].as_str().unwrap();
                seen.insert((key(patient), value));
                if identifier["system"] == "urn:oid:1.2.250.1.213.1.4.8" {
                    assert_eq!(value.len(), 15);
                    let number: u64 = value[..13].parse().unwrap();
                    let control: u64 = value[13..].parse().unwrap();
                    assert_eq!(97 - number % 97, control);
                }
            }
        }
    }
    let values: BTreeSet<&str> = seen.iter().map(|(_, value)| *value).collect();
    assert_eq!(values.len(), seen.len());
    let persons: BTreeSet<&String> = seen.iter().map(|(person, _)| person).collect();
    assert_eq!(values.len(), 2 * persons.len());
}
