//! The JSON of a ViewDefinition, as the standard has it: what is read, and what is only metadata.

use serde_json::{Map, Value};

use crate::error::ViewError;

/// Keys of a ViewDefinition that say something about it and change nothing.
const METADATA: [&str; 26] = [
    "id",
    "meta",
    "implicitRules",
    "language",
    "text",
    "contained",
    "extension",
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
/// Keys of a ViewDefinition that are read.
const DEFINITION: [&str; 6] = [
    "resourceType",
    "name",
    "resource",
    "constant",
    "where",
    "select",
];
/// Keys of a select.
const SELECT: [&str; 6] = [
    "column",
    "select",
    "forEach",
    "forEachOrNull",
    "repeat",
    "unionAll",
];
/// Keys of a column.
const COLUMN: [&str; 6] = ["name", "path", "description", "collection", "type", "tag"];

/// A ViewDefinition.
#[derive(Debug)]
pub(crate) struct DefinitionJson {
    pub(crate) name: Option<String>,
    pub(crate) resource: String,
    pub(crate) constant: Vec<ConstantJson>,
    pub(crate) filters: Vec<PathJson>,
    pub(crate) select: Vec<SelectJson>,
}

/// A path and where it stands.
#[derive(Debug)]
pub(crate) struct PathJson {
    pub(crate) at: String,
    pub(crate) path: String,
}

/// A constant: `name` and one `value<Type>`.
#[derive(Debug)]
pub(crate) struct ConstantJson {
    pub(crate) at: String,
    pub(crate) fields: Map<String, Value>,
}

/// A select.
#[derive(Debug)]
pub(crate) struct SelectJson {
    pub(crate) at: String,
    pub(crate) column: Vec<ColumnJson>,
    pub(crate) select: Vec<SelectJson>,
    pub(crate) for_each: Option<PathJson>,
    pub(crate) for_each_or_null: Option<PathJson>,
    pub(crate) repeat: Option<Vec<PathJson>>,
    pub(crate) union_all: Vec<SelectJson>,
}

/// A column.
#[derive(Debug)]
pub(crate) struct ColumnJson {
    pub(crate) at: String,
    pub(crate) name: String,
    pub(crate) path: PathJson,
    pub(crate) description: Option<String>,
    pub(crate) collection: bool,
    pub(crate) kind: Option<String>,
    pub(crate) tag: Vec<(String, String)>,
}

/// A value of the definition and where it stands.
#[derive(Clone)]
struct Place<'v> {
    at: String,
    value: &'v Value,
}

/// Reads the bytes of a definition.
pub(crate) fn read(json: &[u8]) -> Result<DefinitionJson, ViewError> {
    let value: Value = serde_json::from_slice(json).map_err(|error| ViewError::Shape {
        at: String::new(),
        reason: error.to_string(),
    })?;
    let top = Place {
        at: String::new(),
        value: &value,
    };
    top.keys(&[&DEFINITION, &METADATA])?;
    if let Some(kind) = top.text("resourceType")?
        && !is_view_definition(&kind)
    {
        return Err(top.at("resourceType").shape("it is not `ViewDefinition`"));
    }
    Ok(DefinitionJson {
        name: top.text("name")?,
        resource: top.wanted("resource")?,
        constant: top.list("constant", |place| {
            let fields = place.object()?.clone();
            Ok(ConstantJson {
                at: place.at,
                fields,
            })
        })?,
        filters: top.list("where", |place| {
            place.keys(&[&["path", "description"]])?;
            place.text("description")?;
            place
                .path("path")?
                .ok_or_else(|| place.at("path").shape("it is missing"))
        })?,
        select: match top.get("select")? {
            Some(_) => top.list("select", select)?,
            None => return Err(top.at("select").shape("it is missing")),
        },
    })
}

