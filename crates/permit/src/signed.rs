//! The permit as it travels, a JWS, and as it is believed: only after it was verified.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use jsonwebtoken::{Algorithm, Header};
use lazaret_model::{Instant, PermitId, Refusal, RefusalCode};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::base64::{Alphabet, decode};
use crate::canonical::read;
use crate::fields::{Fields, Wrong};
use crate::payload::Payload;
use crate::policy::refusal;
use crate::{ApplicationId, AuthorisedPerson, PermitError, Policy, SigningKey, VerifyingKey};

/// Bytes a signed permit may have: nothing larger is looked at.
pub const PERMIT_BYTES_MAX: usize = 64 * 1024;

/// The header's `typ`: nothing else that the key signs can pass for a permit.
const TYPE: &str = "ehds-permit+jws";

/// A permit as a compact JWS (RFC 7515). It says nothing and allows nothing until it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedPermit(String);

/// A permit whose signature, form, time and every policy field were checked. Only
/// [`SignedPermit::verify`] makes one.
pub struct ActivePermit {
    payload: Value,
    read: Payload,
    sha256: String,
}

impl SignedPermit {
    /// The text of a JWS, not looked at yet; space around it is dropped.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The JWS in a file.
    ///
    /// # Errors
    /// `PermitError::Form`, when the file cannot be read as text or is larger than a permit.
    pub fn from_file(path: &Path) -> Result<Self, PermitError> {
        let form = |reason: String| PermitError::Form {
            what: "the permit file".into(),
            reason,
        };
        let broken = |error: std::io::Error| form(error.kind().to_string());
        let limit = u64::try_from(PERMIT_BYTES_MAX).unwrap_or(u64::MAX);
        let mut text = String::new();
        let file = File::open(path).map_err(broken)?;
        file.take(limit + 1)
            .read_to_string(&mut text)
            .map_err(broken)?;
        if text.len() > PERMIT_BYTES_MAX {
            return Err(form(format!("it is larger than {PERMIT_BYTES_MAX} bytes")));
        }
        Ok(Self::new(&text))
    }

    /// The compact JWS.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the compact JWS, in lower-case hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        Sha256::digest(self.0.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Checks everything a permit rests on: size, header, signature, form, policy and time. The
    /// header is compared, never followed: the algorithm, the type and the key are ours.
    /// Whether the permit was revoked is not in it: see [`crate::Office::active`].
    ///
    /// # Errors
    /// `Refusal` of code `Permit` whose clause is the JSON path, or `JWS` for the envelope.
    pub fn verify(&self, key: &VerifyingKey, now: Instant) -> Result<ActivePermit, Refusal> {
        let payload = self.open(key)?;
        let read = Payload::parse(&payload)?;
        if read.issuer != key.fingerprint() {
            return Err(refusal(Wrong::new("iss", "it is not the key that signed")));
        }
        let window = |reason: String| {
            Refusal::new(RefusalCode::Permit, reason).clause("art68_10.e_duration")
        };
        if now < read.valid_from {
            let from = read.valid_from.format("%Y-%m-%d");
            return Err(window(format!(
                "the permit is not valid before {from} (UTC)"
            )));
        }
        if now >= read.valid_until {
            let until = read.valid_until.format("%Y-%m-%d");
            return Err(window(format!(
                "the permit expired at the start of {until} (UTC)"
            )));
        }
        Ok(ActivePermit {
            payload,
            read,
            sha256: self.sha256(),
        })
    }

