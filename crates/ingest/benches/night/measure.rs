//! What a process has used, from `/proc`: processor time, anonymous memory, bytes written.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant as Stopwatch};

use crate::Fallible;

/// How often resident memory is looked at.
const SAMPLE_EVERY: Duration = Duration::from_millis(20);
/// Ticks a second in `/proc/<pid>/stat`: `USER_HZ`, the same on every Linux.
const TICKS: f64 = 100.0;

/// Measures this process from its making on.
pub(crate) struct Meter {
    started: Stopwatch,
    cpu_seconds: f64,
    written_bytes: u64,
    peak: Arc<AtomicU64>,
}

/// What was used since.
pub(crate) struct Used {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) anon_peak_bytes: u64,
    pub(crate) written_bytes: u64,
}

impl Meter {
    pub(crate) fn start() -> Fallible<Self> {
        let peak = Arc::new(AtomicU64::new(0));
        let sampled = Arc::clone(&peak);
        // It ends with the process.
        thread::spawn(move || {
            while let Ok(bytes) = anon_bytes() {
                sampled.fetch_max(bytes, Ordering::Relaxed);
                thread::sleep(SAMPLE_EVERY);
            }
        });
        Ok(Self {
            cpu_seconds: cpu_seconds()?,
            written_bytes: written_bytes()?,
            peak,
            started: Stopwatch::now(),
        })
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    pub(crate) fn used(&self) -> Fallible<Used> {
        Ok(Used {
            seconds: self.seconds(),
            cpu_seconds: cpu_seconds()? - self.cpu_seconds,
            anon_peak_bytes: self.peak.load(Ordering::Relaxed).max(anon_bytes()?),
            written_bytes: written_bytes()? - self.written_bytes,
        })
    }
}

/// Bytes of all files in a folder; none where there is no folder.
pub(crate) fn folder_bytes(folder: &Path) -> Fallible<u64> {
    let mut bytes = 0;
    if folder.exists() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            bytes += if entry.file_type()?.is_dir() {
                folder_bytes(&entry.path())?
            } else {
                entry.metadata()?.len()
            };
        }
    }
    Ok(bytes)
}

fn anon_bytes() -> Fallible<u64> {
    Ok(field("/proc/self/status", "RssAnon:")? << 10)
}

fn written_bytes() -> Fallible<u64> {
    field("/proc/self/io", "wchar:")
}

fn field(path: &str, name: &str) -> Fallible<u64> {
    let text = fs::read_to_string(path)?;
    let found = text.lines().find_map(|line| line.strip_prefix(name));
    let number = found.and_then(|rest| rest.split_whitespace().next());
    Ok(number
        .ok_or_else(|| format!("no {name} in {path}"))?
        .parse()?)
}

fn cpu_seconds() -> Fallible<f64> {
    let text = fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold anything; user and system time are fields 14 and 15.
    let (_, rest) = text.rsplit_once(')').ok_or("no name in /proc/self/stat")?;
    let ticks = rest.split_whitespace().skip(11).take(2);
    let ticks: Vec<f64> = ticks.map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
}
