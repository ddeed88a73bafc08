//! Permits in the store: issued from a decision, suspended, revoked, and looked up for use.

use chrono::{Days, TimeDelta};
use lazaret_model::{DatasetName, Instant, PermitId, Refusal, RefusalCode};
use lazaret_store::{Event, EventKind, ReadTx, Row, Tx};
use serde_json::json;

use crate::application::years_later;
use crate::case::{self, Case, Measure, damaged, word};
use crate::office::{refused, text};
use crate::payload::{Grant, end_of, start_of};
use crate::state::{Role, permit_step};
use crate::{
    ActivePermit, Application, ApplicationId, Issuer, Office, Officer, Outcome, PermitError,
    PermitStatus, Policy, SignedPermit, SigningKey, State, VerifyingKey,
};

/// Years a permit runs where the application names no period.
const YEARS_DEFAULT: u32 = 1;

/// A permit that was just issued.
#[derive(Debug)]
pub struct Issued {
    /// Its number.
    pub id: PermitId,
    /// What it allows.
    pub policy: Policy,
    /// The permit itself.
    pub signed: SignedPermit,
}

/// A permit as the store has it. What it says is believed only after it was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitRecord {
    /// Its number.
    pub id: PermitId,
    /// The application it answers; none where only the signed file came here.
    pub application: Option<ApplicationId>,
    /// Where it stands.
    pub status: PermitStatus,
    /// The dataset it is about.
    pub dataset: DatasetName,
    /// When it was signed.
    pub issued_at: Instant,
    /// The first moment it can be used.
    pub valid_from: Instant,
    /// The last moment it can be used.
    pub valid_to: Instant,
    /// The permit itself.
    pub signed: SignedPermit,
}

/// Issues the permit of an application that was granted: gives it the next number of its country
/// and year, signs it and stores it. It is to run inside the transaction that opens the permit's
/// budget, whose event should be of kind `PermitGranted` and gets the permit's number as subject.
///
/// # Errors
/// `PermitError::Refused`, when the application was not granted or has its permit, when its
/// period is over, or when its policy cannot be enforced.
pub async fn issue(
    tx: &mut Tx,
    application_id: &ApplicationId,
    issuer: &Issuer,
    key: &SigningKey,
    now: Instant,
) -> Result<Issued, PermitError> {
    let case = Case::load(tx.reading(), application_id).await?;
    let decision = match &case.file.decision {
        Some(decision) if case.state == State::DecisionIssued => decision,
        _ => return Err(refused("the application is not decided").into()),
    };
    if decision.outcome != Outcome::Granted {
        return Err(refused("the application was refused").into());
    }
    let sql = "SELECT id FROM permit WHERE application_id = $1";
    if !tx
        .rows(sql, &[application_id.as_str().into()])
        .await?
        .is_empty()
    {
        return Err(refused("the application has its permit").into());
    }
    let application = Application::parse(&case.file.document)?;
    let today = now.date_naive();
    let year = years_later(today, YEARS_DEFAULT)
        .checked_sub_days(Days::new(1))
        .unwrap_or(today);
    let (from, to) = application.period.unwrap_or((today, year));
    if to < today {
        return Err(refused("the period the application asks for is over").into());
    }
    let from = from.max(today);
    let mut policy = application.policy.clone();
    policy.opt_out_as_of = Some(now);
    let id = next_id(tx, issuer.country.as_str(), now).await?;
    let grant = Grant {
        id: &id,
        application_id,
        application: &application,
        document: &case.file.document,
        policy: &policy,
        issuer,
        fingerprint: &key.verifying_key().fingerprint(),
        reasons: &decision.reasons,
        from,
        to,
        at: now,
    };
    let signed = SignedPermit::sign(&grant.payload(), key)?;
    let sql = "INSERT INTO permit (id, application_id, status, jws, issued_at, valid_from, \
               valid_to, supersedes, dataset) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8)";
    let params = [
        id.as_str().into(),
        application_id.as_str().into(),
        PermitStatus::Granted.word().into(),
        signed.as_str().into(),
        now.into(),
        start_of(from).into(),
        (end_of(to) - TimeDelta::microseconds(1)).into(),
        policy.dataset.as_str().into(),
    ];
    tx.execute(sql, &params).await?;
    tx.set_subject(id.as_str());
    tx.note("application", json!(application_id));
    tx.note("dataset", json!(policy.dataset));
    tx.note("epsilon", json!(policy.epsilon_total.to_string()));
    tx.note("delta", json!(policy.delta.to_string()));
    tx.note("jws_sha256", json!(signed.sha256()));
    Ok(Issued { id, policy, signed })
}

