//! Small pipelines, exports and runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use age::x25519;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::util::display::array_value_to_string;
use chrono::DateTime;
use lazaret_model::Instant;
use lazaret_pseudonym::{CentreKey, HolderKey, Identities, Pseudonymiser};
use tempfile::TempDir;

use crate::source::Source;
use crate::{
    Entry, Export, ExportFile, IngestError, Pipeline, Quarantine, Reader, Run, RunEnd, Touched,
};

pub(crate) const HOLDER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub(crate) const CENTRE: &str = "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283";

/// The pipeline that ships.
pub(crate) fn shipped() -> Pipeline {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/fhir-r4");
    Pipeline::load(&dir).unwrap()
}

pub(crate) fn keys() -> Pseudonymiser {
    Pseudonymiser::new(
        HolderKey::parse(HOLDER).unwrap(),
        CentreKey::parse(CENTRE).unwrap(),
    )
}

pub(crate) fn now() -> Instant {
    DateTime::parse_from_rfc3339("2026-03-02T01:00:00Z")
        .unwrap()
        .to_utc()
}

/// A folder with an export and a quarantine, and the secret key of the latter.
pub(crate) struct Night {
    pub(crate) folder: TempDir,
    identity: x25519::Identity,
}

/// What a run gave.
pub(crate) struct Got {
    pub(crate) tables: BTreeMap<String, RecordBatch>,
    pub(crate) touched: Vec<Touched>,
    pub(crate) end: RunEnd,
    pub(crate) batches: usize,
}

impl Night {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let night = Self {
            folder: tempfile::tempdir().unwrap(),
            identity: x25519::Identity::generate(),
        };
        fs::create_dir(night.export()).unwrap();
        for (name, text) in files {
            night.write(name, text.as_bytes());
        }
        night
    }

    pub(crate) fn export(&self) -> PathBuf {
        self.folder.path().join("export")
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.export().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The next export in place of this one.
    pub(crate) fn replace(&self, files: &[(&str, &str)]) {
        fs::remove_dir_all(self.export()).unwrap();
        fs::create_dir(self.export()).unwrap();
        for (name, text) in files {
            self.write(name, text.as_bytes());
        }
    }

    pub(crate) fn quarantine(&self) -> Quarantine {
        let dir = self.folder.path().join("quarantine");
        Quarantine::open(&dir, &self.identity.to_public().to_string()).unwrap()
    }

    pub(crate) fn secret(&self) -> String {
        self.identity.to_string().expose_secret().to_owned()
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.quarantine().list().unwrap()
    }

    pub(crate) fn codes(&self) -> Vec<(u64, String)> {
        self.entries()
            .into_iter()
            .map(|entry| (entry.line, entry.code))
            .collect()
    }

    pub(crate) fn run(&self, pipeline: &Pipeline) -> Result<Got, IngestError> {
        self.run_with(pipeline, Identities::new())
    }

    pub(crate) fn run_with(
        &self,
        pipeline: &Pipeline,
        identities: Identities,
    ) -> Result<Got, IngestError> {
        run_at(
            pipeline,
            self.export().to_str().unwrap(),
            identities,
            self.quarantine(),
        )
    }

    /// A run that tries pending records of earlier runs again, after the files of patients.
    pub(crate) fn run_with_pending(
        &self,
        pipeline: &Pipeline,
        identities: Identities,
    ) -> Result<Got, IngestError> {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let export = Export::open(pipeline, self.export().to_str().unwrap()).await?;
            let secret = self.secret();
            run_all(
                pipeline,
                &export,
                identities,
                self.quarantine(),
                Some(&secret),
            )
            .await
        })
    }
}

pub(crate) fn run_at(
    pipeline: &Pipeline,
    url: &str,
    identities: Identities,
    quarantine: Quarantine,
) -> Result<Got, IngestError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let export = Export::open(pipeline, url).await?;
        run_export(pipeline, &export, identities, quarantine).await
    })
}

/// A run of an export that somebody else's source gives.
pub(crate) fn run_of(
    pipeline: &Pipeline,
    quarantine: Quarantine,
    source: Source,
    url: &str,
) -> Result<Got, IngestError> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let export = Export::of_source(pipeline, source, url).await?;
        run_export(pipeline, &export, Identities::new(), quarantine).await
    })
}

pub(crate) async fn run_export(
    pipeline: &Pipeline,
    export: &Export,
    identities: Identities,
    quarantine: Quarantine,
) -> Result<Got, IngestError> {
    run_all(pipeline, export, identities, quarantine, None).await
}

