//! Columns and constants of a view: their types, in FHIR's terms and in ours.

use serde_json::{Map, Value};

use crate::error::{View, ViewError};
use crate::path::Literal;
use crate::plan::{ScalarType, Target};
use crate::standard::ColumnJson;

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How its values are stored.
    pub kind: ColumnKind,
    /// Names and values of its tags, in the definition's order.
    pub tags: Vec<(String, String)>,
    /// What it means.
    pub description: Option<String>,
    /// Where its value comes from; of a union, in the first branch.
    pub path: String,
}

/// How a column's values are stored. Every column may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text as it is written in the record: codes, dates, and decimals with all their digits.
    Text,
    /// Truth values.
    Boolean,
    /// Whole numbers of 64 bits.
    Integer,
    /// Finite doubles: `decimal` with the tag `ansi/type` = `DOUBLE`.
    Number,
}

/// A column on its way into the definition.
pub(crate) struct Made {
    /// As it is told.
    pub(crate) column: Column,
    /// As it is filled.
    pub(crate) target: Target,
}

/// Checks a column by itself.
pub(crate) fn column(view: View<'_>, json: &ColumnJson) -> Result<Made, ViewError> {
    if !is_sql_name(&json.name) {
        return Err(view.invalid(format!(
            "the column name `{}` is not letters, digits and `_`, a letter first",
            json.name
        )));
    }
    if json.collection == Some(true) {
        return Err(view.unsupported(&json.path, "a column that is a collection"));
    }
    let tags: Vec<(String, String)> = json
        .tag
        .iter()
        .map(|tag| (tag.name.clone(), tag.value.clone()))
        .collect();
    let scalar = scalar_type(view, json, &tags)?;
    Ok(Made {
        target: Target {
            name: json.name.clone(),
            declared: json
                .kind
                .clone()
                .unwrap_or_else(|| "any primitive".to_owned()),
            scalar,
        },
        column: Column {
            name: json.name.clone(),
            kind: scalar.kind(),
            tags,
            description: json.description.clone(),
            path: json.path.clone(),
        },
    })
}

/// Reads `{"name": .., "value<Type>": ..}`.
pub(crate) fn constant(
    view: View<'_>,
    json: &Map<String, Value>,
) -> Result<(String, Literal), ViewError> {
    let Some(Value::String(name)) = json.get("name") else {
        return Err(view.invalid("a constant has no name"));
    };
    if !is_sql_name(name) {
        return Err(view.invalid(format!("`{name}` is not a constant's name")));
    }
    let mut others = json.iter().filter(|(key, _)| *key != "name");
    let (Some((key, value)), None) = (others.next(), others.next()) else {
        return Err(view.invalid(format!("the constant `{name}` has not exactly one value")));
    };
    let wrong = || {
        view.invalid(format!(
            "the value of the constant `{name}` is not a `{key}`"
        ))
    };
    let literal = match (key.as_str(), value) {
        ("valueDate" | "valueDateTime" | "valueInstant" | "valueTime", _) => {
            return Err(view.unsupported(&format!("%{name}"), &format!("a constant `{key}`")));
        }
        ("valueBoolean", Value::Bool(value)) => Literal::Boolean(*value),
        ("valueInteger" | "valuePositiveInt" | "valueUnsignedInt", Value::Number(value)) => {
            Literal::Integer(value.as_i64().ok_or_else(wrong)?)
        }
        ("valueInteger64", Value::String(value)) => {
            Literal::Integer(value.parse().map_err(|_| wrong())?)
        }
        ("valueDecimal", Value::Number(value)) => {
            Literal::Decimal(value.to_string(), value.as_f64().ok_or_else(wrong)?)
        }
        (
            "valueString" | "valueCode" | "valueId" | "valueUri" | "valueUrl" | "valueUuid"
            | "valueOid" | "valueCanonical" | "valueBase64Binary" | "valueMarkdown",
            Value::String(value),
        ) => Literal::Text(value.clone()),
        _ => return Err(wrong()),
    };
    Ok((name.clone(), literal))
}

/// The standard's rule for names of views, columns and constants.
pub(crate) fn is_sql_name(name: &str) -> bool {
    name.len() <= 255
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl ScalarType {
    fn kind(self) -> ColumnKind {
        match self {
            Self::Boolean => ColumnKind::Boolean,
            Self::Integer | Self::PositiveInt | Self::UnsignedInt | Self::Integer64 => {
                ColumnKind::Integer
            }
            Self::Double => ColumnKind::Number,
            Self::Decimal | Self::Text | Self::Any => ColumnKind::Text,
        }
    }
}

/// How a column's type is checked: FHIR's type, and the one ANSI type that changes it.
fn scalar_type(
    view: View<'_>,
    json: &ColumnJson,
    tags: &[(String, String)],
) -> Result<ScalarType, ViewError> {
    const SPACE: &str = "http://hl7.org/fhir/StructureDefinition/";
    let ansi = tags
        .iter()
        .find(|(name, _)| name == "ansi/type")
        .map(|(_, value)| value.as_str());
    let declared = json
        .kind
        .as_deref()
        .map(|kind| kind.strip_prefix(SPACE).unwrap_or(kind));
    let scalar = match declared {
        None => ScalarType::Any,
        Some("boolean") => ScalarType::Boolean,
        Some("integer") => ScalarType::Integer,
        Some("positiveInt") => ScalarType::PositiveInt,
        Some("unsignedInt") => ScalarType::UnsignedInt,
        Some("integer64") => ScalarType::Integer64,
        Some("decimal") => ScalarType::Decimal,
        Some(
            "base64Binary" | "canonical" | "code" | "date" | "dateTime" | "id" | "instant"
            | "markdown" | "oid" | "string" | "time" | "uri" | "url" | "uuid" | "xhtml",
        ) => ScalarType::Text,
        Some(other) => {
            return Err(view.unsupported(&json.path, &format!("a column of type `{other}`")));
        }
    };
    match (scalar, ansi) {
        (_, None) => Ok(scalar),
        (ScalarType::Decimal, Some("DOUBLE" | "DOUBLE PRECISION")) => Ok(ScalarType::Double),
        (_, Some(other)) => {
            let what = format!("the tag ansi/type `{other}` on this type");
            Err(view.unsupported(&json.path, &what))
        }
    }
}
