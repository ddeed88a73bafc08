//! Steps of the commands that have several.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use lazaret_model::DatasetName;

use super::Format;

/// An officer's vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Verdict {
    Approve,
    Reject,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApplicationStep {
    /// Keeps a draft from its JSON.
    New {
        /// The application, as models of the HealthData@EU form have it.
        file: PathBuf,
        /// Who applies.
        #[arg(long = "as")]
        user: String,
    },
    /// Hands a draft in.
    Submit {
        /// The application.
        id: String,
        /// Who applies.
        #[arg(long = "as")]
        user: String,
    },
    /// All applications and where they stand.
    List {
        /// How it is written.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// One application with its reviews.
    Show {
        /// The application.
        id: String,
    },
    /// An officer's vote; the other's is hidden until both have voted.
    Review {
        /// The application.
        id: String,
        /// Who votes.
        #[arg(long = "as")]
        user: String,
        /// The vote.
        #[arg(long, value_enum)]
        verdict: Verdict,
        /// Why.
        #[arg(long)]
        reasons: String,
    },
    /// The decision after two votes; a positive one issues the permit.
    Decide {
        /// The application.
        id: String,
        /// Who signs.
        #[arg(long = "as")]
        user: String,
        /// The decision's reasons.
        #[arg(long)]
        reasons: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PermitStep {
    /// Demo homes only: application, two reviews and signature in one go; prints the permit's id.
    Grant {
        /// The policy, as in the `policy` part of a permit.
        policy: PathBuf,
    },
    /// A permit's payload; without an id, all permits and where they stand.
    Show {
        /// The permit.
        id: Option<String>,
        /// How the list is written.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Verifies a permit's file with the public key alone.
    Verify {
        /// The permit's file.
        file: PathBuf,
        /// The access body's public key; by default this home's.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Ends a permit for good.
    Revoke(Measure),
    /// Takes a permit away for now.
    Suspend(Measure),
    /// Gives a permit back that an officer or three faults suspended.
    Resume(Measure),
    /// The signed permit as a file.
    Export {
        /// The permit.
        id: String,
        /// Where to.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

/// What an officer does about a permit.
#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// The permit.
    pub(crate) id: String,
    /// Who decides.
    #[arg(long = "as")]
    pub(crate) user: String,
    /// Why.
    #[arg(long)]
    pub(crate) reasons: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReleaseStep {
    /// The releases of a permit.
    List {
        /// The permit.
        #[arg(long)]
        permit: String,
        /// How it is written.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// One release again; free.
    Show {
        /// The release.
        id: String,
        /// How it is written.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// A release as a file.
    Export {
        /// The release.
        id: String,
        /// Where to.
        #[arg(long)]
        out: PathBuf,
        /// How it is written.
        #[arg(long, value_enum, default_value = "json")]
        format: Format,
    },
    /// Verifies a release's signature with the public key alone.
    Verify {
        /// The release as JSON.
        file: PathBuf,
        /// The public key of the engine that released it; by default this home's.
        #[arg(long)]
        key: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LakeStep {
    /// The snapshots of a dataset, oldest first.
    Snapshots {
        /// The dataset; by default all that lazaret.toml names.
        dataset: Option<DatasetName>,
        /// How it is written.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Every file's hash and rows of a snapshot.
    Verify {
        /// The dataset.
        dataset: DatasetName,
        /// The snapshot, or `latest`.
        #[arg(default_value = "latest")]
        snapshot: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineStep {
    /// What did not go in, and why; nothing of the records.
    List {
        /// How it is written.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// Reads what is there once more, as a night of its own; what goes in now is resolved.
    #[command(after_help = "Example: lazaret quarantine retry pipelines/fhir-r4")]
    Retry {
        /// The pipeline's folder.
        pipeline: PathBuf,
        /// Only the records of this run; by default of all, the oldest export first.
        #[arg(long)]
        run: Option<String>,
        /// How the reports are written.
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
    },
    /// One record, decrypted. The look is logged.
    Show {
        /// The run.
        run: String,
        /// The record's number in it.
        number: u64,
        /// Who looks.
        #[arg(long = "as")]
        user: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditStep {
    /// Recomputes the whole log.
    Verify,
    /// The log's entries as JSON lines.
    Export {
        /// Where to.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysStep {
    /// The public keys of this home, as PEM.
    ExportPublic,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigStep {
    /// Says what is configured, or what is wrong.
    Check,
}
