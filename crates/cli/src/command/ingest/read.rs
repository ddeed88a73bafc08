//! What a night reads: every file of the export, and what waits from earlier nights.

use anyhow::bail;
use lazaret_ingest::{
    Export, ExportFile, FileReport, Identities, Output, Pipeline, Quarantine, Reader, Retried, Run,
    RunReport,
};
use lazaret_lake::{Night, Touched};
use serde_json::json;

use super::bytes;
use crate::home::{Home, KeyFile};
use crate::progress::Progress;
use crate::secret;

/// A night that was read: everything that will be published, and what is known of it.
pub(super) struct ReadNight {
    pub(super) night: Night,
    pub(super) identities: Identities,
    pub(super) retried: Retried,
    pub(super) report: RunReport,
}

/// A night that was not read to its end: why, and what is known of it.
pub(super) struct Stopped {
    pub(super) error: anyhow::Error,
    pub(super) report: Box<RunReport>,
}

/// The nightly line: read, views, pseudonymise, append.
pub(super) async fn read(
    home: &Home,
    pipeline: &Pipeline,
    export: &Export,
    quarantine: Quarantine,
    mut night: Night,
    progress: &mut Progress<'_, '_>,
) -> anyhow::Result<Result<ReadNight, Stopped>> {
    let identities = home.identities(pipeline.name());
    let identities = if identities.exists() {
        Identities::load(&identities)?
    } else {
        Identities::new()
    };
    let keys = home.pseudonymiser()?;
    let now = home.clock.now();
    let mut run = Run::begin(pipeline, export, keys, identities, quarantine, now)?;
    progress.reading(bytes(export));
    if let Err(error) = files(home, export, &mut run, &mut night, progress).await {
        let report = Box::new(run.stopped(&format!("{error:#}")));
        return Ok(Err(Stopped { error, report }));
    }
    let end = run.finish().await?;
    if !end.report.files.iter().all(FileReport::reconciles) {
        bail!("the run read other records than it can account for: nothing is published");
    }
    night.delete(&end.deleted)?;
    Ok(Ok(ReadNight {
        night,
        identities: end.identities,
        retried: end.retried,
        report: end.report,
    }))
}

/// Reads the files of patients, what waits from earlier nights, and the other files.
async fn files(
    home: &Home,
    export: &Export,
    run: &mut Run<'_>,
    night: &mut Night,
    progress: &mut Progress<'_, '_>,
) -> anyhow::Result<()> {
    let is_patients = |file: &&ExportFile| file.resource_type == "Patient";
    let patients = export.files().iter().take_while(is_patients).count();
    let (patients, others) = export.files().split_at(patients);
    let mut done = 0;
    for file in patients {
        let reader = run.read(file).await?;
        append(run, reader, night, progress, (file, &mut done)).await?;
    }
    // Records that wait for their persons: tonight's patients may be they.
    let key = secret::read(&home.key(KeyFile::Quarantine))?;
    if let Some(mut reader) = run.pending(key.trim()).await? {
        while let Some(output) = run.next(&mut reader).await? {
            put(output, night)?;
        }
    }
    for file in others {
        let reader = run.read(file).await?;
        append(run, reader, night, progress, (file, &mut done)).await?;
    }
    Ok(())
}

/// Reads a file to its end; `done` is the bytes of those before it.
async fn append(
    run: &mut Run<'_>,
    mut reader: Reader,
    night: &mut Night,
    progress: &mut Progress<'_, '_>,
    (file, done): (&ExportFile, &mut u64),
) -> anyhow::Result<()> {
    progress.at(&file.name, *done);
    while let Some(output) = run.next(&mut reader).await? {
        put(output, night)?;
        progress.at(&file.name, *done + reader.position());
    }
    *done += file.bytes;
    progress.at(&file.name, *done);
    progress.event("file", json!({ "file": file.name, "bytes": file.bytes }));
    Ok(())
}

fn put(output: Output, night: &mut Night) -> anyhow::Result<()> {
    for (table, batch) in output.tables {
        night.append(&table, batch)?;
    }
    let touched = output.touched.iter();
    let touched = touched.map(|t| Touched {
        resource: t.resource,
        updated: t.updated,
    });
    night.touch(&touched.collect::<Vec<_>>())?;
    Ok(())
}
