//! The manifest of a bulk export (HL7 Bulk Data Access 2.0) and the time in its log.

use chrono::DateTime;
use lazaret_model::Instant;
use serde::Deserialize;
use url::Url;

use crate::date::Moment;

/// What an export says about itself. Unknown keys are others' business.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Manifest {
    transaction_time: Option<String>,
    request: Option<String>,
    #[serde(default)]
    pub(crate) requires_access_token: bool,
    #[serde(default)]
    pub(crate) output: Vec<Listed>,
    #[serde(default)]
    pub(crate) deleted: Vec<Listed>,
}

/// A file of the export.
#[derive(Deserialize)]
pub(crate) struct Listed {
    #[serde(rename = "type", default)]
    pub(crate) resource_type: String,
    url: String,
    pub(crate) count: Option<u64>,
}

impl Manifest {
    /// Parses `manifest.json`.
    ///
    /// # Errors
    /// What is wrong, without any of its values.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("not a manifest, line {}", error.line()))?;
        if manifest.transaction_time.is_some() && manifest.time().is_none() {
            return Err("transactionTime is not a moment".to_owned());
        }
        Ok(manifest)
    }

    /// When the export's state was taken.
    pub(crate) fn time(&self) -> Option<Instant> {
        moment(self.transaction_time.as_deref()?)
    }

    /// The server's base URL, from the request that started the export.
    pub(crate) fn base(&self) -> Option<String> {
        let request = self.request.as_deref()?;
        let (path, _) = request.split_once("$export")?;
        let path = path.trim_end_matches('/');
        let segments: Vec<&str> = path.rsplitn(3, '/').collect();
        let base = match segments.as_slice() {
            ["Patient", _, _] => path.strip_suffix("/Patient"),
            [id, "Group", _] => path
                .strip_suffix(id)
                .and_then(|rest| rest.strip_suffix("/Group/")),
            _ => Some(path),
        };
        base.filter(|base| base.contains("://")).map(str::to_owned)
    }
}

impl Listed {
    /// Where the file is, for a manifest that was read from `manifest`.
    ///
    /// # Errors
    /// It is on another server, or behind a query: both are a download client's business.
    pub(crate) fn url_from(&self, manifest: &Url) -> Result<Url, String> {
        let url = manifest
            .join(&self.url)
            .map_err(|_| "a file's url is not a URL".to_owned())?;
        if url.origin() != manifest.origin() || url.query().is_some() {
            let reason = "a file is on another server or behind a query: download the export first";
            return Err(reason.to_owned());
        }
        Ok(url)
    }

    /// The name of the file that was saved: the last part of its URL.
    pub(crate) fn file_name(&self) -> &str {
        let path = self.url.split(['?', '#']).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or_default()
    }
}

/// The transaction time in an export's log: the last event that has one.
pub(crate) fn time_in_log(log: &[u8]) -> Option<Instant> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event {
        event_detail: Detail,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Detail {
        transaction_time: String,
    }
    let lines = log.split(|byte| *byte == b'\n');
    let events = lines.filter_map(|line| serde_json::from_slice::<Event>(line).ok());
    events
        .filter_map(|event| moment(&event.event_detail.transaction_time))
        .next_back()
}

fn moment(text: &str) -> Option<Instant> {
    DateTime::from_timestamp_micros(Moment::parse(text)?.micros?)
}
