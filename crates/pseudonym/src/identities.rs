//! Which person a source's local id stands for: a sorted file of tokens, kept by the holder.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::OnceLock;

use crate::key::new_file;
use crate::{PersonId, PseudonymError, Token};

/// Bytes of an entry: a token and the pseudonym it is linked to, big-endian; the pseudonym's free
/// first bit marks what is no first record of a person.
const ENTRY_BYTES: usize = 24;
/// The bit of the mark, in the first byte of the pseudonym.
const SECOND: u8 = 0x80;

/// What a link did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// The token was not known.
    New,
    /// The token is linked to this person already.
    Same,
    /// The token was linked to another person, and is linked to this one now.
    Moved,
}

/// A person, and whether the token is no first record of it: another record of the source was
/// linked to it before, or the token stands for one more identifier.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Link {
    person: PersonId,
    second: bool,
}

/// The links of local tokens to persons: those of earlier nights, sorted, and tonight's.
#[derive(Default)]
pub struct Identities {
    earlier: Vec<[u8; ENTRY_BYTES]>,
    tonight: BTreeMap<Token, Link>,
    /// Persons that have a record, sorted: of earlier nights, from when they are first asked for,
    /// and of tonight.
    taken_earlier: OnceLock<Vec<PersonId>>,
    taken_tonight: HashSet<PersonId>,
    /// How many of tonight's tokens were not known before.
    added: usize,
}

impl Identities {
    /// No links.
    ///
    /// # Privacy
    /// Nothing is known of anybody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the links of earlier nights.
    ///
    /// # Errors
    /// `File`, when it cannot be read; `MalformedIdentities`, when it is not a strictly sorted
    /// file of whole entries.
    ///
    /// # Privacy
    /// The file holds keyed tokens and pseudonyms only, no identifier.
    pub fn load(path: &Path) -> Result<Self, PseudonymError> {
        let failed = |source| PseudonymError::File {
            path: path.to_owned(),
            source,
        };
        let malformed = || PseudonymError::MalformedIdentities {
            path: path.to_owned(),
        };
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .map_err(failed)?;
        let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        let sorted = entries.windows(2).all(|pair| match pair {
            [a, b] => token_of(a) < token_of(b),
            _ => true,
        });
        if !rest.is_empty() || !sorted {
            return Err(malformed());
        }
        Ok(Self {
            earlier: entries.to_vec(),
            ..Self::default()
        })
    }