/// Moves a permit to another status, inside a transaction of the caller: after faults, say.
///
/// # Errors
/// `PermitError::Unknown`; `PermitError::Refused`, when the table of steps has no such step.
pub async fn set_status(
    tx: &mut Tx,
    id: &PermitId,
    to: PermitStatus,
    role: Role,
) -> Result<(), PermitError> {
    let from = load(tx.reading(), id).await?.status;
    permit_step(from, to, role)?;
    let sql = "UPDATE permit SET status = $1 WHERE id = $2";
    tx.execute(sql, &[to.word().into(), id.as_str().into()])
        .await?;
    tx.note("from", json!(from));
    tx.note("to", json!(to));
    Ok(())
}

/// A permit as the store has it.
///
/// # Errors
/// `PermitError::Unknown`.
pub async fn load(tx: &mut ReadTx, id: &PermitId) -> Result<PermitRecord, PermitError> {
    let sql = "SELECT id, application_id, status, jws, issued_at, valid_from, valid_to, dataset \
               FROM permit WHERE id = $1";
    let row = tx.row(sql, &[id.as_str().into()]).await?;
    read_record(&row.ok_or(PermitError::Unknown { kind: "permit" })?)
}

/// A permit that can be used now: it stands in the store as granted, and verifies.
///
/// # Errors
/// `PermitError::Unknown`; `PermitError::Refused`, when it is suspended, revoked or expired, or
/// does not verify.
pub async fn active(
    tx: &mut ReadTx,
    id: &PermitId,
    key: &VerifyingKey,
    now: Instant,
) -> Result<ActivePermit, PermitError> {
    let record = load(tx, id).await?;
    if record.status != PermitStatus::Granted {
        let reason = format!("the permit is {}", record.status);
        return Err(Refusal::new(RefusalCode::Permit, reason)
            .clause("63(3)")
            .into());
    }
    let permit = record.signed.verify(key, now)?;
    if permit.id() != id {
        let reason = "the stored permit is another one's";
        return Err(Refusal::new(RefusalCode::Permit, reason)
            .clause("permitId")
            .into());
    }
    Ok(permit)
}

impl Office {
    /// All permits, by number.
    ///
    /// # Errors
    /// `PermitError::Store`.
    pub async fn permits(&self) -> Result<Vec<PermitRecord>, PermitError> {
        let list = async |tx: &mut ReadTx| {
            let sql = "SELECT id, application_id, status, jws, issued_at, valid_from, valid_to, \
                       dataset FROM permit ORDER BY id";
            tx.rows(sql, &[]).await?.iter().map(read_record).collect()
        };
        self.store().read(list).await
    }

    /// A permit as the store has it.
    ///
    /// # Errors
    /// `PermitError::Unknown`.
    pub async fn permit(&self, id: &PermitId) -> Result<PermitRecord, PermitError> {
        self.store().read(async |tx| load(tx, id).await).await
    }

    /// Where a permit stands.
    ///
    /// # Errors
    /// `PermitError::Unknown`.
    pub async fn status(&self, id: &PermitId) -> Result<PermitStatus, PermitError> {
        Ok(self.permit(id).await?.status)
    }

    /// A permit that can be used now: see [`active`].
    ///
    /// # Errors
    /// As [`active`].
    pub async fn active(
        &self,
        id: &PermitId,
        key: &VerifyingKey,
        now: Instant,
    ) -> Result<ActivePermit, PermitError> {
        self.store()
            .read(async |tx| active(tx, id, key, now).await)
            .await
    }

