//! How fast Observations become columns, on one core and in memory: see the README beside it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark stops where it fails, reads the clock and prints"
)]

use std::hint::black_box;
use std::io::Read as _;
use std::path::Path;
use std::time::Instant;

use lazaret_views::{Limits, Program, Resource, ViewDefinition};
use serde_json::{Value, json};

/// Times each step is run; the best counts.
const RUNS: usize = 7;
/// Observations that are made here.
const MADE: usize = 40_000;
/// Rows of a batch.
const BATCH_ROWS: usize = 8192;
/// Real records, where they are.
const EXPORT: &str = "fhir/synthea-615/Observation.ndjson.gz";
/// The columns, as a pipeline would want them; the value as a double.
const COLUMNS: &str = r#"[
    {"name": "key", "path": "getResourceKey()", "type": "id"},
    {"name": "person", "path": "subject.getReferenceKey(Patient)", "type": "id"},
    {"name": "code", "path": "code.coding.first().code", "type": "code"},
    {"name": "effective", "path": "effective.ofType(dateTime)", "type": "dateTime"},
    {"name": "value", "path": "value.ofType(Quantity).value", "type": "decimal"DOUBLE},
    {"name": "unit", "path": "value.ofType(Quantity).code", "type": "code"}]"#;
const DOUBLE: &str = r#", "tag": [{"name": "ansi/type", "value": "DOUBLE"}]"#;

fn main() {
    println!("{:24}{:>10}{:>12}", "", "MB/s", "ns/record");
    measure("made here", &made());
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("LAZARET_DATA").map_or(beside, Into::into);
    let Ok(file) = std::fs::File::open(folder.join(EXPORT)) else {
        println!("{EXPORT} is not there: set LAZARET_DATA");
        return;
    };
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_end(&mut text)
        .unwrap();
    measure(EXPORT, &text);
}

fn measure(name: &str, text: &[u8]) {
    // Cutting lines is the reader's work, not this crate's.
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::len);
    let lengths: Vec<usize> = lines.filter(|length| *length > 0).collect();
    let records = lengths.len();
    println!(
        "{name}: {records} records, {:.1} MB",
        text.len() as f64 / 1e6
    );
    let mut buffers = simd_json::Buffers::with_max_depth(1 << 16, 64);
    best("simd-json's tape", text, records, |bytes| {
        let mut nodes = simd_json::Tape(Vec::new());
        for line in self::records(bytes, &lengths) {
            let mut tape = nodes.reset();
            simd_json::fill_tape(line, &mut buffers, &mut tape).unwrap();
            black_box(&tape);
            nodes = tape.reset();
        }
    });
    let mut copy = Vec::new();
    best("Resource::parse", text, records, |bytes| {
        for line in self::records(bytes, &lengths) {
            black_box(Resource::parse(line, &mut copy, &Limits::default()).unwrap());
        }
    });
    for (name, double) in [("six columns", DOUBLE), ("  the value as text", "")] {
        let mut program = view(&COLUMNS.replace("DOUBLE", double));
        best(name, text, records, |bytes| {
            for line in self::records(bytes, &lengths) {
                let resource = Resource::parse(line, &mut copy, &Limits::default()).unwrap();
                program.push(&resource).unwrap();
                if program.rows() >= BATCH_ROWS {
                    black_box(program.finish().unwrap());
                }
            }
            black_box(program.finish().unwrap());
        });
    }
}

/// The records of a text, each so long.
fn records<'t>(mut text: &'t mut [u8], lengths: &[usize]) -> impl Iterator<Item = &'t mut [u8]> {
    lengths.iter().map(move |length| {
        let (record, rest) = std::mem::take(&mut text).split_at_mut(*length);
        // Without the line end.
        text = rest.get_mut(1..).unwrap();
        record
    })
}

