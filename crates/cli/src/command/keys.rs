//! Small commands on a home's keys and configuration, and shell completions.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::DONE;
use crate::args::{Args, ConfigStep, KeysStep};
use crate::console::Console;
use crate::home::{Home, KeyFile};

/// Public keys, as PEM with a line that names each.
pub(crate) fn keys(dir: &Path, step: KeysStep, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let KeysStep::ExportPublic = step;
    let home = Home::open(dir)?;
    for file in [KeyFile::PermitPublic, KeyFile::ReleasePublic] {
        let path = home.key(file);
        if path.exists() {
            console.note(file.name());
            console.bytes(std::fs::read_to_string(&path)?.as_bytes());
        }
    }
    Ok(DONE)
}

/// What is configured.
pub(crate) fn config(
    dir: &Path,
    step: &ConfigStep,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let ConfigStep::Check = step;
    let home = Home::open(dir)?;
    let part = &home.config.home;
    console.say(&format!(
        "role {}, lake {}, store {}",
        part.role, part.lake, part.store
    ));
    for (name, dataset) in &home.config.dataset {
        let cap = dataset.cap;
        console.say(&format!(
            "dataset {name} ({}): cap epsilon {}, delta {}",
            dataset.title, cap.epsilon, cap.delta
        ));
    }
    Ok(DONE)
}

/// Completions for a shell.
pub(crate) fn completions(shell: Shell, console: &mut Console<'_>) {
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "lazaret", &mut script);
    console.bytes(&script);
}
