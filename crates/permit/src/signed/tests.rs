//! Attacks on the envelope, the payload and the time of a permit.

use jsonwebtoken::EncodingKey;
use lazaret_model::Epsilon;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::base64::encode;
use crate::sample::{now, payload, set, unenforced_fields};

fn key() -> SigningKey {
    SigningKey::generate().unwrap()
}

fn header(key: &VerifyingKey) -> Value {
    json!({"typ": TYPE, "alg": "EdDSA", "kid": key.fingerprint()})
}

/// A JWS with any header and payload, signed with the real key.
fn forge(header: &Value, payload: &str, key: &SigningKey) -> SignedPermit {
    let part = |text: &str| encode(Alphabet::Url, text.as_bytes());
    let message = format!("{}.{}", part(&header.to_string()), part(payload));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), key.encoding(), Algorithm::EdDSA).unwrap();
    SignedPermit(format!("{message}.{signature}"))
}

fn refused(permit: &SignedPermit, key: &SigningKey) -> Refusal {
    let refusal = permit.verify(key.verifying_key(), now()).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Permit);
    refusal
}

#[test]
fn what_was_signed_is_verified() {
    let key = key();
    let payload = payload(key.verifying_key());
    let signed = SignedPermit::sign(&payload, &key).unwrap();
    let permit = SignedPermit::new(&format!(" {}\n", signed.as_str()));
    let active = permit.verify(key.verifying_key(), now()).unwrap();
    assert_eq!(active.id().as_str(), "FR-2026-P-000017");
    assert_eq!(active.application().as_str(), "FR-2026-000123");
    assert_eq!(active.payload(), &payload);
    assert_eq!(
        active.policy().epsilon_total,
        Epsilon::from_nano(2_000_000_000)
    );
    assert_eq!(active.sha256(), signed.sha256());
    assert_eq!(format!("{active:?}"), "ActivePermit(FR-2026-P-000017)");
    assert!(!format!("{signed:?}").contains('.'));
}

#[test]
fn persons_are_those_the_permit_names() {
    let key = key();
    let mut payload = payload(key.verifying_key());
    set(
        &mut payload,
        "art68_10.d_authorisedPersons[1].validTo",
        json!("2026-12-31"),
    );
    let signed = SignedPermit::sign(&payload, &key).unwrap();
    let active = signed.verify(key.verifying_key(), now()).unwrap();
    for person in [
        "mailto:rosa@example.org",
        "ROSA@example.org ",
        "rosa marin",
        "Ivo Benda",
    ] {
        assert!(active.authorise(person, now()).is_ok(), "{person}");
    }
    for person in ["", "rosa", "mailto:", "Rosa Marin2"] {
        let refusal = active.authorise(person, now()).err().unwrap();
        assert_eq!(
            refusal.clause.as_deref(),
            Some("art68_10.d_authorisedPersons")
        );
    }
    let later = now() + chrono::TimeDelta::days(60);
    assert!(active.authorise("Ivo Benda", later).is_err());
}

#[test]
fn the_header_is_pinned() {
    let key = key();
    let payload = payload(key.verifying_key()).to_string();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"});
    let changes = [
        ("alg", json!("none")),
        ("alg", json!("None")),
        ("alg", json!("HS256")),
        ("alg", json!("ES256")),
        ("alg", json!("Ed25519")),
        ("alg", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!(null)),
        ("kid", json!("another")),
        ("kid", json!(null)),
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("jwk", jwk),
        ("jku", json!("https://example.org/keys")),
        ("x5u", json!("https://example.org/chain")),
        ("x5c", json!(["AAAA"])),
        ("cty", json!("JWT")),
        ("zip", json!("DEF")),
    ];
    for (name, value) in changes {
        let mut header = header(key.verifying_key());
        header[name] = value;
        let refusal = refused(&forge(&header, &payload, &key), &key);
        assert_eq!(
            refusal.clause.as_deref(),
            Some(format!("JWS.{name}").as_str()),
            "{refusal}"
        );
    }
    assert!(
        forge(&header(key.verifying_key()), &payload, &key)
            .verify(key.verifying_key(), now())
            .is_ok()
    );
}

