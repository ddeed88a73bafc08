//! The form of `pipeline.toml`: unknown keys are errors.

use std::collections::BTreeMap;

use lazaret_model::{DatasetName, TableName};
use serde::Deserialize;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) pipeline: About,
    pub(crate) identity: Identity,
    #[serde(default)]
    pub(crate) export: Exported,
    #[serde(default)]
    pub(crate) limits: Limits,
    pub(crate) table: Vec<Table>,
}

/// `[pipeline]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) dataset: DatasetName,
    pub(crate) title: String,
    pub(crate) format: Format,
    pub(crate) country: Option<String>,
}

/// What a source's files are.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    FhirNdjson,
    FhirBundle,
    Cda,
    OmopCsv,
    Csv,
}

/// `[identity]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) system: Systems,
    pub(crate) fallback: Fallback,
    pub(crate) linkage_key: Option<String>,
}

/// One system of identifiers, or several in the order in which they are tried.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Systems {
    One(String),
    Several(Vec<String>),
}

/// What a person without the system's identifier becomes.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fallback {
    LocalId,
    Pending,
}

/// `[export]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Exported {
    pub(crate) mode: Mode,
    pub(crate) deleted_max_ratio: f64,
}

impl Default for Exported {
    fn default() -> Self {
        Self {
            mode: Mode::Incremental,
            deleted_max_ratio: 0.02,
        }
    }
}

/// What absence from an export means.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mode {
    Incremental,
    Full,
}

/// `[limits]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) quarantine_max_ratio: f64,
    pub(crate) record_bytes_max: usize,
    pub(crate) nesting_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let limits = lazaret_views::Limits::default();
        Self {
            quarantine_max_ratio: 0.01,
            record_bytes_max: limits.bytes_max,
            nesting_max: limits.nesting_max,
        }
    }
}

/// One `[[table]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) name: TableName,
    pub(crate) view: String,
    pub(crate) rows_per_person: u32,
    #[serde(default)]
    pub(crate) public: bool,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) derive: Vec<BTreeMap<String, Derive>>,
}

/// One column of `[[table.derive]]`: its expression, or that with what is known about it.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Derive {
    Expression(String),
    Described(Described),
}

/// A derived column with its facts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Described {
    pub(crate) is: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) bounds: Option<String>,
    pub(crate) scale: Option<u8>,
}
