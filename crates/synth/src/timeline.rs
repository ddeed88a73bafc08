//! When somebody meets the hospital in the last years, and why.

use crate::calendar::{Date, Moment};
use crate::chart::Class;
use crate::code::{Code, snomed};
use crate::curve;
use crate::diseases::Ailment;
use crate::episodes::{DIALYSIS, Episode, Season, episodes};
use crate::health::Health;
use crate::person::Person;
use crate::pyramid::Sex;
use crate::random::{Stream, topic, whole};

/// Why somebody comes.
#[derive(Clone, Copy)]
pub(crate) enum Reason {
    /// To be looked at, and for what they live with.
    Routine,
    Episode(&'static Episode),
}

/// One meeting with the hospital.
#[derive(Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) start: Moment,
    pub(crate) end: Moment,
    pub(crate) class: Class,
    pub(crate) kind: Code,
    pub(crate) reason: Reason,
}

/// Days the records reach back.
pub(crate) const WINDOW_DAYS: i32 = 1_095;

/// One in this many inpatient stays lasts for months.
const LONG_STAY: f64 = 1.0 / 250.0;

/// Everything up to `today` or the person's death, in order.
pub(crate) fn timeline(
    seed: u64,
    person: &Person,
    health: &Health,
    today: Date,
    stream: &mut Stream,
) -> Vec<Visit> {
    let first = person.birth.max(today.plus(-WINDOW_DAYS));
    let last = person.last_day(today);
    let mut visits = Vec::new();
    routine(health, first, last, stream, &mut visits);
    for episode in episodes() {
        befall(episode, health, first, last, stream, &mut visits);
    }
    if health.has(Ailment::Kidney, last) && health.level(1) < -2.0 {
        dialysis(first, last, stream, &mut visits);
    }
    if person.death.is_some() && stream.chance(0.55) {
        let end = last.midnight().plus_minutes(700);
        visits.extend(stay_until(health, end, (1.5, 12.0), stream));
    } else if let Some(night) = open_stay(seed, person.index) {
        // Night 2 covers the day that begins when night 1 closes.
        let ahead = i32::try_from(night).unwrap_or(2) - 2;
        let end = today.plus(ahead).midnight().plus_minutes(600);
        let days = f64::from(ahead) + 1.0;
        visits.extend(stay_until(health, end, (days, days + 16.0), stream));
    }
    visits.retain(|visit| visit.start >= first.midnight());
    visits.sort_by_key(|visit| visit.start);
    visits
}

/// The night in which the person leaves the bed they are in when the first export is made.
pub(crate) fn open_stay(seed: u64, index: u32) -> Option<u32> {
    let mut stream = Stream::new(seed, index, topic::OPEN_STAY);
    stream
        .chance(0.003)
        .then(|| u32::try_from(stream.between(2, 9)).unwrap_or(2))
}

/// A visit without acute reason on a day.
pub(crate) fn routine_visit(health: &Health, day: Date, stream: &mut Stream) -> Visit {
    let start = day.midnight().plus_minutes(stream.between(7 * 60, 16 * 60));
    let kind = if health.present(day).next().is_some() {
        snomed("390906007", "Follow-up encounter")
    } else {
        snomed("185349003", "Encounter for check up")
    };
    Visit {
        start,
        end: start.plus_minutes(stream.between(10, 35)),
        class: Class::Ambulatory,
        kind,
        reason: Reason::Routine,
    }
}

/// An episode that begins on a day.
pub(crate) fn episode_visit(episode: &'static Episode, day: Date, stream: &mut Stream) -> Visit {
    let minute = match episode.class {
        Class::Ambulatory => stream.between(7 * 60, 16 * 60),
        Class::Emergency => stream.between(0, 24 * 60 - 1),
        // Planned stays begin in the morning.
        Class::Inpatient if !episode.needs.is_empty() => stream.between(6 * 60, 10 * 60),
        Class::Inpatient => stream.between(0, 24 * 60 - 1),
    };
    let start = day.midnight().plus_minutes(minute);
    let (low, high) = episode.hours;
    let place = stream.unit();
    let mut hours = low + (high - low) * place * place;
    if high > 100.0 && stream.chance(LONG_STAY) {
        hours *= stream.within(4.0, 9.0);
    }
    Visit {
        start,
        end: start.plus_minutes(whole(hours * 60.0).max(5)),
        class: episode.class,
        kind: episode.class.kind(),
        reason: Reason::Episode(episode),
    }
}

