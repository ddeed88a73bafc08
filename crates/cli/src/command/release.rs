//! `lazaret release`: answers that were released, again for nothing, and their signatures.

use std::path::Path;

use anyhow::Context;
use lazaret_gateway::{Card, Outgoing};
use lazaret_ledger::Ledger;
use lazaret_model::{PermitId, ReleaseId};
use lazaret_permit::VerifyingKey;
use serde_json::{Value, json};

use crate::args::{Format, ReleaseStep};
use crate::console::Console;
use crate::home::{Home, KeyFile};
use crate::{DONE, send};

/// Takes one step.
pub(crate) async fn release(
    dir: &Path,
    step: ReleaseStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    match step {
        ReleaseStep::List { permit, format } => list(dir, &permit, format, console).await?,
        ReleaseStep::Show { id, format } => {
            send(&stored(&Home::open(dir)?, &id).await?, format, console)?;
        }
        ReleaseStep::Export { id, out, format } => {
            let card = stored(&Home::open(dir)?, &id).await?;
            std::fs::write(&out, card.bytes(format.into())?)
                .with_context(|| out.display().to_string())?;
        }
        ReleaseStep::Verify { file, key } => {
            let key = match key {
                Some(key) => VerifyingKey::from_file(&key)?,
                None => VerifyingKey::from_file(&Home::open(dir)?.key(KeyFile::ReleasePublic))?,
            };
            let text =
                std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            let card = Card::parse(&text).with_context(|| file.display().to_string())?;
            card.verify(&key)?;
            console.note(&format!("release {} verifies", card.id()));
        }
    }
    Ok(DONE)
}

async fn list(
    dir: &Path,
    permit: &str,
    format: Format,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    let permit: PermitId = permit.parse()?;
    let statement = Ledger::new(Home::open(dir)?.store().await?)
        .statement(&permit)
        .await?;
    let rows: Vec<Vec<Value>> = statement
        .entries
        .iter()
        .filter_map(|entry| {
            let release = entry.release.as_ref()?;
            let at = entry.at.to_rfc3339();
            Some(vec![
                json!(release.as_str()),
                json!(at),
                json!(entry.cost.loss),
            ])
        })
        .collect();
    console.list(format, &["release", "at", "loss"], &rows);
    Ok(())
}

async fn stored(home: &Home, id: &str) -> anyhow::Result<Card> {
    let id: ReleaseId = id.parse()?;
    let stored = Ledger::new(home.store().await?).stored(&id).await?;
    let stored = stored.with_context(|| format!("there is no release {id}"))?;
    Ok(Card::parse(&stored.bytes)?)
}
