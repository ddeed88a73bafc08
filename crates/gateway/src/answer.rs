//! The research line: one function from a question to a signed release.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use lazaret_disclosure::release;
use lazaret_lake::{LakeError, Snapshot};
use lazaret_ledger::{Ask as Payment, LedgerError, Reservation, Reserved};
use lazaret_model::{Fault, Instant, Refusal, RefusalCode, ReleaseId};
use lazaret_permit::{ActivePermit, Office, PermitStatus, SnapshotChoice};
use lazaret_query::{PrivatePlan, QueryError, plan, run};
use lazaret_store::{Event, EventKind};
use serde_json::json;

use crate::card::{Card, Header};
use crate::{Desk, GatewayError, Question};

/// An answer: a release, new or given again.
pub struct Answer {
    /// The signed release.
    pub card: Card,
    /// Whether it was paid for now, or had been before.
    pub again: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum NotAnswered {
    /// The question was refused before a row was read, and the refusal says why.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something failed below the line: a ticket, nothing more.
    #[error(transparent)]
    Faulted(#[from] Fault),
    /// The home could not take the question: nothing was paid and no row was read.
    #[error("the question could not be taken: {0}")]
    Home(#[from] GatewayError),
}

/// Answers a question. Above the line everything may explain itself, for it has seen no row; below
/// it a failure is a ticket number. A crash can lose budget, never privacy: nothing is given back.
///
/// # Errors
/// [`NotAnswered`].
pub async fn answer(desk: &Desk, question: &Question) -> Result<Answer, NotAnswered> {
    let now = desk.clock.now();
    let permit = verified(desk, question, now).await?;
    let snapshot = snapshot(desk, &permit).await?;
    let planned = plan(permit.policy(), &snapshot, desk.lake.store(), &question.ask).await;
    let plan = logged(desk, question, &permit, now, planned).await?;
    let reserved = reserve(desk, question, &permit, &plan, now).await;
    let paid = match logged(desk, question, &permit, now, reserved).await? {
        Reserved::Fresh(paid) => paid,
        Reserved::Again(stored) => {
            let card = Card::parse(&stored.bytes)?;
            return Ok(Answer { card, again: true });
        }
    };
    let ticket = desk.name("ticket")?;
    // ------------------------------------------ rows are read below; a failure is a ticket number
    let entry = paid.id();
    let released = released(desk, &permit, &snapshot, plan, paid, now);
    // A panic is a fault like any other: it must not get past the ticket.
    let released = AssertUnwindSafe(released).catch_unwind().await;
    match released.unwrap_or_else(|_| Err("a panic".to_owned())) {
        Ok(card) => Ok(Answer { card, again: false }),
        Err(cause) => Err(faulted(desk, entry, &ticket, &cause).await.into()),
    }
}

/// Marks what was paid as failed, and gives the ticket under which the access body finds why.
pub(crate) async fn faulted(desk: &Desk, entry: i64, ticket: &str, cause: &str) -> Fault {
    // The cause is for the access body alone; that it cannot be kept changes nothing here.
    let cause = json!({ "cause": cause });
    let kept = desk
        .ledger
        .fault(entry, ticket, desk.clock.now(), cause)
        .await;
    let unrecorded = if kept.is_ok() { "" } else { "-unrecorded" };
    Fault::new(format!("{ticket}{unrecorded}"))
}

/// The permit, verified now: signature, time, every field, and that it was not revoked.
pub(crate) async fn verified(
    desk: &Desk,
    question: &Question,
    now: Instant,
) -> Result<ActivePermit, NotAnswered> {
    let permit = question.permit.verify(&desk.access_body, now)?;
    permit.authorise(&question.actor, now)?;
    match Office::new(desk.store.clone()).status(permit.id()).await {
        Ok(PermitStatus::Granted) => Ok(permit),
        Ok(status) => {
            let reason = format!("permit {} is {status}", permit.id());
            Err(Refusal::new(RefusalCode::Permit, reason)
                .clause("Article 63(3)")
                .into())
        }
        Err(error) => Err(GatewayError::from(error).into()),
    }
}

pub(crate) async fn snapshot(desk: &Desk, permit: &ActivePermit) -> Result<Snapshot, NotAnswered> {
    let policy = permit.policy();
    let which = match &policy.snapshot {
        SnapshotChoice::Latest => "latest",
        SnapshotChoice::Named(id) => id.as_str(),
    };
    match desk.lake.snapshot(&policy.dataset, which).await {
        Ok(snapshot) => Ok(snapshot),
        Err(LakeError::Unknown { .. }) => {
            let reason = format!(
                "there is no snapshot `{which}` of dataset `{}`",
                policy.dataset
            );
            Err(Refusal::new(RefusalCode::Permit, reason)
                .clause("policy.snapshot")
                .into())
        }
        Err(error) => Err(GatewayError::from(error).into()),
    }
}

async fn reserve(
    desk: &Desk,
    question: &Question,
    permit: &ActivePermit,
    plan: &PrivatePlan,
    at: Instant,
) -> Result<Reserved, NotAnswered> {
    let key = match &question.idempotency_key {
        Some(key) => key.clone(),
        None => desk.name("ask")?,
    };
    let payment = Payment {
        key,
        plan_sha256: plan.fingerprint().to_owned(),
        cost: plan.price().cost(),
        at,
        actor: question.actor.clone(),
        detail: json!({ "sql": question.ask.sql, "epsilon": plan.price().epsilon() }),
    };
    desk.ledger
        .reserve(permit, payment)
        .await
        .map_err(|error| match refused(&error) {
            Some(refusal) => refusal.into(),
            None => GatewayError::from(error).into(),
        })
}

/// The ledger's refusals: they depend on the permit and the price.
fn refused(error: &LedgerError) -> Option<Refusal> {
    let refusal = match error {
        LedgerError::KeyReused => Refusal::new(RefusalCode::Budget, error.to_string()),
        _ => error.refusal()?,
    };
    Some(match error {
        LedgerError::Exhausted { .. } => refusal.hint(
            "a smaller epsilon, an earlier question again (free), or an amendment of the permit",
        ),
        _ => refusal,
    })
}

/// Notes a refusal in the log. A question that cannot be logged is not answered either.
async fn logged<T>(
    desk: &Desk,
    question: &Question,
    permit: &ActivePermit,
    at: Instant,
    outcome: Result<T, impl Into<NotAnswered>>,
) -> Result<T, NotAnswered> {
    let refused = match outcome.map_err(Into::into) {
        Err(NotAnswered::Refused(refusal)) => refusal,
        other => return other,
    };
    let detail = json!({ "sql": question.ask.sql, "refused": refused });
    let event = Event::new(
        at,
        &question.actor,
        EventKind::Refused,
        permit.id().as_str(),
    );
    desk.store
        .record(event.detail(detail))
        .await
        .map_err(GatewayError::from)?;
    Err(refused.into())
}

/// Everything below the line. The error is text for the access body's ledger; of the engine it
/// names the kind alone, because an engine's messages hold operands.
async fn released(
    desk: &Desk,
    permit: &ActivePermit,
    snapshot: &Snapshot,
    plan: PrivatePlan,
    paid: Reservation,
    at: Instant,
) -> Result<Card, String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let engine = |error: QueryError| error.kind().to_owned();
    let exact = run(&plan, &paid, &desk.bounding_key)
        .await
        .map_err(engine)?;
    let (releases, used) = release(exact, plan.price(), paid).map_err(|(error, _)| text(&error))?;
    let answered = plan.finish(releases).await.map_err(engine)?;
    let statement = desk
        .ledger
        .statement(permit.id())
        .await
        .map_err(|error| text(&error))?;
    let release_id = desk.name("R").map_err(|error| text(&error))?;
    let release_id = ReleaseId::new(release_id).map_err(|error| text(&error))?;
    let header = Header {
        release_id: &release_id,
        permit,
        snapshot,
        plan: &plan,
        at,
        left: statement.left,
    };
    let card = Card::signed(&answered, &header, &desk.release_key).map_err(|error| text(&error))?;
    let reply = card.to_json().map_err(|error| text(&error))?;
    desk.ledger
        .record(used, &release_id, &reply, at)
        .await
        .map_err(|error| text(&error))?;
    Ok(card)
}
