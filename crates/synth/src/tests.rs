//! Tests of the population and its exports.

mod care;
mod nights;
mod parts;
mod people;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::OnceLock;

use expect_test::expect;
use flate2::read::GzDecoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::nights::write_chunked;
use crate::{NightExport, Population, SynthError, regions_csv, write_fhir};

const PERSONS: u32 = 2_000;
const NIGHTS: u32 = 4;

/// A night read back: resources by type, and `Type/id` of what is deleted.
struct Night {
    export: NightExport,
    manifest: Value,
    resources: BTreeMap<String, Vec<Value>>,
    deleted: Vec<String>,
}

impl Night {
    fn of(&self, kind: &str) -> &[Value] {
        self.resources.get(kind).map_or(&[], Vec::as_slice)
    }

    fn all(&self) -> impl Iterator<Item = &Value> {
        self.resources.values().flatten()
    }
}

/// Four nights of two thousand people, written and read once.
fn nights() -> &'static [Night] {
    static WRITTEN: OnceLock<Vec<Night>> = OnceLock::new();
    WRITTEN.get_or_init(|| {
        let out = TempDir::new().unwrap();
        let exports = write_fhir(&Population::new(PERSONS, 11), out.path(), NIGHTS).unwrap();
        exports.into_iter().map(read).collect()
    })
}

