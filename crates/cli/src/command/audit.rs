//! `lazaret audit`: the log, recomputed or exported.

use std::io::Write;
use std::path::Path;

use anyhow::Context;

use crate::DONE;
use crate::args::AuditStep;
use crate::console::Console;
use crate::home::Home;

/// Entries read at once.
const PAGE: u64 = 1_000;

/// Takes one step.
pub(crate) async fn audit(
    dir: &Path,
    step: AuditStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let store = Home::open(dir)?.store().await?;
    match step {
        AuditStep::Verify => {
            let head = store.verify().await?;
            console.say(&format!(
                "the log verifies: {} entries, root {}",
                head.size, head.root
            ));
        }
        AuditStep::Export { out } => {
            let mut lines = Vec::new();
            let mut from = 0;
            loop {
                let entries = store.entries(from, PAGE).await?;
                let Some(last) = entries.last() else { break };
                from = last.seq + 1;
                entries
                    .iter()
                    .try_for_each(|entry| writeln!(lines, "{}", entry.text))?;
            }
            match out {
                Some(path) => {
                    std::fs::write(&path, lines).with_context(|| path.display().to_string())?
                }
                None => console.bytes(&lines),
            }
        }
    }
    Ok(DONE)
}
