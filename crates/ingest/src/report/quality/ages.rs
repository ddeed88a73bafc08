//! How old rows are at the export's time, in classes that are an eighth wide at most.

/// Microseconds of an hour.
const HOUR_MICROS: i64 = 3_600_000_000;
/// Classes: hours one by one up to 16, then eight in each doubling, of 64 bits.
const CLASSES: usize = 16 + 60 * 8;

/// Ages in hours, counted in classes.
#[derive(Debug, Clone)]
pub(super) struct Ages {
    classes: Vec<u64>,
    newest_hours: Option<u64>,
}

impl Default for Ages {
    fn default() -> Self {
        Self {
            classes: vec![0; CLASSES],
            newest_hours: None,
        }
    }
}

impl Ages {
    /// Counts times of change, in microseconds as is `now`. What changed later has no age.
    pub(super) fn add(&mut self, changed: &[i64], now: i64) {
        for changed in changed {
            let hours = now.saturating_sub(*changed).max(0) / HOUR_MICROS;
            let hours = hours.cast_unsigned();
            if let Some(count) = self.classes.get_mut(class(hours)) {
                *count += 1;
            }
            self.newest_hours = Some(self.newest_hours.map_or(hours, |newest| newest.min(hours)));
        }
    }

    /// The age of the newest row, and the median: the least of its class. None of no row.
    pub(super) fn hours(&self) -> Option<(u64, u64)> {
        let newest = self.newest_hours?;
        let half = self.classes.iter().sum::<u64>().div_ceil(2);
        let mut seen = 0;
        let median = self.classes.iter().position(|count| {
            seen += count;
            seen >= half
        });
        Some((newest, median.map_or(newest, least).max(newest)))
    }
}

fn class(hours: u64) -> usize {
    if hours < 16 {
        return usize::try_from(hours).unwrap_or(CLASSES);
    }
    let doubling = hours.ilog2();
    let eighth = (hours >> (doubling - 3)) & 7;
    16 + (doubling as usize - 4) * 8 + usize::try_from(eighth).unwrap_or_default()
}

/// The least age of a class, in hours.
fn least(class: usize) -> u64 {
    let class = class as u64;
    if class < 16 {
        return class;
    }
    let (doubling, eighth) = ((class - 16) / 8 + 4, (class - 16) % 8);
    (8 + eighth) << (doubling - 3)
}
