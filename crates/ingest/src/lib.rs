//! Exports in, pseudonymised batches out.
//!
//! A [`Pipeline`] is a folder of views and decisions, an [`Export`] a folder of a night's files, a
//! [`Run`] what turns one into batches by the other. Records that cannot go in stand in the
//! [`Quarantine`], encrypted. Nothing here writes to a lake.

mod column;
mod cut;
mod date;
mod deletion;
mod derive;
mod export;
mod harvest;
mod leak;
mod leak_filter;
mod leak_words;
mod manifest;
mod pending;
mod persons;
mod pipeline;
mod pool;
mod quarantine;
mod read;
mod reference;
mod regions;
mod report;
mod retry;
mod rows;
mod run;
mod settings;
mod source;
mod table;
mod treat;
mod vet;
mod worker;

use std::io;

use lazaret_pseudonym::PseudonymError;
use lazaret_views::ViewError;

pub use export::{Export, ExportFile};
pub use lazaret_pseudonym::Identities;
pub use pending::Retried;
pub use pipeline::{Justification, Pipeline};
pub use quarantine::{Entry, Quarantine, Resolution};
pub use read::Reader;
pub use report::{
    ColumnDrift, ColumnReport, Drift, Effort, Energy, FileReport, Measured, NIGHTS_MAX, Persons,
    Power, Resources, RunReport, Stored, TableDrift, TableReport, Timeliness, Totals, metrics,
};
pub use retry::{Retry, Settled};
pub use run::{Output, Run, RunEnd, Touched};

/// Why a pipeline does not load or a run stops. No message holds a record's values.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A pipeline's file says something that cannot be done.
    #[error("{file}: {reason}")]
    Pipeline {
        /// The file, and the column where it is about one.
        file: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A view is not a ViewDefinition this engine runs.
    #[error("{file}: {source}")]
    View {
        /// The view's file.
        file: String,
        /// What the view engine says.
        source: Box<ViewError>,
    },
    /// The export is not what it should be.
    #[error("{place}: {reason}")]
    Export {
        /// The folder or the file.
        place: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A file cannot be read to its end.
    #[error("{file}: {source}: check the file, then run again; nothing was published")]
    Read {
        /// The file.
        file: String,
        /// What the system or the decompressor says.
        source: io::Error,
    },
    /// Most likely the export is damaged, so the run stops.
    #[error(
        "{quarantined} of {read} records are in quarantine, more than the limit allows: look at \
         `quarantine list`, then correct the source or raise the limit"
    )]
    TooManyQuarantined {
        /// Records in quarantine.
        quarantined: u64,
        /// Records read.
        read: u64,
    },
    /// The quarantine cannot be written or read.
    #[error("quarantine {place}: {reason}")]
    Quarantine {
        /// The folder, file or key.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The identifiers of a batch did not become pseudonyms.
    #[error(transparent)]
    Pseudonym(#[from] PseudonymError),
    /// A defect of this program, not of the export.
    #[error("defect in ingest: {reason}; report it")]
    Defect {
        /// What did not hold.
        reason: &'static str,
    },
}

#[cfg(test)]
mod tests;
