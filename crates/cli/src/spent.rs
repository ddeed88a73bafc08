//! What a command spends: time, CPU and memory, as the system counts them.

use std::fs;
use std::time::Instant as Stopwatch;

use lazaret_ingest::Measured;

/// Ticks of a CPU second in `/proc`, on every Linux.
const TICKS: f64 = 100.0;

/// Counts from its making on.
pub(crate) struct Spent {
    clock: Stopwatch,
    cpu_seconds: Option<f64>,
}

impl Spent {
    pub(crate) fn begin() -> Self {
        Self {
            clock: Stopwatch::now(),
            cpu_seconds: cpu_seconds(),
        }
    }

    /// Seconds so far.
    pub(crate) fn seconds(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }

    /// What was spent so far; memory is the process's at its highest.
    pub(crate) fn measured(&self) -> Measured {
        let cpu_seconds = self.cpu_seconds.zip(cpu_seconds());
        Measured {
            seconds: self.seconds(),
            cpu_seconds: cpu_seconds.map(|(before, now)| now - before),
            memory_bytes_max: memory_bytes_max(),
        }
    }
}

/// CPU seconds of this process, of all its threads; nothing where there is no `/proc`.
fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in brackets, and may hold spaces itself.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11);
    let user: f64 = ticks.next()?.parse().ok()?;
    let system: f64 = ticks.next()?.parse().ok()?;
    Some((user + system) / TICKS)
}

/// The most memory that was resident at once.
fn memory_bytes_max() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}
