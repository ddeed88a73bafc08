//! Whose a record is: the person behind a local id, found by a thread on its own.

use std::collections::HashMap;
use std::sync::PoisonError;

use lazaret_pseudonym::{PersonId, RawIdentifier, Token};

use crate::IngestError;
use crate::pool::Shared;

/// Persons a thread remembers; records of one person mostly follow each other.
const KNOWN_MAX: usize = 4096;

/// A person as records name it.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub(crate) token: Token,
    pub(crate) subject: i64,
    pub(crate) person: PersonId,
    /// Whether no `Patient` was ever read for it: the run links it when a row is its.
    pub(crate) provisional: bool,
}

/// The persons that one thread met in one file.
#[derive(Default)]
pub(crate) struct Persons {
    known: HashMap<String, Person>,
}

impl Persons {
    /// The person of a local id.
    pub(crate) fn find(&mut self, id: &str, shared: &Shared) -> Result<Person, IngestError> {
        if let Some(person) = self.known.get(id) {
            return Ok(*person);
        }
        let keys = &shared.keys;
        let token = keys.token("Patient", id);
        let identities = shared.identities.read();
        let linked = identities
            .unwrap_or_else(PoisonError::into_inner)
            .get(&token);
        let person = match linked {
            Some(person) => person,
            None => keys.person(&RawIdentifier::local(id)?),
        };
        let found = Person {
            token,
            subject: keys.subject(&token),
            person,
            provisional: linked.is_none(),
        };
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(id.to_owned(), found);
        Ok(found)
    }
}
