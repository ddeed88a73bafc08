//! The operator's hand: one function that runs a command line and gives its exit status.

mod args;
mod command;
mod config;
mod console;
mod home;
mod progress;
mod secret;
mod shelf;
mod shipped;
mod spent;

use std::io::Write;
use std::path::PathBuf;

use clap::Parser;
use clap::error::ErrorKind;
use lazaret_gateway::{NotAnswered, Outgoing};
use lazaret_model::{Fault, Refusal};

use crate::args::{Args, Command};
use crate::console::Console;

/// Exit status: done.
pub const DONE: u8 = 0;
/// Exit status: failed, faulted, or did not verify.
pub const FAILED: u8 = 1;
/// Exit status: wrong usage.
pub const USAGE: u8 = 2;
/// Exit status: done, with records in quarantine.
pub const QUARANTINED: u8 = 3;
/// Exit status: refused, with the reason and the clause.
pub const REFUSED: u8 = 4;

/// Stack of the thread that plans queries: plans are trees, and their depth is limited by the
/// number of a query's words, not by luck.
const STACK_BYTES: usize = 64 << 20;

/// Where questions are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answering {
    /// In this process, as the demo and tests do.
    Here,
    /// In one of its own, which runs this program.
    Apart(PathBuf),
}

/// Runs one command line (without the program's name). Answers go to `out`, everything else to
/// `err`.
pub fn run(
    args: &[&str],
    answering: &Answering,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> u8 {
    let parsed = match Args::try_parse_from(std::iter::once("lazaret").chain(args.iter().copied()))
    {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error, out, err),
    };
    let mut console = Console::new(out, err);
    let outcome = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let console = &mut console;
        let work = thread.spawn_scoped(scope, move || block_on(parsed, answering, console));
        work.map_err(anyhow::Error::from)
            .and_then(|work| {
                work.join()
                    .map_err(|_| anyhow::anyhow!("the command stopped unexpectedly"))
            })
            .and_then(|outcome| outcome)
    });
    let status = outcome.unwrap_or_else(|error| report(&error, &mut console));
    if console.is_broken() { FAILED } else { status }
}

fn block_on(args: Args, answering: &Answering, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_stack_size(STACK_BYTES)
        .enable_all()
        .build()?;
    runtime.block_on(Box::pin(dispatch(args, answering, console)))
}

async fn dispatch(
    args: Args,
    answering: &Answering,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let Args { home, command } = args;
    match command {
        Command::Demo(demo) => command::demo::demo(&home, &demo, console).await,
        Command::Init(init) => command::init::init(&home, &init, console).await,
        Command::Synth(synth) => command::synth::synth(&synth, console),
        Command::Ingest(ingest) => command::ingest::ingest(&home, &ingest, console).await,
        Command::Query(query) => command::query::query(&home, &query, answering, console).await,
        Command::Answer => command::query::answer_asked(&home, console).await,
        Command::Budget(budget) => command::budget::budget(&home, &budget, console).await,
        Command::Application(step) => command::application::application(&home, step, console).await,
        Command::Permit(step) => command::permit::permit(&home, step, console).await,
        Command::Release(step) => command::release::release(&home, step, console).await,
        Command::Lake(step) => command::lake::lake(&home, step, console).await,
        Command::Quarantine(step) => command::quarantine::quarantine(&home, step, console).await,
        Command::Audit(step) => command::audit::audit(&home, step, console).await,
        Command::Keys(step) => command::keys::keys(&home, step, console),
        Command::Config(step) => command::keys::config(&home, &step, console),
        Command::Completions { shell } => {
            command::keys::completions(shell, console);
            Ok(DONE)
        }
    }
}

/// Help and version are answers; everything else that clap says is wrong usage.
fn usage(error: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let text = error.render();
    let (status, written) = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (DONE, write!(out, "{text}")),
        _ => (USAGE, write!(err, "{text}")),
    };
    if written.is_ok() { status } else { FAILED }
}

/// One line on stderr: what, where, what to do. A refusal has its own status.
fn report(error: &anyhow::Error, console: &mut Console<'_>) -> u8 {
    for cause in error.chain() {
        if let Some(refusal) = refusal(cause) {
            console.note(&refusal.to_string());
            return REFUSED;
        }
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            console.note(&fault.to_string());
            return FAILED;
        }
    }
    console.note(&format!("lazaret: {error:#}"));
    FAILED
}

fn refusal<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a Refusal> {
    let of_answer = || match cause.downcast_ref::<NotAnswered>() {
        Some(NotAnswered::Refused(refusal)) => Some(refusal),
        _ => None,
    };
    let of_permit = || match cause.downcast_ref::<lazaret_permit::PermitError>() {
        Some(lazaret_permit::PermitError::Refused(refusal)) => Some(refusal),
        _ => None,
    };
    cause
        .downcast_ref::<Refusal>()
        .or_else(of_answer)
        .or_else(of_permit)
}

/// Writes what may leave, in the format asked for.
fn send(
    outgoing: &dyn Outgoing,
    format: args::Format,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    console.bytes(&outgoing.bytes(format.into())?);
    Ok(())
}
