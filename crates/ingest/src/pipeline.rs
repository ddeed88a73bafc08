//! A pipeline: the folder that says what is taken from an export and what becomes of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use lazaret_model::{DatasetName, TableDescription, TableName};
use lazaret_views::{Limits, ViewDefinition};
use sha2::{Digest, Sha256};

use crate::IngestError;
use crate::column::occurrences;
use crate::regions::{Regions, country_code};
use crate::settings::{self, Fallback, Format, Mode, Settings, Systems};
use crate::table::Table;

/// Bytes of `pipeline.toml` or of a view.
const TEXT_BYTES_MAX: u64 = 1 << 20;
/// Bytes of the postcode table.
const REGIONS_BYTES_MAX: u64 = 256 << 20;

/// A loaded pipeline.
pub struct Pipeline {
    name: String,
    dataset: DatasetName,
    title: String,
    descriptions: Vec<TableDescription>,
    sha256: String,
    pub(crate) country: Option<String>,
    pub(crate) systems: Vec<String>,
    pub(crate) fallback: Fallback,
    pub(crate) limits: Limits,
    pub(crate) quarantine_max_ratio: f64,
    pub(crate) tables: Arc<[Table]>,
    pub(crate) regions: Arc<Regions>,
}

/// Why a column is kept although names, places or free text can stand behind its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Justification<'a> {
    /// The table.
    pub table: &'a TableName,
    /// The column.
    pub column: &'a str,
    /// The reason, in the view author's words.
    pub text: &'a str,
}

impl Pipeline {
    /// Loads `pipeline.toml`, its views and, where one is there, `terminology/regions.csv`.
    ///
    /// # Errors
    /// `Pipeline`, when a file is missing, has an unknown key, or leaves a column undecided;
    /// `View`, when a view is not a ViewDefinition that the engine runs.
    pub fn load(dir: &Path) -> Result<Self, IngestError> {
        let mut files = Files {
            dir,
            digest: Sha256::new(),
        };
        let file = "pipeline.toml";
        let refused = |reason: String| IngestError::Pipeline {
            file: file.to_owned(),
            reason,
        };
        let text = String::from_utf8(files.read(file, TEXT_BYTES_MAX)?)
            .map_err(|_| refused("not UTF-8".to_owned()))?;
        let settings: Settings =
            toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        let systems = check(&settings).map_err(refused)?;
        let mut tables: Vec<Table> = Vec::new();
        for setting in &settings.table {
            if tables.iter().any(|table| table.name == setting.name) {
                return Err(refused(format!("two tables are called `{}`", setting.name)));
            }
            let path = view_path(&setting.view).map_err(refused)?;
            tables.push(files.table(path, setting)?);
        }
        let regions = files.regions()?;
        if tables.is_empty() {
            return Err(refused("there is no table".to_owned()));
        }
        same_person_path(&tables).map_err(refused)?;
        Ok(Self {
            name: settings.pipeline.name,
            dataset: settings.pipeline.dataset,
            title: settings.pipeline.title,
            descriptions: tables
                .iter()
                .map(|table| table.description.clone())
                .collect(),
            sha256: hex(&files.digest.finalize()),
            country: settings.pipeline.country.as_deref().and_then(country_code),
            systems,
            fallback: settings.identity.fallback,
            limits: Limits {
                bytes_max: settings.limits.record_bytes_max,
                nesting_max: settings.limits.nesting_max,
            },
            quarantine_max_ratio: settings.limits.quarantine_max_ratio,
            tables: tables.into(),
            regions: Arc::new(regions),
        })
    }

    /// The same pipeline with another share of records that may go to quarantine, 0 to 1.
    ///
    /// # Errors
    /// `Pipeline`, when it is not a share.
    pub fn with_quarantine_max_ratio(mut self, ratio: f64) -> Result<Self, IngestError> {
        if !(0.0..=1.0).contains(&ratio) {
            let file = "quarantine limit".to_owned();
            return Err(IngestError::Pipeline {
                file,
                reason: "a share is 0 to 1".to_owned(),
            });
        }
        self.quarantine_max_ratio = ratio;
        Ok(self)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The dataset its tables belong to.
    #[must_use]
    pub const fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// What it is, for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The tables it fills, as they are promised, in the order of `pipeline.toml`.
    #[must_use]
    pub fn tables(&self) -> &[TableDescription] {
        &self.descriptions
    }

    /// SHA-256 of its files, in hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What is kept for a reason that somebody wrote down: to be shown when the pipeline is used.
    pub fn justifications(&self) -> impl Iterator<Item = Justification<'_>> {
        self.tables.iter().flat_map(|table| {
            table.decisions.iter().filter_map(|decision| {
                let text = decision.justification.as_deref()?;
                Some(Justification {
                    table: &table.name,
                    column: &decision.name,
                    text,
                })
            })
        })
    }
}

