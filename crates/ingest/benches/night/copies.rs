//! Exports made of many copies of a base: folders on disk, and a store that is never on disk.

mod folders;
mod store;

use serde_json::{Value, json};

pub(crate) use folders::Folders;
pub(crate) use store::Store;

/// When the state of the first night's export was taken.
const FIRST: &str = "2026-11-24T22:00:00Z";
/// The same of the second.
const SECOND: &str = "2026-11-25T22:00:00Z";
/// When what changed between them was changed.
const CHANGED: &str = "2026-11-25T12:00:00Z";

/// The manifest of an export: files by name and type, with their resources counted.
fn manifest(time: &str, files: &[(String, String, u64)], deleted: Option<&str>) -> Value {
    let url = |name: &str| format!("https://fhir.example.org/export/{name}");
    let output: Vec<Value> = files
        .iter()
        .map(|(name, kind, count)| json!({ "type": kind, "url": url(name), "count": count }))
        .collect();
    let deleted: Vec<Value> = deleted
        .iter()
        .map(|name| json!({ "type": "Bundle", "url": url(name) }))
        .collect();
    json!({
        "transactionTime": time,
        "request": "https://fhir.example.org/r4/$export",
        "requiresAccessToken": false,
        "output": output,
        "deleted": deleted,
        "error": [],
    })
}
