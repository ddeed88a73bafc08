//! `lazaret synth`: synthetic people as a nightly export.

use lazaret_synth::{Population, write_fhir};

use crate::DONE;
use crate::args::{SourceFormat, Synth};
use crate::console::Console;

/// Writes the nights and says what is in them.
pub(crate) fn synth(synth: &Synth, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let population = Population::new(synth.persons, synth.seed);
    let nights = match synth.format {
        SourceFormat::Fhir => write_fhir(&population, &synth.out, synth.nights)?,
    };
    for night in nights {
        let resources: u64 = night.resources.values().sum();
        let deleted = night.deleted;
        console.note(&format!(
            "{}: {resources} resources, {deleted} listed as deleted",
            night.dir.display()
        ));
        console.say(&night.dir.display().to_string());
    }
    Ok(DONE)
}
