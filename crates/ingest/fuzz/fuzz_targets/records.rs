//! A file of outside bytes is read by the pipeline that ships: each record is accounted for, or
//! the run says why it stops. The first byte chooses the type.

#![no_main]

use std::path::Path as FilePath;
use std::sync::{Arc, LazyLock};

use chrono::DateTime;
use lazaret_ingest::{Export, FileReport, Identities, Pipeline, Quarantine, Run};
use lazaret_pseudonym::{CentreKey, HolderKey, Pseudonymiser};
use libfuzzer_sys::fuzz_target;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;

const TYPES: [&str; 4] = ["Patient", "Observation", "Encounter", "Condition"];
/// A key of an identity that nobody has.
const RECIPIENT: &str = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

static PIPELINE: LazyLock<Pipeline> = LazyLock::new(|| {
    let dir = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../../pipelines/fhir-r4");
    let pipeline = Pipeline::load(&dir).unwrap();
    pipeline.with_quarantine_max_ratio(1.0).unwrap()
});
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

async fn run(kind: &str, bytes: &[u8]) {
    let store = InMemory::new();
    let path = Path::from(format!("{kind}.ndjson"));
    store.put(&path, bytes.to_vec().into()).await.unwrap();
    let export = Export::open_in(&PIPELINE, Arc::new(store), &Path::default()).await.unwrap();
    let hex = |first: u8| -> String { (first..first + 32).map(|b| format!("{b:02x}")).collect() };
    let keys = Pseudonymiser::new(
        HolderKey::parse(&hex(0)).unwrap(),
        CentreKey::parse(&hex(100)).unwrap(),
    );
    let quarantine = Quarantine::open(FOLDER.path(), RECIPIENT).unwrap();
    let now = DateTime::UNIX_EPOCH;
    let mut run =
        Run::begin(&PIPELINE, &export, keys, Identities::new(), quarantine, now).unwrap();
    for file in export.files() {
        let mut reader = run.read(file).await.unwrap();
        loop {
            match run.next(&mut reader).await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                // Packed bytes may be damaged.
                Err(error) => return assert!(!error.to_string().contains("defect"), "{error}"),
            }
        }
    }
    match run.finish().await {
        Ok(end) => assert!(end.report.files.iter().all(FileReport::reconciles)),
        Err(error) => assert!(!error.to_string().contains("defect"), "{error}"),
    }
    for file in std::fs::read_dir(FOLDER.path()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let kind = TYPES[usize::from(*first) % TYPES.len()];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(run(kind, bytes));
});
