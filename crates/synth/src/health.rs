//! How healthy somebody is: the diseases of a life with their onsets, the body, and the traits that
//! make one person's values resemble each other over time.

use crate::analytes::TRAITS;
use crate::calendar::Date;
use crate::curve;
use crate::diseases::{Ailment, Disease, diseases};
use crate::person::Person;
use crate::pyramid::Sex;
use crate::random::{Stream, topic, whole};

/// A disease somebody lives or lived with.
pub(crate) struct Held {
    pub(crate) disease: &'static Disease,
    pub(crate) onset: Date,
    /// Children outgrow asthma; most chronic diseases stay.
    pub(crate) resolved: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Smoking {
    Never,
    Former,
    Current,
}

/// The health of one person.
pub(crate) struct Health {
    pub(crate) sex: Sex,
    pub(crate) birth: Date,
    pub(crate) smoking: Smoking,
    pub(crate) held: Vec<Held>,
    /// Distinguishes this person's daily ups and downs.
    key: u64,
    /// Standard normal, one for each trait of the analytes.
    traits: [f64; TRAITS],
    /// Height at 30, cm.
    height: f64,
    /// Body mass index at 40, kg/m2.
    bulk: f64,
    /// How readily the person sees a doctor; 1 on average.
    pub(crate) contact: f64,
}

/// Height in cm by age, boys and girls: rounded means of growth references.
const BOYS: curve::Curve = &[
    (0.0, 51.0),
    (1.0, 75.0),
    (2.0, 87.0),
    (4.0, 103.0),
    (7.0, 122.0),
    (10.0, 139.0),
    (12.5, 154.0),
    (14.5, 168.0),
    (17.0, 176.0),
    (50.0, 176.0),
    (90.0, 170.0),
];
const GIRLS: curve::Curve = &[
    (0.0, 50.0),
    (1.0, 74.0),
    (2.0, 86.0),
    (4.0, 102.0),
    (7.0, 121.0),
    (10.0, 139.0),
    (12.5, 155.0),
    (14.5, 161.0),
    (16.0, 163.5),
    (50.0, 163.5),
    (90.0, 156.0),
];
/// Body mass index of children relative to that of the adult they become.
const GROWTH: curve::Curve = &[
    (0.0, 0.56),
    (0.7, 0.74),
    (5.0, 0.65),
    (10.0, 0.73),
    (15.0, 0.87),
    (20.0, 0.95),
    (40.0, 1.0),
];
/// Share of people who have ever smoked daily, by age.
const EVER_SMOKED: curve::Curve = &[
    (14.0, 0.0),
    (18.0, 0.22),
    (30.0, 0.42),
    (60.0, 0.5),
    (80.0, 0.34),
    (95.0, 0.22),
];
/// Share of these who have stopped.
const STOPPED: curve::Curve = &[
    (18.0, 0.05),
    (30.0, 0.3),
    (50.0, 0.5),
    (70.0, 0.75),
    (90.0, 0.94),
];

impl Health {
    /// The health of a person up to their last day.
    pub(crate) fn new(seed: u64, person: &Person, today: Date) -> Self {
        let mut stream = Stream::new(seed, person.index, topic::HEALTH);
        let last_day = person.last_day(today);
        let age = last_day.age(person.birth);
        let smoking = smoking(age, person.sex, &mut stream);
        // The last years of a life hold more disease than the same years of a longer one.
        let frailty = if person.death.is_some() { 1.35 } else { 1.0 };
        let region = person.addresses.first().map_or("", |address| address.nuts3);
        let held = held(
            person,
            smoking,
            frailty * burden(region),
            &mut stream,
            last_day,
        );
        let mut traits = [0.0; TRAITS];
        traits.iter_mut().for_each(|it| *it = stream.normal());
        let height = stream.normal();
        let bulk = bulk(has(&held, Ailment::Obesity), &mut stream);
        let contact = 0.35 + 0.65 * (stream.unit() + stream.unit());
        let deviation = match person.sex {
            Sex::Male => 6.9,
            Sex::Female => 6.3,
        };
        Self {
            sex: person.sex,
            birth: person.birth,
            smoking,
            held,
            key: stream.bits(),
            traits,
            height: height * deviation,
            bulk,
            contact,
        }
    }

