//! `lazaret permit`: grant (in demo homes), show, verify, revoke, export.

use std::path::Path;

use anyhow::{Context, bail};
use lazaret_model::{Instant, PermitId};
use lazaret_permit::{
    Applicant, Application, Country, Office, Officer, SignedPermit, Verdict, VerifyingKey,
};
use serde_json::{Value, json};

use super::application::{COUNTRY, decide};
use crate::DONE;
use crate::args::{Format, Measure, PermitStep};
use crate::console::Console;
use crate::home::Home;

/// The researcher of a demo home, with their credential.
pub(super) const RESEARCHER: (&str, &str) = ("Rosalind Researcher", "rosalind@example.org");
/// The officers of a demo home; the second one signs.
pub(super) const OFFICERS: [&str; 2] = ["Ada Assessor", "Sam Signatory"];

/// Takes one step.
pub(crate) async fn permit(
    dir: &Path,
    step: PermitStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    match step {
        PermitStep::Grant { policy } => {
            let home = Home::open(dir)?;
            let named = || policy.display().to_string();
            let text = std::fs::read_to_string(&policy).with_context(named)?;
            let policy = serde_json::from_str(&text).with_context(named)?;
            let permit = grant(&home, &policy).await?;
            console.say(permit.as_str());
        }
        PermitStep::Show { id: None, format } => list(&Home::open(dir)?, format, console).await?,
        PermitStep::Show { id: Some(id), .. } => {
            let home = Home::open(dir)?;
            let permit = home
                .permit(&id)
                .await?
                .verify(&home.access_body()?, home.clock.now())?;
            console.say(&serde_json::to_string_pretty(permit.payload())?);
        }
        PermitStep::Verify { file, key } => {
            let (key, now) = match key {
                Some(key) => (VerifyingKey::from_file(&key)?, now()),
                None => (Home::open(dir)?.access_body()?, now()),
            };
            let permit = SignedPermit::from_file(&file)?.verify(&key, now)?;
            console.note(&format!("permit {} verifies and is in force", permit.id()));
        }
        PermitStep::Revoke(measure) => {
            let (office, id, officer, now) = parties(dir, &measure).await?;
            office.revoke(&id, &officer, &measure.reasons, now).await?;
            let told = format!("permit {id} is revoked: no further question is answered");
            console.note(&told);
        }
        PermitStep::Suspend(measure) => {
            let (office, id, officer, now) = parties(dir, &measure).await?;
            office.suspend(&id, &officer, &measure.reasons, now).await?;
            console.note(&format!("permit {id} is suspended until it is resumed"));
        }
        PermitStep::Resume(measure) => {
            let (office, id, officer, now) = parties(dir, &measure).await?;
            office.resume(&id, &officer, &measure.reasons, now).await?;
            console.note(&format!("permit {id} is in force again"));
        }
        PermitStep::Export { id, out } => {
            let signed = Home::open(dir)?.permit(&id).await?;
            write(signed.as_str(), out.as_deref(), console)?;
        }
    }
    Ok(DONE)
}

/// Who takes a measure about which permit, and when.
async fn parties(
    dir: &Path,
    measure: &Measure,
) -> anyhow::Result<(Office, PermitId, Officer, Instant)> {
    let home = Home::open(dir)?;
    let (id, officer) = (measure.id.parse()?, Officer::new(&measure.user)?);
    Ok((home.office().await?, id, officer, home.clock.now()))
}

/// To a file, else to where answers go.
fn write(text: &str, to: Option<&Path>, console: &mut Console<'_>) -> anyhow::Result<()> {
    match to {
        Some(path) => std::fs::write(path, text).with_context(|| path.display().to_string())?,
        None => console.say(text),
    }
    Ok(())
}

async fn list(home: &Home, format: Format, console: &mut Console<'_>) -> anyhow::Result<()> {
    let rows: Vec<Vec<Value>> = home
        .office()
        .await?
        .permits()
        .await?
        .into_iter()
        .map(|permit| {
            let to = permit.valid_to.date_naive().to_string();
            vec![
                json!(permit.id),
                json!(permit.status),
                json!(permit.dataset),
                json!(to),
            ]
        })
        .collect();
    console.list(format, &["permit", "status", "dataset", "valid_to"], &rows);
    Ok(())
}

fn now() -> Instant {
    lazaret_model::Clock::now(&lazaret_model::SystemClock)
}

/// Application, two reviews, decision and signature in one go.
pub(crate) async fn grant(home: &Home, policy: &Value) -> anyhow::Result<PermitId> {
    if !home.is_demo() {
        bail!("`permit grant` is for demo homes: here a permit comes from an application");
    }
    let (office, now) = (home.office().await?, home.clock.now());
    let applicant = Applicant::new(RESEARCHER.0)?;
    let document = Application::trial(RESEARCHER.0, RESEARCHER.1, policy);
    let id = office
        .create(&document, &applicant, &Country::new(COUNTRY)?, now)
        .await?;
    office.submit(&id, &applicant, now).await?;
    for officer in OFFICERS {
        let reasons = "a trial on synthetic people: the criteria of Article 68(1) are met";
        office
            .review(&id, &Officer::new(officer)?, Verdict::Approve, reasons, now)
            .await?;
    }
    let signatory = Officer::new(OFFICERS[1])?;
    let permit = decide(home, &id, &signatory, "both reviews are positive").await?;
    permit.context("a permit follows from two positive reviews")
}
