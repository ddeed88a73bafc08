//! Questions answered apart: by a process of their own that can be killed, in time slots.
//!
//! # Privacy
//! What an engine does over rows may depend on them: that it crashes, what memory it takes, how
//! long it works. So it works in another process. However that process ends, the researcher
//! gets a release or a ticket; and gets it at the end of a time slot, each twice as long as
//! the one before, so that an answer's time is one of a few. Refusals, previews and answers given
//! again have seen no row, and come at once.

mod asked;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use lazaret_ledger::Outcome;
use lazaret_model::{Fault, Instant, PermitId};
use lazaret_permit::{Office, PermitStatus};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::{interval, sleep};

use self::asked::{Asked, Reply};
use crate::answer::{Answer, NotAnswered, answer, faulted, verified};
use crate::{Card, Desk, GatewayError, Question};

/// Bytes of a question, and of what a process says when it ends badly.
const WORDS_BYTES_MAX: u64 = 1 << 20;
/// Bytes of a reply.
const REPLY_BYTES_MAX: u64 = 1 << 30;
/// How long after its time a question may still be on its way into the ledger.
const GRACE: Duration = Duration::from_secs(60);
/// Why a process is killed whose permit has ended.
const NOT_IN_FORCE: &str = "the permit is no longer in force";
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How questions are answered apart.
pub struct Apart {
    /// The program that gives its standard input to [`answer_once`] and prints what comes.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The folder, readable by nobody else, in which each process gets one of its own for what does
    /// not fit into memory. It is removed with all that is in it when the process has ended.
    pub spill: PathBuf,
    /// What one question may take.
    pub limits: Limits,
}

/// What a question may take, before its process is killed, and when its reply comes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time.
    pub time_max: Duration,
    /// Resident memory. It is watched where the system tells it, on Linux.
    pub memory_bytes_max: u64,
    /// The first time slot; nothing is held back where it is zero.
    pub reply_slot: Duration,
}

impl Limits {
    /// When a reply comes that is there after this time: at the end of its slot, and no later than
    /// the last moment at which it can be there.
    fn held(self, elapsed: Duration) -> Duration {
        if self.reply_slot.is_zero() {
            return elapsed;
        }
        let mut end = self.reply_slot;
        while end < elapsed {
            end = end.saturating_mul(2);
        }
        end.min(self.time_max.max(elapsed))
    }
}

/// How a process ended.
enum Ended {
    Said(Reply),
    /// Without a word that can be read, or killed: why, for the access body.
    Badly(String),
}

/// Answers a question in a process of its own: as [`answer`] does, and whatever happens there ends
/// as a release or a ticket.
///
/// # Errors
/// [`NotAnswered`].
pub async fn answer_apart(
    desk: &Desk,
    mut question: Question,
    apart: &Apart,
) -> Result<Answer, NotAnswered> {
    let now = desk.clock.now();
    let permit = verified(desk, &question, now).await?;
    // What was reserved longer ago than a question may take was left by a process that has ended,
    // and so did the one that watched over it.
    let gone = now - apart.limits.time_max - GRACE;
    let closed = desk.ledger.close_unfinished(gone, now, "engine").await;
    closed.map_err(GatewayError::from)?;
    let key = match question.idempotency_key.take() {
        Some(key) => key,
        None => desk.name("ask")?,
    };
    question.idempotency_key = Some(key.clone());
    let ticket = desk.name("ticket")?;
    let ended = ask(desk, permit.id(), &question, apart, now).await?;
    let badly = matches!(ended, Ended::Badly(_));
    let stopped = matches!(&ended, Ended::Badly(cause) if cause == NOT_IN_FORCE);
    let outcome = match ended {
        Ended::Said(reply) => reply.outcome(),
        Ended::Badly(cause) => unsaid(desk, permit.id(), &key, &ticket, cause).await,
    };
    let rows_were_read = match &outcome {
        Ok(answer) => !answer.again,
        Err(NotAnswered::Faulted(_)) => true,
        Err(_) => badly,
    };
    if rows_were_read {
        let elapsed = since(desk, now);
        sleep(apart.limits.held(elapsed) - elapsed).await;
    }
    // A permit that has ended meanwhile is told so. Of all else a ticket tells nothing, not even
    // that it is the third.
    if stopped {
        verified(desk, &question, desk.clock.now()).await?;
    }
    outcome
}

/// The other side: answers the question on a process's standard input, and says what it prints.
pub async fn answer_once(desk: &Desk, asked: &[u8]) -> Vec<u8> {
    let reply = match Asked::question(asked) {
        Ok(question) => Reply::of(answer(desk, &question).await),
        Err(error) => Reply::Home(error.to_string()),
    };
    // A reply that cannot be written is none, which the other side knows how to take.
    serde_json::to_vec(&reply).unwrap_or_default()
}