async fn run_all(
    pipeline: &Pipeline,
    export: &Export,
    identities: Identities,
    quarantine: Quarantine,
    secret: Option<&str>,
) -> Result<Got, IngestError> {
    let mut run = Run::begin(pipeline, export, keys(), identities, quarantine, now())?;
    let mut taken = Taken::default();
    let is_patients = |file: &&ExportFile| file.resource_type == "Patient";
    let (patients, others): (Vec<_>, Vec<_>) = export.files().iter().partition(is_patients);
    for file in patients {
        let reader = run.read(file).await?;
        taken.take(&mut run, reader).await?;
    }
    if let Some(secret) = secret
        && let Some(reader) = run.pending(secret).await?
    {
        taken.take(&mut run, reader).await?;
    }
    for file in others {
        let reader = run.read(file).await?;
        taken.take(&mut run, reader).await?;
    }
    let end = run.finish().await?;
    let tables = taken.batches.into_iter().map(|(table, batches)| {
        (
            table,
            concat_batches(&batches[0].schema(), &batches).unwrap(),
        )
    });
    Ok(Got {
        tables: tables.collect(),
        touched: taken.touched,
        end,
        batches: taken.count,
    })
}

#[derive(Default)]
struct Taken {
    batches: BTreeMap<String, Vec<RecordBatch>>,
    touched: Vec<Touched>,
    count: usize,
}

impl Taken {
    async fn take(&mut self, run: &mut Run<'_>, mut reader: Reader) -> Result<(), IngestError> {
        while let Some(output) = run.next(&mut reader).await? {
            for (table, batch) in output.tables {
                self.count += 1;
                let batches = self.batches.entry(table.to_string()).or_default();
                batches.push(batch.into_batch());
            }
            self.touched.extend(output.touched);
        }
        Ok(())
    }
}

impl Got {
    /// A column as texts; null is `-`.
    pub(crate) fn column(&self, table: &str, column: &str) -> Vec<String> {
        let array = self.tables[table].column_by_name(column).unwrap();
        let text = |row| match array.is_null(row) {
            true => "-".to_owned(),
            false => array_value_to_string(array, row).unwrap(),
        };
        (0..array.len()).map(text).collect()
    }

    pub(crate) fn numbers(&self, table: &str, column: &str) -> Vec<i64> {
        let array = self.tables[table].column_by_name(column).unwrap();
        array
            .as_primitive::<arrow::datatypes::Int64Type>()
            .values()
            .to_vec()
    }
}

/// A pipeline of one view in a folder of its own.
pub(crate) fn custom(toml: &str, views: &[(&str, &str)]) -> (TempDir, Result<Pipeline, String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("pipeline.toml"), toml).unwrap();
    fs::create_dir(folder.path().join("views")).unwrap();
    for (name, json) in views {
        fs::write(folder.path().join("views").join(name), json).unwrap();
    }
    let pipeline = Pipeline::load(folder.path()).map_err(|error| error.to_string());
    (folder, pipeline)
}

/// A `pipeline.toml` with one table `t` of `views/v.json`.
pub(crate) fn toml(derive: &str) -> String {
    format!(
        "[pipeline]\nname = \"p\"\ndataset = \"d\"\ntitle = \"t\"\nformat = \"fhir-ndjson\"\n\
         [identity]\nsystem = \"urn:oid:1.2.3\"\nfallback = \"local-id\"\n\
         [[table]]\nname = \"t\"\nview = \"views/v.json\"\nrows_per_person = 5\n{derive}"
    )
}

/// A view of `resource` with these columns, each `name|path|type|tag=value;..`.
pub(crate) fn view(resource: &str, columns: &[&str]) -> String {
    let column = |text: &&str| {
        let parts: Vec<&str> = text.split('|').collect();
        let [name, path, kind, tags] = parts[..] else {
            panic!("{text}")
        };
        let tags: Vec<_> = tags
            .split(';')
            .filter_map(|tag| tag.split_once('='))
            .map(|(name, value)| serde_json::json!({"name": name, "value": value}))
            .collect();
        serde_json::json!({"name": name, "path": path, "type": kind, "tag": tags})
    };
    let columns: Vec<_> = columns.iter().map(column).collect();
    let select = serde_json::json!([{"column": columns}]);
    serde_json::json!({"name": "v", "resource": resource, "select": select}).to_string()
}

pub(crate) const PATIENT: &str = "person_id|getResourceKey()|string|lazaret/treatment=person";
pub(crate) const SUBJECT: &str =
    "person_id|subject.getReferenceKey(Patient)|string|lazaret/treatment=person";
