//! Columns and constants of a view: their types, in FHIR's terms and in ours.

use serde_json::{Number, Value};

use crate::error::{View, ViewError};
use crate::moment::{Moment, Sort};
use crate::path::Literal;
use crate::plan::{Many, ScalarType, Target};
use crate::standard::{ColumnJson, ConstantJson};

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
    /// Lists of such values, none of them null: `collection` is true. Without values the list is
    /// empty; null is only the row of a `forEachOrNull` without items.
    List(ItemKind),
}

/// How the values in a list are stored: as in a column without a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemKind {
    /// As in [`ColumnKind::Text`].
    Text,
    /// As in [`ColumnKind::Boolean`].
    Boolean,
    /// As in [`ColumnKind::Integer`].
    Integer,
    /// As in [`ColumnKind::Number`].
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
        let reason = format!(
            "the column name `{}` is not letters, digits and `_`, a letter first",
            json.name
        );
        return Err(view.invalid(&format!("{}.name", json.at), reason));
    }
    let scalar = scalar_type(view, json)?;
    let many = if json.collection {
        Many::List
    } else {
        Many::One
    };
    Ok(Made {
        target: Target {
            name: json.name.clone(),
            declared: json
                .kind
                .clone()
                .unwrap_or_else(|| "any primitive".to_owned()),
            scalar,
            many,
        },
        column: Column {
            name: json.name.clone(),
            kind: match (many, scalar.kind()) {
                (Many::One, kind) => kind.column(),
                (Many::List, kind) => ColumnKind::List(kind),
            },
            tags: json.tag.clone(),
            description: json.description.clone(),
            path: json.path.path.clone(),
        },
    })
}

/// Reads `{"name": .., "value<Type>": ..}`.
pub(crate) fn constant(
    view: View<'_>,
    json: &ConstantJson,
) -> Result<(String, Literal), ViewError> {
    let invalid = |reason: String| view.invalid(&json.at, reason);
    let Some(Value::String(name)) = json.fields.get("name") else {
        return Err(invalid("a constant has no name".to_owned()));
    };
    if !is_sql_name(name) {
        return Err(invalid(format!("`{name}` is not a constant's name")));
    }
    let mut others = json.fields.iter().filter(|(key, _)| *key != "name");
    let (Some((key, value)), None) = (others.next(), others.next()) else {
        return Err(invalid(format!(
            "the constant `{name}` has not exactly one value"
        )));
    };
    let literal = match value {
        Value::Bool(value) if key == "valueBoolean" => Some(Literal::Boolean(*value)),
        Value::Number(value) => numeric(key, value),
        Value::String(value) => textual(key, value),
        _ => None,
    };
    let wrong = || format!("the value of the constant `{name}` is not a `{key}`");
    Ok((name.clone(), literal.ok_or_else(|| invalid(wrong()))?))
}

fn numeric(key: &str, value: &Number) -> Option<Literal> {
    match key {
        "valueInteger" | "valuePositiveInt" | "valueUnsignedInt" => {
            value.as_i64().map(Literal::Integer)
        }
        "valueDecimal" => Some(Literal::Decimal(value.to_string(), value.as_f64()?)),
        _ => None,
    }
}

fn textual(key: &str, value: &str) -> Option<Literal> {
    let moment = |wanted: fn(&Moment) -> bool| {
        let moment = Moment::parse(value).filter(wanted)?;
        Some(Literal::Moment(value.to_owned(), moment))
    };
    match key {
        "valueDate" => moment(|moment| !moment.has_time()),
        "valueDateTime" => moment(|moment| !moment.is_of_day()),
        "valueInstant" => moment(|moment| !moment.is_of_day() && moment.has_time()),
        "valueTime" => moment(Moment::is_of_day),
        "valueInteger64" => value.parse().ok().map(Literal::Integer),
        "valueString" | "valueCode" | "valueId" | "valueUri" | "valueUrl" | "valueUuid"
        | "valueOid" | "valueCanonical" | "valueBase64Binary" | "valueMarkdown" => {
            Some(Literal::Text(value.to_owned()))
        }
        _ => None,
    }
}

/// What a date in a column's path is, when the path does not tell: only columns of type `date`
/// want a day.
pub(crate) fn sort(json: &ColumnJson) -> Sort {
    match json.kind.as_deref() {
        Some(kind) if kind == "date" || kind.ends_with("/date") => Sort::Date,
        _ => Sort::DateTime,
    }
}

/// The standard's rule for names of views, columns and constants.
pub(crate) fn is_sql_name(name: &str) -> bool {
    name.len() <= 255
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl ItemKind {
    /// The column of such values one by one.
    pub(crate) fn column(self) -> ColumnKind {
        match self {
            Self::Text => ColumnKind::Text,
            Self::Boolean => ColumnKind::Boolean,
            Self::Integer => ColumnKind::Integer,
            Self::Number => ColumnKind::Number,
        }
    }
}

impl ScalarType {
    fn kind(self) -> ItemKind {
        match self {
            Self::Boolean => ItemKind::Boolean,
            Self::Integer | Self::PositiveInt | Self::UnsignedInt | Self::Integer64 => {
                ItemKind::Integer
            }
            Self::Double => ItemKind::Number,
            Self::Decimal | Self::Text | Self::Any => ItemKind::Text,
        }
    }
}

/// How a column's type is checked: FHIR's type, and the one ANSI type that changes it.
fn scalar_type(view: View<'_>, json: &ColumnJson) -> Result<ScalarType, ViewError> {
    const SPACE: &str = "http://hl7.org/fhir/StructureDefinition/";
    let mut tags = json.tag.iter().filter(|(name, _)| name == "ansi/type");
    let ansi = tags.next().map(|(_, value)| value.as_str());
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
            let what = format!("a column of type `{other}`");
            return Err(view.unsupported(&format!("{}.type", json.at), &json.path.path, &what));
        }
    };
    match (scalar.kind(), ansi) {
        (_, None)
        | (ItemKind::Text, Some("CHARACTER VARYING" | "VARCHAR"))
        | (ItemKind::Boolean, Some("BOOLEAN"))
        | (ItemKind::Integer, Some("BIGINT")) => Ok(scalar),
        (ItemKind::Text, Some("DOUBLE" | "DOUBLE PRECISION")) if scalar == ScalarType::Decimal => {
            Ok(ScalarType::Double)
        }
        (_, Some(other)) => {
            let what = format!("the tag ansi/type `{other}` on this type");
            Err(view.unsupported(&format!("{}.tag", json.at), &json.path.path, &what))
        }
    }
}
