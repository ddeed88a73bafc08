//! The steps of an application inside a transaction: each checks who, when and what, then writes.

use lazaret_model::{Instant, Refusal, RefusalCode};
use lazaret_store::Tx;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::case::{self, Case, File, VOTES};
use crate::state::{Guard, Role, guard};
use crate::{
    Applicant, Application, ApplicationId, Country, Decision, Officer, Outcome, PermitError, State,
    Verdict,
};

/// Characters of an officer's or applicant's text.
const TEXT_LENGTH_MAX: usize = 10_000;

pub(super) async fn create(
    tx: &mut Tx,
    document: &Value,
    applicant: &Applicant,
    country: &Country,
    now: Instant,
) -> Result<ApplicationId, PermitError> {
    guard(None, State::Draft, Role::Applicant)?;
    let file = File::new(document.clone())?;
    let id = match Application::number(document)? {
        Some(id) => id,
        None => next_id(tx, country, now).await?,
    };
    let sql = "INSERT INTO application \
               (id, state, kind, payload, applicant, created_at, updated_at) \
               VALUES ($1, $2, 'DATA_ACCESS', $3, $4, $5, $5) ON CONFLICT DO NOTHING";
    let params = [
        id.as_str().into(),
        State::Draft.word().into(),
        file.text()?.into(),
        applicant.as_str().into(),
        now.into(),
    ];
    if tx.execute(sql, &params).await? == 0 {
        let hint = "leave `applicationId` null and the office gives the next number";
        return Err(refused("the application's number is taken")
            .hint(hint)
            .into());
    }
    tx.set_subject(id.as_str());
    tx.note("document_sha256", hash(document));
    Ok(id)
}

async fn next_id(
    tx: &mut Tx,
    country: &Country,
    now: Instant,
) -> Result<ApplicationId, PermitError> {
    let series = case::series(country.as_str(), "", now);
    let sql = "SELECT MAX(id) AS last FROM application WHERE id LIKE $1";
    let row = tx.row(sql, &[format!("{series}______").into()]).await?;
    let last = row
        .as_ref()
        .map(|row| row.optional_text("last"))
        .transpose()?
        .flatten();
    case::next_number(&series, last)?.parse()
}

pub(super) async fn amend(
    tx: &mut Tx,
    id: &ApplicationId,
    applicant: &Applicant,
    document: &Value,
    now: Instant,
) -> Result<(), PermitError> {
    let mut case = Case::load(tx.reading(), id).await?;
    case.belongs_to(applicant)?;
    if !matches!(
        case.state,
        State::Draft | State::AwaitingAdditionalInformation
    ) {
        let reason = format!("an application {} cannot be changed", case.state);
        return Err(refused(reason)
            .hint("the office can ask for more information")
            .into());
    }
    if Application::number(document)?.is_some_and(|number| number != *id) {
        return Err(refused("the document carries another application's number").into());
    }
    case.file.document = File::new(document.clone())?.document;
    case.save(tx, now).await?;
    let void = "DELETE FROM review WHERE application_id = $1";
    tx.execute(void, &[id.as_str().into()]).await?;
    tx.note("document_sha256", hash(document));
    Ok(())
}

pub(super) async fn ask(
    tx: &mut Tx,
    id: &ApplicationId,
    officer: &Officer,
    question: &str,
    now: Instant,
) -> Result<(), PermitError> {
    let mut case = Case::load(tx.reading(), id).await?;
    case.is_not_by(officer)?;
    let question = text("the question", question)?;
    if question.is_empty() {
        return Err(refused("the question to the applicant is missing")
            .clause("68(4)")
            .into());
    }
    take_up(tx, &mut case)?;
    let raised_in = case.state;
    advance(
        tx,
        &mut case,
        State::AwaitingAdditionalInformation,
        Role::Hdab,
    )?;
    case.file.raised_in = Some(raised_in);
    case.file.question = Some(question);
    case.save(tx, now).await
}