/// Runs the process and watches over it.
async fn ask(
    desk: &Desk,
    permit: &PermitId,
    question: &Question,
    apart: &Apart,
    began: Instant,
) -> Result<Ended, GatewayError> {
    let unstarted = |error: std::io::Error| {
        GatewayError::Apart(format!("{}: {}", apart.program.display(), error.kind()))
    };
    let asked = serde_json::to_vec(&Asked::of(question))?;
    let spill = Spill::new(apart.spill.join(desk.name("ask")?)).map_err(unstarted)?;
    let mut child = Command::new(&apart.program)
        .args(&apart.arguments)
        .env("TMPDIR", &spill.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(unstarted)?;
    let process = child.id();
    let (said, words) = tokio::select! {
        told = told(&mut child, &asked) => told,
        cause = watch(desk, permit, apart.limits, process, began) => {
            // Killed, it is waited for, so that what it has done is done.
            child.kill().await.map_err(unstarted)?;
            return Ok(Ended::Badly(cause.to_owned()));
        }
    };
    let status = child.wait().await.map_err(unstarted)?;
    Ok(match serde_json::from_slice(&said) {
        Ok(reply) => Ended::Said(reply),
        Err(_) => Ended::Badly(format!("the process ended, {status}{}", defect(&words))),
    })
}

/// A process's folder for what does not fit into memory.
struct Spill(PathBuf);

impl Spill {
    fn new(folder: PathBuf) -> std::io::Result<Self> {
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        // What cannot be removed now is removed by nobody else: it is in the home's own folder.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Gives a process its question, and takes what it says until it ends.
async fn told(child: &mut Child, asked: &[u8]) -> (Vec<u8>, Vec<u8>) {
    if let Some(mut to) = child.stdin.take() {
        // A process that does not listen has ended, which shows in what it says.
        to.write_all(asked).await.ok();
    }
    tokio::join!(
        all(child.stdout.take(), REPLY_BYTES_MAX),
        all(child.stderr.take(), WORDS_BYTES_MAX)
    )
}

async fn all(from: Option<impl AsyncRead + Unpin>, bytes_max: u64) -> Vec<u8> {
    let mut all = Vec::new();
    if let Some(from) = from {
        // What broke off is no reply that can be read.
        from.take(bytes_max).read_to_end(&mut all).await.ok();
    }
    all
}

/// Where a defect of the program is, if that is what ended it. Nothing else of its words is kept.
fn defect(words: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    let defect = words.lines().find(|line| line.starts_with("lazaret: "));
    defect.map_or_else(String::new, |line| format!("; {line}"))
}

/// Returns when a process has to be killed, with the reason.
async fn watch(
    desk: &Desk,
    permit: &PermitId,
    limits: Limits,
    process: Option<u32>,
    began: Instant,
) -> &'static str {
    let office = Office::new(desk.store.clone());
    let mut looks = interval(LOOK);
    loop {
        looks.tick().await;
        if since(desk, began) > limits.time_max {
            return "it took too long";
        }
        if process.and_then(resident) > Some(limits.memory_bytes_max) {
            return "it took too much memory";
        }
        // Where the store does not answer, nothing can be released either.
        if matches!(office.status(permit).await, Ok(status) if status != PermitStatus::Granted) {
            return NOT_IN_FORCE;
        }
    }
}

/// The time since a moment.
fn since(desk: &Desk, began: Instant) -> Duration {
    (desk.clock.now() - began).to_std().unwrap_or_default()
}

/// The resident bytes of a process, where the system tells.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// What came of a question whose process said nothing: the ledger knows.
async fn unsaid(
    desk: &Desk,
    permit: &PermitId,
    key: &str,
    ticket: &str,
    cause: String,
) -> Result<Answer, NotAnswered> {
    let found = desk.ledger.outcome(permit, key).await;
    match found.map_err(GatewayError::from)? {
        // Nothing was paid, so no row was read.
        None => Err(GatewayError::Apart(cause).into()),
        Some(Outcome::Released(stored)) => Ok(Answer {
            card: Card::parse(&stored.bytes)?,
            again: false,
        }),
        Some(Outcome::Failed { ticket }) => Err(Fault::new(ticket).into()),
        Some(Outcome::Waiting(entry)) => Err(faulted(desk, entry, ticket, &cause).await.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_comes_at_the_end_of_a_slot() {
        let limits = |slot: u64| Limits {
            time_max: Duration::from_secs(600),
            memory_bytes_max: 0,
            reply_slot: Duration::from_secs(slot),
        };
        let held = |slot, millis| limits(slot).held(Duration::from_millis(millis)).as_millis();
        let cases = [
            (2, 0, 2_000),
            (2, 1_999, 2_000),
            (2, 2_000, 2_000),
            (2, 2_001, 4_000),
            (2, 300_000, 512_000),
            (2, 513_000, 600_000),
            (2, 600_300, 600_300),
            (0, 1_234, 1_234),
        ];
        for (slot, millis, expected) in cases {
            assert_eq!(held(slot, millis), expected, "{slot} {millis}");
        }
    }
}
