//! A whole life on file: the person, their health and their chart.

use crate::calendar::{Date, Moment};
use crate::care::{self, Mark};
use crate::chart::Chart;
use crate::course::Course;
use crate::health::Health;
use crate::person::Person;
use crate::places::Places;
use crate::random::{Stream, topic};
use crate::timeline::{WINDOW_DAYS, timeline};
use crate::vaccines::vaccinate;

/// Share of people who are registered and nothing else.
const NOTHING_ELSE: f64 = 0.015;

/// A person with what is true about them and what is on file about them.
pub(crate) struct Life {
    pub(crate) health: Health,
    pub(crate) chart: Chart,
}

impl Life {
    /// The life of a person up to `now`, first stored before `closing`.
    pub(crate) fn new(
        seed: u64,
        index: u32,
        places: &Places,
        now: Moment,
        closing: Moment,
    ) -> Self {
        let today = now.date();
        let person = Person::new(seed, index, places, today, f64::from(WINDOW_DAYS) / 365.0);
        let health = Health::new(seed, &person, today);
        let mut chart = Chart::open(seed, person, closing);
        let mut stream = Stream::new(seed, index, topic::COURSE);
        if stream.chance(NOTHING_ELSE) {
            return Self { health, chart };
        }
        let visits = timeline(seed, &chart.person, &health, today, &mut stream);
        // After a death nothing is learnt.
        let known = chart
            .person
            .death
            .map_or(now, |death| death.date.plus(1).midnight());
        let mut course = Course::new(&mut chart, &health, &mut stream, known);
        course.problems();
        for visit in &visits {
            course.visit(visit);
        }
        let last = chart.person.last_day(today);
        vaccinate(&mut chart, &health, last, &mut stream);
        let mut stream = Stream::new(seed, index, topic::CARE);
        care::register(&mut chart, &health, known, &mut stream);
        care::follow(&mut chart, Mark::default(), known, &mut stream);
        let ever = Date::new(1900, 1, 1).midnight();
        care::bill(&mut chart, ever, known, &mut stream);
        care::decided(&mut chart, today.plus(-1), &mut stream);
        Self { health, chart }
    }
}
