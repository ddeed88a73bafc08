//! Synthetic people of a European country and their exports, from a seed, the same bytes each time.
//!
//! The country is metropolitan France: its age pyramid, its 22 NUTS-2 regions, its identifiers and
//! address forms. Nobody in it exists. People are made one at a time from seed and index, so a
//! population of any size needs the memory of one person.

mod analytes;
mod calendar;
mod care;
mod chart;
mod code;
mod course;
mod curve;
mod diseases;
mod episodes;
mod export;
mod fhir;
mod geography;
mod health;
mod life;
mod measure;
mod names;
mod nights;
mod person;
mod places;
mod population;
mod pyramid;
mod random;
#[cfg(test)]
mod tests;
mod timeline;
mod vaccines;

use std::path::PathBuf;

pub use export::NightExport;
pub use nights::write_fhir;
pub use places::regions_csv;
pub use population::Population;

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The folder of a night already holds something.
    #[error("{} is not empty: choose another folder or remove it", dir.display())]
    Occupied {
        /// The folder.
        dir: PathBuf,
    },
    /// A file or folder could not be written.
    #[error("cannot write {}: check the folder and the space left", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A resource could not be turned into JSON.
    #[error("cannot encode a {resource} for the export: report this as a defect")]
    Encode {
        /// The resource type.
        resource: &'static str,
        /// What the encoder said.
        source: serde_json::Error,
    },
}
