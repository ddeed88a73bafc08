//! A table of a pipeline: its view, what was decided about every column, and what it promises.

use std::collections::HashSet;

use lazaret_model::{
    ColumnDescription, ColumnName, ColumnType, TableDescription, TableName, Treatment,
};
use lazaret_pseudonym::{ColumnRole, Role};
use lazaret_views::{ColumnKind, ViewDefinition};

use crate::column::{Action, Decision, Occurrence, decide};
use crate::derive::{Derived, Formula, derive};
use crate::settings;

/// A table as a run uses it.
pub(crate) struct Table {
    pub(crate) name: TableName,
    pub(crate) view: ViewDefinition,
    /// Where a resource names its person.
    pub(crate) person: PersonPath,
    /// The view's columns in order.
    pub(crate) decisions: Vec<Decision>,
    pub(crate) derived: Vec<Derived>,
    pub(crate) description: TableDescription,
    pub(crate) roles: Vec<ColumnRole>,
}

/// Where a resource names its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PersonPath {
    /// It is a `Patient` itself.
    Own,
    /// Behind these fields is a reference, such as `subject`.
    Reference(Vec<String>),
}

impl Table {
    /// Puts a view and its settings together.
    ///
    /// # Errors
    /// The column and what is wrong.
    pub(crate) fn new(
        setting: &settings::Table,
        view: ViewDefinition,
        places: &[Occurrence],
    ) -> Result<Self, String> {
        if setting.public {
            return Err("public tables are not supported yet".to_owned());
        }
        if setting.rows_per_person == 0 {
            return Err("rows_per_person is at least 1".to_owned());
        }
        let mut decisions = Vec::new();
        for column in view.columns() {
            let mine: Vec<_> = places
                .iter()
                .filter(|place| place.name == column.name)
                .collect();
            let decision = decide(column, &mine)
                .map_err(|reason| format!("column `{}`: {reason}", column.name))?;
            decisions.push(decision);
        }
        let person = person(&view, &decisions, places)?;
        for decision in &decisions {
            sources_exist(decision, &decisions)?;
        }
        let derived = derive(&setting.derive, &decisions)?;
        let mut outline = Outline::default();
        outline.person(&decisions)?;
        for decision in &decisions {
            outline.decided(decision)?;
        }
        for derived in &derived {
            outline.derived(derived)?;
        }
        let description = TableDescription {
            name: setting.name.clone(),
            title: setting.title.clone(),
            columns: outline.columns,
            rows_per_person: setting.rows_per_person,
        };
        let (name, roles) = (setting.name.clone(), outline.roles);
        Ok(Self {
            name,
            view,
            person,
            decisions,
            derived,
            description,
            roles,
        })
    }
}

/// The columns as they are described, and their roles, built together.
#[derive(Default)]
struct Outline {
    names: HashSet<String>,
    columns: Vec<ColumnDescription>,
    roles: Vec<ColumnRole>,
}

impl Outline {
    fn person(&mut self, decisions: &[Decision]) -> Result<(), String> {
        let found = decisions
            .iter()
            .find(|decision| decision.action == Action::Person);
        let description = found
            .map(|decision| decision.description.clone())
            .unwrap_or_default();
        let kind = ColumnType::Pseudonym;
        self.describe("person_id", kind, Treatment::Person, description)
            .map(|_| ())
    }

    fn decided(&mut self, decision: &Decision) -> Result<(), String> {
        let plain = Role::Plain;
        let (role, treatment) = match &decision.action {
            Action::Person | Action::Input | Action::Reject => return Ok(()),
            Action::Record(kind) => (Role::Record { kind: kind.clone() }, Treatment::Record),
            Action::Keep => (plain(kept_type(decision.kind)?), Treatment::Keep),
            Action::Date => {
                return self.date(&decision.name, Treatment::Date, &decision.description);
            }
            Action::Year => (plain(ColumnType::Integer), Treatment::Year),
            Action::AgeCap90 => (plain(ColumnType::Integer), Treatment::AgeCap90),
            Action::Region { .. } | Action::Country => (plain(ColumnType::Text), Treatment::Region),
        };
        let column = self.add(
            &decision.name,
            role,
            treatment,
            decision.description.clone(),
        )?;
        column.bounds = decision.bounds;
        column.values.clone_from(&decision.values);
        Ok(())
    }

    fn derived(&mut self, derived: &Derived) -> Result<(), String> {
        let (name, description) = (&derived.name, derived.description.clone());
        match derived.formula {
            Formula::Date(_) => self.date(name, Treatment::Date, &description),
            Formula::Hours(..) => {
                let role = Role::Plain(ColumnType::Number);
                let column = self.add(name, role, Treatment::Derived, description)?;
                column.bounds = derived.bounds;
                Ok(())
            }
        }
    }