/// Checks what can be asked for and is not there yet; gives the identifier systems.
fn check(settings: &Settings) -> Result<Vec<String>, String> {
    let about = &settings.pipeline;
    if about.format != Format::FhirNdjson {
        return Err("the only format supported yet is `fhir-ndjson`".to_owned());
    }
    if about
        .country
        .as_deref()
        .is_some_and(|country| country_code(country).is_none())
    {
        return Err("country is an ISO 3166-1 code of two letters".to_owned());
    }
    if settings.identity.linkage_key.is_some() {
        return Err("identity linkage_key is not supported yet: leave it out".to_owned());
    }
    if settings.export.mode == Mode::Full {
        return Err("export mode `full` is not supported yet: use `incremental`".to_owned());
    }
    for (name, ratio) in [
        ("deleted_max_ratio", settings.export.deleted_max_ratio),
        ("quarantine_max_ratio", settings.limits.quarantine_max_ratio),
    ] {
        if !(0.0..=1.0).contains(&ratio) {
            return Err(format!("{name} is a share from 0 to 1"));
        }
    }
    let limits = &settings.limits;
    if !(1..=1 << 30).contains(&limits.record_bytes_max) || !(1..=512).contains(&limits.nesting_max)
    {
        return Err("record_bytes_max is 1 to 2^30, nesting_max 1 to 512".to_owned());
    }
    let systems = match &settings.identity.system {
        Systems::One(system) => std::slice::from_ref(system),
        Systems::Several(systems) => systems,
    };
    let systems: Vec<String> = systems
        .iter()
        .map(|system| system.trim().to_owned())
        .collect();
    if systems.is_empty() || systems.iter().any(|system| !system.contains(':')) {
        return Err("identity system is a URI, or a list of them to try in order".to_owned());
    }
    Ok(systems)
}

/// Two views of one type have to agree on whose resource it is.
fn same_person_path(tables: &[Table]) -> Result<(), String> {
    for (index, table) in tables.iter().enumerate() {
        let same_type = |other: &&Table| other.view.resource() == table.view.resource();
        let mut earlier = tables.iter().take(index).filter(same_type);
        if let Some(other) = earlier.find(|other| other.person != table.person) {
            return Err(format!(
                "`{}` and `{}` differ about the person",
                other.name, table.name
            ));
        }
    }
    Ok(())
}

fn view_path(path: &str) -> Result<&str, String> {
    let inside = path.starts_with("views/") && path.ends_with(".json") && !path.contains("..");
    if inside {
        Ok(path)
    } else {
        Err(format!("view `{path}` is not `views/<name>.json`"))
    }
}

/// The files of a pipeline: what is read goes into its hash.
struct Files<'a> {
    dir: &'a Path,
    digest: Sha256,
}

impl Files<'_> {
    fn read(&mut self, name: &str, bytes_max: u64) -> Result<Vec<u8>, IngestError> {
        let refused = |reason: String| IngestError::Pipeline {
            file: name.to_owned(),
            reason,
        };
        let path = self.dir.join(name);
        let metadata = fs::metadata(&path).map_err(|error| refused(error.to_string()))?;
        if metadata.len() > bytes_max {
            return Err(refused(format!("over {bytes_max} bytes")));
        }
        let bytes = fs::read(&path).map_err(|error| refused(error.to_string()))?;
        for part in [name.as_bytes(), &bytes] {
            self.digest.update((part.len() as u64).to_be_bytes());
            self.digest.update(part);
        }
        Ok(bytes)
    }

    fn table(&mut self, path: &str, setting: &settings::Table) -> Result<Table, IngestError> {
        let json = self.read(path, TEXT_BYTES_MAX)?;
        let file = path.to_owned();
        let view = ViewDefinition::parse(&json).map_err(|source| IngestError::View {
            file: file.clone(),
            source: Box::new(source),
        })?;
        let refused = |reason| IngestError::Pipeline {
            file: file.clone(),
            reason,
        };
        let places = serde_json::from_slice(&json).map_err(|error| refused(error.to_string()))?;
        Table::new(setting, view, &occurrences(&places)).map_err(refused)
    }

    /// The postcode table; none where there is no file.
    fn regions(&mut self) -> Result<Regions, IngestError> {
        let file = "terminology/regions.csv";
        if !self.dir.join(file).exists() {
            return Ok(Regions::default());
        }
        let refused = |reason| IngestError::Pipeline {
            file: file.to_owned(),
            reason,
        };
        Regions::parse(&self.read(file, REGIONS_BYTES_MAX)?).map_err(refused)
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
