//! `lazaret ingest`: one night, from an export to a published snapshot.

use std::path::Path;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use lazaret_ingest::{Export, FileReport, Identities, Pipeline, Quarantine, Run};
use lazaret_lake::{Begin, Counts, Lake, Night, Published, Snapshot, Touched};
use lazaret_store::{Event, EventKind, Tx};
use serde_json::{Value, json};

use crate::args::{Format, Ingest, Log};
use crate::console::Console;
use crate::home::Home;
use crate::{DONE, QUARANTINED};

/// How often a log gets a line of progress.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Runs one night. A rerun of the same export is a no-op.
pub(crate) async fn ingest(
    dir: &Path,
    ingest: &Ingest,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let home = Home::open(dir)?;
    let mut pipeline = Pipeline::load(&ingest.pipeline)?;
    if let Some(ratio) = ingest.quarantine_max {
        pipeline = pipeline.with_quarantine_max_ratio(ratio)?;
    }
    for kept in pipeline.justifications() {
        let (table, column, why) = (kept.table, kept.column, kept.text);
        console.note(&format!("kept on purpose: {table}.{column}: {why}"));
    }
    let export = Export::open(&pipeline, &ingest.from).await?;
    let lake = home.lake()?;
    let night = match lake
        .begin(pipeline.dataset(), export.run(), pipeline.tables())
        .await?
    {
        Begin::Open(night) => night,
        Begin::Done(snapshot) => {
            console.note(&format!(
                "run {} is published already: nothing to do",
                export.run()
            ));
            report(&already(&snapshot), ingest.format, console)?;
            return Ok(DONE);
        }
    };
    let night = read(&home, &pipeline, &export, night, ingest, console).await?;
    if ingest.dry_run {
        console.note("dry run: everything was read and checked, nothing is published");
        report(&night.report, ingest.format, console)?;
        return Ok(status(&night.report));
    }
    let published = publish(&home, &lake, &pipeline, night, console).await?;
    report(&published, ingest.format, console)?;
    Ok(status(&published))
}

/// A night that was read: everything that will be published, and what is known of it.
struct ReadNight {
    night: Night,
    identities: Identities,
    report: Value,
}

/// The nightly line: read, views, pseudonymise, append.
async fn read(
    home: &Home,
    pipeline: &Pipeline,
    export: &Export,
    mut night: Night,
    ingest: &Ingest,
    console: &mut Console<'_>,
) -> anyhow::Result<ReadNight> {
    let identities = home.identities(pipeline.name());
    let identities = if identities.exists() {
        Identities::load(&identities)?
    } else {
        Identities::new()
    };
    let quarantine = Quarantine::open(&home.quarantine(), &super::quarantine::recipient(home)?)?;
    let now = home.clock.now();
    let mut run = Run::begin(
        pipeline,
        export,
        home.pseudonymiser()?,
        identities,
        quarantine,
        now,
    )?;
    let mut progress = Progress::new(
        export.files().iter().map(|file| file.bytes).sum(),
        ingest.log,
    );
    let mut done = 0;
    for file in export.files() {
        progress.show(&file.name, done, console);
        let mut reader = run.read(file).await?;
        while let Some(output) = run.next(&mut reader).await? {
            for (table, batch) in output.tables {
                night.append(&table, batch)?;
            }
            let touched = output.touched.iter();
            let touched = touched.map(|t| Touched {
                resource: t.resource,
                updated: t.updated,
            });
            night.touch(&touched.collect::<Vec<_>>())?;
            progress.show(&file.name, done, console);
        }
        done += file.bytes;
    }
    let mut end = run.finish().await?;
    end.report.end(home.clock.now());
    if !end.report.files.iter().all(FileReport::reconciles) {
        bail!("the run read other records than it can account for: nothing is published");
    }
    night.delete(&end.deleted)?;
    let mut report = serde_json::to_value(&end.report)?;
    if let Some(report) = report.as_object_mut() {
        report.insert("quarantined".to_owned(), json!(end.report.quarantined()));
    }
    Ok(ReadNight {
        night,
        identities: end.identities,
        report,
    })
}

