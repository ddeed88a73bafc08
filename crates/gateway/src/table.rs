//! The columns and rows of an answer as JSON, and the sentences for its reader.

use arrow::array::types::Date32Type;
use lazaret_disclosure::{Cell, KeyValue, Priced, Shown};
use lazaret_ledger::Cost;
use lazaret_query::{Answered, Origin, PrivatePlan};
use serde_json::{Map, Value, json};

/// The columns of an answer with their cards.
pub(crate) fn columns(answered: &Answered) -> Vec<Value> {
    let described = |(name, origin): (&str, Origin<'_>)| {
        let mut described = match origin {
            Origin::Released(column) => json!(column),
            Origin::Computed(formula) => {
                json!({ "role": "computed", "type": "float64", "formula": formula })
            }
        };
        if let Some(fields) = described.as_object_mut() {
            fields.insert("name".to_owned(), name.into());
        }
        described
    };
    answered.columns().map(described).collect()
}

/// The rows of an answer: keys as they are, numbers with their intervals.
pub(crate) fn rows(answered: &Answered) -> Vec<Map<String, Value>> {
    let row = |row: usize| {
        let columns = answered.columns().enumerate();
        let cells = columns.map(|(column, (name, _))| {
            let value = match answered.key(row, column) {
                Some(key) => key_json(key),
                None => answered.cell(row, column).map_or(Value::Null, cell_json),
            };
            (name.to_owned(), value)
        });
        cells.collect()
    };
    (0..answered.rows()).map(row).collect()
}

/// A key: a text, a number, a truth value, a day as ISO 8601 writes it, or null.
pub(crate) fn key_json(key: &KeyValue) -> Value {
    match key {
        KeyValue::Null => Value::Null,
        KeyValue::Text(text) => text.as_str().into(),
        KeyValue::Integer(value) => (*value).into(),
        KeyValue::Boolean(truth) => (*truth).into(),
        KeyValue::Date(days) => {
            let day = Date32Type::to_naive_date_opt(*days);
            day.map_or(Value::Null, |day| day.to_string().into())
        }
    }
}

/// A number with its interval, or that it is hidden.
pub(crate) fn cell_json(cell: Cell) -> Value {
    match cell {
        Cell::Hidden => json!({ "hidden": true }),
        Cell::Shown(Shown {
            value,
            std_error,
            low95,
            high95,
        }) => json!({
            "value": value, "std_error": std_error, "low95": low95, "high95": high95,
            "hidden": false
        }),
    }
}

/// What is hidden and how surely, for the person who reads the answer: all of it is known before a
/// row is read. What holds of several releases is said once.
pub(crate) fn notes(plan: &PrivatePlan) -> Vec<String> {
    let mut notes = Vec::new();
    for part in plan.price().parts() {
        for note in of_release(part, plan.price().cost()) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

fn of_release(priced: &Priced, cost: Cost) -> Vec<String> {
    let shape = priced.shape();
    let minimum = shape.minimum;
    let mut notes = Vec::new();
    if minimum > 1 {
        notes.push(format!("groups under {minimum} persons are hidden"));
    }
    if let Some(threshold) = priced.threshold() {
        #[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
        let delta = cost.delta.units() as f64 / 1e18;
        notes.push(format!(
            "groups whose noisy number of persons is under {threshold} are left out; a group of \
             one person is shown with probability {} at most",
            odds(delta)
        ));
    } else if let (Some(alone), Some(nearly)) = (
        priced.shown_by_noise(1),
        priced.shown_by_noise(minimum.saturating_sub(1)),
    ) {
        notes.push(format!(
            "by noise, a group of 1 person may be shown with probability {}, one of {} with {}, \
             at most",
            odds(alone),
            minimum - 1,
            odds(nearly)
        ));
    }
    for bought in priced.bought() {
        let backed = shape
            .estimates
            .iter()
            .filter(|each| each.mask == bought.mask);
        let names: Vec<_> = backed.map(|each| format!("`{}`", each.name)).collect();
        let what = if names.is_empty() {
            "the groups".to_owned()
        } else {
            names.join(", ")
        };
        notes.push(format!(
            "the number of persons behind {what} is paid for as well"
        ));
    }
    notes
}

/// A probability for people: two digits, or its order of magnitude where it is small.
fn odds(probability: f64) -> String {
    if probability < 0.01 {
        format!("{probability:.1e}")
    } else {
        format!("{probability:.2}")
    }
}
