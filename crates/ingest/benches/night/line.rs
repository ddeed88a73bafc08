//! The nightly line as `lazaret ingest` runs it, in a process of its own.

use std::path::Path;
use std::sync::Arc;

use lazaret_ingest::{Export, FileReport, Identities, Pipeline, Quarantine, Run, RunEnd};
use lazaret_lake::{Begin, Lake, Night, Touched};
use lazaret_model::{Clock, SnapshotId, SystemClock};
use lazaret_pseudonym::{CentreKey, HolderKey, Pseudonymiser};
use object_store::path::Path as Folder;
use serde::{Deserialize, Serialize};

use crate::Fallible;
use crate::base::Base;
use crate::copies::Store;
use crate::measure::{Meter, folder_bytes};

/// The first argument of a process that is one night: then come the export, the folder of the
/// lake and everything else that is kept between nights, and, where the export is made while it is
/// read, the number of copies and the base's origin.
pub(crate) const CHILD: &str = "--night";

const HOLDER: &str = "6c0d3f1b8e52a97440d1c8b2e7f35a961bb04c7d2e98f6035ad1747c90e83b2f";
const CENTRE: &str = "f19b7a03c4e8d2560b3f9a71e5c2d8460a97b31ce4f5082d6c1e7b9034a5d8f2";

/// One night in figures.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// From the pipeline's loading to the published snapshot.
    pub(crate) seconds: f64,
    /// Of these, until the export was open: every file is listed and hashed.
    pub(crate) open_seconds: f64,
    /// Of these, for writing and committing after the last record was read.
    pub(crate) publish_seconds: f64,
    /// Processor time of all threads, user and system.
    pub(crate) cpu_seconds: f64,
    /// The highest resident anonymous memory.
    pub(crate) anon_peak_bytes: u64,
    /// NDJSON, inflated.
    pub(crate) inflated_bytes: u64,
    /// Resources of all types, ignored ones included.
    pub(crate) resources: u64,
    /// Rows in the lake's tables afterwards.
    pub(crate) rows: u64,
    /// Rows the night appended.
    pub(crate) appended: u64,
    /// Records in quarantine.
    pub(crate) quarantined: u64,
    /// What the lake grew by.
    pub(crate) lake_bytes: u64,
    /// Everything that was handed to the system to write.
    pub(crate) written_bytes: u64,
}

/// Runs one night and gives its figures as JSON.
pub(crate) fn child(arguments: &[String]) -> Fallible<String> {
    let runtime = tokio::runtime::Runtime::new()?;
    let figures = match arguments {
        [export, home] => runtime.block_on(night(Source::Folder(export), Path::new(home))),
        [base, home, copies, origin] => {
            let base = Base::open(Path::new(base), Path::new(origin))?;
            let store = Store::new(base, copies.parse()?);
            runtime.block_on(night(Source::Store(store), Path::new(home)))
        }
        _ => Err("a night needs an export and a home".into()),
    };
    Ok(serde_json::to_string(&figures?)?)
}

enum Source<'a> {
    Folder(&'a str),
    Store(Store),
}

async fn night(source: Source<'_>, home: &Path) -> Fallible<Figures> {
    let at = home.join("lake");
    std::fs::create_dir_all(&at)?;
    let before = folder_bytes(&at)?;
    let meter = Meter::start()?;

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/fhir-r4");
    let pipeline = Pipeline::load(&folder)?;
    let export = match source {
        Source::Folder(folder) => Export::open(&pipeline, folder).await?,
        Source::Store(store) => {
            Export::open_in(&pipeline, Arc::new(store), &Folder::default()).await?
        }
    };
    let open_seconds = meter.seconds();
    let lake = Lake::open(&at.display().to_string())?;
    let begun = lake.begin(pipeline.dataset(), export.run(), pipeline.tables());
    let Begin::Open(night) = begun.await? else {
        return Err("the lake has this night already".into());
    };
    let (night, end) = read(&pipeline, &export, night, home).await?;
    let read_seconds = meter.seconds();
    end.identities.save(&home.join("identities.run"))?;
    let id = SnapshotId::new(format!("S-{}", export.run()))?;
    let published = lake.publish(night, id, SystemClock.now()).await?;

    let used = meter.used()?;
    let rows = published.counts.rows.values();
    let (rows, appended) = rows.fold((0, 0), |(after, new), rows| {
        (after + rows.after, new + rows.appended)
    });
    Ok(Figures {
        seconds: used.seconds,
        open_seconds,
        publish_seconds: used.seconds - read_seconds,
        cpu_seconds: used.cpu_seconds,
        anon_peak_bytes: used.anon_peak_bytes,
        inflated_bytes: end.report.files.iter().map(|f| f.bytes_inflated).sum(),
        resources: end.report.files.iter().map(|file| file.read).sum(),
        rows,
        appended,
        quarantined: end.report.quarantined(),
        lake_bytes: folder_bytes(&at)?.saturating_sub(before),
        written_bytes: used.written_bytes,
    })
}

/// Reads the whole export into the night.
async fn read(
    pipeline: &Pipeline,
    export: &Export,
    mut night: Night,
    home: &Path,
) -> Fallible<(Night, RunEnd)> {
    let identities = home.join("identities.run");
    let identities = if identities.exists() {
        Identities::load(&identities)?
    } else {
        Identities::new()
    };
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    let quarantine = Quarantine::open(&home.join("quarantine"), &recipient)?;
    let keys = Pseudonymiser::new(HolderKey::parse(HOLDER)?, CentreKey::parse(CENTRE)?);
    let now = SystemClock.now();
    let mut run = Run::begin(pipeline, export, keys, identities, quarantine, now)?;
    for file in export.files() {
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
        }
    }
    let end = run.finish().await?;
    if !end.report.files.iter().all(FileReport::reconciles) {
        return Err("records are not accounted for".into());
    }
    night.delete(&end.deleted)?;
    Ok((night, end))
}
