//! What happened, and the bytes under which the log keeps it.

use lazaret_model::Instant;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::merkle::Hash;
use crate::value::timestamp;

/// What happened, written to the log in the transaction that made it happen.
///
/// Nothing in it may be a record's value, an identifier, a key or an answer without noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, by the clock of who asked; kept to the microsecond.
    pub at: Instant,
    /// Who: a local name or a role.
    pub actor: String,
    /// What.
    pub kind: EventKind,
    /// To what: the id of a permit, an application, a dataset, a run.
    pub subject: String,
    /// What else an auditor needs: an object, or null.
    pub detail: Json,
}

impl Event {
    /// An event without detail.
    pub fn new(
        at: Instant,
        actor: impl Into<String>,
        kind: EventKind,
        subject: impl Into<String>,
    ) -> Self {
        Self {
            at,
            actor: actor.into(),
            kind,
            subject: subject.into(),
            detail: Json::Null,
        }
    }

    /// The same event with its detail.
    #[must_use]
    pub fn detail(mut self, detail: Json) -> Self {
        self.detail = detail;
        self
    }
}

/// What an event is about, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A home was made.
    Init,
    /// A key was made; its public half or its fingerprint is the detail.
    KeyMade,
    /// A local account was added.
    UserAdded,
    /// A local account can no longer act.
    UserDisabled,
    /// A bearer token was made.
    TokenMade,
    /// A lease was taken.
    LeaseTaken,
    /// A lease was given back.
    LeaseReturned,
    /// A night was read.
    Ingest,
    /// A snapshot was published.
    Publish,
    /// A snapshot was rewritten without changing its rows.
    Compacted,
    /// Persons were erased.
    Erased,
    /// Records in quarantine were looked at.
    QuarantineShown,
    /// The opt-out register changed.
    OptOutChanged,
    /// A dataset's record or label was made public.
    CatalogueExported,
    /// A private profile of a dataset was published.
    ProfilePublished,
    /// An application was first kept.
    ApplicationCreated,
    /// An application was handed in.
    ApplicationSubmitted,
    /// An application changed its state.
    ApplicationMoved,
    /// An officer voted.
    Reviewed,
    /// An application was decided.
    Decided,
    /// A permit was signed.
    PermitGranted,
    /// A permit was replaced by another.
    PermitAmended,
    /// A permit cannot be used for now.
    PermitSuspended,
    /// A permit can be used again.
    PermitResumed,
    /// A permit can never be used again.
    PermitRevoked,
    /// A dataset got its cap of budget.
    DatasetOpened,
    /// A budget was charged.
    Reserved,
    /// An answer left.
    Released,
    /// A request was refused.
    Refused,
    /// A request ended in a fault.
    Faulted,
    /// The log's head was signed or given to a witness.
    Checkpointed,
}

/// One entry of the log, as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place in the log, from 0.
    pub seq: u64,
    /// What happened.
    pub event: Event,
    /// The canonical JSON, byte for byte what the leaf was hashed from.
    pub text: String,
    /// The hash of the leaf.
    pub leaf: Hash,
    /// The root of the log before this entry, as the entry itself says.
    pub root_before: Hash,
}

/// The JSON of an entry. The fields stand in the order of the alphabet: that is the canonical form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    actor: String,
    at: String,
    detail: Json,
    kind: EventKind,
    root: String,
    seq: u64,
    subject: String,
}

impl Entry {
    /// The entry of an event: keys sorted, no white space, times to the microsecond, and with its
    /// place and the root before it, so that a log that was rewritten shows where. `None`, when
    /// what was written could not be read again: nesting or a year out of bounds.
    pub(crate) fn write(event: Event, seq: u64, root_before: Hash) -> Option<Self> {
        let written = Written {
            at: timestamp(event.at),
            actor: event.actor,
            detail: sorted(&event.detail),
            kind: event.kind,
            root: root_before.to_string(),
            seq,
            subject: event.subject,
        };
        let entry = Self::parse(&serde_json::to_string(&written).ok()?)?;
        // Four digits of a year: more would not sort as text.
        let plain = written.at.len() == "2026-11-23T05:06:07.000000Z".len();
        (plain && timestamp(entry.event.at) == written.at).then_some(entry)
    }

    /// The entry from its text, or `None` where the text is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let event = Event {
            at: written.at.parse().ok()?,
            actor: written.actor,
            kind: written.kind,
            subject: written.subject,
            detail: written.detail,
        };
        let leaf = Hash::leaf(text.as_bytes());
        let root_before = written.root.parse().ok()?;
        Some(Self {
            seq: written.seq,
            event,
            text: text.to_owned(),
            leaf,
            root_before,
        })
    }

    /// The kind as the word in its column.
    pub(crate) fn kind_word(&self) -> String {
        match serde_json::to_value(self.event.kind) {
            Ok(Json::String(word)) => word,
            _ => String::new(),
        }
    }
}

/// The same JSON with the members of every object in the order of their names.
fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(members) => {
            let mut names: Vec<_> = members.iter().collect();
            names.sort_unstable_by_key(|(name, _)| *name);
            names
                .into_iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
