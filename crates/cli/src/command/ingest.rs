//! `lazaret ingest`: one night, from an export to a published snapshot.

mod read;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use lazaret_ingest::{Export, Pipeline, Power, Quarantine, Resources, RunReport, Stored};
use lazaret_lake::{Begin, Counts, Lake, Night, Published, Snapshot};
use lazaret_model::SystemClock;
use lazaret_store::{Event, EventKind, Tx};
use serde_json::{Value, json};

use read::{Stopped, read};

use crate::args::{Format, Ingest, Log};
use crate::console::Console;
use crate::home::Home;
use crate::progress::{Phase, Progress};
use crate::spent::Spent;
use crate::{DONE, FAILED, QUARANTINED, USAGE, shelf};

/// Runs one night. A rerun of the same export is a no-op.
pub(crate) async fn ingest(
    dir: &Path,
    ingest: &Ingest,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let mut progress = Progress::new(ingest.log, Arc::new(SystemClock), console);
    if let Some(why) = not_yet(ingest) {
        progress.note(why);
        return Ok(USAGE);
    }
    match Box::pin(night(dir, ingest, &mut progress)).await {
        Err(error) if ingest.log == Log::Json => {
            let facts = json!({ "status": FAILED, "error": format!("{error:#}") });
            progress.event("failed", facts);
            Ok(FAILED)
        }
        outcome => outcome,
    }
}

/// What the contract promises and this version cannot do: better refused than half done.
fn not_yet(ingest: &Ingest) -> Option<&'static str> {
    if ingest.full || ingest.accept_loss {
        return Some(
            "lazaret: --full and --accept-loss are not supported yet: absence from an export deletes \
             nothing; list deletions in the export's manifest",
        );
    }
    ingest.opt_out.as_ref().map(|_| {
        "lazaret: --opt-out is not supported yet: there is no register, so take in no records of persons \
         who opted out"
    })
}

async fn night(dir: &Path, ingest: &Ingest, progress: &mut Progress<'_, '_>) -> anyhow::Result<u8> {
    let spent = Spent::begin();
    let home = Home::open(dir)?;
    let mut pipeline = Pipeline::load(&ingest.pipeline)?;
    if let Some(ratio) = ingest.quarantine_max {
        pipeline = pipeline.with_quarantine_max_ratio(ratio)?;
    }
    for kept in pipeline.justifications() {
        let (table, column, why) = (kept.table, kept.column, kept.text);
        progress.note(&format!("kept on purpose: {table}.{column}: {why}"));
    }
    let opening = Export::open(&pipeline, &ingest.from);
    let export = progress.during(Phase::Opening, opening).await?;
    let facts = json!({
        "run": export.run(),
        "pipeline": pipeline.name(),
        "dataset": pipeline.dataset(),
        "files": export.files().len(),
        "bytes": bytes(&export),
    });
    progress.event("begin", facts);
    let quarantine = Quarantine::open(&home.quarantine(), &super::quarantine::recipient(&home)?)?;
    take_in(
        &home, &pipeline, &export, quarantine, ingest, progress, &spent,
    )
    .await
}

/// Reads an export that was opened and publishes it; what cannot go in goes to `quarantine`.
pub(crate) async fn take_in(
    home: &Home,
    pipeline: &Pipeline,
    export: &Export,
    quarantine: Quarantine,
    ingest: &Ingest,
    progress: &mut Progress<'_, '_>,
    spent: &Spent,
) -> anyhow::Result<u8> {
    let lake = home.lake()?;
    let begun = lake.begin(pipeline.dataset(), export.run(), pipeline.tables());
    let night = match begun.await? {
        Begin::Open(night) => night,
        Begin::Done(snapshot) => return again(home, export, &snapshot, ingest, progress).await,
    };
    let mut night = match read(home, pipeline, export, quarantine, night, progress).await? {
        Ok(night) => night,
        Err(Stopped { error, mut report }) => {
            // Half a night is not held against whole ones.
            close(home, &mut report, &[], spent);
            let page = shelf::write(home, &report)?;
            progress.note(&format!("report of what was read: {}", page.display()));
            return Err(error);
        }
    };
    let earlier = shelf::last(home, pipeline.name()).await?;
    if ingest.dry_run {
        night.retried.abandon()?;
        close(home, &mut night.report, &earlier, spent);
        progress.note("dry run: everything was read and checked, nothing is published");
        show(home, &night.report, ingest.format, progress)?;
        return Ok(status(&night.report));
    }
    let mut report = night.report;
    // Persons must be known again in every later night, so this is durable before the snapshot.
    let path = home.identities(pipeline.name());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    night.identities.save(&path)?;
    let publishing = publish(home, &lake, night.night, &mut report);
    progress.during(Phase::Writing, publishing).await?;
    night.retried.settle()?;
    close(home, &mut report, &earlier, spent);
    progress
        .during(Phase::Recording, record(home, &report))
        .await?;
    if let Err(error) = shelf::write_metrics(home).await {
        progress.note(&format!(
            "the night is published, its metrics are not: {error:#}"
        ));
    }
    show(home, &report, ingest.format, progress)?;
    Ok(status(&report))
}

