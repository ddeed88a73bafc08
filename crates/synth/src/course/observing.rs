//! What is measured at the bedside and in the laboratory.

use super::Course;
use crate::analytes::{self, Analyte};
use crate::calendar::Moment;
use crate::chart::{Id, Kind, LocalCode, Observation};
use crate::diseases::Ailment;
use crate::health::Smoking;
use crate::measure::{Illness, measure};
use crate::pyramid::Sex;
use crate::timeline::Visit;

const BASIC: &[&Analyte] = &[
    &analytes::CREATININE,
    &analytes::EGFR,
    &analytes::HAEMOGLOBIN,
    &analytes::POTASSIUM,
    &analytes::SODIUM,
];
const COUNT: &[&Analyte] = &[&analytes::LEUKOCYTES, &analytes::PLATELETS];
const METABOLIC: &[&Analyte] = &[
    &analytes::GLUCOSE,
    &analytes::CHOLESTEROL,
    &analytes::LDL,
    &analytes::HDL,
    &analytes::TRIGLYCERIDES,
];
const INFLAMMATION: &[&Analyte] = &[&analytes::CRP, &analytes::LEUKOCYTES];
const SIGNS: &[&Analyte] = &[
    &analytes::PRESSURE,
    &analytes::HEART_RATE,
    &analytes::TEMPERATURE,
    &analytes::OXYGEN,
];

impl Course<'_> {
    pub(super) fn emergency(&mut self, visit: &Visit, illness: Illness, encounter: Id) {
        self.observe(SIGNS, visit.start.plus_minutes(10), encounter, illness);
        if self.stream.chance(0.45) {
            let at = visit.start.plus_minutes(45);
            self.observe(BASIC, at, encounter, illness);
            self.observe(INFLAMMATION, at, encounter, illness);
        }
    }

    pub(super) fn consultation(&mut self, visit: &Visit, illness: Illness, encounter: Id) {
        let age = visit.start.date().age(self.health.birth);
        if illness > Illness(0.0) && self.stream.chance(0.6) {
            self.observe(&[&analytes::TEMPERATURE], visit.start, encounter, illness);
        }
        if age < 16.0 {
            self.body(visit.start, encounter, age);
        } else if self.stream.chance(0.5) {
            self.observe(&[&analytes::PRESSURE], visit.start, encounter, illness);
        }
        if self.stream.chance(0.1) {
            self.observe(
                INFLAMMATION,
                visit.start.plus_minutes(30),
                encounter,
                illness,
            );
        }
    }

    /// Signs on admission; a laboratory round every second or third day, thinning out.
    pub(super) fn bed(&mut self, visit: &Visit, illness: Illness, encounter: Id) {
        self.observe(SIGNS, visit.start.plus_minutes(30), encounter, illness);
        if visit.end < visit.start.plus_minutes(20 * 60) {
            return;
        }
        let mut at = visit.start.plus_minutes(60);
        let mut round = 0;
        while at < visit.end && round < 9 {
            let left = Illness(illness.0 / (1.0 + 0.45 * f64::from(round)));
            self.observe(BASIC, at, encounter, left);
            self.observe(&[&analytes::CRP], at, encounter, left);
            if self.stream.chance(0.5) {
                self.observe(COUNT, at, encounter, left);
            }
            round += 1;
            at = at.plus_minutes(1_440 * (1 + round) + self.stream.between(-90, 90));
        }
    }

    pub(super) fn body(&mut self, at: Moment, encounter: Id, age: f64) {
        let (day, well) = (at.date(), Illness(0.0));
        let height_due = if age < 18.0 { 90 } else { 900 };
        if self.height.is_none_or(|last| day.since(last) > height_due) {
            self.observe(&[&analytes::HEIGHT], at, encounter, well);
            self.height = Some(day);
        }
        if age < 18.0 || self.stream.chance(0.85) {
            self.observe(&[&analytes::WEIGHT], at, encounter, well);
            if age >= 2.0 {
                self.observe(&[&analytes::BMI], at, encounter, well);
            }
        }
    }

    pub(super) fn panel(&mut self, at: Moment, encounter: Id, age: f64) {
        let (day, well) = (at.date(), Illness(0.0));
        let health = self.health;
        self.observe(BASIC, at, encounter, well);
        if age > 35.0 || self.stream.chance(0.3) {
            self.observe(METABOLIC, at, encounter, well);
        }
        if self.stream.chance(0.3) {
            self.observe(COUNT, at, encounter, well);
        }
        let mut also = |chance: f64, analyte: &'static Analyte| {
            if self.stream.chance(chance) {
                self.observe(&[analyte], at, encounter, well);
            }
        };
        let has = |ailment| health.has(ailment, day);
        let diabetes = has(Ailment::Diabetes2) || has(Ailment::Diabetes1);
        let old_man = health.sex == Sex::Male && age > 52.0;
        let smoker = health.smoking == Smoking::Current;
        also(if diabetes { 0.96 } else { 0.12 }, &analytes::HBA1C);
        also(
            if has(Ailment::Hypothyroidism) {
                0.95
            } else {
                0.14
            },
            &analytes::TSH,
        );
        also(if old_man { 0.4 } else { 0.0 }, &analytes::PSA);
        also(
            if has(Ailment::HeartFailure) {
                0.8
            } else {
                0.02
            },
            &analytes::NTPROBNP,
        );
        also(if has(Ailment::Copd) { 0.7 } else { 0.01 }, &analytes::FEV1);
        also(
            if has(Ailment::Obesity) || smoker {
                0.5
            } else {
                0.2
            },
            &analytes::ALT,
        );
    }

    pub(super) fn observe(
        &mut self,
        what: &[&'static Analyte],
        at: Moment,
        encounter: Id,
        ill: Illness,
    ) {
        if at >= self.now {
            return;
        }
        for analyte in what {
            let value = measure(self.health, analyte, at.date(), ill, self.stream);
            let local = match self.stream.between(0, 99) {
                0..=9 if !analyte.local.is_empty() => LocalCode::After,
                10..=11 if !analyte.local.is_empty() => LocalCode::Before,
                _ => LocalCode::Without,
            };
            let status = match self.stream.between(0, 499) {
                0 => "entered-in-error",
                1..=4 => "preliminary",
                _ => "final",
            };
            let head = self.head(Kind::Observation);
            self.chart.observations.push(Observation {
                head,
                encounter: Some(encounter),
                analyte,
                local,
                effective: at,
                status,
                value,
            });
        }
    }
}
