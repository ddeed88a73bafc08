//! The export's lists of deletions: bundles of DELETE requests, one a line.

use std::collections::BTreeMap;

use lazaret_pseudonym::Pseudonymiser;
use serde::Deserialize;

use crate::IngestError;
use crate::export::{Export, ExportFile};
use crate::read::Reader;
use crate::reference::is_id;

/// What the lists of an export delete.
#[derive(Default)]
pub(crate) struct Deletions {
    /// Pseudonyms of the resources.
    pub(crate) resources: Vec<i64>,
    /// How many, by type.
    pub(crate) types: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Bundle {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(default)]
    entry: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    request: Request,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    url: String,
}

/// Reads all lists. Deleting a `Patient` deletes that resource and nothing else of the person: a
/// source that means more lists every resource, and erasure is a procedure of its own.
///
/// # Errors
/// `Export`, when a line is something else: a deletion is never passed over.
pub(crate) async fn read(
    export: &Export,
    keys: &Pseudonymiser,
    line_bytes_max: usize,
) -> Result<Deletions, IngestError> {
    let mut deletions = Deletions::default();
    for file in &export.deleted {
        let source = export.source.clone();
        let mut reader = Reader::start(source, file.clone(), line_bytes_max, None);
        while let Some(piece) = reader.piece().await? {
            if piece.oversized {
                return Err(refused(file, piece.first_line));
            }
            for line in piece.lines() {
                deletions
                    .line(piece.line(&line), export.base.as_deref(), keys)
                    .ok_or_else(|| refused(file, line.number))?;
            }
        }
    }
    Ok(deletions)
}

impl Deletions {
    fn line(&mut self, line: &[u8], base: Option<&str>, keys: &Pseudonymiser) -> Option<()> {
        let bundle: Bundle = serde_json::from_slice(line).ok()?;
        if bundle.resource_type != "Bundle" {
            return None;
        }
        for item in bundle.entry {
            let Request { method, url } = item.request;
            let own = base.and_then(|base| url.strip_prefix(base));
            let local = own.and_then(|rest| rest.strip_prefix('/')).unwrap_or(&url);
            let (kind, id) = local.split_once('/')?;
            let is_type = kind.starts_with(|first: char| first.is_ascii_uppercase())
                && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if method != "DELETE" || !is_type || !is_id(id) {
                return None;
            }
            self.resources.push(keys.resource(kind, id));
            *self.types.entry(kind.to_owned()).or_default() += 1;
        }
        Some(())
    }
}

fn refused(file: &ExportFile, line: u64) -> IngestError {
    IngestError::Export {
        place: file.name.clone(),
        reason: format!("line {line} is not a bundle of DELETE requests: correct the list"),
    }
}