    fn date(&mut self, name: &str, treatment: Treatment, text: &str) -> Result<(), String> {
        self.add(
            name,
            Role::Plain(ColumnType::Date),
            treatment,
            text.to_owned(),
        )?;
        let how = format!("how much of {name} the source wrote");
        let precision = precision_name(name);
        let role = Role::Plain(ColumnType::Text);
        let column = self.add(&precision, role, Treatment::Derived, how)?;
        column.values = ["day", "month", "year"].map(str::to_owned).to_vec();
        Ok(())
    }

    fn add(
        &mut self,
        name: &str,
        role: Role,
        treatment: Treatment,
        description: String,
    ) -> Result<&mut ColumnDescription, String> {
        let kind = match &role {
            Role::Record { .. } => ColumnType::Pseudonym,
            Role::Plain(kind) => *kind,
        };
        let column = ColumnName::new(name).map_err(|wrong| wrong.to_string())?;
        self.roles.push(ColumnRole { name: column, role });
        self.describe(name, kind, treatment, description)
    }

    fn describe(
        &mut self,
        name: &str,
        kind: ColumnType,
        treatment: Treatment,
        description: String,
    ) -> Result<&mut ColumnDescription, String> {
        let column = ColumnName::new(name).map_err(|wrong| wrong.to_string())?;
        if !self.names.insert(name.to_owned()) {
            return Err(format!("two columns are called `{name}`"));
        }
        self.columns.push(ColumnDescription {
            name: column,
            kind,
            treatment,
            description,
            bounds: None,
            values: Vec::new(),
        });
        self.columns
            .last_mut()
            .ok_or_else(|| "a table has columns".to_owned())
    }
}

/// The name of the column that says how much of a date was written.
pub(crate) fn precision_name(date: &str) -> String {
    format!("{date}_precision")
}

fn kept_type(kind: ColumnKind) -> Result<ColumnType, String> {
    match kind {
        ColumnKind::Text => Ok(ColumnType::Text),
        ColumnKind::Boolean => Ok(ColumnType::Boolean),
        ColumnKind::Integer => Ok(ColumnType::Integer),
        ColumnKind::Number => Ok(ColumnType::Number),
        ColumnKind::List(_) => Err("a collection is no column of a table".to_owned()),
    }
}

/// Where the resource names its person: the one column with that treatment, in every branch.
fn person(
    view: &ViewDefinition,
    decisions: &[Decision],
    places: &[Occurrence],
) -> Result<PersonPath, String> {
    let mut persons = decisions
        .iter()
        .filter(|decision| decision.action == Action::Person);
    let name = match (persons.next(), persons.next()) {
        (Some(decision), None) => &decision.name,
        (None, _) => return Err("no column is the person's: `lazaret/treatment` `person`".into()),
        (Some(_), Some(_)) => return Err("two columns are the person's".into()),
    };
    let mut found: Option<PersonPath> = None;
    for place in places.iter().filter(|place| place.name == *name) {
        let path = person_path(view.resource(), &place.path).filter(|_| !place.repeated);
        let path = path.ok_or_else(|| {
            format!(
                "column `{name}`: `{}` has to be `getResourceKey()` of a Patient or \
                 `<field>.getReferenceKey(Patient)`, outside of forEach",
                place.path
            )
        })?;
        if found.as_ref().is_some_and(|known| *known != path) {
            return Err(format!("column `{name}`: a resource belongs to one person"));
        }
        found = Some(path);
    }
    found.ok_or_else(|| "no column is the person's".to_owned())
}

fn person_path(resource: &str, path: &str) -> Option<PersonPath> {
    if resource == "Patient" {
        return matches!(path, "getResourceKey()" | "id").then_some(PersonPath::Own);
    }
    let fields = path.strip_suffix(".getReferenceKey(Patient)")?;
    let plain = |field: &str| {
        field.starts_with(|first: char| first.is_ascii_lowercase())
            && field.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let fields: Vec<String> = fields.split('.').map(str::to_owned).collect();
    fields
        .iter()
        .all(|field| plain(field))
        .then_some(PersonPath::Reference(fields))
}

fn sources_exist(decision: &Decision, decisions: &[Decision]) -> Result<(), String> {
    let Action::Region { country, state } = &decision.action else {
        return Ok(());
    };
    for source in [country, state].into_iter().flatten() {
        let text = |other: &&Decision| other.name == *source && other.kind == ColumnKind::Text;
        if !decisions.iter().any(|other| text(&other)) {
            let name = &decision.name;
            return Err(format!(
                "column `{name}`: there is no column `{source}` of text"
            ));
        }
    }
    Ok(())
}
