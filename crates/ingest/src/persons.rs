//! Whose a record is: the person behind a local id, found by a thread on its own.

use std::collections::HashMap;
use std::sync::PoisonError;

use lazaret_pseudonym::{Identities, PersonId, RawIdentifier, Token};

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
    pub(crate) known: Known,
}

/// Whether a `Patient` was ever read for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// One was, or an earlier record named the person already.
    Yes,
    /// None was; a record names the person by a local id.
    OnlyLocalId,
    /// None was; a record names the person by an identifier.
    OnlyIdentifier,
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
        let linked = linked(shared, |identities| identities.get(&token));
        let found = Person {
            token,
            subject: keys.subject(&token),
            person: match linked {
                Some(person) => person,
                None => keys.person(&RawIdentifier::local(id)?),
            },
            known: if linked.is_some() {
                Known::Yes
            } else {
                Known::OnlyLocalId
            },
        };
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(id.to_owned(), found);
        Ok(found)
    }
}

/// The person of an identifier: whom a record with it was linked to, else the person that it names
/// by itself. It is not remembered here, so that no identifier stays in memory.
pub(crate) fn identified(identifier: &RawIdentifier, shared: &Shared) -> Person {
    let keys = &shared.keys;
    let token = keys.identifier_token(identifier);
    let named = keys.person(identifier);
    let linked = linked(shared, |identities| {
        let alias = identities.get(&token);
        alias.or_else(|| identities.knows(named).then_some(named))
    });
    Person {
        token,
        subject: keys.subject(&token),
        person: linked.unwrap_or(named),
        known: if linked.is_some() {
            Known::Yes
        } else {
            Known::OnlyIdentifier
        },
    }
}

fn linked(shared: &Shared, of: impl FnOnce(&Identities) -> Option<PersonId>) -> Option<PersonId> {
    let identities = shared.identities.read();
    of(&identities.unwrap_or_else(PoisonError::into_inner))
}
