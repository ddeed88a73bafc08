//! `lazaret lake`: snapshots, and whether every byte is as published.

use std::path::Path;

use serde_json::{Value, json};

use crate::DONE;
use crate::args::LakeStep;
use crate::console::Console;
use crate::home::Home;

/// Takes one step.
pub(crate) async fn lake(
    dir: &Path,
    step: LakeStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let home = Home::open(dir)?;
    let lake = home.lake()?;
    match step {
        LakeStep::Snapshots { dataset, format } => {
            let datasets = match dataset {
                Some(dataset) => vec![dataset],
                None => home.config.dataset.keys().cloned().collect(),
            };
            let mut snapshots = Vec::new();
            for dataset in datasets {
                snapshots.extend(lake.snapshots(&dataset).await?);
            }
            let rows: Vec<Vec<Value>> = snapshots
                .iter()
                .map(|snapshot| {
                    let rows: u64 = snapshot.tables.iter().map(|table| table.rows).sum();
                    let files: usize = snapshot.tables.iter().map(|table| table.files.len()).sum();
                    vec![
                        json!(snapshot.dataset),
                        json!(snapshot.id),
                        json!(snapshot.created_at.to_rfc3339()),
                        json!(snapshot.run),
                        json!(snapshot.persons),
                        json!(rows),
                        json!(files),
                    ]
                })
                .collect();
            let columns = [
                "dataset",
                "snapshot",
                "created_at",
                "run",
                "persons",
                "rows",
                "files",
            ];
            console.list(format, &columns, &rows);
        }
        LakeStep::Verify { dataset, snapshot } => {
            let snapshot = lake.snapshot(&dataset, &snapshot).await?;
            lake.verify(&snapshot).await?;
            console.note(&format!(
                "snapshot {}: every file has its hash and its rows",
                snapshot.id
            ));
        }
    }
    Ok(DONE)
}