/// The type's name, or a URL of its definition: HL7's, and how the guide's examples put it.
fn is_view_definition(kind: &str) -> bool {
    let kind = kind.split('|').next().unwrap_or_default();
    let url = kind.starts_with("http://") || kind.starts_with("https://");
    kind == "ViewDefinition" || url && kind.ends_with("/StructureDefinition/ViewDefinition")
}

fn select(place: Place<'_>) -> Result<SelectJson, ViewError> {
    place.keys(&[&SELECT])?;
    let repeat = |place: Place<'_>| match place.value {
        Value::String(path) => Ok(PathJson {
            path: path.clone(),
            at: place.at,
        }),
        _ => Err(place.shape("text is wanted")),
    };
    Ok(SelectJson {
        column: place.list("column", column)?,
        select: place.list("select", select)?,
        for_each: place.path("forEach")?,
        for_each_or_null: place.path("forEachOrNull")?,
        repeat: match place.get("repeat")? {
            Some(_) => Some(place.list("repeat", repeat)?),
            None => None,
        },
        union_all: place.list("unionAll", select)?,
        at: place.at,
    })
}

fn column(place: Place<'_>) -> Result<ColumnJson, ViewError> {
    place.keys(&[&COLUMN])?;
    let missing = || place.at("path").shape("it is missing");
    Ok(ColumnJson {
        name: place.wanted("name")?,
        path: place.path("path")?.ok_or_else(missing)?,
        description: place.text("description")?,
        collection: match place.get("collection")? {
            None => false,
            Some(Value::Bool(collection)) => *collection,
            Some(_) => return Err(place.at("collection").shape("a boolean is wanted")),
        },
        kind: place.text("type")?,
        tag: place.list("tag", |place| {
            place.keys(&[&["name", "value"]])?;
            Ok((place.wanted("name")?, place.wanted("value")?))
        })?,
        at: place.at,
    })
}

impl<'v> Place<'v> {
    /// The place of a key within, whether it is there or not.
    fn at(&self, key: &str) -> Self {
        let dot = if self.at.is_empty() { "" } else { "." };
        Self {
            at: format!("{}{dot}{key}", self.at),
            value: self.value,
        }
    }

    fn shape(&self, reason: &str) -> ViewError {
        ViewError::Shape {
            at: self.at.clone(),
            reason: reason.to_owned(),
        }
    }

    fn object(&self) -> Result<&'v Map<String, Value>, ViewError> {
        let object = self.value.as_object();
        object.ok_or_else(|| self.shape("an object is wanted"))
    }

    fn get(&self, key: &str) -> Result<Option<&'v Value>, ViewError> {
        Ok(self.object()?.get(key))
    }

    /// Refuses keys the standard does not have.
    fn keys(&self, known: &[&[&str]]) -> Result<(), ViewError> {
        let mut keys = self.object()?.keys();
        let unknown = keys.find(|key| !known.iter().any(|known| known.contains(&key.as_str())));
        match unknown {
            Some(key) => Err(self.at(key).shape("the standard has no such key")),
            None => Ok(()),
        }
    }

    fn text(&self, key: &str) -> Result<Option<String>, ViewError> {
        match self.get(key)? {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.at(key).shape("text is wanted")),
        }
    }

    fn wanted(&self, key: &str) -> Result<String, ViewError> {
        self.text(key)?
            .ok_or_else(|| self.at(key).shape("it is missing"))
    }

    fn path(&self, key: &str) -> Result<Option<PathJson>, ViewError> {
        let at = self.at(key).at;
        Ok(self.text(key)?.map(|path| PathJson { at, path }))
    }

    /// Reads each item of a list; no key, no items.
    fn list<T>(
        &self,
        key: &str,
        read: impl Fn(Place<'v>) -> Result<T, ViewError>,
    ) -> Result<Vec<T>, ViewError> {
        let items = match self.get(key)? {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.at(key).shape("a list is wanted")),
        };
        let places = items.iter().enumerate().map(|(index, value)| Place {
            at: format!("{}[{index}]", self.at(key).at),
            value,
        });
        places.map(read).collect()
    }
}
