//! What a day does to a file: corrections, ends, new encounters, moves and deaths.

use crate::analytes::Category;
use crate::calendar::{Date, Moment};
use crate::care::{self, Mark};
use crate::chart::{Chart, Class, Id, Kind, Listing, Value};
use crate::course::Course;
use crate::episodes::episodes;
use crate::life::Life;
use crate::person::{Address, Death, DeathNoted};
use crate::places::Places;
use crate::random::{Stream, topic, whole};
use crate::timeline::{episode_visit, rate, routine_visit};

/// Share of people in whose file something is changed in a night.
const CHANGED: f64 = 0.115;
/// Share of people who come.
const COMES: f64 = 0.015;
/// Among those whose file changes: who moves, who dies.
const MOVES: f64 = 0.006;
const DIES: f64 = 0.000_3;

/// The stream of a person's night.
pub(super) fn stream(seed: u64, index: u32, night: u32) -> Stream {
    Stream::new(seed, index, topic::CHANGES + night)
}

/// Whether the night of this stream, from its beginning, changes anything.
pub(super) fn changes(stream: &mut Stream) -> bool {
    stream.unit() < CHANGED + COMES
}

/// Whether the person of this stream, from its beginning, comes that night.
pub(super) fn comes(stream: &mut Stream) -> bool {
    (CHANGED..CHANGED + COMES).contains(&stream.unit())
}

/// Lets the day that ends at `closing` pass. The stream is at its beginning.
pub(super) fn pass(life: &mut Life, closing: Moment, places: &Places, stream: &mut Stream) {
    discharge(&mut life.chart, closing);
    let draw = stream.unit();
    let alive = life.chart.person.death.is_none();
    if draw < CHANGED {
        correct(&mut life.chart, stream);
        settle(&mut life.chart, closing.date().plus(-1), stream);
        if alive && stream.chance(MOVES) {
            relocate(&mut life.chart, closing.date().plus(-1), places, stream);
        } else if alive && stream.chance(DIES) {
            die(&mut life.chart, closing);
        }
        care::again(&mut life.chart, closing, stream);
    } else if draw < CHANGED + COMES && alive {
        come(life, closing, stream);
    }
    let opening = closing.plus_ms(-86_400_000);
    care::bill(&mut life.chart, opening, closing, stream);
}

/// Takes one resource to which no other refers out of a file.
pub(super) fn prune(chart: &mut Chart, stream: &mut Stream) -> Option<(Kind, Id)> {
    if !chart.conditions.is_empty() && stream.chance(0.6) {
        let place = place(chart.conditions.len(), stream);
        return Some((Kind::Condition, chart.conditions.remove(place).head.id));
    }
    if chart.observations.is_empty() {
        return None;
    }
    let place = place(chart.observations.len(), stream);
    Some((Kind::Observation, chart.observations.remove(place).head.id))
}

/// Ends the stays whose last hour fell into the day.
fn discharge(chart: &mut Chart, closing: Moment) {
    let (desk, opening) = (chart.desk(), closing.plus_ms(-86_400_000));
    for encounter in &mut chart.encounters {
        if encounter.end > opening && encounter.end <= closing {
            desk.store_again(&mut encounter.head);
        }
    }
}

/// A few laboratory values of the same time turn out to be wrong.
fn correct(chart: &mut Chart, stream: &mut Stream) {
    let desk = chart.desk();
    let start = place(chart.observations.len(), stream);
    let count = usize::try_from(stream.between(2, 6)).unwrap_or(2);
    let numbers = (chart.observations.iter_mut().skip(start)).filter(|it| {
        it.analyte.category == Category::Laboratory && matches!(it.value, Value::Quantity(_))
    });
    for observation in numbers.take(count) {
        if let Value::Quantity(value) = observation.value {
            let factor = 1.0 + stream.pick(&[-1.0, 1.0]) * stream.within(0.02, 0.12);
            let change = whole(f64::from(value) * (factor - 1.0));
            let change = if change == 0 { 1 } else { change };
            observation.value = Value::Quantity(value + change);
            observation.status = "corrected";
            desk.store_again(&mut observation.head);
        }
    }
}

/// A diagnosis is resolved, a prescription ends.
fn settle(chart: &mut Chart, day: Date, stream: &mut Stream) {
    let desk = chart.desk();
    let mut open = chart.conditions.iter_mut().rev().filter(|it| {
        it.abatement.is_none() && (it.listing == Listing::Diagnosis || stream.chance(0.03))
    });
    if let Some(condition) = open.next() {
        condition.abatement = Some(day);
        desk.store_again(&mut condition.head);
    }
    let active = chart
        .medications
        .iter_mut()
        .filter(|it| it.status == "active");
    for medication in active.take(place(3, stream)) {
        medication.status = stream.pick(&["completed", "completed", "stopped"]);
        desk.store_again(&mut medication.head);
    }
}

/// The person moves: another postcode, often another region.
fn relocate(chart: &mut Chart, day: Date, places: &Places, stream: &mut Stream) {
    let Some(home) = Address::home(places, stream) else {
        return;
    };
    for address in chart
        .person
        .addresses
        .iter_mut()
        .filter(|it| it.usage == "home")
    {
        address.usage = "old";
        address.until = Some(day);
    }
    chart.person.addresses.insert(0, home);
    let desk = chart.desk();
    desk.store_again(&mut chart.head);
}

/// The person dies, in the bed they may lie in.
fn die(chart: &mut Chart, closing: Moment) {
    let desk = chart.desk();
    let date = closing.date().plus(-1);
    chart.person.death = Some(Death {
        date,
        noted: DeathNoted::WithDate,
    });
    desk.store_again(&mut chart.head);
    for encounter in chart.encounters.iter_mut().filter(|it| it.end > closing) {
        encounter.end = closing.plus_minutes(-120);
        desk.store_again(&mut encounter.head);
    }
}

fn come(life: &mut Life, closing: Moment, stream: &mut Stream) {
    let day = closing.date().plus(-1);
    let Life { health, chart } = life;
    let episode = if stream.chance(0.45) {
        None
    } else {
        let all: Vec<_> = episodes().filter(|it| it.days != (0, 0)).collect();
        stream
            .weighted(&all, |episode| rate(episode, health, day))
            .copied()
    };
    let mut visit = match episode {
        None => routine_visit(health, day, stream),
        Some(episode) => episode_visit(episode, day, stream),
    };
    // Consultations and emergencies are over by midnight; stays end in a later night.
    if visit.class != Class::Inpatient && visit.end > closing {
        let length = visit.end.since_ms(visit.start);
        visit.start = day.midnight().plus_minutes(stream.between(60, 8 * 60));
        visit.end = visit.start.plus_ms(length);
    }
    let mark = Mark::of(chart);
    Course::new(chart, health, stream, closing).visit(&visit);
    care::follow(chart, mark, closing, stream);
}

/// A place in a list; 0 for an empty one.
fn place(length: usize, stream: &mut Stream) -> usize {
    let last = i32::try_from(length).unwrap_or(i32::MAX) - 1;
    usize::try_from(stream.between(0, last)).unwrap_or(0)
}