    /// Writes all links to a new file beside `path`, makes it durable and puts it in its place.
    ///
    /// # Errors
    /// `File`, when that fails: then the file at `path` is the old one, whole.
    ///
    /// # Privacy
    /// Only the owner can read the file. It holds tokens and pseudonyms, no identifier.
    pub fn save(&self, path: &Path) -> Result<(), PseudonymError> {
        let failed = |source| PseudonymError::File {
            path: path.to_owned(),
            source,
        };
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let beside = path.with_file_name(name);
        // What a crash left behind is only a copy that never counted.
        if beside.exists() {
            std::fs::remove_file(&beside).map_err(failed)?;
        }
        let mut out = BufWriter::new(new_file(&beside).map_err(failed)?);
        for (token, link) in self.merged() {
            let mut person = link.person.get().to_be_bytes();
            if let (true, Some(first)) = (link.second, person.first_mut()) {
                *first |= SECOND;
            }
            out.write_all(token.as_bytes()).map_err(failed)?;
            out.write_all(&person).map_err(failed)?;
        }
        let file = out
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)?;
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))
            .and_then(|dir| dir.sync_all())
            .map_err(failed)
    }

    /// The person a token is linked to.
    ///
    /// # Privacy
    /// Who asks holds the token, so had the holder's key.
    #[must_use]
    pub fn get(&self, token: &Token) -> Option<PersonId> {
        self.find(token).map(|link| link.person)
    }

    /// Whether the token stands for a second record of its person: another token was linked to
    /// that person before it. A table with one row a person has the first record's row.
    ///
    /// # Privacy
    /// One person stays one row, so that the bound of such a table holds.
    #[must_use]
    pub fn is_second(&self, token: &Token) -> bool {
        self.find(token).is_some_and(|link| link.second)
    }

    /// Links a token to a person; the latest link counts. A person keeps its first record even
    /// when that record moves to somebody else.
    ///
    /// # Privacy
    /// A link that moves splits what one local record left in the lake over two persons, until
    /// its resources arrive again: the caller counts and reports it.
    pub fn link(&mut self, token: Token, person: PersonId) -> Linked {
        let known = self.find(&token);
        if known.is_some_and(|known| known.person == person) {
            return Linked::Same;
        }
        let second = self.knows(person);
        self.taken_tonight.insert(person);
        self.put(token, Link { person, second }, known)
    }

    /// Links the token of one more identifier to a person, so that a reference by it finds whom
    /// the record with both identifiers is about.
    ///
    /// # Privacy
    /// As for a link. It is no record of the person, so it takes no row from the person's first.
    pub fn alias(&mut self, token: Token, person: PersonId) -> Linked {
        let known = self.find(&token);
        if known.is_some_and(|known| known.person == person) {
            return Linked::Same;
        }
        let second = true;
        self.put(token, Link { person, second }, known)
    }

    /// Whether a record of the source was ever linked to the person.
    ///
    /// # Privacy
    /// Who asks has the pseudonym, so had both keys.
    #[must_use]
    pub fn knows(&self, person: PersonId) -> bool {
        let taken = self.taken_earlier.get_or_init(|| {
            let links = self.earlier.iter().map(link_of);
            let first = links.filter(|link| !link.second);
            let mut persons: Vec<_> = first.map(|link| link.person).collect();
            persons.sort_unstable();
            persons
        });
        self.taken_tonight.contains(&person) || taken.binary_search(&person).is_ok()
    }

    /// How many tokens are linked.
    ///
    /// # Privacy
    /// A count of the holder's persons, for the holder's own report.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.earlier.len() + self.added
    }

    /// Whether no token is linked.
    ///
    /// # Privacy
    /// As for the count.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, token: &Token) -> Option<Link> {
        if let Some(link) = self.tonight.get(token) {
            return Some(*link);
        }
        let found = self.earlier.binary_search_by_key(token, token_of).ok()?;
        self.earlier.get(found).map(link_of)
    }

    fn put(&mut self, token: Token, link: Link, known: Option<Link>) -> Linked {
        self.tonight.insert(token, link);
        if known.is_some() {
            return Linked::Moved;
        }
        self.added += 1;
        Linked::New
    }

    /// All links in order of their tokens, tonight's in place of earlier ones.
    fn merged(&self) -> impl Iterator<Item = (Token, Link)> {
        let mut earlier = self.earlier.iter().peekable();
        let mut tonight = self.tonight.iter().peekable();
        std::iter::from_fn(move || {
            let old = earlier.peek().map(|entry| token_of(entry));
            let new = tonight.peek().map(|(token, _)| **token);
            match (old, new) {
                (None, None) => None,
                (Some(old), new) if new.is_none_or(|new| old < new) => {
                    earlier.next().map(|entry| (old, link_of(entry)))
                }
                (old, _) => {
                    if old == new {
                        earlier.next();
                    }
                    tonight.next().map(|(token, link)| (*token, *link))
                }
            }
        })
    }
}

fn token_of(entry: &[u8; ENTRY_BYTES]) -> Token {
    Token::stored(entry.first_chunk::<16>().copied().unwrap_or_default())
}

fn link_of(entry: &[u8; ENTRY_BYTES]) -> Link {
    let mut person = entry.last_chunk::<8>().copied().unwrap_or_default();
    let second = person.first().is_some_and(|first| first & SECOND != 0);
    if let Some(first) = person.first_mut() {
        *first &= !SECOND;
    }
    Link {
        person: PersonId::stored(person),
        second,
    }
}