fn view(columns: &str) -> Program {
    let json = format!(r#"{{"resource": "Observation", "select": [{{"column": {columns}}}]}}"#);
    let view = ViewDefinition::parse(json.as_bytes()).unwrap();
    view.compile().unwrap()
}

/// Prints the best of the runs, each over its own copy: parsing is in place.
fn best(name: &str, text: &[u8], records: usize, mut run: impl FnMut(&mut [u8])) {
    let mut seconds = f64::INFINITY;
    let mut bytes = text.to_vec();
    for _ in 0..RUNS {
        bytes.copy_from_slice(text);
        let start = (Instant::now(), on_cpu());
        run(&mut bytes);
        let taken = match (start.1, on_cpu()) {
            (Some(before), Some(after)) => (after - before) as f64 / 1e9,
            _ => start.0.elapsed().as_secs_f64(),
        };
        seconds = seconds.min(taken);
    }
    let rate = text.len() as f64 / seconds / 1e6;
    let each = seconds * 1e9 / records as f64;
    println!("  {name:22}{rate:>10.0}{each:>12.0}");
}

/// Nanoseconds this thread has had a core, where the system tells: others' work does not count.
fn on_cpu() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}

/// Observations as hospital systems write them: measured values, panels, coded answers.
fn made() -> Vec<u8> {
    let mut text = Vec::new();
    for index in 0..MADE {
        let (kind, part) = (
            KINDS[index * 7 % KINDS.len()],
            index * 2_654_435_761 % 4_294_967_291,
        );
        let day = format!(
            "20{:02}-{:02}-{:02}",
            index % 25,
            1 + index % 12,
            1 + index % 28
        );
        let id = |kind: &str, part: usize| format!("{kind}{part:08x}-6f3c-4e11-9a20-{part:012x}");
        let mut record = json!({
            "resourceType": "Observation",
            "id": id("", part),
            "meta": {"versionId": "1", "lastUpdated": format!("{day}T10:00:00.000+00:00")},
            "status": "final",
            "category": [coded("http://terminology.hl7.org/CodeSystem/observation-category",
                kind.category, kind.category)],
            "code": coded("http://loinc.org", kind.code, kind.name),
            "subject": {"reference": id("Patient/", index / 60)},
            "encounter": {"reference": id("Encounter/", index / 8)},
            "effectiveDateTime": format!("{day}T08:30:00+00:00"),
            "issued": format!("{day}T08:30:00.123+00:00"),
        });
        let value = |more: usize| quantity(20 + (index + more) % 150, index % 100, kind.unit);
        match kind.unit {
            "" => {
                let never = coded("http://snomed.info/sct", "266919005", "Never smoker");
                record["valueCodeableConcept"] = never;
            }
            "mm[Hg]" => {
                let systolic = coded("http://loinc.org", "8480-6", "Systolic blood pressure");
                let diastolic = coded("http://loinc.org", "8462-4", "Diastolic blood pressure");
                record["component"] = json!([
                    {"code": systolic, "valueQuantity": value(60)},
                    {"code": diastolic, "valueQuantity": value(0)}]);
            }
            _ => record["valueQuantity"] = value(0),
        }
        text.extend_from_slice(record.to_string().as_bytes());
        text.push(b'\n');
    }
    text
}

/// What is observed.
#[derive(Clone, Copy)]
struct Kind {
    code: &'static str,
    name: &'static str,
    category: &'static str,
    unit: &'static str,
}

const KINDS: [Kind; 5] = [
    kind("8302-2", "Body height", "vital-signs", "cm"),
    kind("29463-7", "Body weight", "vital-signs", "kg"),
    kind(
        "2339-0",
        "Glucose [Mass/volume] in Blood",
        "laboratory",
        "mg/dL",
    ),
    kind("72166-2", "Tobacco smoking status", "social-history", ""),
    kind("85354-9", "Blood pressure panel", "vital-signs", "mm[Hg]"),
];

const fn kind(
    code: &'static str,
    name: &'static str,
    category: &'static str,
    unit: &'static str,
) -> Kind {
    Kind {
        code,
        name,
        category,
        unit,
    }
}

fn coded(system: &str, code: &str, display: &str) -> Value {
    json!({"coding": [{"system": system, "code": code, "display": display}], "text": display})
}

fn quantity(whole: usize, hundredths: usize, unit: &str) -> Value {
    let value: f64 = format!("{whole}.{hundredths:02}").parse().unwrap();
    json!({"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit})
}
