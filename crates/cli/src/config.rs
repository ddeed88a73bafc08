//! `lazaret.toml`: what a home is made of. Unknown keys are errors.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use lazaret_model::{DatasetName, Delta, Epsilon};
use serde::Deserialize;

/// The file's name in a home.
pub(crate) const FILE: &str = "lazaret.toml";
/// Variables that begin so override keys: `LAZARET_HOME__STORE` is `[home] store`.
const PREFIX: &str = "LAZARET_";

/// The configuration of a home.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    reason = "checked here, used by what is to come: server, mail"
)]
pub(crate) struct Config {
    pub(crate) home: HomePart,
    #[serde(default)]
    pub(crate) dataset: BTreeMap<DatasetName, DatasetPart>,
    #[serde(default)]
    pub(crate) query: QueryPart,
    #[serde(default)]
    pub(crate) serve: Option<ServePart>,
    #[serde(default)]
    pub(crate) oidc: Option<toml::Table>,
    #[serde(default)]
    pub(crate) smtp: Option<toml::Table>,
    #[serde(default)]
    pub(crate) energy: Option<EnergyPart>,
}

/// Where the parts of a home are: paths (relative to the home) or URLs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HomePart {
    pub(crate) role: String,
    #[serde(default = "lake")]
    pub(crate) lake: String,
    #[serde(default = "store")]
    pub(crate) store: String,
    #[serde(default = "keys")]
    pub(crate) keys: PathBuf,
    #[serde(default = "quarantine")]
    pub(crate) quarantine: PathBuf,
}

/// A dataset's name for people and its cap: what all permits together may spend in its lifetime.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatasetPart {
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) cap: Cap,
}

/// A cap in the words of a permit.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cap {
    pub(crate) epsilon: Epsilon,
    pub(crate) delta: Delta,
}

/// What one question may take, and when its reply comes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct QueryPart {
    pub(crate) time_max_seconds: u32,
    pub(crate) memory_max_mib: u32,
    /// By default two seconds, and none in a demo home.
    pub(crate) reply_slot_seconds: Option<u32>,
}

impl Default for QueryPart {
    fn default() -> Self {
        Self {
            time_max_seconds: 600,
            memory_max_mib: 4096,
            reply_slot_seconds: None,
        }
    }
}

/// Addresses of the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "checked here, used by the server")]
pub(crate) struct ServePart {
    http: Option<String>,
    flight: Option<String>,
    public_url: Option<String>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
}

/// What a CPU second is taken to need.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnergyPart {
    pub(crate) watts: f64,
    pub(crate) gco2e_per_kwh: f64,
}

fn lake() -> String {
    "lake".to_owned()
}

fn store() -> String {
    "store.db".to_owned()
}

fn keys() -> PathBuf {
    "keys".into()
}

fn quarantine() -> PathBuf {
    "quarantine".into()
}

impl Config {
    /// Reads a home's configuration, with the environment over it.
    pub(crate) fn load(home: &Path) -> anyhow::Result<Self> {
        let path = home.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "{} cannot be read: make a home with `lazaret init`",
                path.display()
            )
        })?;
        let variables = std::env::vars().filter(|(name, _)| name.starts_with(PREFIX));
        Self::parse(&text, variables).with_context(|| path.display().to_string())
    }

    /// Parses the text, with variables such as `LAZARET_HOME__STORE` over it.
    pub(crate) fn parse(
        text: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut table: toml::Table = text.parse()?;
        for (name, value) in variables {
            let path = name.trim_start_matches(PREFIX).to_lowercase();
            // One underscore belongs to other variables of ours, such as LAZARET_HOME itself.
            let Some((section, key)) = path.split_once("__") else {
                continue;
            };
            let section = table
                .entry(section.to_owned())
                .or_insert_with(|| toml::Table::new().into());
            match section.as_table_mut() {
                Some(section) => section.insert(key.to_owned(), value.into()),
                None => bail!("{name} names no section of {FILE}"),
            };
        }
        Ok(table.try_into()?)
    }
}
