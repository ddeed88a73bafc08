//! The JSON of a ViewDefinition, as the standard has it: what is read, and what is only metadata.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Map, Value};

/// Keys of a ViewDefinition that say something about it and change nothing.
const METADATA: [&str; 24] = [
    "id",
    "meta",
    "implicitRules",
    "language",
    "text",
    "url",
    "identifier",
    "title",
    "version",
    "versionAlgorithmString",
    "versionAlgorithmCoding",
    "status",
    "experimental",
    "date",
    "publisher",
    "contact",
    "description",
    "useContext",
    "jurisdiction",
    "purpose",
    "copyright",
    "copyrightLabel",
    "fhirVersion",
    "profile",
];

/// Values a definition's `resourceType` may have: its name, and how the guide's examples put it.
const RESOURCE_TYPES: [&str; 2] = [
    "ViewDefinition",
    "http://hl7.org/fhir/uv/sql-on-fhir/StructureDefinition/ViewDefinition",
];

/// A ViewDefinition.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefinitionJson {
    pub(crate) name: Option<String>,
    pub(crate) resource: String,
    #[serde(default)]
    pub(crate) constant: Vec<Map<String, Value>>,
    #[serde(rename = "where", default)]
    pub(crate) filters: Vec<FilterJson>,
    pub(crate) select: Vec<SelectJson>,
}

/// A condition on resources.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterJson {
    pub(crate) path: String,
    #[serde(rename = "description", default)]
    _description: Option<String>,
}

/// A select.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct SelectJson {
    #[serde(default)]
    pub(crate) column: Vec<ColumnJson>,
    #[serde(default)]
    pub(crate) select: Vec<SelectJson>,
    pub(crate) for_each: Option<String>,
    pub(crate) for_each_or_null: Option<String>,
    pub(crate) repeat: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) union_all: Vec<SelectJson>,
}

/// A column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnJson {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) description: Option<String>,
    pub(crate) collection: Option<bool>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) tag: Vec<TagJson>,
}

/// A column's tag.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TagJson {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// Reads the bytes of a definition.
pub(crate) fn read(json: &[u8]) -> Result<DefinitionJson, serde_json::Error> {
    let mut keys: Map<String, Value> = serde_json::from_slice(json)?;
    let kind = keys.remove("resourceType");
    if kind.is_some_and(|kind| RESOURCE_TYPES.iter().all(|known| kind != *known)) {
        let reason = "its resourceType is not `ViewDefinition`";
        return Err(serde_json::Error::custom(reason));
    }
    keys.retain(|key, _| !METADATA.contains(&key.as_str()));
    serde_json::from_value(Value::Object(keys))
}
