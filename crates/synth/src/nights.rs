//! Night after night: first everybody, then what is new, changed and gone.
//!
//! Nothing is kept between nights. What a person's file looks like on a night follows from the seed
//! by making the person again and letting the earlier nights pass over the file.

use std::collections::BTreeSet;
use std::path::Path;

use crate::SynthError;
use crate::calendar::{Date, Moment};
use crate::chart::{Id, Kind};
use crate::export::{Export, NightExport};
use crate::fhir::put_chart;
use crate::life::Life;
use crate::population::Population;
use crate::random::{Stream, topic};
use crate::timeline::open_stay;

mod changes;

/// Resources in a file of an export.
const CHUNK: u64 = 200_000;
/// The day at whose beginning (UTC) the first night's export is made.
const FIRST: Date = Date::new(2026, 11, 1);

/// Writes `nights` FHIR bulk exports into `out/night-1`, `out/night-2`, ...: the whole population,
/// made at 2026-11-01T00:00:00Z, and then one day's changes each. Each folder holds
/// `Type.000.ndjson.gz` files of at most 200,000 resources, `manifest.json` and, from the second
/// night on, `deleted.000.ndjson` with Bundles of deletions.
///
/// # Errors
/// When the folder of a night is not empty, or when a file cannot be written.
pub fn write_fhir(
    population: &Population,
    out: &Path,
    nights: u32,
) -> Result<Vec<NightExport>, SynthError> {
    write_chunked(population, out, nights, CHUNK)
}

/// The same with files of another size.
pub(crate) fn write_chunked(
    population: &Population,
    out: &Path,
    nights: u32,
    chunk: u64,
) -> Result<Vec<NightExport>, SynthError> {
    let mut register = Register::new(population);
    let mut exports = Vec::new();
    for night in 1..=nights {
        let mut export = Export::begin(out.join(format!("night-{night}")), chunk)?;
        register.turn(night);
        register.write(night, &mut export)?;
        let mut request = "https://fhir.hospital.example/$export".to_owned();
        if night > 1 {
            request.push_str(&format!("?_since={}", closing(night - 1)));
        }
        exports.push(export.finish(closing(night), request)?);
    }
    Ok(exports)
}

/// The transaction time of a night.
fn closing(night: u32) -> Moment {
    FIRST
        .plus(i32::try_from(night).unwrap_or(i32::MAX).saturating_sub(1))
        .midnight()
}

/// Who is there and who leaves.
struct Register<'a> {
    population: &'a Population,
    /// One for each night so far.
    losses: Vec<Losses>,
    gone: BTreeSet<u32>,
}

/// What is deleted in a night, by person.
#[derive(Default)]
struct Losses {
    /// Whole patients.
    leaving: BTreeSet<u32>,
    /// Patients who lose one resource.
    pruned: BTreeSet<u32>,
}

impl<'a> Register<'a> {
    fn new(population: &'a Population) -> Self {
        Self {
            population,
            losses: Vec::new(),
            gone: BTreeSet::new(),
        }
    }

    /// Persons who come with each night after the first.
    fn arrivals(&self) -> u32 {
        (self.population.persons() / 2_000).max(1)
    }

    /// Persons ever known at the end of a night.
    fn known(&self, night: u32) -> u32 {
        match self.population.persons() {
            0 => 0,
            persons => persons.saturating_add(self.arrivals().saturating_mul(night - 1)),
        }
    }

    /// The night in which a person is first exported.
    fn first_night(&self, index: u32) -> u32 {
        match index.checked_sub(self.population.persons()) {
            None => 1,
            Some(later) => 2 + later / self.arrivals(),
        }
    }

    /// Settles what a night deletes; nights in order.
    fn turn(&mut self, night: u32) {
        if let Some(last) = self.losses.last() {
            self.gone.extend(&last.leaving);
        }
        let mut losses = Losses::default();
        let persons = self.population.persons();
        // A handful of people are not emptied further.
        if night > 1 && persons >= 50 {
            let (seed, topic) = (self.population.seed(), topic::DELETIONS + night);
            let mut stream = Stream::new(seed, 0, topic);
            let before = self.known(night - 1);
            let last = i32::try_from(before - 1).unwrap_or(i32::MAX);
            let mut draw = |count: u32, taken: &BTreeSet<u32>| {
                let mut drawn = BTreeSet::new();
                // Most draws hit; the bound only keeps an emptied register from going on forever.
                for _ in 0..count.saturating_mul(50) {
                    let index = u32::try_from(stream.between(0, last)).unwrap_or(0);
                    if !self.gone.contains(&index) && !taken.contains(&index) {
                        drawn.insert(index);
                    }
                    if drawn.len() >= usize::try_from(count).unwrap_or(usize::MAX) {
                        break;
                    }
                }
                drawn
            };
            losses.leaving = draw((persons / 3_000).max(1), &BTreeSet::new());
            losses.pruned = draw((persons / 400).max(3), &losses.leaving);
        }
        self.losses.push(losses);
    }

    fn write(&self, night: u32, export: &mut Export) -> Result<(), SynthError> {
        let since = closing(night).plus_ms(-86_400_000);
        for index in 0..self.known(night) {
            if self.gone.contains(&index) {
                continue;
            }
            if self
                .losses(night)
                .is_some_and(|it| it.leaving.contains(&index))
            {
                let (life, _) = self.life(index, night - 1);
                for (kind, id) in life.chart.resources() {
                    export.delete(kind, id);
                }
            } else if self.first_night(index) == night || self.touched(index, night) {
                let (life, lost) = self.life(index, night);
                put_chart(&life.chart, since, closing(night), export)?;
                if let Some((kind, id)) = lost {
                    export.delete(kind, id);
                }
            }
        }
        Ok(())
    }

    fn losses(&self, night: u32) -> Option<&Losses> {
        self.losses
            .get(usize::try_from(night).ok()?.checked_sub(1)?)
    }

    /// Whether anything may have happened to a known person in a night.
    fn touched(&self, index: u32, night: u32) -> bool {
        let seed = self.population.seed();
        let pruned = self
            .losses(night)
            .is_some_and(|it| it.pruned.contains(&index));
        // Who came in an earlier night may still lie in bed and leave in this one.
        let came = || {
            (self.first_night(index) + 1..night)
                .any(|earlier| changes::comes(&mut changes::stream(seed, index, earlier)))
        };
        pruned
            || changes::changes(&mut changes::stream(seed, index, night))
            || open_stay(seed, index) == Some(night)
            || came()
    }

    /// A person's file at the end of a night, and what was deleted from it in that night.
    fn life(&self, index: u32, night: u32) -> (Life, Option<(Kind, Id)>) {
        let (seed, places) = (self.population.seed(), self.population.places());
        let first = self.first_night(index);
        let mut life = Life::new(seed, index, places, closing(1), closing(first));
        let mut lost = None;
        for night in first + 1..=night {
            let mut stream = changes::stream(seed, index, night);
            life.chart.turn_to(closing(night));
            let pruned = self
                .losses(night)
                .is_some_and(|it| it.pruned.contains(&index));
            lost = pruned
                .then(|| changes::prune(&mut life.chart, &mut stream.clone()))
                .flatten();
            changes::pass(&mut life, closing(night), places, &mut stream);
        }
        (life, lost)
    }
}
