//! The permit office: who may do what with an application, each step kept with its trace.

mod steps;

use lazaret_model::Instant;
use lazaret_store::{Event, EventKind, Store, Tx};
use serde_json::Value;

use crate::canonical::read;
use crate::case::{self, APPLICATION_BYTES_MAX, Case};
use crate::state::Role;
use crate::{
    Applicant, ApplicationId, ApplicationSummary, ApplicationView, Country, Officer, Outcome,
    PermitError, State, Verdict,
};

pub(crate) use steps::{refused, text};

/// The permit office of a home. Every change is one transaction with its entry in the log.
#[derive(Clone)]
pub struct Office {
    store: Store,
}

/// The JSON of an application's file.
///
/// # Errors
/// `PermitError::Form`, when it is too large, no JSON, or names a member twice.
pub fn read_document(bytes: &[u8]) -> Result<Value, PermitError> {
    if bytes.len() > APPLICATION_BYTES_MAX {
        return Err(PermitError::Form {
            what: "the application".into(),
            reason: format!("it is larger than {APPLICATION_BYTES_MAX} bytes"),
        });
    }
    read(bytes)
}

impl Office {
    /// The office over a home's store.
    #[must_use]
    pub const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Keeps a draft. It gets the next number of its country and year, unless it carries one.
    ///
    /// # Errors
    /// `PermitError::Form`, when the document is no object, too large or carries no valid number;
    /// `PermitError::Refused`, when its number is taken.
    pub async fn create(
        &self,
        document: &Value,
        applicant: &Applicant,
        country: &Country,
        now: Instant,
    ) -> Result<ApplicationId, PermitError> {
        let event = Event::new(now, applicant.as_str(), EventKind::ApplicationCreated, "");
        let create = async |tx: &mut Tx| steps::create(tx, document, applicant, country, now).await;
        self.store.write(event, create).await
    }

    /// Replaces the document of a draft, or of an application whose applicant was asked for more.
    /// Votes on the old document are void.
    ///
    /// # Errors
    /// `PermitError::Refused`, when it is not the applicant's or is being judged.
    pub async fn amend(
        &self,
        id: &ApplicationId,
        applicant: &Applicant,
        document: &Value,
        now: Instant,
    ) -> Result<(), PermitError> {
        let event = Event::new(
            now,
            applicant.as_str(),
            EventKind::ApplicationMoved,
            id.as_str(),
        );
        let amend = async |tx: &mut Tx| steps::amend(tx, id, applicant, document, now).await;
        self.store.write(event, amend).await
    }

    /// Hands a draft in.
    ///
    /// # Errors
    /// `PermitError::Incomplete` with all that is missing; `PermitError::Refused`, when it is not
    /// the applicant's draft or asks for a policy that cannot be granted.
    pub async fn submit(
        &self,
        id: &ApplicationId,
        applicant: &Applicant,
        now: Instant,
    ) -> Result<(), PermitError> {
        let kind = EventKind::ApplicationSubmitted;
        self.applicant_moves(id, applicant, kind, now, Some(State::Submitted))
            .await
    }

    /// Gives an application back to the office, to where its question was raised.
    ///
    /// # Errors
    /// `PermitError::Refused`, when nothing was asked, or as `submit`.
    pub async fn answer(
        &self,
        id: &ApplicationId,
        applicant: &Applicant,
        now: Instant,
    ) -> Result<(), PermitError> {
        self.applicant_moves(id, applicant, EventKind::ApplicationMoved, now, None)
            .await
    }

    /// Takes an application back.
    ///
    /// # Errors
    /// `PermitError::Refused`, when it is decided or not the applicant's.
    pub async fn withdraw(
        &self,
        id: &ApplicationId,
        applicant: &Applicant,
        now: Instant,
    ) -> Result<(), PermitError> {
        let kind = EventKind::ApplicationMoved;
        self.applicant_moves(id, applicant, kind, now, Some(State::Withdrawn))
            .await
    }

    /// Asks the applicant for more (Article 68(4)).
    ///
    /// # Errors
    /// `PermitError::Refused`, when the application is not being judged, or names the officer.
    pub async fn ask(
        &self,
        id: &ApplicationId,
        officer: &Officer,
        question: &str,
        now: Instant,
    ) -> Result<(), PermitError> {
        let event = Event::new(
            now,
            officer.as_str(),
            EventKind::ApplicationMoved,
            id.as_str(),
        );
        let ask = async |tx: &mut Tx| steps::ask(tx, id, officer, question, now).await;
        self.store.write(event, ask).await
    }

    /// Casts an officer's vote. The first one takes the application up: it passes pre-screening,
    /// which is the completeness that submission checked. A vote cannot be changed, and nobody
    /// learns it before the second one is cast.
    ///
    /// # Errors
    /// `PermitError::Refused`, when the application cannot be judged now, or not by this officer.
    pub async fn review(
        &self,
        id: &ApplicationId,
        officer: &Officer,
        verdict: Verdict,
        reasons: &str,
        now: Instant,
    ) -> Result<(), PermitError> {
        let event = Event::new(now, officer.as_str(), EventKind::Reviewed, id.as_str());
        let review =
            async |tx: &mut Tx| steps::review(tx, id, officer, verdict, reasons, now).await;
        self.store.write(event, review).await
    }

    /// Decides an application after both votes: grants it when both are for it, or refuses it
    /// with reasons.
    ///
    /// # Errors
    /// `PermitError::Refused`, when votes or reasons are missing, or the officer is the applicant.
    pub async fn decide(
        &self,
        id: &ApplicationId,
        officer: &Officer,
        outcome: Outcome,
        reasons: &str,
        now: Instant,
    ) -> Result<(), PermitError> {
        let event = Event::new(now, officer.as_str(), EventKind::Decided, id.as_str());
        let decide =
            async |tx: &mut Tx| steps::decide(tx, id, officer, outcome, reasons, now).await;
        self.store.write(event, decide).await
    }

    /// All applications, the longest untouched first.
    ///
    /// # Errors
    /// `PermitError::Store`.
    pub async fn list(&self) -> Result<Vec<ApplicationSummary>, PermitError> {
        self.store.read(async |tx| case::list(tx).await).await
    }

    /// An application with its votes, which say nothing until both are cast.
    ///
    /// # Errors
    /// `PermitError::Unknown`.
    pub async fn show(&self, id: &ApplicationId) -> Result<ApplicationView, PermitError> {
        self.store
            .read(async |tx| Ok(Case::load(tx, id).await?.view()))
            .await
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    async fn applicant_moves(
        &self,
        id: &ApplicationId,
        applicant: &Applicant,
        kind: EventKind,
        now: Instant,
        to: Option<State>,
    ) -> Result<(), PermitError> {
        let event = Event::new(now, applicant.as_str(), kind, id.as_str());
        let step = async |tx: &mut Tx| {
            let mut case = Case::load(tx.reading(), id).await?;
            case.belongs_to(applicant)?;
            let back = || refused("nothing was asked of the applicant");
            let to = to.or(case.file.raised_in).ok_or_else(back)?;
            steps::advance(tx, &mut case, to, Role::Applicant)?;
            case.save(tx, now).await
        };
        self.store.write(event, step).await
    }
}

#[cfg(test)]
mod tests;
