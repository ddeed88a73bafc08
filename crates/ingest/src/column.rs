//! What was decided about a view's column: its treatment and its facts, from its tags.

use lazaret_model::{Clamp, Decimal};
use lazaret_views::{Column, ColumnKind};
use serde_json::Value;

/// The namespace of our tags.
const SPACE: &str = "lazaret/";

/// Words in a path behind which people write or are described in words.
const PERSONAL: [&str; 40] = [
    "address",
    "alias",
    "attachment",
    "carrierHRF",
    "city",
    "comment",
    "conclusion",
    "contact",
    "content",
    "data",
    "description",
    "details",
    "display",
    "district",
    "div",
    "extension",
    "family",
    "given",
    "identifier",
    "instruction",
    "line",
    "modifierExtension",
    "name",
    "note",
    "otherName",
    "patientInstruction",
    "photo",
    "postalCode",
    "prefix",
    "reasonText",
    "state",
    "suffix",
    "summary",
    "telecom",
    "text",
    "title",
    "url",
    "valueAttachment",
    "valueString",
    "versionId",
];
/// Types of choice elements that hold the same.
const PERSONAL_TYPES: [&str; 9] = [
    "string",
    "markdown",
    "xhtml",
    "base64Binary",
    "HumanName",
    "Address",
    "ContactPoint",
    "Annotation",
    "Attachment",
];

/// What is done to a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    /// Becomes `person_id`.
    Person,
    /// Becomes the pseudonym of a record of this type.
    Record(String),
    /// Stays.
    Keep,
    /// Becomes a day and its precision.
    Date,
    /// Becomes a year.
    Year,
    /// Becomes a year of birth with one class for everyone over 90.
    AgeCap90,
    /// A postcode becomes a region, with the columns that hold its country and state.
    Region {
        /// The column of the country.
        country: Option<String>,
        /// The column of the state.
        state: Option<String>,
    },
    /// A country becomes its code.
    Country,
    /// Feeds a derived column.
    Input,
    /// Must not be there.
    Reject,
}

/// A column of a view with everything that was decided about it.
pub(crate) struct Decision {
    pub(crate) name: String,
    pub(crate) kind: ColumnKind,
    pub(crate) description: String,
    pub(crate) action: Action,
    pub(crate) bounds: Option<Clamp>,
    pub(crate) values: Vec<String>,
    pub(crate) justification: Option<String>,
}

/// One place in a view where a column's path is written; branches of a `unionAll` give several.
pub(crate) struct Occurrence {
    pub(crate) name: String,
    /// The path with those of the `forEach` around it.
    pub(crate) path: String,
    /// Whether it stands in a `forEach`.
    pub(crate) repeated: bool,
    tags: Vec<(String, String)>,
}

/// Every place where a column is written.
pub(crate) fn occurrences(view: &Value) -> Vec<Occurrence> {
    let mut found = Vec::new();
    for select in elements(view.get("select")) {
        walk(select, "", false, &mut found);
    }
    found
}

