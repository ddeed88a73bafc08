//! `lazaret budget`: what is spent and left.

use std::path::Path;

use lazaret_ledger::{Cost, Ledger};
use lazaret_model::PermitId;
use serde_json::{Value, json};

use crate::DONE;
use crate::args::Budget;
use crate::console::Console;
use crate::home::Home;

/// Lists a permit's entries and its sum, or a dataset's permits and its cap.
pub(crate) async fn budget(
    dir: &Path,
    budget: &Budget,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let home = Home::open(dir)?;
    let ledger = Ledger::new(home.store().await?);
    if let Some(permit) = &budget.account.permit {
        let id: PermitId = permit.parse()?;
        let statement = ledger.statement(&id).await?;
        let rows: Vec<Vec<Value>> = statement
            .entries
            .iter()
            .map(|entry| {
                let Cost { loss, delta } = entry.cost;
                vec![
                    json!(entry.id),
                    json!(entry.at.to_rfc3339()),
                    json!(format!("{:?}", entry.state).to_lowercase()),
                    json!(loss),
                    json!(delta),
                    json!(entry.release.as_ref().map(ToString::to_string)),
                ]
            })
            .collect();
        console.list(
            budget.format,
            &["entry", "at", "state", "loss", "delta", "release"],
            &rows,
        );
        note(console, statement.total, statement.spent, statement.left);
    }
    if let Some(dataset) = &budget.account.dataset {
        let statement = ledger.dataset_statement(dataset).await?;
        let rows: Vec<Vec<Value>> = statement
            .permits
            .iter()
            .map(|entry| {
                let (granted, spent) = (entry.total, entry.spent);
                vec![
                    json!(entry.permit.as_str()),
                    json!(granted.loss),
                    json!(spent.loss),
                ]
            })
            .collect();
        console.list(
            budget.format,
            &["permit", "loss_granted", "loss_spent"],
            &rows,
        );
        note(console, statement.cap, statement.granted, statement.left);
    }
    Ok(DONE)
}

fn note(console: &mut Console<'_>, total: Cost, spent: Cost, left: Cost) {
    console.note(&format!(
        "privacy loss {} of {} spent, {} left; delta {} of {} spent, {} left",
        spent.loss, total.loss, left.loss, spent.delta, total.delta, left.delta
    ));
}
