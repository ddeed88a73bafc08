//! What a question would cost and how precise its answer would be, without reading a row.

use std::fmt;

use lazaret_disclosure::{Column, Priced, Role};
use lazaret_query::{plan, std_error};
use serde::Serialize;
use serde_json::{Value, json};

use crate::answer::{NotAnswered, snapshot, verified};
use crate::card::{BudgetLeft, Spent};
use crate::{Desk, GatewayError, Question, table};

/// A preview: columns with their noise, and what they cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    columns: Vec<Value>,
    cost: Spent,
    budget_left: BudgetLeft,
    notes: Vec<String>,
    #[serde(skip)]
    lines: Vec<String>,
}

/// Previews a question: the same permit, plan and price as its answer, and nothing of the ledger.
///
/// # Errors
/// [`NotAnswered`], but never a fault.
pub async fn preview(desk: &Desk, question: &Question) -> Result<Preview, NotAnswered> {
    let permit = verified(desk, question, desk.clock.now()).await?;
    let snapshot = snapshot(desk, &permit).await?;
    let plan = plan(permit.policy(), &snapshot, desk.lake.store(), &question.ask).await?;
    let price = plan.price();
    let statement = desk
        .ledger
        .statement(permit.id())
        .await
        .map_err(GatewayError::from)?;
    let left = BudgetLeft::of(statement.left, price, permit.policy().delta).map_err(|reason| {
        lazaret_model::Refusal::new(lazaret_model::RefusalCode::Budget, reason)
    })?;
    // What an average's noise is depends on how many rows are behind it.
    let rows = plan.persons_stated();
    let width = price.account().deviations_95();
    let parts = price.parts().iter().flat_map(|part| {
        let keys = part.shape().keys.len();
        let columns = part.columns().iter().enumerate();
        columns.map(move |(index, column)| {
            let error = index
                .checked_sub(keys)
                .and_then(|i| std_error(part, i, rows));
            describe(column, error, rows, width)
        })
    });
    let computed = plan.computed().map(|(name, formula)| {
        let line = format!("  {name:<32} = {formula}");
        let json = json!({ "name": name, "role": "computed", "type": "float64",
                           "formula": formula });
        (json, line)
    });
    let (columns, lines) = parts.chain(computed).unzip();
    let mut notes = table::notes(&plan);
    for bought in price.parts().iter().flat_map(Priced::bought) {
        notes.push(format!(
            "a number of persons is bought to hide small groups; its standard error is {:.1}",
            bought.std_error
        ));
    }
    Ok(Preview {
        columns,
        cost: Spent::of(price),
        budget_left: left,
        notes,
        lines,
    })
}

/// A column as JSON with its expected error, and as a line for people.
fn describe(column: &Column, error: Option<f64>, rows: u64, width: f64) -> (Value, String) {
    let mut described = json!(column);
    let Role::Estimate(card) = &column.role else {
        return (described, format!("  {:<32} key", column.name));
    };
    let error = error.unwrap_or(f64::INFINITY);
    let half = width * error;
    if let Some(fields) = described.as_object_mut() {
        fields.insert("std_error".to_owned(), json!(error));
        fields.insert("low95".to_owned(), json!(-half));
        fields.insert("high95".to_owned(), json!(half));
        if card.bounds.clamp.is_some() {
            fields.insert("at_rows".to_owned(), json!(rows));
        }
    }
    let bounds = &card.bounds;
    let line = format!(
        "  {:<32} ± {}  (at most {} groups and {} rows a person)",
        column.name,
        crate::render::short(half),
        bounds.groups_per_person,
        bounds.rows_per_person,
    );
    (described, line)
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the answer would have")?;
        self.lines
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))?;
        writeln!(f, "it would cost {}", self.cost)?;
        let BudgetLeft {
            epsilon,
            queries_like_this,
            ..
        } = &self.budget_left;
        writeln!(
            f,
            "the permit has epsilon {epsilon} left: {queries_like_this} questions like this"
        )?;
        self.notes
            .iter()
            .try_for_each(|note| writeln!(f, "note: {note}"))
    }
}
