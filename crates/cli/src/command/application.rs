//! `lazaret application`: the permit office by hand.

use std::path::Path;

use anyhow::Context;
use lazaret_ledger::Ledger;
use lazaret_model::PermitId;
use lazaret_permit::{
    Applicant, ApplicationId, Country, Officer, Outcome, PermitError, Verdict as Vote, issue,
    read_document,
};
use lazaret_store::{Event, EventKind, Tx};
use serde_json::json;

use crate::DONE;
use crate::args::{ApplicationStep, Verdict};
use crate::console::Console;
use crate::home::Home;

/// Country of applications made by hand.
pub(crate) const COUNTRY: &str = "FR";

/// Takes one step.
pub(crate) async fn application(
    dir: &Path,
    step: ApplicationStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let home = Home::open(dir)?;
    let office = home.office().await?;
    let now = home.clock.now();
    match step {
        ApplicationStep::New { file, user } => {
            let bytes = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let document = read_document(&bytes).with_context(|| file.display().to_string())?;
            let applicant = Applicant::new(&user)?;
            let id = office
                .create(&document, &applicant, &Country::new(COUNTRY)?, now)
                .await?;
            console.say(id.as_str());
        }
        ApplicationStep::Submit { id, user } => {
            office
                .submit(&id.parse()?, &Applicant::new(&user)?, now)
                .await?;
            console.note("submitted: two officers review it now");
        }
        ApplicationStep::List { format } => {
            let rows: Vec<_> = office
                .list()
                .await?
                .into_iter()
                .map(|a| {
                    vec![
                        json!(a.id),
                        json!(a.state),
                        json!(a.applicant),
                        json!(a.updated_at),
                    ]
                })
                .collect();
            console.list(
                format,
                &["application", "state", "applicant", "updated_at"],
                &rows,
            );
        }
        ApplicationStep::Show { id } => {
            let view = office.show(&id.parse()?).await?;
            console.say(&serde_json::to_string_pretty(&view)?);
        }
        ApplicationStep::Review {
            id,
            user,
            verdict,
            reasons,
        } => {
            let vote = match verdict {
                Verdict::Approve => Vote::Approve,
                Verdict::Reject => Vote::Reject,
            };
            office
                .review(&id.parse()?, &Officer::new(&user)?, vote, &reasons, now)
                .await?;
            console.note("the vote is cast; nobody sees it before the second one");
        }
        ApplicationStep::Decide { id, user, reasons } => {
            let permit = decide(&home, &id.parse()?, &Officer::new(&user)?, &reasons).await?;
            match permit {
                Some(permit) => console.say(permit.as_str()),
                None => console.note("refused, with reasons"),
            }
        }
    }
    Ok(DONE)
}

/// Decides as the two officers voted; a positive decision issues the permit and opens its budget,
/// all in one transaction.
pub(crate) async fn decide(
    home: &Home,
    id: &ApplicationId,
    officer: &Officer,
    reasons: &str,
) -> anyhow::Result<Option<PermitId>> {
    let (office, now) = (home.office().await?, home.clock.now());
    let votes = office.show(id).await?.votes;
    let granted = votes.iter().all(|vote| vote.verdict == Some(Vote::Approve));
    let outcome = if granted {
        Outcome::Granted
    } else {
        Outcome::Refused
    };
    office.decide(id, officer, outcome, reasons, now).await?;
    if !granted {
        return Ok(None);
    }
    let (key, issuer, store) = (home.signing_key()?, home.issuer()?, home.store().await?);
    let policy = requested(&office.show(id).await?.document)?;
    home.open_dataset(&policy.dataset, officer.as_str()).await?;
    let budget = lazaret_disclosure::budget(
        policy.account,
        policy.epsilon_total,
        policy.epsilon_per_query_max,
        policy.delta,
    )?;
    let event = Event::new(now, officer.as_str(), EventKind::PermitGranted, id.as_str());
    let permit = store
        .write(event, async |tx: &mut Tx| -> anyhow::Result<PermitId> {
            let issued = issue(tx, id, &issuer, &key, now).await?;
            Ledger::open_permit(tx, &issued.id, &issued.policy.dataset, budget).await?;
            Ok(issued.id)
        })
        .await?;
    Ok(Some(permit))
}

/// The policy an application asks for.
fn requested(document: &serde_json::Value) -> Result<lazaret_permit::Policy, PermitError> {
    Ok(lazaret_permit::Application::parse(document)?.policy)
}
