//! `lazaret quarantine`: what did not go in.

use std::path::Path;
use std::sync::Arc;

use age::x25519::Identity;
use lazaret_ingest::{Pipeline, Quarantine, Retry, Settled};
use lazaret_model::SystemClock;
use lazaret_store::{Event, EventKind};
use serde_json::{Value, json};

use super::ingest::take_in;
use crate::args::{Format, Ingest, Log, QuarantineStep};
use crate::console::Console;
use crate::home::{Home, KeyFile};
use crate::progress::Progress;
use crate::spent::Spent;
use crate::{DONE, QUARANTINED, secret};

/// Takes one step.
pub(crate) async fn quarantine(
    dir: &Path,
    step: QuarantineStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let home = Home::open(dir)?;
    let quarantine = Quarantine::open(&home.quarantine(), &recipient(&home)?)?;
    match step {
        QuarantineStep::List { format } => {
            let rows: Vec<Vec<Value>> = quarantine
                .list()?
                .into_iter()
                .map(|entry| {
                    vec![
                        json!(entry.run),
                        json!(entry.number),
                        json!(entry.file),
                        json!(entry.line),
                        json!(entry.code),
                        json!(entry.reason),
                        json!(entry.resolved.map(|resolved| resolved.by)),
                    ]
                })
                .collect();
            let columns = [
                "run", "number", "file", "line", "code", "reason", "resolved",
            ];
            console.list(format, &columns, &rows);
        }
        QuarantineStep::Retry {
            pipeline,
            run,
            format,
        } => return retry(&home, &quarantine, &pipeline, run, format, console).await,
        QuarantineStep::Show { run, number, user } => {
            let event = Event::new(
                home.clock.now(),
                &user,
                EventKind::QuarantineShown,
                run.as_str(),
            );
            home.store()
                .await?
                .record(event.detail(json!({ "number": number })))
                .await?;
            let key = secret::read(&home.key(KeyFile::Quarantine))?;
            let record = quarantine.show(&run.parse()?, number, key.trim())?;
            console.bytes(&record);
            console.say("");
        }
    }
    Ok(DONE)
}

/// Reads quarantined records by today's pipeline, each run's as a night of its own: they count as
/// of their own export, so the nights cannot be one.
async fn retry(
    home: &Home,
    quarantine: &Quarantine,
    folder: &Path,
    run: Option<String>,
    format: Format,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    // Most of these records failed before: that some fail again says nothing of the source.
    let pipeline = Pipeline::load(folder)?.with_quarantine_max_ratio(1.0)?;
    let runs = match run {
        Some(run) => vec![run.parse()?],
        None => Retry::runs(quarantine, &pipeline)?,
    };
    if runs.is_empty() {
        console.note("nothing in quarantine can be retried by this pipeline");
    }
    let key = secret::read(&home.key(KeyFile::Quarantine))?;
    let mut status = DONE;
    for run in runs {
        let spent = Spent::begin();
        let retry = Retry::open(&pipeline, quarantine, &run, key.trim()).await?;
        let aside = retry.quarantine(quarantine)?;
        let night = Ingest::again(folder, format);
        let mut progress = Progress::new(Log::Text, Arc::new(SystemClock), console);
        let export = retry.export();
        Box::pin(take_in(
            home,
            &pipeline,
            export,
            aside,
            &night,
            &mut progress,
            &spent,
        ))
        .await?;
        drop(progress);
        let Settled {
            resolved,
            failed,
            left,
        } = retry.settle(quarantine, home.clock.now())?;
        console.note(&format!(
            "run {run}: {resolved} records went in, {failed} failed again, {left} were not retried"
        ));
        if failed + left > 0 {
            status = QUARANTINED;
        }
    }
    Ok(status)
}

/// The public half of the quarantine's key: for whom records are encrypted.
pub(crate) fn recipient(home: &Home) -> anyhow::Result<String> {
    let text = secret::read(&home.key(KeyFile::Quarantine))?;
    let identity: Identity = text
        .trim()
        .parse()
        .map_err(|_| anyhow::anyhow!("the quarantine's key is no age identity"))?;
    Ok(identity.to_public().to_string())
}
