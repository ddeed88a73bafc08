//! The chain of two keyed steps: T = HMAC(K_holder, domain | id), S = HMAC(K_centre, T).

use crate::batch;
use crate::identifier::first_63_bits;
use crate::key::{Keyed, Secret};
use crate::{
    CentreKey, HolderKey, PersonId, PseudonymError, PseudonymisedBatch, RawBatch, RawIdentifier,
    RecordId, Token,
};

/// Makes pseudonyms, in as many threads as share it. Holds the keys as the states of keyed hashes,
/// so it has no `Debug`, `Clone` or `Serialize`; they are wiped when it is dropped.
pub struct Pseudonymiser {
    person: Chain,
    record: Chain,
    resource: Chain,
    token: Keyed,
    subject: Keyed,
}

impl Pseudonymiser {
    /// The chain of these two keys. Persons use the keys themselves; records, resources, tokens
    /// and subjects use subkeys (HKDF-SHA-256, RFC 5869).
    ///
    /// # Privacy
    /// A subkey tells nothing about its key or another subkey, so the pseudonym of a record never
    /// equals that of a person with the same id, but by chance.
    #[must_use]
    pub fn new(holder: HolderKey, centre: CentreKey) -> Self {
        let (holder, centre) = (holder.0, centre.0);
        Self {
            record: Chain::derived(&holder, &centre, "record"),
            resource: Chain::derived(&holder, &centre, "resource"),
            token: holder.subkey("token").keyed(),
            subject: centre.subkey("subject").keyed(),
            person: Chain {
                holder: holder.keyed(),
                centre: centre.keyed(),
            },
        }
    }

    /// The pseudonym of a person: the first 63 bits of
    /// `HMAC(K_centre, HMAC(K_holder, domain | id))`, domain and id each after its length.
    ///
    /// # Privacy
    /// HMAC-SHA-256 is a pseudorandom function: without both keys a pseudonym tells nothing about
    /// the identifier, and one key alone does not let a list of all identifiers be tried. The
    /// lengths keep `("ab", "c")` and `("a", "bc")` apart. Two of 70 million persons share a
    /// pseudonym with a probability of 2.7e-4.
    #[must_use]
    pub fn person(&self, id: &RawIdentifier) -> PersonId {
        let (domain, id) = id.open();
        PersonId::of(&self.person.mac(domain, id))
    }

    /// The pseudonym of a record of this kind, such as `Encounter`, for joins inside the lake.
    ///
    /// # Privacy
    /// As for a person, under keys of its own.
    #[must_use]
    pub fn record(&self, kind: &str, id: &str) -> RecordId {
        RecordId::of(&self.record.mac(kind, id))
    }

    /// The name under which the lake replaces or deletes what came from one resource.
    ///
    /// # Privacy
    /// As for a person, under keys of its own, so it does not equal the record's pseudonym.
    #[must_use]
    pub fn resource(&self, kind: &str, id: &str) -> i64 {
        first_63_bits(&self.resource.mac(kind, id)[..])
    }

    /// A token of something local: the first 16 bytes of an HMAC under a subkey of the holder's
    /// key.
    ///
    /// # Privacy
    /// One step only: a token is for the holder's identity file, whose reader has no keys.
    #[must_use]
    pub fn token(&self, domain: &str, value: &str) -> Token {
        Token::of(&self.token.framed(domain, value))
    }

    /// The token of a person's identifier, for a reference that names its person by it.
    ///
    /// # Privacy
    /// As for a token; spellings of one identifier have one. Its domain differs from those of
    /// local ids.
    #[must_use]
    pub fn identifier_token(&self, id: &RawIdentifier) -> Token {
        let (domain, id) = id.open();
        Token::of(&self.token.framed(&format!("identifier/{domain}"), id))
    }

    /// The number under which the lake knows a source's person record, to find what moves when
    /// that record turns out to be another person.
    ///
    /// # Privacy
    /// The token goes through the centre's key too, so the lake's numbers need both keys.
    #[must_use]
    pub fn subject(&self, token: &Token) -> i64 {
        first_63_bits(&self.subject.mac(&[token.as_bytes()])[..])
    }

    /// Replaces the raw columns of a batch by pseudonyms and adds the hidden columns.
    ///
    /// # Errors
    /// `Shape`, when the columns do not fit together.
    ///
    /// # Privacy
    /// The batch that comes out holds no raw column: persons and records are pseudonyms, and every
    /// other column passed because its role said so. Arrow's buffers of the raw columns are freed
    /// here and not wiped: that would need unsafe code.
    pub fn batch(&self, raw: RawBatch) -> Result<PseudonymisedBatch, PseudonymError> {
        batch::pseudonymise(self, raw)
    }
}

/// The keys of the two steps.
struct Chain {
    holder: Keyed,
    centre: Keyed,
}

impl Chain {
    fn derived(holder: &Secret, centre: &Secret, use_: &str) -> Self {
        Self {
            holder: holder.subkey(use_).keyed(),
            centre: centre.subkey(use_).keyed(),
        }
    }

    fn mac(&self, domain: &str, id: &str) -> [u8; 32] {
        let delivery = self.holder.framed(domain, id);
        *self.centre.mac(&[&delivery[..]])
    }
}
