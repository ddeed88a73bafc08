//! The command line: what can be said to `lazaret`, with an example for each command.

mod step;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use lazaret_model::{DatasetName, Epsilon};
use lazaret_query::Accuracy;

pub(crate) use step::{
    ApplicationStep, AuditStep, ConfigStep, KeysStep, LakeStep, Measure, PermitStep,
    QuarantineStep, ReleaseStep, Verdict,
};

const INGEST_EXAMPLES: &str = "\
Examples:
  lazaret ingest pipelines/fhir-r4 --from ./export/night-1
  lazaret ingest pipelines/fhir-r4 --from ./export/night-1 --dry-run
  lazaret ingest pipelines/fhir-r4 --from /srv/export --log json 2>> ingest.log
The report stands in HOME/reports as a page and as JSON, and HOME/metrics/lazaret.prom is for
Prometheus. Exit status: 0 published, or it was before; 1 failed, nothing published; 2 wrong usage;
3 published, with records in quarantine.";

const QUERY_EXAMPLES: &str = "\
Examples:
  lazaret query --permit FR-2026-P-000001 --preview \
--sql 'SELECT sex, COUNT(DISTINCT person_id) FROM person GROUP BY sex'
  lazaret query --permit FR-2026-P-000001 --epsilon 0.3 queries/examples/diabetes_by_age.sql
  lazaret query --permit FR-2026-P-000001 --within 5%@2000 --format csv --out n.csv n.sql
What can be asked: queries/README.md. Outside demo homes an answer comes at the end of a time slot,
[query] reply_slot_seconds in lazaret.toml; a preview, a refusal and an answer given again at once.
Exit status: 0 answered, 1 a ticket or a failure, 2 wrong usage, 4 refused.";

/// Health records in, pseudonymised; permitted questions; private answers out.
#[derive(Debug, Parser)]
#[command(name = "lazaret", version, max_term_width = 100)]
#[command(
    after_help = "Start with `lazaret demo`. Exit status: 0 done, 1 failed, 2 wrong usage, \
3 done with records in quarantine, 4 refused."
)]
pub(crate) struct Args {
    /// The folder of this home: keys, store, lake, quarantine.
    #[arg(
        long,
        global = true,
        env = "LAZARET_HOME",
        default_value = "./lazaret-home"
    )]
    pub(crate) home: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole story on synthetic people in a fresh home.
    #[command(after_help = "Example: lazaret demo --persons 2000")]
    Demo(Demo),
    /// A new home with its keys.
    #[command(after_help = "Example: lazaret --home ./home init --role all --demo")]
    Init(Init),
    /// Synthetic people as a nightly export.
    #[command(
        after_help = "Example: lazaret synth fhir --persons 1000 --seed 7 --out ./export --nights 2"
    )]
    Synth(Synth),
    /// One night: an export in, a snapshot out.
    #[command(after_help = INGEST_EXAMPLES)]
    Ingest(Ingest),
    /// Ask under a permit.
    #[command(after_help = QUERY_EXAMPLES)]
    Query(Query),
    /// Answers the question on standard input: `query` runs this in a process of its own.
    #[command(hide = true)]
    Answer,
    /// What is spent and left of a permit or a dataset's cap.
    #[command(after_help = "Example: lazaret budget --permit FR-2026-P-000001")]
    Budget(Budget),
    /// The permit office by hand: applications and decisions.
    #[command(
        subcommand,
        after_help = "Example: lazaret application review FR-2026-000001 --as ada \
                      --verdict approve --reasons 'all criteria met'"
    )]
    Application(ApplicationStep),
    /// Permits: grant, show, verify, suspend, resume, revoke, export.
    #[command(
        subcommand,
        after_help = "Example: lazaret permit verify permit.jws --key permit.pub.pem"
    )]
    Permit(PermitStep),
    /// Released answers and their signatures.
    #[command(
        subcommand,
        after_help = "Example: lazaret release list --permit FR-2026-P-000001"
    )]
    Release(ReleaseStep),
    /// The lake: its snapshots, and whether every byte is as published.
    #[command(subcommand, after_help = "Example: lazaret lake snapshots")]
    Lake(LakeStep),
    /// Records that did not go in.
    #[command(subcommand, after_help = "Example: lazaret quarantine list")]
    Quarantine(QuarantineStep),
    /// The log: verify it, export it.
    #[command(subcommand, after_help = "Example: lazaret audit verify")]
    Audit(AuditStep),
    /// Public halves of this home's keys.
    #[command(subcommand, after_help = "Example: lazaret keys export-public")]
    Keys(KeysStep),
    /// Validate lazaret.toml and the environment over it.
    #[command(subcommand, after_help = "Example: lazaret config check")]
    Config(ConfigStep),
    /// Completions for a shell, on stdout.
    #[command(after_help = "Example: lazaret completions bash > /etc/bash_completion.d/lazaret")]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// How a list or an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    Csv,
    Parquet,
}

