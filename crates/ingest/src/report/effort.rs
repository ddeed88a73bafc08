//! What a run cost: time, rates, memory, and an estimate of its energy.

use serde::{Deserialize, Serialize};

use super::{RunReport, rounded};

/// What the caller measured of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// From the command's start to its end, in seconds.
    pub seconds: f64,
    /// Seconds of all cores together, where the system tells.
    pub cpu_seconds: Option<f64>,
    /// The most memory that was resident at once, in bytes, where the system tells.
    pub memory_bytes_max: Option<u64>,
}

/// What the machine is taken to need: `[energy]` of `lazaret.toml`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// Watts of one busy core.
    pub watts: f64,
    /// Grams of CO2 equivalents a kilowatt-hour.
    pub gco2e_per_kwh: f64,
}

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// From the command's start to its end, in seconds.
    pub seconds: f64,
    /// Seconds of all cores together; nothing where the system does not tell.
    pub cpu_seconds: Option<f64>,
    /// The most memory that was resident at once, in bytes; nothing where the system does not tell.
    pub memory_bytes_max: Option<u64>,
    /// Inflated bytes over all seconds, in millions a second.
    pub megabytes_per_second: f64,
    /// Resources over all seconds.
    pub resources_per_second: f64,
    /// An estimate; nothing where `[energy]` is not configured or CPU seconds are not known.
    pub energy: Option<Energy>,
}

/// An estimate: CPU seconds x configured watts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Watts of one busy core, as configured.
    pub watts: f64,
    /// Watt-hours.
    pub watt_hours: f64,
    /// Grams of CO2 equivalents.
    pub gco2e: f64,
}

impl RunReport {
    /// Notes what the run cost.
    #[allow(clippy::cast_precision_loss, reason = "counts are below 2^53")]
    pub fn measure(&mut self, measured: Measured, power: Option<Power>) {
        let seconds = measured.seconds.max(0.001);
        let energy = power.zip(measured.cpu_seconds).map(|(power, cpu)| {
            let watt_hours = cpu * power.watts / 3600.0;
            Energy {
                watts: power.watts,
                watt_hours: rounded(watt_hours, 6),
                gco2e: rounded(watt_hours / 1000.0 * power.gco2e_per_kwh, 6),
            }
        });
        self.effort = Some(Effort {
            seconds: rounded(measured.seconds, 3),
            cpu_seconds: measured.cpu_seconds.map(|cpu| rounded(cpu, 2)),
            memory_bytes_max: measured.memory_bytes_max,
            megabytes_per_second: rounded(self.totals.bytes_inflated as f64 / 1e6 / seconds, 2),
            resources_per_second: rounded(self.totals.resources as f64 / seconds, 1),
            energy,
        });
    }
}