fn read(export: NightExport) -> Night {
    let manifest: Value =
        serde_json::from_slice(&fs::read(export.dir.join("manifest.json")).unwrap()).unwrap();
    let mut resources: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for output in manifest["output"].as_array().unwrap() {
        let lines = lines(&export.dir.join(output["url"].as_str().unwrap()));
        assert_eq!(output["count"], lines.len());
        let kind = output["type"].as_str().unwrap();
        assert!(lines.iter().all(|line| line["resourceType"] == kind));
        resources.entry(kind.to_owned()).or_default().extend(lines);
    }
    let mut deleted = Vec::new();
    for output in manifest["deleted"].as_array().unwrap() {
        assert_eq!(output["type"], "Bundle");
        let bundles = lines(&export.dir.join(output["url"].as_str().unwrap()));
        assert_eq!(output["count"], bundles.len());
        for bundle in bundles {
            assert_eq!(bundle["type"], "transaction");
            for entry in bundle["entry"].as_array().unwrap() {
                assert_eq!(entry["request"]["method"], "DELETE");
                deleted.push(entry["request"]["url"].as_str().unwrap().to_owned());
            }
        }
    }
    Night {
        export,
        manifest,
        resources,
        deleted,
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let bytes = fs::read(path).unwrap();
    let mut text = String::new();
    if path.extension().is_some_and(|it| it == "gz") {
        GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// `Type/id`.
fn key(resource: &Value) -> String {
    let kind = resource["resourceType"].as_str().unwrap();
    format!("{kind}/{}", resource["id"].as_str().unwrap())
}

/// The patient a resource is about.
fn subject(resource: &Value) -> &str {
    let named = resource.get("subject").or(resource.get("patient"));
    named.unwrap()["reference"].as_str().unwrap()
}

/// Every file below a folder with its bytes.
fn bytes(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for night in fs::read_dir(dir).unwrap() {
        for file in fs::read_dir(night.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(dir).unwrap().display().to_string();
            all.insert(name, fs::read(&path).unwrap());
        }
    }
    all
}

fn written(persons: u32, seed: u64, nights: u32) -> BTreeMap<String, Vec<u8>> {
    let out = TempDir::new().unwrap();
    write_fhir(&Population::new(persons, seed), out.path(), nights).unwrap();
    bytes(out.path())
}

#[test]
fn same_seed_same_bytes_other_seed_other_bytes() {
    let (once, again, other) = (written(120, 5, 3), written(120, 5, 3), written(120, 6, 3));
    assert!(once == again);
    for (name, bytes) in &once {
        let same = other.get(name) == Some(bytes);
        assert!(
            !same || name.ends_with("manifest.json"),
            "{name} does not depend on the seed"
        );
    }
}

#[test]
fn bytes_before_compression_never_change() {
    let out = TempDir::new().unwrap();
    let exports = write_fhir(&Population::new(60, 1), out.path(), 2).unwrap();
    // FNV-1a: any platform, any level of optimisation, any compressor.
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for export in exports {
        let night = read(export);
        let deleted = night.deleted.iter().cloned();
        for text in night.all().map(Value::to_string).chain(deleted) {
            for byte in text.bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
            }
        }
    }
    expect!["cb28f363b72e29c2"].assert_eq(&format!("{hash:016x}"));
}

#[test]
fn more_nights_leave_the_earlier_ones_alone() {
    let (two, three) = (written(90, 8, 2), written(90, 8, 3));
    assert!(
        two.iter()
            .all(|(name, bytes)| three.get(name) == Some(bytes))
    );
}

#[test]
fn a_file_holds_so_many_resources_and_no_more() {
    let out = TempDir::new().unwrap();
    let exports = write_chunked(&Population::new(60, 3), out.path(), 1, 25).unwrap();
    let night = read(exports.into_iter().next().unwrap());
    let patients: Vec<(&Value, &Value)> = (night.manifest["output"].as_array().unwrap().iter())
        .filter(|output| output["type"] == "Patient")
        .map(|output| (&output["url"], &output["count"]))
        .collect();
    let expected = [25, 25, 10].map(Value::from);
    let names = [0, 1, 2].map(|number| Value::from(format!("Patient.{number:03}.ndjson.gz")));
    assert_eq!(patients, names.iter().zip(&expected).collect::<Vec<_>>());
    assert_eq!(night.export.resources["Patient"], 60);
}

#[test]
fn nobody_and_no_night_are_written_too() {
    let out = TempDir::new().unwrap();
    assert_eq!(
        write_fhir(&Population::new(5, 1), out.path(), 0).unwrap(),
        []
    );
    for export in write_fhir(&Population::new(0, 1), out.path(), 2).unwrap() {
        let night = read(export);
        assert_eq!((night.all().count(), night.deleted.len()), (0, 0));
    }
}

#[test]
fn an_occupied_folder_is_left_alone() {
    let out = TempDir::new().unwrap();
    let dir = out.path().join("night-1");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("Patient.007.ndjson"), "mine").unwrap();
    let error = write_fhir(&Population::new(3, 1), out.path(), 1).unwrap_err();
    assert!(matches!(error, SynthError::Occupied { dir: named } if named == dir));
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
}

#[test]
fn regions_cover_every_postcode() {
    let csv = regions_csv();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("country,postcode,nuts3"));
    let mut regions: BTreeMap<&str, &str> = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let [country, postcode, nuts3] = fields[..] else {
            panic!("{line}")
        };
        assert_eq!(
            (country, postcode.len(), nuts3.len()),
            ("FR", 5, 5),
            "{line}"
        );
        assert!(postcode.bytes().all(|byte| byte.is_ascii_digit()), "{line}");
        assert_eq!(regions.insert(postcode, nuts3), None, "{postcode} twice");
    }
    let mut used: BTreeMap<&str, u32> = BTreeMap::new();
    for address in nights()[0]
        .of("Patient")
        .iter()
        .filter_map(|it| it["address"].as_array())
    {
        for address in address {
            let region = regions[address["postalCode"].as_str().unwrap()];
            *used.entry(&region[..4]).or_default() += 1;
        }
    }
    assert_eq!(used.len(), 22, "{used:?}");
    // The capital's region holds 18.8 % of the metropolitan population, Corsica 0.5 %.
    let share = |region: &str| f64::from(used[region]) / f64::from(used.values().sum::<u32>());
    assert!((0.16..0.22).contains(&share("FR10")), "{}", share("FR10"));
    assert!(share("FRM0") < 0.02, "{}", share("FRM0"));
}
