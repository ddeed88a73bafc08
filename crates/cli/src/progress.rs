//! How a night is told while it goes on: a bar on a terminal, a line every ten seconds in a log,
//! or one JSON object a line.

use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use indicatif::{ProgressBar, ProgressStyle};
use lazaret_model::Clock;
use serde_json::{Value, json};

use crate::args::Log;
use crate::console::Console;

/// How often a log gets a line.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often a terminal's spinner turns.
const TURN_EVERY: Duration = Duration::from_millis(120);

const READING: &str = "{msg:32!} {bar:28} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const WORKING: &str = "{spinner} {msg}, {elapsed}";

/// What a night does, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The export's files are listed and hashed.
    Opening,
    /// Files are read, and their rows made and pseudonymised.
    Reading,
    /// Rows are sorted, written and published.
    Writing,
    /// The run is put into the store.
    Recording,
}

impl Phase {
    const fn word(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Reading => "reading",
            Self::Writing => "writing",
            Self::Recording => "recording",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Opening => "opening the export",
            Self::Reading => "reading",
            Self::Writing => "sorting, writing and publishing",
            Self::Recording => "recording the run",
        }
    }
}

/// Tells how far a night is.
pub(crate) struct Progress<'a, 'c> {
    console: &'a mut Console<'c>,
    log: Log,
    clock: Arc<dyn Clock>,
    bar: ProgressBar,
    phase: Phase,
    since: Stopwatch,
    told: Stopwatch,
    file: String,
    bytes: u64,
    of: u64,
}

impl<'a, 'c> Progress<'a, 'c> {
    pub(crate) fn new(log: Log, clock: Arc<dyn Clock>, console: &'a mut Console<'c>) -> Self {
        let bar = match log {
            Log::Text => ProgressBar::new(0),
            Log::Json => ProgressBar::hidden(),
        };
        Self {
            console,
            log,
            clock,
            bar,
            phase: Phase::Opening,
            since: Stopwatch::now(),
            told: Stopwatch::now(),
            file: String::new(),
            bytes: 0,
            of: 0,
        }
    }

    /// A note: a line, or an event of its own.
    pub(crate) fn note(&mut self, text: &str) {
        match self.log {
            Log::Text => {
                let console = &mut *self.console;
                self.bar.suspend(|| console.note(text));
            }
            Log::Json => self.event("note", json!({ "text": text })),
        }
    }

    /// An event of the JSON log; nothing in the other.
    pub(crate) fn event(&mut self, event: &str, facts: Value) {
        if self.log == Log::Json {
            let mut line = json!({ "ts": self.clock.now().to_rfc3339(), "event": event });
            if let (Some(line), Value::Object(facts)) = (line.as_object_mut(), facts) {
                line.extend(facts);
            }
            self.console.note(&line.to_string());
        }
    }

    /// Begins to read so many bytes.
    pub(crate) fn reading(&mut self, of: u64) {
        self.of = of;
        self.bytes = 0;
        self.bar.set_length(of);
        self.enter(Phase::Reading);
    }

    /// So many bytes of all files are read, the last ones of this file.
    pub(crate) fn at(&mut self, file: &str, bytes: u64) {
        if self.file != file {
            file.clone_into(&mut self.file);
            self.bar.set_message(file.to_owned());
        }
        self.bytes = bytes;
        self.bar.set_position(bytes);
        if self.told.elapsed() >= LINE_EVERY {
            self.tell();
        }
    }

    /// Does something that takes a while, and says that it goes on.
    pub(crate) async fn during<T>(&mut self, phase: Phase, work: impl Future<Output = T>) -> T {
        self.enter(phase);
        let mut work = Box::pin(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(LINE_EVERY) => self.tell(),
            }
        }
    }

    /// Takes the bar away; gives where the answer is written.
    pub(crate) fn end(&mut self) -> &mut Console<'c> {
        self.bar.finish_and_clear();
        self.console
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.since = Stopwatch::now();
        self.told = self.since;
        let reading = phase == Phase::Reading;
        let template = if reading { READING } else { WORKING };
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("━━╌"));
        }
        self.bar.set_message(phase.what());
        self.bar.reset();
        self.bar.enable_steady_tick(TURN_EVERY);
        self.event("phase", json!({ "phase": phase.word() }));
    }

    /// A line for a log; a terminal has its bar.
    fn tell(&mut self) {
        self.told = Stopwatch::now();
        let seconds = self.since.elapsed().as_secs_f64();
        if self.log == Log::Json {
            let facts = self.facts(seconds);
            self.event("progress", facts);
        } else if self.bar.is_hidden() {
            let line = self.line(seconds);
            self.console.note(&line);
        }
    }

    fn facts(&self, seconds: f64) -> Value {
        let mut facts = json!({ "phase": self.phase.word(), "seconds": tenths(seconds) });
        let reading = json!({
            "file": self.file,
            "bytes": self.bytes,
            "of": self.of,
            "bytes_per_second": whole(self.rate(seconds)),
            "seconds_left": self.left(seconds).map(tenths),
        });
        if let (Phase::Reading, Some(facts), Value::Object(reading)) =
            (self.phase, facts.as_object_mut(), reading)
        {
            facts.extend(reading);
        }
        facts
    }

    fn line(&self, seconds: f64) -> String {
        if self.phase != Phase::Reading {
            return format!("progress: {}, {seconds:.0} s", self.phase.what());
        }
        let left = self
            .left(seconds)
            .map_or_else(String::new, |left| format!(", {left:.0} s left"));
        format!(
            "progress: reading {}, {} of {} MB, {} MB/s{left}",
            self.file,
            megabytes(self.bytes),
            megabytes(self.of),
            whole(self.rate(seconds) / 1e6)
        )
    }

    /// Bytes a second.
    #[allow(clippy::cast_precision_loss, reason = "for people")]
    fn rate(&self, seconds: f64) -> f64 {
        self.bytes as f64 / seconds.max(0.001)
    }

    /// Seconds left at this rate; none where nothing was read yet.
    #[allow(clippy::cast_precision_loss, reason = "for people")]
    fn left(&self, seconds: f64) -> Option<f64> {
        let left = self.of.saturating_sub(self.bytes) as f64;
        (self.bytes > 0).then(|| left / self.rate(seconds))
    }
}

impl Drop for Progress<'_, '_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

const fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

/// A number as JSON without what nobody reads.
fn whole(number: f64) -> Value {
    let text = format!("{number:.0}");
    text.parse::<u64>().map_or(Value::Null, Value::from)
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