    /// Takes a permit away for good (Article 63(3)), with reasons, which are published.
    ///
    /// # Errors
    /// `PermitError::Refused`, when reasons are missing or the permit has ended.
    pub async fn revoke(
        &self,
        id: &PermitId,
        officer: &Officer,
        reasons: &str,
        now: Instant,
    ) -> Result<(), PermitError> {
        let (kind, to) = (EventKind::PermitRevoked, PermitStatus::Revoked);
        self.take_measure(id, officer, reasons, now, kind, to).await
    }

    /// Takes a permit away for now, with reasons.
    ///
    /// # Errors
    /// `PermitError::Refused`, when reasons are missing or the permit cannot be used anyway.
    pub async fn suspend(
        &self,
        id: &PermitId,
        officer: &Officer,
        reasons: &str,
        now: Instant,
    ) -> Result<(), PermitError> {
        let (kind, to) = (EventKind::PermitSuspended, PermitStatus::Suspended);
        self.take_measure(id, officer, reasons, now, kind, to).await
    }

    /// Gives a suspended permit back, with reasons.
    ///
    /// # Errors
    /// `PermitError::Refused`, when reasons are missing or the permit is not suspended.
    pub async fn resume(
        &self,
        id: &PermitId,
        officer: &Officer,
        reasons: &str,
        now: Instant,
    ) -> Result<(), PermitError> {
        let (kind, to) = (EventKind::PermitResumed, PermitStatus::Granted);
        self.take_measure(id, officer, reasons, now, kind, to).await
    }

    async fn take_measure(
        &self,
        id: &PermitId,
        officer: &Officer,
        reasons: &str,
        now: Instant,
        kind: EventKind,
        to: PermitStatus,
    ) -> Result<(), PermitError> {
        let reasons = text("the reasons", reasons)?;
        if reasons.is_empty() {
            let reason = "a measure against a permit needs its reasons";
            return Err(refused(reason).clause("63(3)").into());
        }
        let event = Event::new(now, officer.as_str(), kind, id.as_str());
        let measure = async |tx: &mut Tx| {
            set_status(tx, id, to, Role::Hdab).await?;
            let Some(application) = load(tx.reading(), id).await?.application else {
                return Ok(());
            };
            let mut case = Case::load(tx.reading(), &application).await?;
            let officer = officer.as_str().to_owned();
            let measure = Measure {
                permit: id.clone(),
                status: to,
                officer,
                reasons,
                at: now,
            };
            case.file.measures.push(measure);
            case.save(tx, now).await
        };
        self.store().write(event, measure).await
    }
}

async fn next_id(tx: &mut Tx, country: &str, now: Instant) -> Result<PermitId, PermitError> {
    let series = case::series(country, "P-", now);
    let sql = "SELECT MAX(id) AS last FROM permit WHERE id LIKE $1";
    let row = tx.row(sql, &[format!("{series}______").into()]).await?;
    let last = row
        .as_ref()
        .map(|row| row.optional_text("last"))
        .transpose()?
        .flatten();
    PermitId::new(case::next_number(&series, last)?).map_err(|_| damaged("id"))
}

fn read_record(row: &Row) -> Result<PermitRecord, PermitError> {
    let application = row
        .optional_text("application_id")?
        .map(str::parse)
        .transpose()?;
    Ok(PermitRecord {
        id: PermitId::new(row.text("id")?).map_err(|_| damaged("id"))?,
        application,
        status: word(row, "status")?,
        dataset: DatasetName::new(row.text("dataset")?).map_err(|_| damaged("dataset"))?,
        issued_at: row.instant("issued_at")?,
        valid_from: row.instant("valid_from")?,
        valid_to: row.instant("valid_to")?,
        signed: SignedPermit::new(row.text("jws")?),
    })
}

#[cfg(test)]
mod tests;