/// Reads a column's tags and checks them against its paths.
///
/// # Errors
/// What is missing or contradicts itself.
pub(crate) fn decide(column: &Column, places: &[&Occurrence]) -> Result<Decision, String> {
    if places.iter().any(|place| place.tags != column.tags) {
        return Err("its tags differ between the branches of a unionAll".to_owned());
    }
    let ours = |name: &str| {
        let mut found = column
            .tags
            .iter()
            .filter(|(tag, _)| tag.strip_prefix(SPACE) == Some(name));
        let value = found.next().map(|(_, value)| value.clone());
        if found.next().is_some() {
            Err(format!("`{SPACE}{name}` twice"))
        } else {
            Ok(value)
        }
    };
    let known = [
        "treatment",
        "bounds",
        "values",
        "scale",
        "justification",
        "country",
        "state",
        "part",
        "record",
    ];
    let mut tags = column
        .tags
        .iter()
        .filter_map(|(tag, _)| tag.strip_prefix(SPACE));
    if let Some(unknown) = tags.find(|tag| !known.contains(tag)) {
        return Err(format!("the tag `{SPACE}{unknown}` means nothing here"));
    }
    let treatment = ours("treatment")?.ok_or("no treatment: tag it with `lazaret/treatment`")?;
    let place = (ours("country")?, ours("state")?, ours("part")?);
    let action = action(&treatment, column, ours("record")?, place)?;
    let bounds = bounds(
        ours("bounds")?.as_deref(),
        scale(ours("scale")?.as_deref())?,
    )?;
    let values = values(ours("values")?.as_deref())?;
    let decision = Decision {
        name: column.name.clone(),
        kind: column.kind,
        description: column.description.clone().unwrap_or_default(),
        action,
        bounds,
        values,
        justification: ours("justification")?,
    };
    decision.fits()?;
    for place in places {
        decision.fits_path(&place.path)?;
    }
    Ok(decision)
}

/// Bounds as `lo..hi`, in units of `10^-scale`; without a scale the finer of the two bounds'.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn bounds(text: Option<&str>, scale: Option<u8>) -> Result<Option<Clamp>, String> {
    let Some(text) = text else {
        return scale.map_or(Ok(None), |_| Err("a scale without bounds".to_owned()));
    };
    let wrong = || format!("bounds `{text}` are not `lo..hi` with decimals");
    let (low, high) = text.split_once("..").ok_or_else(wrong)?;
    let low: Decimal = low.trim().parse().map_err(|_| wrong())?;
    let high: Decimal = high.trim().parse().map_err(|_| wrong())?;
    let scale = scale.unwrap_or(low.scale.max(high.scale));
    let fine = || format!("bounds `{text}` are finer than the scale {scale}");
    let low = low.at_scale(scale).ok_or_else(fine)?;
    let high = high.at_scale(scale).ok_or_else(fine)?;
    Clamp::new(low, high, scale)
        .map(Some)
        .map_err(|wrong| wrong.to_string())
}

impl Decision {
    fn fits(&self) -> Result<(), String> {
        if let ColumnKind::List(_) = self.kind {
            return Err(
                "a collection is no column of a table: take it apart by forEach".to_owned(),
            );
        }
        let numeric = matches!(self.kind, ColumnKind::Integer | ColumnKind::Number);
        let text = self.kind == ColumnKind::Text;
        let keeps = self.action == Action::Keep;
        let becomes_a_year = matches!(self.action, Action::Year | Action::AgeCap90);
        if !text && !matches!(self.action, Action::Keep | Action::Reject | Action::Input) {
            return Err("this treatment takes text; declare the column as such".to_owned());
        }
        if self.bounds.is_some() && !(keeps && numeric) && !becomes_a_year {
            return Err("bounds are for numbers that are kept, and for years".to_owned());
        }
        let is_coded = keeps || matches!(self.action, Action::Region { .. } | Action::Country);
        let has_values = !self.values.is_empty();
        if has_values && !(is_coded && text) {
            return Err("values are for codes that are kept, regions and countries".to_owned());
        }
        if self.justification.is_some() && !keeps {
            return Err("a justification is for what is kept".to_owned());
        }
        let mine = self.name == "person_id";
        if mine != (self.action == Action::Person) {
            return Err("the person's column, and no other, is called `person_id`".to_owned());
        }
        Ok(())
    }

