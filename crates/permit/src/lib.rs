//! From application to verified permit.
#![deny(clippy::float_arithmetic)]

mod application;
mod base64;
mod canonical;
mod case;
mod fields;
mod key;
mod names;
mod office;
mod payload;
mod permits;
mod policy;
#[cfg(doctest)]
mod refused;
#[cfg(test)]
mod sample;
mod signed;
mod state;

pub use application::{Application, ApplicationId, Person, Problem};
pub use canonical::canonical;
pub use case::{
    APPLICATION_BYTES_MAX, ApplicationSummary, ApplicationView, Decision, Measure, Outcome,
    Verdict, Vote,
};
pub use key::{SigningKey, VerifyingKey};
pub use names::{Applicant, Country, Issuer, Officer};
pub use office::{Office, read_document};
pub use payload::AuthorisedPerson;
pub use permits::{Issued, PermitRecord, active, issue, load, set_status};
pub use policy::{MINIMUM_PERSONS_FLOOR, Policy, SnapshotChoice};
pub use signed::{ActivePermit, PERMIT_BYTES_MAX, SignedPermit};
pub use state::{
    Guard, PERMIT_TRANSITIONS, PermitStatus, Role, State, TRANSITIONS, Transition, UnknownWord,
};

use lazaret_model::Refusal;
use lazaret_store::StoreError;

/// What keeps an application or a permit from going on.
#[derive(Debug, thiserror::Error)]
pub enum PermitError {
    /// A step that is not allowed now, not to this person, or not by this permit.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A document that has not the form it needs.
    #[error("{what}: {reason}")]
    Form {
        /// The document or its field.
        what: String,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// An application with fields that are missing or not valid.
    #[error("the application is not complete:{}", lines(.0))]
    Incomplete(Vec<Problem>),
    /// A key that cannot be used; the message never holds any of it.
    #[error("{what} cannot be used: {reason}")]
    Key {
        /// Which key, by its kind or file.
        what: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A signature that is not the key's over these bytes.
    #[error("the signature does not belong to this text and this key")]
    Signature,
    /// Something that the store does not hold.
    #[error("there is no {kind} of that number")]
    Unknown {
        /// "application" or "permit".
        kind: &'static str,
    },
    /// The store's own reason.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("\n  {problem}"))
        .collect()
}