/// Episodes in a year for the person on a day.
pub(crate) fn rate(episode: &Episode, health: &Health, day: Date) -> f64 {
    let needs = episode.needs;
    if !needs.is_empty() && !needs.iter().any(|ailment| health.has(*ailment, day)) {
        return 0.0;
    }
    let sex = match health.sex {
        Sex::Male => episode.men,
        Sex::Female => episode.women,
    };
    curve::at(episode.yearly, day.age(health.birth)) / 1_000.0 * sex
}

/// Month by month, and once when a chronic disease is found.
fn routine(health: &Health, first: Date, last: Date, stream: &mut Stream, visits: &mut Vec<Visit>) {
    for month in 0..WINDOW_DAYS / 30 {
        let day = first.plus(30 * month + stream.between(0, 29));
        if day >= last {
            break;
        }
        let diseases: f64 = health.present(day).map(|_| 0.27).sum();
        let age = day.age(health.birth);
        let old = if age > 65.0 { 0.3 } else { 0.0 };
        if stream.chance(health.contact * (0.42 + diseases + old) / 12.0) {
            visits.push(routine_visit(health, day, stream));
        }
    }
    for held in &health.held {
        if held.onset >= first && held.onset < last {
            visits.push(routine_visit(health, held.onset, stream));
        }
    }
}

fn befall(
    episode: &'static Episode,
    health: &Health,
    first: Date,
    last: Date,
    stream: &mut Stream,
    visits: &mut Vec<Visit>,
) {
    for year in 0..WINDOW_DAYS / 365 {
        let start = first.plus(365 * year);
        let rate = rate(episode, health, start.plus(182)) * health.contact;
        let count = whole((rate + stream.unit()).floor());
        for _ in 0..count {
            let day = match episode.season {
                // Years here begin in November.
                Season::Winter if stream.chance(0.75) => start.plus(stream.between(0, 140)),
                _ => start.plus(stream.between(0, 364)),
            };
            let visit = episode_visit(episode, day, stream);
            if day >= last || visit.end > last.midnight() {
                continue;
            }
            let unplanned = episode.class == Class::Inpatient && episode.needs.is_empty();
            if unplanned && episode.hours.0 > 20.0 && stream.chance(0.5) {
                visits.push(arrival(&visit, stream));
            }
            visits.push(visit);
        }
    }
}

/// The hours in the emergency department before a bed is found.
fn arrival(visit: &Visit, stream: &mut Stream) -> Visit {
    let minutes = stream.between(90, 700);
    Visit {
        start: visit.start.plus_minutes(-minutes),
        end: visit.start,
        class: Class::Emergency,
        kind: Class::Emergency.kind(),
        reason: visit.reason,
    }
}

/// Three sessions a week over the last months: people with hundreds of rows exist.
fn dialysis(first: Date, last: Date, stream: &mut Stream, visits: &mut Vec<Visit>) {
    let sessions = stream.between(20, 150);
    for session in 1..=sessions {
        // Every other day but for Sundays, roughly: 7 days hold 3 sessions.
        let day = last.plus(-session * 7 / 3);
        if day > first {
            visits.push(episode_visit(&DIALYSIS, day, stream));
        }
    }
}

/// A stay of so many days at least and at most that ends at a given moment.
fn stay_until(
    health: &Health,
    end: Moment,
    days: (f64, f64),
    stream: &mut Stream,
) -> Option<Visit> {
    let start = end.plus_minutes(-whole(stream.within(days.0, days.1) * 1_440.0));
    let beds: Vec<&'static Episode> = episodes()
        .filter(|episode| episode.class == Class::Inpatient && episode.hours.1 > 100.0)
        .collect();
    let day = start.date();
    let episode = stream
        .weighted(&beds, |episode| {
            rate(episode, health, day) * episode.hours.1
        })
        .copied()?;
    Some(Visit {
        start,
        end,
        class: Class::Inpatient,
        kind: snomed("183452005", "Emergency hospital admission"),
        reason: Reason::Episode(episode),
    })
}