/// Publishes, and writes the run into the store: counts, hashes and the report, no record.
async fn publish(
    home: &Home,
    lake: &Lake,
    pipeline: &Pipeline,
    night: ReadNight,
    console: &mut Console<'_>,
) -> anyhow::Result<Value> {
    // Persons must be known again in every later night, so this is durable before the snapshot.
    let path = home.identities(pipeline.name());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    night.identities.save(&path)?;
    let now = home.clock.now();
    let Published { snapshot, counts } =
        lake.publish(night.night, home.snapshot_id()?, now).await?;
    let mut report = night.report;
    merge(&mut report, &snapshot, &counts);
    let counts = report.get("resources");
    let detail = json!({ "run": snapshot.run, "dataset": snapshot.dataset, "counts": counts });
    let event =
        Event::new(now, "operator", EventKind::Publish, snapshot.id.as_str()).detail(detail);
    let text = serde_json::to_string(&report)?;
    let insert = "INSERT INTO run (id, pipeline, dataset, snapshot, report, at) \
                  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let values = [
        snapshot.run.as_str().into(),
        pipeline.name().into(),
        snapshot.dataset.as_str().into(),
        snapshot.id.as_str().into(),
        text.as_str().into(),
        now.into(),
    ];
    let write = async |tx: &mut Tx| tx.execute(insert, &values).await.map(|_| ());
    home.store()
        .await?
        .write::<(), lazaret_store::StoreError, _>(event, write)
        .await?;
    console.note(&format!(
        "published snapshot {} of {}",
        snapshot.id, snapshot.dataset
    ));
    Ok(report)
}

/// What the lake counted, into the run's report.
fn merge(report: &mut Value, snapshot: &Snapshot, counts: &Counts) {
    let Some(report) = report.as_object_mut() else {
        return;
    };
    report.insert("snapshot".to_owned(), json!(snapshot.id));
    report.insert("persons".to_owned(), json!(snapshot.persons));
    let resources = json!({
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "stale": counts.stale,
        "deleted": counts.deleted,
        "unknown_deletions": counts.unknown_deletions,
    });
    report.insert("resources".to_owned(), resources);
    let tables = counts.rows.iter().map(|(table, rows)| {
        let rows = json!({
            "before": rows.before,
            "appended": rows.appended,
            "masked": rows.masked,
            "after": rows.after,
        });
        (table.to_string(), rows)
    });
    report.insert("tables".to_owned(), Value::Object(tables.collect()));
}

/// The report of a run that was published before: its tables as they are.
fn already(snapshot: &Snapshot) -> Value {
    let tables = snapshot.tables.iter().map(|table| {
        let rows = json!({ "before": table.rows, "appended": 0, "masked": 0, "after": table.rows });
        (table.description.name.to_string(), rows)
    });
    json!({
        "run": snapshot.run,
        "snapshot": snapshot.id,
        "persons": snapshot.persons,
        "quarantined": 0,
        "tables": Value::Object(tables.collect()),
    })
}

fn quarantined(report: &Value) -> u64 {
    report
        .get("quarantined")
        .and_then(Value::as_u64)
        .unwrap_or(0)
}

fn status(report: &Value) -> u8 {
    if quarantined(report) > 0 {
        QUARANTINED
    } else {
        DONE
    }
}

/// The report: rows by table for people, everything for programs.
fn report(report: &Value, format: Format, console: &mut Console<'_>) -> anyhow::Result<()> {
    if format == Format::Json {
        console.say(&serde_json::to_string_pretty(report)?);
        return Ok(());
    }
    let Some(tables) = report.get("tables").and_then(Value::as_object) else {
        bail!("the report has no tables");
    };
    let cell = |rows: &Value, name: &str| rows.get(name).cloned().unwrap_or(Value::Null);
    let columns = ["before", "appended", "masked", "after"];
    let rows: Vec<Vec<Value>> = tables
        .iter()
        .map(|(table, rows)| {
            std::iter::once(json!(table))
                .chain(columns.map(|name| cell(rows, name)))
                .collect()
        })
        .collect();
    console.list(
        format,
        &["table", "before", "appended", "masked", "after"],
        &rows,
    );
    if let Some(persons) = report.get("persons") {
        console.note(&format!(
            "{persons} persons, {} records in quarantine",
            quarantined(report)
        ));
    }
    Ok(())
}

/// Progress: a bar on a terminal, a line every ten seconds in a log, JSON where asked for.
struct Progress {
    bar: ProgressBar,
    bytes: u64,
    log: Log,
    line: Stopwatch,
}

impl Progress {
    fn new(bytes: u64, log: Log) -> Self {
        let bar = if log == Log::Json {
            ProgressBar::hidden()
        } else {
            ProgressBar::new(bytes)
        };
        let template = "{msg:<32} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            bytes,
            log,
            line: Stopwatch::now(),
        }
    }

    fn show(&mut self, file: &str, done: u64, console: &mut Console<'_>) {
        self.bar.set_message(file.to_owned());
        self.bar.set_position(done);
        if self.line.elapsed() < LINE_EVERY || (self.log == Log::Text && !self.bar.is_hidden()) {
            return;
        }
        self.line = Stopwatch::now();
        let text = match self.log {
            Log::Json => json!({ "file": file, "bytes": done, "of": self.bytes }).to_string(),
            Log::Text => format!("{file}: {done} of {} bytes read", self.bytes),
        };
        console.note(&text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