    /// Signs a payload that would be verified.
    pub(crate) fn sign(payload: &Value, key: &SigningKey) -> Result<Self, PermitError> {
        Payload::parse(payload)?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.into());
        header.kid = Some(key.verifying_key().fingerprint());
        let failed = |_| PermitError::Key {
            what: "the signing key".into(),
            reason: "the cryptographic library failed".into(),
        };
        let text = jsonwebtoken::encode(&header, payload, key.encoding()).map_err(failed)?;
        if text.len() > PERMIT_BYTES_MAX {
            return Err(envelope(too_large()).into());
        }
        Ok(Self(text))
    }

    /// The payload, once the envelope is known to be this key's.
    fn open(&self, key: &VerifyingKey) -> Result<Value, Refusal> {
        if self.0.len() > PERMIT_BYTES_MAX {
            return Err(envelope(too_large()));
        }
        let parts: Vec<&str> = self.0.splitn(4, '.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(envelope("it is no compact JWS of three parts"));
        };
        let broken = || envelope("a part is not base64url of JSON that can be read");
        let part = |text| decode(Alphabet::Url, text).and_then(|bytes| read(&bytes).ok());
        let protected = part(header).ok_or_else(broken)?;
        check_header(&protected, key).map_err(refusal)?;
        let signed = self
            .0
            .strip_suffix(signature)
            .and_then(|text| text.strip_suffix('.'));
        let signed = signed.ok_or_else(broken)?.as_bytes();
        let algorithm = Algorithm::EdDSA;
        match jsonwebtoken::crypto::verify(signature, signed, &key.decoding(), algorithm) {
            Ok(true) => {}
            _ => {
                return Err(envelope(
                    "its signature is not that of the access body's key",
                ));
            }
        }
        let bytes = decode(Alphabet::Url, payload).ok_or_else(broken)?;
        read(&bytes).map_err(|error| envelope(error.to_string()))
    }
}

impl ActivePermit {
    /// The permit's number.
    #[must_use]
    pub const fn id(&self) -> &PermitId {
        &self.read.id
    }

    /// What it allows.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.read.policy
    }

    /// All of it, as it was signed.
    #[must_use]
    pub const fn payload(&self) -> &Value {
        &self.payload
    }

    /// The application it answers.
    #[must_use]
    pub const fn application(&self) -> &ApplicationId {
        &self.read.application_id
    }

    /// Whom it names.
    #[must_use]
    pub fn persons(&self) -> &[AuthorisedPerson] {
        &self.read.persons
    }

    /// The first moment of its time.
    #[must_use]
    pub const fn valid_from(&self) -> Instant {
        self.read.valid_from
    }

    /// The first moment after its time.
    #[must_use]
    pub const fn valid_until(&self) -> Instant {
        self.read.valid_until
    }

    /// SHA-256 of the compact JWS, in lower-case hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Whether the permit names this person, by credential (with or without `mailto:`) or full
    /// name, on this day.
    ///
    /// # Errors
    /// `Refusal` of code `Permit`.
    pub fn authorise(&self, person: &str, now: Instant) -> Result<&AuthorisedPerson, Refusal> {
        let wanted = person.trim().to_lowercase();
        let today = now.date_naive();
        let named = |authorised: &&AuthorisedPerson| {
            let id = authorised.id.to_lowercase();
            let matches = id == wanted
                || id.strip_prefix("mailto:") == Some(&wanted)
                || authorised.name.to_lowercase() == wanted;
            matches && (authorised.from..=authorised.to).contains(&today)
        };
        self.persons().iter().find(named).ok_or_else(|| {
            Refusal::new(
                RefusalCode::Permit,
                "the permit does not name this person today",
            )
            .clause("art68_10.d_authorisedPersons")
        })
    }
}

impl fmt::Debug for ActivePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActivePermit({})", self.id())
    }
}

impl fmt::Debug for SignedPermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedPermit(sha256 {})", self.sha256())
    }
}

fn too_large() -> String {
    format!("it is larger than {PERMIT_BYTES_MAX} bytes")
}

/// A refusal of the envelope: nothing in it has been believed yet.
fn envelope(reason: impl fmt::Display) -> Refusal {
    Refusal::new(
        RefusalCode::Permit,
        format!("the permit cannot be used: {reason}"),
    )
    .clause("JWS")
}

/// The header names what we pinned, and nothing else: no key of its own, no critical extension.
fn check_header(header: &Value, key: &VerifyingKey) -> Result<(), Wrong> {
    let mut fields = Fields::of("JWS", header)?;
    for (name, expected) in [
        ("alg", "EdDSA"),
        ("typ", TYPE),
        ("kid", key.fingerprint().as_str()),
    ] {
        if fields.text(name)? != Some(expected) {
            return Err(fields.wrong(name, format!("only `{expected}` is accepted")));
        }
    }
    fields.finish()
}

#[cfg(test)]
mod tests;
