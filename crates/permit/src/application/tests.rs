//! What an application must hold, field by field, with the article that asks for it.

#![allow(
    clippy::too_many_lines,
    reason = "a table of cases is as long as it is"
)]

use super::*;
use crate::sample::{document, set};

fn problems(document: &Value) -> Vec<Problem> {
    match Application::parse(document) {
        Ok(_) => Vec::new(),
        Err(PermitError::Incomplete(problems)) => problems,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_complete_application_is_read() {
    let application = Application::parse(&document()).ok().unwrap();
    assert_eq!(application.id, None);
    assert_eq!(application.dataset.as_str(), "fr-demo");
    assert_eq!(application.project, "Antibiotics in age");
    assert_eq!(application.purposes.len(), 2);
    assert_eq!(application.applicant, "University of Anywhere");
    assert_eq!(application.persons.len(), 2);
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(
        application.period,
        Some((day("2026-01-01"), day("2028-12-31")))
    );
    assert_eq!(application.policy.epsilon_total, "2".parse().unwrap());
    assert_eq!(application.policy.dataset, application.dataset);
}

#[test]
fn a_trial_is_complete() {
    for policy in [
        json!({"dataset": "fr-demo"}),
        json!({"dataset": "x", "output": null}),
    ] {
        let trial = Application::trial("Rosa", "rosa@example.org", &policy);
        let application = Application::parse(&trial).ok().unwrap();
        assert_eq!(json!(application.dataset), policy["dataset"]);
        assert_eq!(application.policy.minimum, 10);
    }
    assert_eq!(
        problems(&Application::trial("Rosa", "r@example.org", &json!({}))).len(),
        1
    );
}

#[test]
fn every_field_is_asked_for_by_an_article() {
    let long = ["word"; 251].join(" ");
    let table = [
        ("applicationType", json!("DATA_REQUEST"), "67(1)"),
        ("applicationId", json!("FR-26-1"), "67(1)"),
        ("applicationId", json!(17), "67(1)"),
        ("s1_dataSources", json!([]), "67(2)(d)"),
        (
            "s1_dataSources",
            json!([{"datasetId": "a"}, {"datasetId": "b"}]),
            "67(2)(d)",
        ),
        ("s1_dataSources[0].datasetId", json!(""), "67(2)(d)"),
        ("s1_dataSources[0].datasetId", json!("No Such"), "67(2)(d)"),
        ("s2_public", json!(null), "67(2)(b)"),
        ("s2_public.projectName", json!("  "), "67(2)(b)"),
        ("s2_public.purposes", json!([]), "67(2)(b)"),
        ("s2_public.purposes[1]", json!("53(1)(g)"), "67(2)(b)"),
        ("s2_public.laySummaryMax250Words", json!(""), "67(2)(b)"),
        ("s2_public.laySummaryMax250Words", json!(long), "67(2)(b)"),
        ("s3_applicant.name", json!(null), "67(2)(a)"),
        ("s5_purpose.necessityExplanation", json!(""), "67(2)(c)"),
        ("s5_purpose.aimAndTopic", json!(""), "67(2)(c)"),
        ("s5_purpose.expectedBenefit", json!(7), "67(2)(c)"),
        ("s5_purpose.requestedFormat", json!("RAW"), "67(2)(e)"),
        ("s8_processing.authorisedPersons", json!([]), "67(2)(a)"),
        (
            "s8_processing.authorisedPersons[1].email",
            json!(""),
            "67(2)(a)",
        ),
        (
            "s8_processing.authorisedPersons[0].fullName",
            json!(null),
            "67(2)(a)",
        ),
        ("s8_processing.accessPeriod.from", json!(""), "68(12)"),
        (
            "s8_processing.accessPeriod.to",
            json!("31.12.2028"),
            "68(12)",
        ),
        (
            "s8_processing.accessPeriod.to",
            json!("2025-12-31"),
            "68(12)",
        ),
        (
            "s8_processing.accessPeriod.to",
            json!("2036-01-01"),
            "68(12)",
        ),
        (
            "s8_processing.confirmations.noReidentification",
            json!(false),
            "61(3)",
        ),
        ("s10_confirm.processingFeeAware", json!(false), "62"),
        ("s10_confirm.holderFeeAware", json!(null), "62"),
        ("s10_confirm.informationCorrect", json!("yes"), "62"),
    ];
    for (path, value, article) in table {
        let mut document = document();
        set(&mut document, path, value);
        let found = problems(&document);
        assert_eq!(found.len(), 1, "{path}: {found:?}");
        assert_eq!(
            (found[0].field.as_str(), found[0].article),
            (path, article),
            "{found:?}"
        );
    }
}

#[test]
fn all_problems_come_at_once() {
    let message = Application::parse(&json!({})).err().unwrap().to_string();
    for field in [
        "applicationType",
        "s1_dataSources",
        "s2_public",
        "s3_applicant",
        "s5_purpose",
    ] {
        assert!(
            message.contains(&format!("\n  {field} (Article 6")),
            "{message}"
        );
    }
    assert!(Application::parse(&json!([])).is_err());
}

#[test]
fn what_the_form_lets_be_absent_is_not_asked_for() {
    for (path, value) in [
        ("applicationId", json!("FR-2026-000001")),
        ("applicationId", json!("")),
        ("s8_processing.accessPeriod", json!({"from": "", "to": ""})),
        ("s8_processing.accessPeriod", json!(null)),
        ("s8_processing.accessPeriod.to", json!("2035-12-31")),
        ("policy", json!(null)),
        (
            "s2_public.laySummaryMax250Words",
            json!(["word"; 250].join("  ")),
        ),
        ("s9_additional", json!({"anything": [1, {"at": "all"}]})),
        ("s11_national", json!("an unknown section")),
    ] {
        let mut document = document();
        set(&mut document, path, value);
        assert_eq!(problems(&document), [], "{path}");
    }
    let mut secret = document();
    set(&mut secret, "s2_public.laySummaryMax250Words", json!(null));
    set(
        &mut secret,
        "s2_public.noSummaryReason",
        json!("not public yet"),
    );
    assert!(
        Application::parse(&secret)
            .ok()
            .unwrap()
            .lay_summary
            .is_none()
    );
    let mut pseudonymised = document();
    set(
        &mut pseudonymised,
        "s5_purpose.requestedFormat",
        json!("PSEUDONYMISED"),
    );
    assert_eq!(
        problems(&pseudonymised)[0].field,
        "s5_purpose.pseudonymisedJustification"
    );
}

#[test]
fn the_policy_is_checked_with_the_application() {
    let mut other = document();
    set(&mut other, "policy.dataset", json!("de-demo"));
    assert_eq!(problems(&other)[0].field, "policy.dataset");
    let mut unenforced = document();
    set(&mut unenforced, "policy.who.maxPersons", json!(100));
    match Application::parse(&unenforced) {
        Err(PermitError::Refused(refusal)) => {
            assert_eq!(refusal.clause.as_deref(), Some("policy.who.maxPersons"));
        }
        _ => panic!("it was not refused"),
    }
}

#[test]
fn problems_tell_nothing_of_persons() {
    let mut document = document();
    set(
        &mut document,
        "s8_processing.authorisedPersons[0].email",
        json!(["rosa@example.org"]),
    );
    set(&mut document, "s3_applicant.name", json!({"name": "Rosa"}));
    let message = Application::parse(&document).err().unwrap().to_string();
    assert!(!message.to_lowercase().contains("rosa"), "{message}");
}

#[test]
fn numbers_have_one_form() {
    assert_eq!(
        "FR-2026-000123".parse::<ApplicationId>().unwrap().as_str(),
        "FR-2026-000123"
    );
    for wrong in [
        "",
        "FR-2026-123",
        "fr-2026-000123",
        "FR-2026-P-000001",
        "FR-2026-00012\u{663}",
    ] {
        assert!(wrong.parse::<ApplicationId>().is_err(), "{wrong}");
    }
}

#[test]
fn a_year_later_is_a_day_that_exists() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    assert_eq!(years_later(day("2026-11-23"), 1), day("2027-11-23"));
    assert_eq!(years_later(day("2028-02-29"), 1), day("2029-03-01"));
    assert_eq!(years_later(day("2028-02-29"), 4), day("2032-02-29"));
}
