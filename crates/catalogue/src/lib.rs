//! The published description of a dataset: its record and its quality label.
//!
//! Types only: what writes them as HealthDCAT-AP and measures the label comes with the lake's work.

use lazaret_model::{DatasetName, Instant, TableDescription};
use serde::{Deserialize, Serialize};

/// What the public catalogue says of a dataset: a HealthDCAT-AP `dcat:Dataset`, from published
/// metadata alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// Its name.
    pub name: DatasetName,
    /// Its title, by language.
    pub title: Vec<LanguageText>,
    /// The holder's name.
    pub holder: String,
    /// The access body that decides on it.
    pub access_body: String,
    /// Its country, ISO 3166-1 alpha-2.
    pub country: String,
    /// When its newest snapshot was published.
    pub modified: Instant,
    /// Its tables and columns, for the dictionary.
    pub tables: Vec<TableDescription>,
    /// Its label, where it has one.
    pub label: Option<QualityLabel>,
}

/// A text in a language (BCP 47).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageText {
    /// The language, such as `fr`.
    pub language: String,
    /// The text.
    pub text: String,
}

/// The data quality and utility label: the six elements of Article 78(3) of Regulation (EU)
/// 2025/327.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityLabel {
    /// Documentation: metadata, dictionary, standards, provenance.
    pub documentation: String,
    /// Technical quality: completeness, uniqueness, accuracy, validity, timeliness, consistency.
    pub technical_quality: String,
    /// Processes of quality management: review, audit, examination of biases.
    pub quality_management: String,
    /// Coverage: period, population, how representative it is.
    pub coverage: String,
    /// Access and provision: from collection to the dataset, from request to access.
    pub access_and_provision: String,
    /// Modifications: merging with and adding to other datasets.
    pub modifications: String,
}