pub(super) async fn review(
    tx: &mut Tx,
    id: &ApplicationId,
    officer: &Officer,
    verdict: Verdict,
    reasons: &str,
    now: Instant,
) -> Result<(), PermitError> {
    let mut case = Case::load(tx.reading(), id).await?;
    case.is_not_by(officer)?;
    let reasons = text("the reasons", reasons)?;
    take_up(tx, &mut case)?;
    if case.state == State::PreScreening {
        advance(tx, &mut case, State::Processing, Role::Hdab)?;
    }
    if case.state != State::Processing {
        return Err(refused(format!("an application {} cannot be judged", case.state)).into());
    }
    let same = |name: &str| name.to_lowercase() == officer.as_str().to_lowercase();
    if case.ballots.iter().any(|ballot| same(&ballot.officer)) {
        return Err(refused("this officer has voted, and a vote cannot be changed").into());
    }
    if case.ballots.len() >= VOTES {
        return Err(refused("both officers have voted")
            .hint("decide the application")
            .into());
    }
    let sql = "INSERT INTO review (application_id, officer, verdict, reasons, at) \
               VALUES ($1, $2, $3, $4, $5)";
    let params = [
        id.as_str().into(),
        officer.as_str().into(),
        verdict.word().into(),
        reasons.into(),
        now.into(),
    ];
    tx.execute(sql, &params).await?;
    case.save(tx, now).await
}

pub(super) async fn decide(
    tx: &mut Tx,
    id: &ApplicationId,
    officer: &Officer,
    outcome: Outcome,
    reasons: &str,
    now: Instant,
) -> Result<(), PermitError> {
    let mut case = Case::load(tx.reading(), id).await?;
    case.is_not_by(officer)?;
    let reasons = text("the reasons", reasons)?;
    if outcome == Outcome::Refused && reasons.is_empty() {
        let reason = "a refusal needs its reasons, which are published";
        return Err(refused(reason).clause("57(1)(j), 68(9)").into());
    }
    advance(tx, &mut case, State::DecisionIssued, Role::Hdab)?;
    let cast = case.ballots.len();
    if cast < VOTES {
        let reason = format!("{cast} of {VOTES} officers have voted; a decision needs both");
        return Err(refused(reason).into());
    }
    let approved = case
        .ballots
        .iter()
        .all(|ballot| ballot.verdict == Verdict::Approve);
    if outcome == Outcome::Granted && !approved {
        let hint = "refuse it with reasons, or ask the applicant for more";
        return Err(refused("a permit needs two votes for it").hint(hint).into());
    }
    let votes = case
        .ballots
        .iter()
        .map(|ballot| (ballot.officer.clone(), json!(ballot.verdict)));
    tx.note("votes", Value::Object(votes.collect()));
    tx.note("outcome", json!(outcome));
    let officer = officer.as_str().to_owned();
    case.file.decision = Some(Decision {
        outcome,
        officer,
        reasons,
        at: now,
    });
    case.save(tx, now).await
}

/// An officer who first touches an application takes it up.
fn take_up(tx: &mut Tx, case: &mut Case) -> Result<(), PermitError> {
    if case.state == State::Submitted {
        advance(tx, case, State::PreScreening, Role::Hdab)?;
    }
    Ok(())
}

/// Takes a step of the table, if its guard holds, and notes it in the event.
pub(super) fn advance(
    tx: &mut Tx,
    case: &mut Case,
    to: State,
    role: Role,
) -> Result<(), PermitError> {
    match guard(Some(case.state), to, role)? {
        Guard::Free | Guard::TwoReviews => {}
        Guard::Complete => {
            Application::parse(&case.file.document)?;
        }
        Guard::RaisedThere if case.file.raised_in == Some(to) => {
            Application::parse(&case.file.document)?;
            case.file.raised_in = None;
        }
        Guard::RaisedThere => return Err(refused("the question was raised elsewhere").into()),
        Guard::Clock => {
            let reason = "this step waits for a deadline, and the office keeps no clocks yet";
            return Err(refused(reason).clause("68(4)").into());
        }
    }
    tx.note("from", json!(case.state));
    tx.note("to", json!(to));
    case.state = to;
    Ok(())
}

pub(crate) fn refused(reason: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Transition, reason)
}

/// A text of a form, without space around it.
pub(crate) fn text(what: &str, text: &str) -> Result<String, PermitError> {
    let text = text.trim();
    if text.chars().count() <= TEXT_LENGTH_MAX && !text.contains('\0') {
        return Ok(text.to_owned());
    }
    let reason = format!("at most {TEXT_LENGTH_MAX} characters are expected");
    Err(PermitError::Form {
        what: what.into(),
        reason,
    })
}

fn hash(document: &Value) -> Value {
    let digest = Sha256::digest(document.to_string().as_bytes());
    json!(
        digest
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    )
}
