//! A night's export: its files in the order they are read, its time, and the run it stands for.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use lazaret_model::{Instant, RunId};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};
use sha2::{Digest, Sha256};

use crate::IngestError;
use crate::manifest::{Manifest, time_in_log};
use crate::pipeline::{Pipeline, hex};
use crate::source::{Fingerprint, MANIFEST_BYTES_MAX, Source};

/// Bytes of a log in which its time is looked for.
const LOG_BYTES_MAX: u64 = 64 << 20;
/// Files hashed at the same time.
const HASHED: usize = 8;

/// An export that was opened: every file was read once, for its hash.
pub struct Export {
    pub(crate) source: Source,
    pub(crate) base: Option<String>,
    pub(crate) pipeline: String,
    pub(crate) deleted: Vec<ExportFile>,
    pub(crate) ignored: Vec<String>,
    run: RunId,
    time: Instant,
    files: Vec<ExportFile>,
}

/// One file of an export.
#[derive(Debug, Clone)]
pub struct ExportFile {
    /// Its name within the export's folder.
    pub name: String,
    /// The type of its resources, from its name or the manifest.
    pub resource_type: String,
    /// Its size as it is stored.
    pub bytes: u64,
    /// Resources it has, when the manifest says so.
    pub count: Option<u64>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) object: ObjectMeta,
}

impl Export {
    /// Opens the export in a folder: a path, or a URL of the kinds `file`, `s3`, `az`, `abfs` and
    /// `gs`, whose credentials come from the variables `AWS_*`, `AZURE_*` and `GOOGLE_*`. A server
    /// (`http`, `https`) lists no folder: the URL names `manifest.json` or the folder it is in.
    ///
    /// Files are `Type.ndjson`, `Type.000.ndjson`, either with `.gz`; the manifest, if there is
    /// one, is `manifest.json`. Its time is the manifest's transaction time, else that of
    /// `log.ndjson`, else the latest change of a file.
    ///
    /// # Errors
    /// `Export`, when there is no such folder, nothing in it, or less than its manifest lists;
    /// `Read`, when a file cannot be read.
    pub async fn open(pipeline: &Pipeline, url: &str) -> Result<Self, IngestError> {
        Self::of_source(pipeline, Source::open(url)?, url).await
    }

    /// Opens the export in a folder of an object store.
    ///
    /// # Errors
    /// As for `open`.
    pub async fn open_in(
        pipeline: &Pipeline,
        store: Arc<dyn ObjectStore>,
        folder: &Path,
    ) -> Result<Self, IngestError> {
        Self::of_source(pipeline, Source::of(store, folder.clone()), folder.as_ref()).await
    }

    /// The run this export and this pipeline stand for: the same files give the same id.
    #[must_use]
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// The files, those of patients first.
    #[must_use]
    pub fn files(&self) -> &[ExportFile] {
        &self.files
    }

    /// The time the export's state was taken.
    #[must_use]
    pub const fn time(&self) -> Instant {
        self.time
    }

    pub(crate) async fn of_source(
        pipeline: &Pipeline,
        source: Source,
        place: &str,
    ) -> Result<Self, IngestError> {
        let refused = |reason: String| IngestError::Export {
            place: place.to_owned(),
            reason,
        };
        let listed = source.list().await?;
        let find = |name: &str| listed.iter().find(|(known, _)| known == name);
        let mut digest = Sha256::new();
        digest.update(pipeline.sha256().as_bytes());
        let manifest = match find("manifest.json") {
            Some((_, object)) => {
                let bytes = source.small(object, MANIFEST_BYTES_MAX).await?;
                digest.update(Sha256::digest(&bytes));
                Some(Manifest::parse(&bytes).map_err(refused)?)
            }
            None => None,
        };
        let sorted = sort(&listed, manifest.as_ref()).map_err(refused)?;
        let mut files = Vec::new();
        let mut deleted = Vec::new();
        for (file, kind) in hashed(&source, sorted.known).await? {
            digest.update((file.name.len() as u64).to_be_bytes());
            digest.update(file.name.as_bytes());
            digest.update(file.fingerprint);
            match kind {
                Kind::Resources => files.push(file),
                Kind::Deleted => deleted.push(file),
            }
        }
        if files.is_empty() && deleted.is_empty() {
            return Err(refused("no file is named `Type.ndjson`".to_owned()));
        }
        let log = find("log.ndjson").filter(|(_, log)| log.size <= LOG_BYTES_MAX);
        let time = match (manifest.as_ref().and_then(Manifest::time), log) {
            (Some(time), _) => Some(time),
            (None, Some((_, log))) => time_in_log(&source.small(log, LOG_BYTES_MAX).await?),
            (None, None) => None,
        };
        let changed = files
            .iter()
            .chain(&deleted)
            .map(|file| file.object.last_modified)
            .max();
        let time = time
            .or(changed)
            .ok_or_else(|| refused("no file has a time".to_owned()))?;
        files.sort_by_key(|file| (file.resource_type != "Patient", file.name.clone()));
        let run = hex(digest.finalize().get(..16).unwrap_or_default());
        let run = RunId::new(run).map_err(|_| IngestError::Defect { reason: "a run id" })?;
        let base = manifest.as_ref().and_then(Manifest::base);
        Ok(Self {
            source,
            base,
            pipeline: pipeline.name().to_owned(),
            deleted,
            ignored: sorted.ignored,
            run,
            time,
            files,
        })
    }
}

