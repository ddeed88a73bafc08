//! Ed25519 keys of an access body: signing permits and releases, and verifying them.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::PermitError;
use crate::base64::{Alphabet, decode, encode};
use crate::canonical::canonical_without;

/// Bytes a key file may have; a real one has some 120.
const FILE_BYTES_MAX: u64 = 4096;

/// The member of a signed JSON object that holds its signature.
const SIGNATURE: &str = "signature";

/// What stands before the 32 bytes of an Ed25519 public key in its DER form (RFC 8410, 4).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The access body's private key. It cannot be printed, cloned or serialised, and is erased from
/// memory when it is dropped.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    encoding: EncodingKey,
    public: VerifyingKey,
}

impl SigningKey {
    /// A new key from the system's generator.
    ///
    /// # Errors
    /// `PermitError::Key`, when the generator fails.
    pub fn generate() -> Result<Self, PermitError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| generator())?;
        Self::from_pair(pair)
    }

    /// The key from PKCS#8 in PEM (RFC 8410), as `to_pem` and OpenSSL write it.
    ///
    /// # Errors
    /// `PermitError::Key`, when the text is no such key.
    pub fn from_pem(text: &str) -> Result<Self, PermitError> {
        let wrong = || key("the private key", "it is no Ed25519 key in PKCS#8 PEM");
        let der = Zeroizing::new(unwrap_pem(text, "PRIVATE KEY").ok_or_else(wrong)?);
        Self::from_pair(Ed25519KeyPair::from_pkcs8(&der).map_err(|_| wrong())?)
    }

    /// The key from a PEM file that its owner alone can read.
    ///
    /// # Errors
    /// `PermitError::Key`, when the file is missing, can be read by group or others, or holds no
    /// such key.
    pub fn from_file(path: &Path) -> Result<Self, PermitError> {
        let file = open(path)?;
        refuse_shared(&file, path)?;
        let text = Zeroizing::new(read(file, path)?);
        Self::from_pem(&text).map_err(|_| file_error(path, "it is no Ed25519 key in PKCS#8 PEM"))
    }

    /// The key as PKCS#8 in PEM; the text is erased when it is dropped. It belongs into a file of
    /// mode 0600.
    ///
    /// # Errors
    /// `PermitError::Key`, when the key cannot be encoded.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, PermitError> {
        let der = self.pair.to_pkcs8v1().map_err(|_| generator())?;
        Ok(Zeroizing::new(wrap_pem(der.as_ref(), "PRIVATE KEY")))
    }

    /// The public half.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs a JSON object: Ed25519 over its canonical form (RFC 8785) without its `signature`
    /// member, base64url without padding. A canonical object opens with a brace and a permit's
    /// signed bytes with a letter, so neither signature can stand for the other.
    ///
    /// # Errors
    /// `PermitError::Form`, for a value that is no object or has no canonical form.
    pub fn sign_json(&self, value: &Value) -> Result<String, PermitError> {
        let text = canonical_without(value, SIGNATURE)?;
        let signature = self
            .pair
            .try_sign(text.as_bytes())
            .map_err(|_| generator())?;
        Ok(encode(Alphabet::Url, signature.as_ref()))
    }

    pub(crate) const fn encoding(&self) -> &EncodingKey {
        &self.encoding
    }

    fn from_pair(pair: Ed25519KeyPair) -> Result<Self, PermitError> {
        let der = pair.to_pkcs8v1().map_err(|_| generator())?;
        let encoding = EncodingKey::from_ed_der(der.as_ref());
        let public = <[u8; 32]>::try_from(pair.public_key().as_ref()).map_err(|_| generator())?;
        Ok(Self {
            pair,
            encoding,
            public: VerifyingKey(public),
        })
    }
}