/// Publishes, and notes in the report what the lake counted.
async fn publish(
    home: &Home,
    lake: &Lake,
    night: Night,
    report: &mut RunReport,
) -> anyhow::Result<()> {
    let published = lake.publish(night, home.snapshot_id()?, home.clock.now());
    let Published { snapshot, counts } = published.await?;
    let Counts {
        new,
        changed,
        unchanged,
        stale,
        duplicates,
        deleted,
        unknown_deletions,
        rows,
    } = counts;
    let resources = Resources {
        new,
        changed,
        unchanged,
        stale,
        duplicates,
        deleted,
        unknown_deletions,
    };
    let rows = rows.into_iter().map(|(table, rows)| {
        let stored = Stored {
            before: rows.before,
            appended: rows.appended,
            masked: rows.masked,
            after: rows.after,
        };
        (table, stored)
    });
    report.publish(snapshot.id, snapshot.persons, resources, rows);
    Ok(())
}

/// Ends a report: when, at what cost, and how it stands beside those before.
fn close(home: &Home, report: &mut RunReport, earlier: &[RunReport], spent: &Spent) {
    report.end(home.clock.now());
    report.compare(earlier);
    let power = home.config.energy.map(|energy| Power {
        watts: energy.watts,
        gco2e_per_kwh: energy.gco2e_per_kwh,
    });
    report.measure(spent.measured(), power);
}

/// Writes the run into the store: counts, hashes and the report, no record.
async fn record(home: &Home, report: &RunReport) -> anyhow::Result<()> {
    let Some(snapshot) = &report.snapshot else {
        bail!("a run that published nothing is not recorded");
    };
    let now = home.clock.now();
    let counts = &report.resources;
    let detail = json!({ "run": report.run, "dataset": report.dataset, "counts": counts });
    let event = Event::new(now, "operator", EventKind::Publish, snapshot.as_str()).detail(detail);
    let text = serde_json::to_string(report)?;
    let insert = "INSERT INTO run (id, pipeline, dataset, snapshot, report, at) \
                  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let values = [
        report.run.as_str().into(),
        report.pipeline.as_str().into(),
        report.dataset.as_str().into(),
        snapshot.as_str().into(),
        text.as_str().into(),
        now.into(),
    ];
    let write = async |tx: &mut Tx| tx.execute(insert, &values).await.map(|_| ());
    let store = home.store().await?;
    store
        .write::<(), lazaret_store::StoreError, _>(event, write)
        .await?;
    Ok(())
}

/// A run that was published before: its report as it was, and its tables as they are.
async fn again(
    home: &Home,
    export: &Export,
    snapshot: &Snapshot,
    ingest: &Ingest,
    progress: &mut Progress<'_, '_>,
) -> anyhow::Result<u8> {
    progress.note(&format!(
        "run {} is published already: nothing to do",
        export.run()
    ));
    let report = shelf::of_run(home, export.run()).await?;
    if let Some(report) = report.filter(|_| ingest.format == Format::Json) {
        show(home, &report, ingest.format, progress)?;
        return Ok(DONE);
    }
    let rows = snapshot.tables.iter().map(|table| {
        let (name, rows) = (table.description.name.to_string(), table.rows);
        vec![
            json!(name),
            json!(0),
            json!(rows),
            json!(0),
            json!(0),
            json!(rows),
        ]
    });
    let rows: Vec<_> = rows.collect();
    progress.end().list(ingest.format, &COLUMNS, &rows);
    progress.note(&format!("{} persons", snapshot.persons));
    Ok(DONE)
}

const COLUMNS: [&str; 6] = ["table", "read", "before", "appended", "masked", "after"];

fn bytes(export: &Export) -> u64 {
    export.files().iter().map(|file| file.bytes).sum()
}

const fn status(report: &RunReport) -> u8 {
    if report.quarantined() > 0 {
        QUARANTINED
    } else {
        DONE
    }
}

/// The report: rows by table for people, everything for programs, a page for later.
fn show(
    home: &Home,
    report: &RunReport,
    format: Format,
    progress: &mut Progress<'_, '_>,
) -> anyhow::Result<()> {
    let page = shelf::write(home, report);
    if let Some(snapshot) = &report.snapshot {
        progress.note(&format!(
            "published snapshot {snapshot} of {}",
            report.dataset
        ));
    }
    let console = progress.end();
    if format == Format::Json {
        console.say(&serde_json::to_string_pretty(report)?);
    } else {
        let rows = report.tables.iter().map(|(name, table)| {
            let stored = |of: fn(&Stored) -> u64| {
                table.stored.as_ref().map_or(Value::Null, |s| json!(of(s)))
            };
            vec![
                json!(name),
                json!(table.rows),
                stored(|s| s.before),
                stored(|s| s.appended),
                stored(|s| s.masked),
                stored(|s| s.after),
            ]
        });
        console.list(format, &COLUMNS, &rows.collect::<Vec<_>>());
    }
    let persons = report
        .persons
        .total
        .map_or_else(String::new, |persons| format!("{persons} persons, "));
    progress.note(&format!(
        "{persons}{} records in quarantine",
        report.quarantined()
    ));
    let page = match page {
        Ok(page) => {
            progress.note(&format!("report: {}", page.display()));
            Some(page)
        }
        Err(error) => {
            progress.note(&format!(
                "the report is in the store, not in a file: {error:#}"
            ));
            None
        }
    };
    let facts = json!({
        "status": status(report),
        "run": report.run,
        "snapshot": report.snapshot,
        "resources": report.totals.resources,
        "rows": report.totals.rows,
        "quarantined": report.quarantined(),
        "seconds": report.effort.map(|effort| effort.seconds),
        "report": page,
    });
    progress.event("end", facts);
    Ok(())
}
