//! `lazaret quarantine`: what did not go in.

use std::path::Path;

use age::x25519::Identity;
use lazaret_ingest::Quarantine;
use lazaret_store::{Event, EventKind};
use serde_json::{Value, json};

use crate::args::QuarantineStep;
use crate::console::Console;
use crate::home::{Home, KeyFile};
use crate::{DONE, secret};

/// Takes one step.
pub(crate) async fn quarantine(
    dir: &Path,
    step: QuarantineStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let home = Home::open(dir)?;
    let quarantine = Quarantine::open(&home.quarantine(), &recipient(&home)?)?;
    match step {
        QuarantineStep::List { format } => {
            let rows: Vec<Vec<Value>> = quarantine
                .list()?
                .into_iter()
                .map(|entry| {
                    vec![
                        json!(entry.run),
                        json!(entry.number),
                        json!(entry.file),
                        json!(entry.line),
                        json!(entry.code),
                        json!(entry.reason),
                    ]
                })
                .collect();
            let columns = ["run", "number", "file", "line", "code", "reason"];
            console.list(format, &columns, &rows);
        }
        QuarantineStep::Show { run, number, user } => {
            let event = Event::new(
                home.clock.now(),
                &user,
                EventKind::QuarantineShown,
                run.as_str(),
            );
            home.store()
                .await?
                .record(event.detail(json!({ "number": number })))
                .await?;
            let key = secret::read(&home.key(KeyFile::Quarantine))?;
            let record = quarantine.show(&run.parse()?, number, key.trim())?;
            console.bytes(&record);
            console.say("");
        }
    }
    Ok(DONE)
}

/// The public half of the quarantine's key: for whom records are encrypted.
pub(crate) fn recipient(home: &Home) -> anyhow::Result<String> {
    let text = secret::read(&home.key(KeyFile::Quarantine))?;
    let identity: Identity = text
        .trim()
        .parse()
        .map_err(|_| anyhow::anyhow!("the quarantine's key is no age identity"))?;
    Ok(identity.to_public().to_string())
}
