//! Export to pseudonymised batches without a lake: megabytes and CPU seconds, by file type.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "bytes and ticks are few enough for a double"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use age::x25519;
use flate2::read::MultiGzDecoder;
use lazaret_ingest::{Export, Identities, Pipeline, Quarantine, Run};
use lazaret_pseudonym::{CentreKey, HolderKey, Pseudonymiser};

/// Copies of each file under ids of their own, so that a run is long enough to be measured.
const COPIES: usize = 4;
/// Runs; the fastest counts.
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = std::env::var_os("LAZARET_DATA")
        .map_or_else(|| manifest.join("../../../shared/data"), PathBuf::from);
    let source = data.join("fhir/synthea-615");
    if !source.is_dir() {
        println!("skipped: synthea-615 is not there; set LAZARET_DATA to the shared data folder");
        return Ok(());
    }
    let pipeline = Pipeline::load(&manifest.join("../../pipelines/fhir-r4"))?;
    let folder = tempfile::tempdir()?;
    let exports = folder.path().join("exports");
    unpack(&source, &exports)?;
    let runtime = tokio::runtime::Runtime::new()?;
    for export in ["Observation", "all"] {
        let mut best: Option<Figures> = None;
        for _ in 0..ROUNDS {
            let quarantine = folder.path().join("quarantine");
            let figures = runtime.block_on(run(&pipeline, &exports.join(export), &quarantine))?;
            if best.as_ref().is_none_or(|best| figures.wall < best.wall) {
                best = Some(figures);
            }
        }
        if let Some(best) = best {
            best.print(export);
        }
    }
    Ok(())
}

/// What one run took.
struct Figures {
    bytes: u64,
    resources: u64,
    rows: usize,
    wall: f64,
    cpu: f64,
    /// Seconds and bytes by type.
    types: BTreeMap<String, (f64, u64)>,
}

async fn run(
    pipeline: &Pipeline,
    export: &Path,
    quarantine: &Path,
) -> Result<Figures, Box<dyn Error>> {
    let url = export.to_str().ok_or("a path that is not text")?;
    let export = Export::open(pipeline, url).await?;
    let keys = Pseudonymiser::new(
        HolderKey::generate(&mut std::array::from_fn(|n| n as u8))?,
        CentreKey::generate(&mut std::array::from_fn(|n| n as u8 + 100))?,
    );
    let recipient = x25519::Identity::generate().to_public().to_string();
    let quarantine = Quarantine::open(quarantine, &recipient)?;
    let (start, cpu) = (Instant::now(), cpu_seconds()?);
    let now = export.time();
    let mut run = Run::begin(pipeline, &export, keys, Identities::new(), quarantine, now)?;
    let mut rows = 0;
    let mut types: BTreeMap<String, (f64, u64)> = BTreeMap::new();
    for file in export.files() {
        let begun = Instant::now();
        let mut reader = run.read(file).await?;
        while let Some(output) = run.next(&mut reader).await? {
            for (_, batch) in output.tables {
                rows += batch.into_batch().num_rows();
            }
        }
        let of_type = types.entry(file.resource_type.clone()).or_default();
        of_type.0 += begun.elapsed().as_secs_f64();
        of_type.1 += file.bytes;
    }
    let end = run.finish().await?;
    Ok(Figures {
        bytes: export.files().iter().map(|file| file.bytes).sum(),
        resources: end.report.files.iter().map(|file| file.read).sum(),
        rows,
        wall: start.elapsed().as_secs_f64(),
        cpu: cpu_seconds()? - cpu,
        types,
    })
}

impl Figures {
    fn print(&self, export: &str) {
        let megabytes = self.bytes as f64 / 1e6;
        println!(
            "{export}: {megabytes:.0} MB, {} resources, {} rows: {:.0} MB/s, {:.2} s, \
             {:.2} CPU s, {:.2} CPU ns a byte",
            self.resources,
            self.rows,
            megabytes / self.wall,
            self.wall,
            self.cpu,
            self.cpu * 1e9 / self.bytes as f64,
        );
        for (kind, (seconds, bytes)) in self.types.iter().filter(|_| self.types.len() > 1) {
            let megabytes = *bytes as f64 / 1e6;
            println!(
                "  {kind}: {megabytes:.1} MB, {:.0} MB/s",
                megabytes / seconds
            );
        }
    }
}

/// Seconds of CPU this process took, in all threads.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().ok_or("no fields")?;
    let mut times = fields.split_whitespace().skip(11).take(2);
    let mut ticks =
        || -> Result<f64, Box<dyn Error>> { Ok(times.next().ok_or("no time")?.parse::<f64>()?) };
    // Linux tells them in hundredths, whatever its own clock is.
    Ok((ticks()? + ticks()?) / 100.0)
}

/// Inflates the export, several times over under shifted ids.
fn unpack(source: &Path, exports: &Path) -> Result<(), Box<dyn Error>> {
    for folder in ["all", "Observation"] {
        std::fs::create_dir_all(exports.join(folder))?;
    }
    for entry in std::fs::read_dir(source)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let Some(kind) = name.strip_suffix(".ndjson.gz") else {
            continue;
        };
        let text = std::io::read_to_string(MultiGzDecoder::new(std::fs::File::open(&path)?))?;
        for copy in 0..COPIES {
            let shifted = text
                .replace("\"id\":\"", &format!("\"id\":\"{copy}"))
                .replace("Patient/", &format!("Patient/{copy}"))
                .replace("Encounter/", &format!("Encounter/{copy}"))
                .replace("\"value\":\"", &format!("\"value\":\"{copy}"));
            let name = format!("{kind}.{copy}.ndjson");
            std::fs::write(exports.join("all").join(&name), &shifted)?;
            if matches!(kind, "Observation" | "Patient") {
                std::fs::write(exports.join("Observation").join(&name), &shifted)?;
            }
        }
    }
    Ok(())
}