/// The access body's public key: all that an engine or a reader needs.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// The key from its PEM text (RFC 8410).
    ///
    /// # Errors
    /// `PermitError::Key`, when the text is no such key.
    pub fn from_pem(text: &str) -> Result<Self, PermitError> {
        let wrong = || key("the public key", "it is no Ed25519 public key in PEM");
        let der = unwrap_pem(text, "PUBLIC KEY").ok_or_else(wrong)?;
        let bytes = der.strip_prefix(&SPKI).ok_or_else(wrong)?;
        <[u8; 32]>::try_from(bytes).map(Self).map_err(|_| wrong())
    }

    /// The key from a PEM file.
    ///
    /// # Errors
    /// `PermitError::Key`, when the file is missing or holds no such key.
    pub fn from_file(path: &Path) -> Result<Self, PermitError> {
        let text = read(open(path)?, path)?;
        Self::from_pem(&text).map_err(|_| file_error(path, "it is no Ed25519 public key in PEM"))
    }

    /// The key as PEM (RFC 8410).
    #[must_use]
    pub fn to_pem(&self) -> String {
        wrap_pem(&[SPKI.as_slice(), &self.0].concat(), "PUBLIC KEY")
    }

    /// The key's name: its JWK thumbprint (RFC 7638 with SHA-256, base64url).
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let x = encode(Alphabet::Url, &self.0);
        let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        encode(Alphabet::Url, &Sha256::digest(jwk.as_bytes()))
    }

    /// Verifies what `SigningKey::sign_json` signed; a `signature` member of the value is not
    /// part of what is signed.
    ///
    /// # Errors
    /// `PermitError::Signature`, when the signature is not this key's over this value;
    /// `PermitError::Form`, when the value can have no signature.
    pub fn verify_json(&self, value: &Value, signature: &str) -> Result<(), PermitError> {
        let text = canonical_without(value, SIGNATURE)?;
        let signature = decode(Alphabet::Url, signature).ok_or(PermitError::Signature)?;
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(text.as_bytes(), &signature)
            .map_err(|_| PermitError::Signature)
    }

    pub(crate) fn decoding(&self) -> DecodingKey {
        DecodingKey::from_ed_der(&self.0)
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.fingerprint())
    }
}

fn key(what: impl Into<String>, reason: impl Into<String>) -> PermitError {
    PermitError::Key {
        what: what.into(),
        reason: reason.into(),
    }
}

fn generator() -> PermitError {
    key(
        "the signing key",
        "the cryptographic library failed; try again on a sound machine",
    )
}

fn file_error(path: &Path, reason: impl Into<String>) -> PermitError {
    let name = path.file_name().unwrap_or(path.as_os_str());
    key(format!("the key file {}", name.display()), reason)
}

fn open(path: &Path) -> Result<File, PermitError> {
    File::open(path).map_err(|error| file_error(path, error.kind().to_string()))
}

fn read(file: File, path: &Path) -> Result<String, PermitError> {
    // One allocation of the final size, so that no moved copy of a secret stays behind.
    let mut text = String::with_capacity(usize::try_from(FILE_BYTES_MAX).unwrap_or(0) + 1);
    file.take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| file_error(path, error.kind().to_string()))?;
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if length > FILE_BYTES_MAX {
        Err(file_error(path, "it is too large"))
    } else {
        Ok(text)
    }
}

#[cfg(unix)]
fn refuse_shared(file: &File, path: &Path) -> Result<(), PermitError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata = file
        .metadata()
        .map_err(|error| file_error(path, error.kind().to_string()))?;
    if metadata.permissions().mode() & 0o077 == 0 {
        Ok(())
    } else {
        Err(file_error(
            path,
            "group or others can read it; set its mode to 0600",
        ))
    }
}

#[cfg(not(unix))]
fn refuse_shared(_: &File, _: &Path) -> Result<(), PermitError> {
    Ok(())
}

fn wrap_pem(der: &[u8], label: &str) -> String {
    let body = Zeroizing::new(encode(Alphabet::Standard, der));
    let mut text = String::with_capacity(body.len() + 128);
    text.push_str(&format!("-----BEGIN {label}-----\n"));
    for (index, symbol) in body.chars().enumerate() {
        if index > 0 && index.is_multiple_of(64) {
            text.push('\n');
        }
        text.push(symbol);
    }
    text.push_str(&format!("\n-----END {label}-----\n"));
    text
}

fn unwrap_pem(text: &str, label: &str) -> Option<Vec<u8>> {
    let body = text.trim();
    let body = body
        .strip_prefix("-----BEGIN ")?
        .strip_prefix(label)?
        .strip_prefix("-----")?;
    let body = body
        .strip_suffix("-----")?
        .strip_suffix(label)?
        .strip_suffix("-----END ")?;
    let mut symbols = Zeroizing::new(String::with_capacity(body.len()));
    symbols.extend(body.chars().filter(|symbol| !symbol.is_ascii_whitespace()));
    decode(Alphabet::Standard, &symbols)
}

#[cfg(test)]
mod tests;