impl From<Format> for lazaret_gateway::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Table => Self::Table,
            Format::Json => Self::Json,
            Format::Csv => Self::Csv,
            Format::Parquet => Self::Parquet,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// How many people to make up: 100 to 1,000,000.
    #[arg(long, default_value_t = 10_000)]
    #[arg(value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub(crate) persons: u32,
}

/// What a home is for. Holder, access body and trust centre are different organisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    Holder,
    Hdab,
    TrustCentre,
    All,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// Which keys the home gets.
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) role: Role,
    /// Marks the home as not for real data.
    #[arg(long)]
    pub(crate) demo: bool,
}

/// The form of a synthetic export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SourceFormat {
    Fhir,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Synth {
    /// The export's form.
    #[arg(value_enum)]
    pub(crate) format: SourceFormat,
    /// How many people.
    #[arg(long)]
    pub(crate) persons: u32,
    /// The seed: the same seed makes the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The folder to write to.
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// How many nights: the first is full, the others hold changes.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub(crate) nights: u32,
}

/// How progress is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Log {
    Text,
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Ingest {
    /// A folder with pipeline.toml and views.
    pub(crate) pipeline: PathBuf,
    /// The export: a folder, or a URL of file://, s3://, az://, abfs://, gs://, http(s)://.
    #[arg(long)]
    pub(crate) from: String,
    /// The share of records that may go to quarantine before the run stops; overrides the pipeline.
    #[arg(long)]
    pub(crate) quarantine_max: Option<f64>,
    /// Read and check everything, publish nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Absence from the export is deletion.
    #[arg(long, hide = true)]
    pub(crate) full: bool,
    /// Publish although many persons are gone.
    #[arg(long, hide = true)]
    pub(crate) accept_loss: bool,
    /// Who opted out.
    #[arg(long, hide = true)]
    pub(crate) opt_out: Option<PathBuf>,
    /// How progress is written to stderr: a bar or lines, or one JSON object a line.
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) log: Log,
    /// How the report is written.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}

impl Ingest {
    /// A night that is no command of its own: what a retry takes in.
    pub(crate) fn again(pipeline: &Path, format: Format) -> Self {
        Self {
            pipeline: pipeline.to_owned(),
            from: String::new(),
            quarantine_max: None,
            dry_run: false,
            full: false,
            accept_loss: false,
            opt_out: None,
            log: Log::Text,
            format,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct Query {
    /// The permit's id, or the file that holds it.
    #[arg(long)]
    pub(crate) permit: String,
    /// A file with the SQL.
    #[arg(required_unless_present = "sql")]
    pub(crate) file: Option<PathBuf>,
    /// The SQL itself.
    #[arg(long, conflicts_with = "file")]
    pub(crate) sql: Option<String>,
    /// The privacy loss this question may cause.
    #[arg(long, default_value = "0.1")]
    pub(crate) epsilon: Epsilon,
    /// How close the answer is to come, for whatever it costs: `5%`, or `5%@2000` at 2,000 persons
    /// instead of 1,000. Of a count it is a part of that number, of a mean of its bounds' width.
    #[arg(long, conflicts_with = "epsilon", value_name = "PERCENT[@PERSONS]")]
    pub(crate) within: Option<Accuracy>,
    /// Rows of one person that count in a group; fewer rows, less noise.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) rows: Option<u32>,
    /// Groups in which one person counts; fewer groups, less noise.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) groups: Option<u32>,
    /// What it would cost and how precise it would be; reads no row, spends nothing.
    #[arg(long)]
    pub(crate) preview: bool,
    /// Who asks: a person the permit names. In a demo home, by default, its first.
    #[arg(long = "as")]
    pub(crate) person: Option<String>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
    /// Where the answer is written instead of stdout.
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Account {
    /// A permit's id.
    #[arg(long)]
    pub(crate) permit: Option<String>,
    /// A dataset's name.
    #[arg(long)]
    pub(crate) dataset: Option<DatasetName>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Budget {
    #[command(flatten)]
    pub(crate) account: Account,
    /// How it is written.
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: Format,
}