#[test]
fn no_signature_and_no_other_algorithm_pass() {
    let key = key();
    let public = key.verifying_key();
    let payload = payload(public);
    let part = |value: &Value| encode(Alphabet::Url, value.to_string().as_bytes());
    for header in [header(public), json!({"alg": "none"})] {
        let unsigned = format!("{}.{}.", part(&header), part(&payload));
        refused(&SignedPermit(unsigned.clone()), &key);
        refused(
            &SignedPermit(unsigned.trim_end_matches('.').to_owned()),
            &key,
        );
    }
    for secret in [public.to_pem().into_bytes(), decode_x(public)] {
        for alg in [Algorithm::HS256, Algorithm::HS512] {
            let mut header = Header::new(alg);
            header.typ = Some(TYPE.into());
            header.kid = Some(public.fingerprint());
            let secret = EncodingKey::from_secret(&secret);
            let text = jsonwebtoken::encode(&header, &payload, &secret).unwrap();
            refused(&SignedPermit(text.clone()), &key);
            // The same bytes under a header that says EdDSA.
            let signature = text.rsplit('.').next().unwrap();
            let honest = SignedPermit::sign(&payload, &key).unwrap().0;
            let (message, _) = honest.rsplit_once('.').unwrap();
            refused(&SignedPermit(format!("{message}.{signature}")), &key);
        }
    }
}

fn decode_x(public: &VerifyingKey) -> Vec<u8> {
    let pem = public.to_pem();
    let der = decode(Alphabet::Standard, pem.lines().nth(1).unwrap()).unwrap();
    der[12..].to_vec()
}

#[test]
fn another_key_does_not_pass_for_ours() {
    let (ours, theirs) = (key(), key());
    let payload = payload(ours.verifying_key()).to_string();
    let forged = forge(&header(ours.verifying_key()), &payload, &theirs);
    let refusal = refused(&forged, &ours);
    assert!(refusal.reason.contains("signature"), "{refusal}");
    let honest = forge(&header(theirs.verifying_key()), &payload, &theirs);
    assert_eq!(refused(&honest, &ours).clause.as_deref(), Some("JWS.kid"));
    // Their own permit that names us as its issuer.
    assert_eq!(refused(&honest, &theirs).clause.as_deref(), Some("iss"));
}

#[test]
fn a_signature_of_json_is_no_permit() {
    let key = key();
    let payload = payload(key.verifying_key());
    let honest = SignedPermit::sign(&payload, &key).unwrap().0;
    let (message, _) = honest.rsplit_once('.').unwrap();
    let signature = key.sign_json(&payload).unwrap();
    refused(&SignedPermit(format!("{message}.{signature}")), &key);
}

#[test]
fn every_changed_byte_is_noticed() {
    let key = key();
    let text = SignedPermit::sign(&payload(key.verifying_key()), &key)
        .unwrap()
        .0;
    for place in 0..text.len() {
        for bit in [0, 1, 5] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            refused(&SignedPermit(changed), &key);
        }
    }
    for place in (0..text.len()).step_by(97) {
        refused(&SignedPermit(text[..place].to_owned()), &key);
    }
    for more in ["A", "=", ".", "..", ".AAAA", "\n.", "\0"] {
        refused(&SignedPermit(format!("{text}{more}")), &key);
        refused(&SignedPermit(format!("{more}{text}")), &key);
    }
}

#[test]
fn a_huge_text_is_not_read() {
    let key = key();
    for text in [
        "A".repeat(1 << 20),
        ".".repeat(1 << 20),
        "e30.".repeat(1 << 18),
    ] {
        let refusal = refused(&SignedPermit(text), &key);
        assert!(refusal.reason.contains("larger than 65536"), "{refusal}");
    }
    refused(&SignedPermit(String::new()), &key);
    let mut payload = payload(key.verifying_key());
    set(&mut payload, "redress", json!("x".repeat(60_000)));
    let error = SignedPermit::sign(&payload, &key).unwrap_err();
    assert!(error.to_string().contains("larger than 65536"), "{error}");
}

#[test]
fn a_file_has_the_same_limit() {
    let key = key();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("permit.jws");
    let signed = SignedPermit::sign(&payload(key.verifying_key()), &key).unwrap();
    std::fs::write(&path, format!("{}\n", signed.as_str())).unwrap();
    assert!(
        SignedPermit::from_file(&path)
            .unwrap()
            .verify(key.verifying_key(), now())
            .is_ok()
    );
    std::fs::write(&path, "A".repeat(PERMIT_BYTES_MAX + 1)).unwrap();
    assert!(SignedPermit::from_file(&path).is_err());
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(SignedPermit::from_file(&path).is_err());
    assert!(SignedPermit::from_file(&folder.path().join("none")).is_err());
}

