//! What identifies somebody or something of the source: collected from the export's text.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::fhir::resources;

/// What a value was in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Identifier,
    Resource,
    Telecom,
    AddressLine,
    /// City and postcode.
    Place,
    Name,
}

/// Values that must not be found, each once.
pub(super) struct Secrets {
    values: Vec<(Kind, String)>,
}

impl Secrets {
    /// All of an export.
    pub(super) fn of(export: &Path) -> Self {
        let mut found = Found::default();
        resources(export, |resource| {
            found.add(Kind::Resource, &resource["id"]);
            found.walk(&resource);
        });
        Self {
            values: found
                .0
                .into_iter()
                .map(|(value, kind)| (kind, value))
                .collect(),
        }
    }

    /// These, for planted leaks.
    pub(super) fn from_values(values: &[(Kind, &str)]) -> Self {
        Self {
            values: values
                .iter()
                .map(|(kind, value)| (*kind, (*value).to_owned()))
                .collect(),
        }
    }

    pub(super) fn get(&self, secret: usize) -> (Kind, &str) {
        let (kind, value) = &self.values[secret];
        (*kind, value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        self.values
            .iter()
            .enumerate()
            .map(|(at, (_, value))| (at, value.as_str()))
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        self.values.iter().filter(|(k, _)| *k == kind).count()
    }
}

#[derive(Default)]
struct Found(BTreeMap<String, Kind>);

impl Found {
    fn add(&mut self, kind: Kind, value: &Value) {
        let text = value.as_str().unwrap_or_default().trim();
        if !text.is_empty() {
            self.0.entry(text.to_owned()).or_insert(kind);
        }
    }

    /// The identifying parts of a FHIR value, at any depth.
    fn walk(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.walk(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    self.member(name, member);
                    self.walk(member);
                }
                self.maiden_name(value);
            }
            _ => {}
        }
    }

    fn member(&mut self, name: &str, member: &Value) {
        for item in member
            .as_array()
            .map_or(std::slice::from_ref(member), Vec::as_slice)
        {
            match name {
                "identifier" => self.add(Kind::Identifier, &item["value"]),
                "uid" => self.add(Kind::Identifier, item),
                "telecom" => self.add(Kind::Telecom, &item["value"]),
                "address" | "valueAddress" => self.address(item),
                "name" => self.name(item),
                _ => {}
            }
        }
    }

    fn address(&mut self, address: &Value) {
        for line in address["line"].as_array().into_iter().flatten() {
            self.add(Kind::AddressLine, line);
        }
        self.add(Kind::Place, &address["city"]);
        self.add(Kind::Place, &address["postalCode"]);
    }

    /// A person's or an organisation's name, in its parts and as it is written.
    fn name(&mut self, name: &Value) {
        self.add(Kind::Name, name);
        self.add(Kind::Name, &name["text"]);
        self.add(Kind::Name, &name["family"]);
        let given: Vec<&str> = name["given"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for part in &given {
            self.add(Kind::Name, &Value::from(*part));
        }
        if let Some(family) = name["family"].as_str() {
            self.add(Kind::Name, &format!("{} {family}", given.join(" ")).into());
        }
    }

    fn maiden_name(&mut self, extension: &Value) {
        if extension["url"]
            .as_str()
            .is_some_and(|url| url.ends_with("mothersMaidenName"))
        {
            self.add(Kind::Name, &extension["valueString"]);
        }
    }
}

#[test]
fn identifying_values_are_collected_at_any_depth() {
    let patient = serde_json::json!({
        "resourceType": "Patient", "id": "p1",
        "identifier": [{"system": "s", "value": "n-1"}],
        "name": [{"family": "Ode", "given": ["Ada", "B."]}],
        "telecom": [{"value": "+33 1"}],
        "address": [{"line": ["1 rue"], "city": "Lyon", "postalCode": "69000"}],
        "contact": [{"name": {"text": "Bob"}, "telecom": [{"value": "+33 2"}]}],
        "extension": [{"url": "http://x/mothersMaidenName", "valueString": "Zoe"}]
    });
    let folder = crate::support::home::fresh_folder("secrets");
    std::fs::write(folder.join("Patient.ndjson"), format!("{patient}\n")).unwrap();
    let secrets = Secrets::of(&folder);
    let found: Vec<_> = secrets.iter().map(|(_, value)| value).collect();
    let expected = [
        "+33 1",
        "+33 2",
        "1 rue",
        "69000",
        "Ada",
        "Ada B. Ode",
        "B.",
        "Bob",
        "Lyon",
        "Ode",
        "Zoe",
        "n-1",
        "p1",
    ];
    assert_eq!(found, expected);
}
