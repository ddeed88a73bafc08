//! Every field of a policy, one by one: enforced, or refused by its name.

use super::*;
use crate::sample::unenforced_fields;

fn minimal() -> Value {
    json!({"dataset": "fr-demo"})
}

/// The minimal policy with one value set at a dotted path.
fn with(path: &str, value: Value) -> Value {
    let mut policy = minimal();
    let mut place = &mut policy;
    for name in path.split('.') {
        place = &mut place[name];
    }
    *place = value;
    policy
}

#[test]
fn what_is_missing_takes_its_default() {
    let policy = Policy::parse(&minimal()).unwrap();
    assert_eq!(policy.snapshot, SnapshotChoice::Latest);
    assert_eq!(policy.account, Account::Zcdp);
    assert_eq!(policy.allow, None);
    assert_eq!(policy.minimum, 10);
    assert_eq!(policy.epsilon_total, "3".parse().unwrap());
    assert_eq!(policy.delta, "1e-7".parse().unwrap());
    assert_eq!(policy.epsilon_per_query_max, policy.epsilon_total);
    let smaller = Policy::parse(&with("output.dp.epsilonTotal", json!(0.5))).unwrap();
    assert_eq!(smaller.epsilon_per_query_max, "0.5".parse().unwrap());
}

#[test]
fn the_json_form_gives_the_same_policy() {
    let full = json!({
        "dataset": "fr-demo", "snapshot": "S1", "account": "zcdp",
        "who": {"cohortSql": null, "maxPersons": null, "sampling": null},
        "what": {"generalise": {},
                 "allow": {"person": ["person_id", "sex"], "condition": ["code"]}},
        "when": {"from": null, "to": null}, "where": null,
        "optOut": {"asOf": "2026-12-20T10:00:00Z", "excludedSha256": "", "excluded": 0,
                   "art71_4": false},
        "output": {
            "minCellPersons": 5, "release": "AUTO", "secondarySuppression": null,
            "dominance": null, "replySlotSeconds": null,
            "dp": {"unit": "PERSON", "epsilonTotal": 2.5, "delta": 1e-06,
                   "epsilonPerQueryMax": 0.5}},
        "pseudonymDomain": null
    });
    for value in [full, minimal()] {
        let policy = Policy::parse(&value).unwrap();
        assert_eq!(Policy::parse(&policy.to_json()).unwrap(), policy);
        let text = policy.to_json().to_string();
        assert_eq!(
            Policy::parse(&serde_json::from_str(&text).unwrap()).unwrap(),
            policy
        );
    }
}

#[test]
fn an_account_is_named() {
    for (word, account) in [("zcdp", Account::Zcdp), ("basic", Account::Basic)] {
        let policy = Policy::parse(&with("account", json!(word))).unwrap();
        assert_eq!(policy.account, account);
        assert_eq!(policy.to_json()["account"], word);
    }
}

#[test]
fn columns_are_granted_one_by_one() {
    let policy = Policy::parse(&with("what.allow", json!({"person": ["sex"]}))).unwrap();
    let (person, sex) = ("person".parse().unwrap(), "sex".parse().unwrap());
    assert!(policy.allows(&person, &sex));
    assert!(!policy.allows(&person, &"region".parse().unwrap()));
    assert!(!policy.allows(&"claim".parse().unwrap(), &sex));
    assert!(Policy::parse(&minimal()).unwrap().allows(&person, &sex));
}

#[test]
fn what_is_not_enforced_is_refused_by_name() {
    for (path, value) in unenforced_fields() {
        let refusal = Policy::parse(&with(path, value)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Permit, "{path}");
        assert_eq!(
            refusal.clause.as_deref(),
            Some(format!("policy.{path}").as_str())
        );
        assert!(refusal.reason.contains(path), "{refusal}");
        assert!(refusal.reason.contains("does not enforce"), "{refusal}");
    }
}

#[test]
fn unknown_fields_are_refused_at_every_level() {
    for path in [
        "fees",
        "$comment",
        "who.regions",
        "what.deny",
        "when.until",
        "where.country",
        "optOut.date",
        "output.epsilon",
        "output.dp.epsilon",
    ] {
        for value in [json!(1), Value::Null] {
            let refusal = Policy::parse(&with(path, value)).unwrap_err();
            assert_eq!(
                refusal.clause.as_deref(),
                Some(format!("policy.{path}").as_str())
            );
            assert!(refusal.reason.contains("not known"), "{refusal}");
        }
    }
}

#[test]
fn values_out_of_form_are_refused() {
    let wrong = [
        ("dataset", json!(null)),
        ("dataset", json!("../x")),
        ("snapshot", json!("")),
        ("snapshot", json!("a b")),
        ("snapshot", json!(7)),
        ("account", json!("rdp")),
        ("who", json!("everybody")),
        ("what.allow", json!({})),
        ("what.allow.person", json!([])),
        ("what.allow.person", json!(null)),
        ("what.allow.person", json!(["person id"])),
        ("what.allow.Person", json!(["sex"])),
        ("optOut.asOf", json!("yesterday")),
        ("optOut.excluded", json!(-1)),
        ("output.minCellPersons", json!(0)),
        ("output.minCellPersons", json!(-5)),
        ("output.minCellPersons", json!(10.5)),
        ("output.minCellPersons", json!(4_294_967_296u64)),
        ("output.release", json!("MANUAL")),
        ("output.dp.epsilonTotal", json!(0)),
        ("output.dp.epsilonTotal", json!(-3)),
        ("output.dp.epsilonTotal", json!("3")),
        ("output.dp.epsilonTotal", json!(1e300)),
        ("output.dp.epsilonTotal", json!(1e-10)),
        ("output.dp.delta", json!(0)),
        ("output.dp.delta", json!(1)),
        ("output.dp.delta", json!(0.01)),
        ("output.dp.epsilonPerQueryMax", json!(3.1)),
        ("output.dp.epsilonPerQueryMax", json!(0)),
    ];
    for (path, value) in wrong {
        let refusal = Policy::parse(&with(path, value)).unwrap_err();
        assert_eq!(
            refusal.clause.as_deref(),
            Some(format!("policy.{path}").as_str()),
            "{refusal}"
        );
    }
    assert!(Policy::parse(&json!([])).is_err());
}