    fn fits_path(&self, path: &str) -> Result<(), String> {
        let words = || {
            path.split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|w| !w.is_empty())
        };
        let names_a_patient = path.contains("getReferenceKey(Patient)");
        if names_a_patient && self.action != Action::Person {
            return Err("a second reference to a person: a row belongs to one person".to_owned());
        }
        if self.action != Action::Keep {
            return Ok(());
        }
        let last = words().next_back().unwrap_or("");
        let key = words().any(|word| matches!(word, "getReferenceKey" | "getResourceKey"));
        if key || matches!(last, "id" | "reference") {
            return Err("an id is a `person` or a `record`, it cannot be kept".to_owned());
        }
        let typed = PERSONAL_TYPES
            .iter()
            .any(|kind| path.contains(&format!("ofType({kind})")));
        let personal = words().find(|word| PERSONAL.contains(word));
        if (typed || personal.is_some()) && self.justification.is_none() {
            let what = personal.unwrap_or("ofType");
            return Err(format!(
                "`{what}` leads to names, places or free text: to keep it, say why in \
                 `lazaret/justification`"
            ));
        }
        Ok(())
    }
}

type PlaceTags = (Option<String>, Option<String>, Option<String>);

fn action(
    treatment: &str,
    column: &Column,
    record: Option<String>,
    (country, state, part): PlaceTags,
) -> Result<Action, String> {
    let region = treatment == "region";
    if !region && (country.is_some() || state.is_some() || part.is_some()) {
        return Err("tags of a region without that treatment".to_owned());
    }
    if treatment != "record" && record.is_some() {
        return Err("`lazaret/record` without that treatment".to_owned());
    }
    Ok(match treatment {
        "person" => Action::Person,
        "record" => {
            Action::Record(record.or_else(|| record_kind(&column.path)).ok_or(
                "the type of the record is not in its path: name it with `lazaret/record`",
            )?)
        }
        "keep" => Action::Keep,
        "date" => Action::Date,
        "year" => Action::Year,
        "age-cap-90" => Action::AgeCap90,
        "region" => match part.as_deref() {
            None => Action::Region { country, state },
            Some("country") if country.is_none() && state.is_none() => Action::Country,
            Some(_) => return Err("`lazaret/part` can only be `country`, alone".to_owned()),
        },
        "input" => Action::Input,
        "reject" => Action::Reject,
        _ => return Err(format!("`{treatment}` is no treatment")),
    })
}

/// `Encounter` in `encounter.getReferenceKey(Encounter)`.
fn record_kind(path: &str) -> Option<String> {
    let (_, rest) = path.split_once("getReferenceKey(")?;
    let kind = rest.strip_suffix(')')?.trim();
    let plain = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
    plain.then(|| kind.to_owned())
}

fn scale(text: Option<&str>) -> Result<Option<u8>, String> {
    let wrong = |_| "the scale is not a number of digits".to_owned();
    text.map(|text| text.trim().parse().map_err(wrong))
        .transpose()
}

fn values(text: Option<&str>) -> Result<Vec<String>, String> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let mut values: Vec<String> = Vec::new();
    for value in text.split(',').map(str::trim) {
        if value.is_empty() || values.iter().any(|known| known == value) {
            return Err("the value set has an empty or repeated value".to_owned());
        }
        values.push(value.to_owned());
    }
    Ok(values)
}

fn walk(select: &Value, around: &str, repeated: bool, found: &mut Vec<Occurrence>) {
    let text = |key| select.get(key).and_then(Value::as_str);
    let each = text("forEach").or_else(|| text("forEachOrNull"));
    let around = each.map_or_else(|| around.to_owned(), |each| format!("{around}{each}."));
    let repeated = repeated || each.is_some();
    for column in elements(select.get("column")) {
        let text = |value: &Value, key| {
            value
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let tags = elements(column.get("tag"));
        found.push(Occurrence {
            name: text(column, "name"),
            path: format!("{around}{}", text(column, "path")),
            repeated,
            tags: tags
                .iter()
                .map(|tag| (text(tag, "name"), text(tag, "value")))
                .collect(),
        });
    }
    for inner in elements(select.get("select"))
        .iter()
        .chain(elements(select.get("unionAll")))
    {
        walk(inner, &around, repeated, found);
    }
}

fn elements(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