#[test]
fn a_permit_has_its_time() {
    let key = key();
    let signed = SignedPermit::sign(&payload(key.verifying_key()), &key).unwrap();
    for (at, valid) in [
        ("2026-11-22T23:59:59.999999Z", false),
        ("2026-11-23T00:00:00Z", true),
        ("2028-12-31T23:59:59.999999Z", true),
        ("2029-01-01T00:00:00Z", false),
        ("1970-01-01T00:00:00Z", false),
    ] {
        let result = signed.verify(key.verifying_key(), at.parse().unwrap());
        assert_eq!(result.is_ok(), valid, "{at}");
        if let Err(refusal) = result {
            assert_eq!(refusal.clause.as_deref(), Some("art68_10.e_duration"));
        }
    }
}

#[test]
fn members_named_twice_are_refused() {
    let key = key();
    let honest = payload(key.verifying_key()).to_string();
    let twins = [
        honest.replacen(r#""policy":{"#, r#""policy":{"dataset":"other","#, 1),
        honest.replacen(
            r#""unit":"PERSON""#,
            r#""unit":"PERSON","epsilonTotal":9"#,
            1,
        ),
        honest.replacen(r#"{"iss""#, r#"{"\u0065xp":99999999999,"iss""#, 1),
        honest.replacen(r#"{"iss""#, r#"{"status":"GRANTED","iss""#, 1),
    ];
    for payload in twins {
        assert_ne!(payload, honest);
        let refusal = refused(&forge(&header(key.verifying_key()), &payload, &key), &key);
        assert!(refusal.reason.contains("twice"), "{refusal}");
    }
    let huge = honest.replace(r#""epsilonTotal":2"#, r#""epsilonTotal":1e400"#);
    assert_ne!(huge, honest);
    for payload in ["", "null", "[]", "{", &huge, &format!("{honest} 1")] {
        refused(&forge(&header(key.verifying_key()), payload, &key), &key);
    }
}

#[test]
fn no_field_that_is_not_enforced_is_signed_or_verified() {
    let key = key();
    for (path, value) in unenforced_fields() {
        let path = format!("policy.{path}");
        let mut payload = payload(key.verifying_key());
        set(&mut payload, &path, value);
        refused_both(&payload, &path, &key);
    }
}

#[test]
fn the_other_sections_are_checked_where_they_decide() {
    let key = key();
    let table = [
        ("schemaVersion", json!("0.2")),
        ("permitId", json!("FR/1")),
        ("permitId", json!(null)),
        ("jti", json!("FR-2026-P-000018")),
        ("version", json!(2)),
        ("supersedes", json!("FR-2026-P-000001")),
        ("status", json!("SUSPENDED")),
        ("status", json!(null)),
        ("applicationId", json!("")),
        ("iss", json!("")),
        ("iat", json!(-1)),
        ("nbf", json!(0)),
        ("exp", json!(99_999_999_999u64)),
        ("policy", json!(null)),
        ("budget", json!("unknown member")),
        ("decision.outcome", json!("REFUSED")),
        ("decision.art71_4_applied.applied", json!(true)),
        ("art68_10.c_optOutException.applied", json!(true)),
        ("art68_10.a_data", json!([])),
        ("art68_10.a_data[0].datasetId", json!("other")),
        ("art68_10.d_authorisedPersons", json!([])),
        ("art68_10.d_authorisedPersons[0].id", json!("")),
        ("art68_10.d_authorisedPersons[0].sees", json!("all")),
        ("art68_10.d_authorisedPersons[1].validTo", json!("always")),
        ("art68_10.e_duration.from", json!(null)),
        ("art68_10.e_duration.to", json!("2026-11-22")),
        ("art68_10.e_duration.to", json!("2036-11-23")),
        ("art68_10.e_duration.extendedOnce", json!(true)),
        ("art68_10.e_duration.maxYears", json!(20)),
    ];
    for (path, value) in table {
        let mut payload = payload(key.verifying_key());
        set(&mut payload, path, value);
        refused_both(&payload, path, &key);
    }
}

/// Neither signed nor, were it signed, verified, and both name the field.
fn refused_both(payload: &Value, path: &str, key: &SigningKey) {
    let signing = SignedPermit::sign(payload, key).unwrap_err();
    let forged = forge(&header(key.verifying_key()), &payload.to_string(), key);
    let verifying = refused(&forged, key);
    assert_eq!(verifying.clause.as_deref(), Some(path), "{verifying}");
    assert_eq!(signing.to_string(), verifying.to_string());
}

proptest! {
    #[test]
    fn any_text_is_refused(text in "[A-Za-z0-9_.=+/ -]{0,200}|\\PC{0,80}") {
        prop_assert!(SignedPermit::new(&text).verify(key().verifying_key(), now()).is_err());
    }
}