    /// Diseases present on a day.
    pub(crate) fn present(&self, day: Date) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| {
            held.onset <= day && held.resolved.is_none_or(|resolved| resolved > day)
        })
    }

    /// Whether a disease is present on a day.
    pub(crate) fn has(&self, ailment: Ailment, day: Date) -> bool {
        self.present(day)
            .any(|held| held.disease.ailment == ailment)
    }

    /// The person's level of a trait: standard normal.
    pub(crate) fn level(&self, trait_number: usize) -> f64 {
        self.traits.get(trait_number).copied().unwrap_or(0.0)
    }

    /// Height in cm on a day.
    pub(crate) fn height_cm(&self, day: Date) -> f64 {
        let age = day.age(self.birth);
        let mean = match self.sex {
            Sex::Male => curve::at(BOYS, age),
            Sex::Female => curve::at(GIRLS, age),
        };
        // Small children differ in the same proportion, not by as many centimetres.
        mean + self.height * mean / 170.0
    }

    /// Body mass index in kg/m2 on a day: rises and falls by a few per cent over the years.
    pub(crate) fn bmi(&self, day: Date) -> f64 {
        let cycle = 1_400;
        let place = f64::from(day.since(self.birth).rem_euclid(cycle)) / f64::from(cycle);
        let swing = 4.0 * (place - 0.5).abs() - 1.0;
        let change = 0.025 * swing * self.level(22);
        self.bulk * curve::at(GROWTH, day.age(self.birth)) * (1.0 + change)
    }

    /// How far a trait is from its usual level on a day: standard normal.
    pub(crate) fn daily(&self, trait_number: usize, day: Date) -> f64 {
        let trait_number = u32::try_from(trait_number).unwrap_or(0);
        let age = u32::try_from(day.since(self.birth)).unwrap_or(0);
        Stream::new(self.key, trait_number, age).normal()
    }
}

fn has(held: &[Held], ailment: Ailment) -> bool {
    held.iter().any(|held| held.disease.ailment == ailment)
}

fn bulk(obese: bool, stream: &mut Stream) -> f64 {
    let level = stream.normal();
    if obese {
        let excess = level.abs();
        30.6 + 3.0 * excess + 1.4 * excess * excess
    } else {
        (24.0 + 2.6 * level).clamp(17.2, 29.8)
    }
}

fn smoking(age: f64, sex: Sex, stream: &mut Stream) -> Smoking {
    let share = match sex {
        Sex::Male => 1.1,
        Sex::Female => 0.85,
    };
    let (ever, stopped) = (stream.unit(), stream.unit());
    if ever >= curve::at(EVER_SMOKED, age) * share {
        Smoking::Never
    } else if stopped < curve::at(STOPPED, age) {
        Smoking::Former
    } else {
        Smoking::Current
    }
}

/// Chronic disease is more frequent in the north than in the west of the country.
fn burden(nuts3: &str) -> f64 {
    match nuts3.get(..3) {
        Some("FRE") => 1.16,
        Some("FRF") => 1.08,
        Some("FRG" | "FRH") => 0.92,
        Some("FR1") => 0.97,
        _ => 1.0,
    }
}

fn held(
    person: &Person,
    smoking: Smoking,
    burden: f64,
    stream: &mut Stream,
    last_day: Date,
) -> Vec<Held> {
    let mut all: Vec<Held> = Vec::new();
    for disease in diseases() {
        // Drawn for every disease, so that the others do not depend on which ones are there.
        let threshold = stream.unit();
        let mut factor = burden / 100.0
            * match person.sex {
                Sex::Male => disease.men,
                Sex::Female => disease.women,
            };
        if smoking != Smoking::Never {
            factor *= disease.smokers;
        }
        for (risk, times) in disease.risks {
            if has(&all, *risk) {
                factor *= times;
            }
        }
        let Some((onset, resolved)) = curve::crossing(disease.curve, factor, threshold) else {
            continue;
        };
        let day_of_age = |age: f64| person.birth.plus(whole(age * 365.25));
        let onset = day_of_age(onset);
        if onset <= last_day {
            let may_resolve = disease.ailment.may_resolve();
            let resolved = resolved.filter(|_| may_resolve).map(day_of_age);
            let resolved = resolved.filter(|day| *day <= last_day);
            all.push(Held {
                disease,
                onset,
                resolved,
            });
        }
    }
    all
}
