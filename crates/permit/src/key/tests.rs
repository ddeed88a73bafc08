//! Keys in files, their names, and signatures of JSON.

use serde_json::json;

use super::*;

/// The private key of RFC 8410, section 10.3, and its public key of section 10.1.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
    -----END PUBLIC KEY-----\n";

#[test]
fn pem_is_that_of_rfc_8410() {
    let key = SigningKey::from_pem(PRIVATE).unwrap();
    assert_eq!(key.to_pem().unwrap().as_str(), PRIVATE);
    assert_eq!(key.verifying_key().to_pem(), PUBLIC);
    assert_eq!(
        VerifyingKey::from_pem(PUBLIC).unwrap(),
        *key.verifying_key()
    );
}

#[test]
fn the_fingerprint_is_that_of_rfc_8037() {
    // Appendix A.2 and A.3.
    let x = decode(Alphabet::Url, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
    let key = VerifyingKey(x.try_into().unwrap());
    assert_eq!(
        key.fingerprint(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn other_texts_are_no_keys() {
    let wrong = [
        "",
        "-----BEGIN PRIVATE KEY-----",
        PUBLIC,
        &PRIVATE.replace("PRIVATE", "EC PRIVATE"),
        &PRIVATE.replace("MC4C", "MC4D"),
        &PRIVATE.replace("VhC\n", "VhC=\n"),
        &PRIVATE.replace("EdVhC", "EdVh"),
    ];
    for text in wrong {
        assert!(SigningKey::from_pem(text).is_err(), "{text}");
    }
    for text in [
        "",
        PRIVATE,
        &PUBLIC.replace("MCow", "MCox"),
        &PUBLIC.replace("xZuE=", "xZg=="),
    ] {
        assert!(VerifyingKey::from_pem(text).is_err(), "{text}");
    }
}

#[test]
fn errors_hold_nothing_of_a_key() {
    let broken = PRIVATE.replace("MC4C", "MC4D");
    let message = SigningKey::from_pem(&broken).err().unwrap().to_string();
    assert!(
        !message.contains("MC4") && !message.contains("BEGIN"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn a_key_file_belongs_to_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hdab.pem");
    assert!(SigningKey::from_file(&path).is_err());
    let key = SigningKey::generate().unwrap();
    std::fs::write(&path, key.to_pem().unwrap().as_str()).unwrap();
    for (mode, readable) in [
        (0o600, true),
        (0o400, true),
        (0o640, false),
        (0o604, false),
        (0o660, false),
    ] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let loaded = SigningKey::from_file(&path);
        assert_eq!(loaded.is_ok(), readable, "{mode:o}");
        if let Err(error) = loaded {
            assert!(error.to_string().contains("0600"), "{error}");
        }
    }
    std::fs::write(&path, "x".repeat(5000)).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    assert!(
        SigningKey::from_file(&path)
            .err()
            .unwrap()
            .to_string()
            .contains("too large")
    );
}

#[test]
fn json_is_signed_in_its_canonical_form() {
    let key = SigningKey::generate().unwrap();
    let value = json!({"b": 1.0, "a": "é", "signature": "old"});
    let signature = key.sign_json(&value).unwrap();
    let twin: Value = serde_json::from_str(r#"{"a": "\u00e9", "b": 1}"#).unwrap();
    key.verifying_key().verify_json(&twin, &signature).unwrap();

    let other = SigningKey::generate().unwrap();
    assert!(
        other
            .verifying_key()
            .verify_json(&twin, &signature)
            .is_err()
    );
    assert!(
        key.verifying_key()
            .verify_json(&json!({"a": "é", "b": 2}), &signature)
            .is_err()
    );
    for wrong in [
        "",
        "AAAA",
        &signature[1..],
        &format!("{signature}A"),
        &format!("{signature}="),
    ] {
        assert!(matches!(
            key.verifying_key().verify_json(&twin, wrong),
            Err(PermitError::Signature)
        ));
    }
    assert!(key.sign_json(&json!([1])).is_err());
}
