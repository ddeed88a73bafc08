//! Exports as NDJSON, read and written without any of the code under test.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::files;

/// Every resource of an export, file by file.
pub(crate) fn resources(export: &Path, mut each: impl FnMut(Value)) {
    for path in files(export) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let file = File::open(&path).unwrap();
        let stream: Box<dyn Read> = match name.as_str() {
            _ if name.ends_with(".ndjson.gz") => Box::new(GzDecoder::new(file)),
            _ if name.ends_with(".ndjson") => Box::new(file),
            _ => continue,
        };
        for line in BufReader::with_capacity(1 << 20, stream).lines() {
            each(serde_json::from_str(&line.unwrap()).unwrap());
        }
    }
}

/// Writes an export as a server does: a file a type, its manifest, and what was deleted.
pub(crate) fn write_export(folder: &Path, time: &str, resources: &[Value], deleted: &[String]) {
    let mut kinds: Vec<&str> = resources
        .iter()
        .filter_map(|resource| resource["resourceType"].as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut output = Vec::new();
    for kind in kinds {
        let name = format!("{kind}.000.ndjson");
        let of_kind = resources
            .iter()
            .filter(|resource| resource["resourceType"] == kind);
        let lines: String = of_kind.map(|resource| format!("{resource}\n")).collect();
        std::fs::write(folder.join(&name), lines).unwrap();
        output.push(json!({"type": kind, "url": name}));
    }
    let mut manifest = json!({
        "transactionTime": time, "request": "http://example.org/$export",
        "requiresAccessToken": false, "output": output, "error": []
    });
    if !deleted.is_empty() {
        let entries = deleted
            .iter()
            .map(|reference| json!({"request": {"method": "DELETE", "url": reference}}));
        let bundle = json!({
            "resourceType": "Bundle", "type": "transaction", "entry": entries.collect::<Vec<_>>()
        });
        let mut file = File::create(folder.join("deleted.000.ndjson")).unwrap();
        writeln!(file, "{bundle}").unwrap();
        manifest["deleted"] = json!([{"type": "Bundle", "url": "deleted.000.ndjson"}]);
    }
    std::fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
}

/// `Type/id` of a resource.
pub(crate) fn reference(resource: &Value) -> String {
    let text = |key: &str| resource[key].as_str().unwrap_or_default();
    format!("{}/{}", text("resourceType"), text("id"))
}
