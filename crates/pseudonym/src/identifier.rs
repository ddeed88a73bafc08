//! Identifiers before the chain, sealed, and pseudonyms after it.

use zeroize::Zeroize;

use crate::PseudonymError;

/// The domain of ids that mean something inside one source only.
pub(crate) const LOCAL: &str = "local";

/// A person's identifier as the source wrote it. It can be made anywhere and opened only here:
/// no field is public, it has no `Debug`, `Clone` or `Serialize`, and its text is wiped when it
/// is dropped.
pub struct RawIdentifier {
    domain: String,
    id: String,
}

impl RawIdentifier {
    /// An identifier of a system such as `urn:oid:1.2.250.1.213.1.4.8`, in canonical form: white
    /// space and control characters are left out wherever they stand, ASCII letters become upper
    /// case, everything else, leading zeros too, stays byte for byte (no Unicode normalisation:
    /// identifiers of persons are ASCII). The system's name is only trimmed.
    ///
    /// # Errors
    /// `MalformedIdentifier`, when nothing is left, the system has no name, or it is `local`.
    ///
    /// # Privacy
    /// Spellings of one identifier become one person, so an objection finds all of that person's
    /// rows. An empty identifier is refused: it would make one person of everybody without one.
    pub fn new(domain: &str, value: String) -> Result<Self, PseudonymError> {
        let domain = domain.trim();
        let mut id = String::with_capacity(value.len());
        let kept = value
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control());
        id.extend(kept.map(|c| c.to_ascii_uppercase()));
        wipe(value);
        let raw = Self {
            domain: domain.to_owned(),
            id,
        };
        if raw.id.is_empty() || domain.is_empty() || domain == LOCAL {
            return Err(PseudonymError::MalformedIdentifier);
        }
        Ok(raw)
    }

    /// An id that is unique inside one source, such as a FHIR logical id: kept as it is, because
    /// these ids differ in case (FHIR R4, 2.24.0.1, type `id`).
    ///
    /// # Errors
    /// `MalformedIdentifier`, when it is empty.
    ///
    /// # Privacy
    /// The domain `local` keeps these apart from identifiers of every named system.
    pub fn local(id: &str) -> Result<Self, PseudonymError> {
        if id.is_empty() {
            return Err(PseudonymError::MalformedIdentifier);
        }
        Ok(Self {
            domain: LOCAL.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The domain and the canonical id, for the chain alone.
    pub(crate) fn open(&self) -> (&str, &str) {
        (&self.domain, &self.id)
    }
}

impl Drop for RawIdentifier {
    fn drop(&mut self) {
        self.id.zeroize();
    }
}

/// A person's pseudonym: 63 bits, never negative. Made by the chain alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(i64);

impl PersonId {
    pub(crate) fn of(mac: &[u8]) -> Self {
        Self(first_63_bits(mac))
    }

    /// From an identity file, where the chain wrote it.
    pub(crate) fn stored(bytes: [u8; 8]) -> Self {
        Self(i64::from_be_bytes(bytes) & i64::MAX)
    }

    /// The pseudonym as a number.
    ///
    /// # Privacy
    /// A pseudonym is personal data still: it belongs into the lake, not into a log or an answer.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A record's pseudonym: 63 bits, never negative. Made by the chain alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(i64);

impl RecordId {
    pub(crate) fn of(mac: &[u8]) -> Self {
        Self(first_63_bits(mac))
    }

    /// The pseudonym as a number.
    ///
    /// # Privacy
    /// As for a person: it belongs into the lake, not into a log or an answer.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A keyed name of something local, such as a reference: 16 bytes, of the holder's key alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token([u8; 16]);

impl Token {
    pub(crate) fn of(mac: &[u8; 32]) -> Self {
        let (half, _) = mac.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Self(*half)
    }

    pub(crate) const fn stored(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    ///
    /// # Privacy
    /// Without the holder's key nothing about the reference follows from them, but they link
    /// records of one person: they stay with the holder.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The first 63 bits of a MAC, as a non-negative number.
pub(crate) fn first_63_bits(mac: &[u8]) -> i64 {
    let first = mac
        .first_chunk::<8>()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes));
    (first >> 1).cast_signed()
}

fn wipe(mut text: String) {
    text.zeroize();
}
