//! Columns computed from `input` columns, before dates lose their time.

use std::collections::BTreeMap;

use lazaret_model::Clamp;
use lazaret_views::ColumnKind;

use crate::column::{self, Action, Decision};
use crate::settings::Derive;

/// A derived column.
pub(crate) struct Derived {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) formula: Formula,
    pub(crate) bounds: Option<Clamp>,
}

/// How it is computed; columns by their position in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Formula {
    /// Hours from the first to the second moment; nothing where either has no time of day.
    Hours(usize, usize),
    /// The day of the first that is there, with its precision.
    Date(Vec<usize>),
}

/// Reads the `[[table.derive]]` of a table.
///
/// # Errors
/// The column and what is wrong.
pub(crate) fn derive(
    settings: &[BTreeMap<String, Derive>],
    decisions: &[Decision],
) -> Result<Vec<Derived>, String> {
    let mut derived = Vec::new();
    for (name, setting) in settings.iter().flatten() {
        let in_column = |reason: String| format!("column `{name}`: {reason}");
        let (expression, description, bounds) = match setting {
            Derive::Expression(expression) => (expression, String::new(), None),
            Derive::Described(facts) => {
                let bounds = column::bounds(facts.bounds.as_deref(), facts.scale);
                (
                    &facts.is,
                    facts.description.clone(),
                    bounds.map_err(in_column)?,
                )
            }
        };
        let formula = formula(expression, decisions).map_err(in_column)?;
        if bounds.is_some() && matches!(formula, Formula::Date(_)) {
            return Err(in_column("bounds are for numbers".to_owned()));
        }
        derived.push(Derived {
            name: name.clone(),
            description,
            formula,
            bounds,
        });
    }
    for (position, decision) in decisions.iter().enumerate() {
        let used = decision.action != Action::Input
            || derived.iter().any(|derived| derived.formula.uses(position))
            || decisions
                .iter()
                .any(|other| other.action.uses(&decision.name));
        if !used {
            return Err(format!(
                "column `{}`: an input that nothing uses",
                decision.name
            ));
        }
    }
    Ok(derived)
}

impl Formula {
    fn uses(&self, position: usize) -> bool {
        match self {
            Self::Hours(start, end) => *start == position || *end == position,
            Self::Date(columns) => columns.contains(&position),
        }
    }
}

impl Action {
    fn uses(&self, name: &str) -> bool {
        match self {
            Self::Region { country, state } => {
                country.as_deref() == Some(name) || state.as_deref() == Some(name)
            }
            _ => false,
        }
    }
}

/// Parses `function(column, column)`.
fn formula(expression: &str, decisions: &[Decision]) -> Result<Formula, String> {
    let wrong = || format!("`{expression}` is not `hours(start, end)` or `date(a, b, ..)`");
    let (function, arguments) = expression.trim().split_once('(').ok_or_else(wrong)?;
    let arguments = arguments.strip_suffix(')').ok_or_else(wrong)?;
    let mut columns = Vec::new();
    for argument in arguments.split(',').map(str::trim) {
        let position = decisions
            .iter()
            .position(|decision| decision.name == argument);
        let decision = position.and_then(|position| decisions.get(position));
        match (position, decision) {
            (Some(position), Some(decision))
                if decision.action == Action::Input && decision.kind == ColumnKind::Text =>
            {
                columns.push(position);
            }
            _ => return Err(format!("`{argument}` is not an `input` column of text")),
        }
    }
    match (function.trim(), columns.as_slice()) {
        ("hours", [start, end]) => Ok(Formula::Hours(*start, *end)),
        ("date", [_, ..]) => Ok(Formula::Date(columns)),
        _ => Err(wrong()),
    }
}
