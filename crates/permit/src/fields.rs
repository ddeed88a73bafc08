//! Reading a JSON object field by field, with the path of what is wrong and no field overlooked.

use serde_json::{Map, Value};

/// What is wrong with a document, and where.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The JSON path: `policy.output.dp.unit`.
    pub(crate) path: String,
    /// What is wrong, and what is expected.
    pub(crate) reason: String,
}

impl Wrong {
    pub(crate) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

/// An object that is being read. `null` counts as absent.
pub(crate) struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(path: impl Into<String>, value: &'a Value) -> Result<Self, Wrong> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self {
                path,
                map,
                known: Vec::new(),
            }),
            _ => Err(Wrong::new(path, "an object is expected")),
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    pub(crate) fn wrong(&self, name: &str, reason: impl Into<String>) -> Wrong {
        Wrong::new(self.path(name), reason)
    }

    pub(crate) fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn required(&mut self, name: &'static str) -> Result<&'a Value, Wrong> {
        self.get(name)
            .ok_or_else(|| self.wrong(name, "it is missing"))
    }

    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<&'a str>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "a text is expected")),
        }
    }

    /// A text that is there and not blank.
    pub(crate) fn required_text(&mut self, name: &'static str) -> Result<&'a str, Wrong> {
        match self.text(name)?.map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(self.wrong(name, "it is missing")),
        }
    }

    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<Flag>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(true)) => Ok(Some(Flag::Yes)),
            Some(Value::Bool(false)) => Ok(Some(Flag::No)),
            Some(_) => Err(self.wrong(name, "true or false is expected")),
        }
    }

    pub(crate) fn whole(&mut self, name: &'static str) -> Result<Option<u64>, Wrong> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64() {
                Some(whole) => Ok(Some(whole)),
                None => Err(self.wrong(name, "a whole number, not negative, is expected")),
            },
        }
    }

    /// A field with a form of its own: names, quantities, dates.
    pub(crate) fn parsed<T>(&mut self, name: &'static str) -> Result<Option<T>, Wrong>
    where
        T: serde::de::DeserializeOwned,
    {
        match self.get(name) {
            None => Ok(None),
            Some(value) => match T::deserialize(value) {
                Ok(parsed) => Ok(Some(parsed)),
                Err(error) => Err(self.wrong(name, error.to_string())),
            },
        }
    }

    pub(crate) fn object(&mut self, name: &'static str) -> Result<Option<Self>, Wrong> {
        let path = self.path(name);
        self.get(name)
            .map(|value| Self::of(path, value))
            .transpose()
    }

    pub(crate) fn required_object(&mut self, name: &'static str) -> Result<Self, Wrong> {
        let path = self.path(name);
        Self::of(path, self.required(name)?)
    }

    /// The items of an array, none when it is absent.
    pub(crate) fn items(&mut self, name: &'static str) -> Result<&'a [Value], Wrong> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(name, "an array is expected")),
        }
    }

    /// Every member of the object.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.map.iter()
    }

    /// Fails on the first field that was never asked for.
    pub(crate) fn finish(self) -> Result<(), Wrong> {
        match self
            .map
            .keys()
            .find(|name| !self.known.contains(&name.as_str()))
        {
            Some(name) => Err(self.wrong(&shown(name), "the field is not known")),
            None => Ok(()),
        }
    }
}

/// A yes or no of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    Yes,
    No,
}

/// A foreign name, shortened and without control characters, fit for a message.
pub(crate) fn shown(name: &str) -> String {
    name.chars()
        .filter(|symbol| !symbol.is_control())
        .take(64)
        .collect()
}