/// The files with their fingerprints, in the same order; several at a time, so that neither many
/// small files nor a store far away leave cores idle.
async fn hashed(
    source: &Source,
    files: Vec<(ExportFile, Kind)>,
) -> Result<Vec<(ExportFile, Kind)>, IngestError> {
    let hash = |(file, kind): (ExportFile, Kind)| async move {
        let fingerprint = source.fingerprint(&file.object).await?;
        Ok((
            ExportFile {
                fingerprint,
                ..file
            },
            kind,
        ))
    };
    stream::iter(files)
        .map(hash)
        .buffered(HASHED)
        .try_collect()
        .await
}

enum Kind {
    Resources,
    Deleted,
}

struct Sorted {
    known: Vec<(ExportFile, Kind)>,
    ignored: Vec<String>,
}

/// Tells files of resources from lists of deletions and from what is neither, and checks that
/// everything the manifest lists is there.
fn sort(listed: &[(String, ObjectMeta)], manifest: Option<&Manifest>) -> Result<Sorted, String> {
    let mut sorted = Sorted {
        known: Vec::new(),
        ignored: Vec::new(),
    };
    let deleted = |name: &str| {
        let bare = name.strip_prefix("deleted/").unwrap_or(name);
        manifest.is_some_and(|m| m.deleted.iter().any(|entry| entry.file_name() == bare))
    };
    let output = |name: &str| {
        manifest?
            .output
            .iter()
            .find(|entry| entry.file_name() == name)
    };
    for (name, object) in listed {
        let entry = output(name);
        let of_manifest = entry.map(|entry| entry.resource_type.clone());
        let resource_type = of_manifest
            .filter(|kind| is_type(kind))
            .or_else(|| type_of(name));
        let kind = if deleted(name) {
            Kind::Deleted
        } else {
            Kind::Resources
        };
        match (&kind, resource_type) {
            (Kind::Resources, None) => sorted.ignored.push(name.clone()),
            (_, resource_type) => sorted.known.push((
                ExportFile {
                    name: name.clone(),
                    resource_type: resource_type.unwrap_or_else(|| "Bundle".to_owned()),
                    bytes: object.size,
                    count: entry.and_then(|entry| entry.count),
                    fingerprint: Fingerprint::default(),
                    object: object.clone(),
                },
                kind,
            )),
        }
    }
    if let Some(manifest) = manifest {
        complete(listed, manifest, &sorted)?;
    }
    Ok(sorted)
}

/// Whether everything that the manifest lists is there: its lists of deletions by their names,
/// files of resources by their number, because clients name them in their own way.
fn complete(
    listed: &[(String, ObjectMeta)],
    manifest: &Manifest,
    sorted: &Sorted,
) -> Result<(), String> {
    let here = |name: &str| listed.iter().any(|(known, _)| known == name);
    for entry in &manifest.deleted {
        let name = entry.file_name();
        if !here(name) && !here(&format!("deleted/{name}")) {
            return Err("a list of deletions in the manifest is not there: complete it".to_owned());
        }
    }
    let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &manifest.output {
        *wanted.entry(entry.resource_type.as_str()).or_default() += 1;
    }
    for (kind, wanted) in wanted {
        let is = |(file, of): &&(ExportFile, Kind)| {
            matches!(of, Kind::Resources) && file.resource_type == kind
        };
        let found = sorted.known.iter().filter(is).count();
        if found < wanted {
            return Err(format!(
                "the manifest lists {wanted} files of {kind}, {found} are there: complete it"
            ));
        }
    }
    Ok(())
}

/// `Patient` of `Patient.ndjson`, `Patient.000.ndjson` and either with `.gz`.
fn type_of(name: &str) -> Option<String> {
    let stem = name
        .strip_suffix(".gz")
        .unwrap_or(name)
        .strip_suffix(".ndjson")?;
    let (kind, rest) = stem.split_once('.').unwrap_or((stem, ""));
    let numbered = rest.len() <= 64 && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_type(kind) && numbered).then(|| kind.to_owned())
}

fn is_type(kind: &str) -> bool {
    kind.len() <= 64
        && kind.starts_with(|first: char| first.is_ascii_uppercase())
        && kind.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
