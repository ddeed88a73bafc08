//! What is written down when somebody meets the hospital.

mod acts;
mod observing;

use crate::analytes;
use crate::calendar::{Date, Moment, When};
use crate::chart::{
    Chart, Class, Condition, Encounter, Head, Id, Kind, Listing, Medication, Note, Procedure,
};
use crate::code::{Code, Codes};
use crate::episodes::Episode;
use crate::health::{Health, Held};
use crate::measure::Illness;
use crate::random::Stream;
use crate::timeline::{Reason, Visit};

/// A chart being written.
pub(crate) struct Course<'a> {
    chart: &'a mut Chart,
    health: &'a Health,
    stream: &'a mut Stream,
    /// Nothing is known that happens later.
    now: Moment,
    laboratory: Option<Date>,
    smoking: Option<Date>,
    height: Option<Date>,
    /// The running prescription of a drug, and since when.
    running: Vec<(&'static Code, Date, usize)>,
}

impl<'a> Course<'a> {
    /// Writes into a chart what is known at `now`.
    pub(crate) fn new(
        chart: &'a mut Chart,
        health: &'a Health,
        stream: &'a mut Stream,
        now: Moment,
    ) -> Self {
        Self {
            chart,
            health,
            stream,
            now,
            laboratory: None,
            smoking: None,
            height: None,
            running: Vec::new(),
        }
    }

    /// The problem list.
    pub(crate) fn problems(&mut self) {
        let health = self.health;
        for held in &health.held {
            // Not everything from long ago has found its way into the file.
            if !self.stream.chance(0.97) {
                continue;
            }
            let recorded = held
                .onset
                .plus(self.stream.between(0, 40))
                .min(self.now.date());
            let onset = self.onset(held);
            let codes = self.diagnosis(held.disease.code, Some(held.disease.snomed));
            let note = if self.stream.chance(0.05) {
                Note::NamesPatient
            } else {
                Note::None
            };
            let head = self.head(Kind::Condition);
            self.chart.conditions.push(Condition {
                head,
                encounter: None,
                listing: Listing::Problem,
                codes,
                onset,
                abatement: held.resolved,
                recorded,
                note,
            });
        }
    }

    /// One meeting with all that follows from it.
    pub(crate) fn visit(&mut self, visit: &Visit) {
        let head = self.head(Kind::Encounter);
        let reason = match visit.reason {
            Reason::Routine => None,
            Reason::Episode(episode) => Some(episode.code),
        };
        self.chart.encounters.push(Encounter {
            head,
            class: visit.class,
            kind: visit.kind,
            start: visit.start,
            end: visit.end,
            reason,
        });
        match visit.reason {
            Reason::Routine => self.routine(visit, head.id),
            Reason::Episode(episode) => self.episode(visit, episode, head.id),
        }
    }

    fn routine(&mut self, visit: &Visit, encounter: Id) {
        let day = visit.start.date();
        let age = day.age(self.health.birth);
        let well = Illness(0.0);
        self.body(visit.start, encounter, age);
        if age >= 3.0 {
            self.observe(&[&analytes::PRESSURE], visit.start, encounter, well);
        }
        if self.stream.chance(0.35) {
            self.observe(&[&analytes::HEART_RATE], visit.start, encounter, well);
        }
        if age >= 15.0 && self.smoking.is_none_or(|last| day.since(last) > 420) {
            self.observe(&[&analytes::SMOKING], visit.start, encounter, well);
            self.smoking = Some(day);
        }
        let diseases = self.health.present(day).count();
        let due = if diseases > 0 { 240 } else { 600 };
        let wanted = if diseases > 0 || age > 45.0 {
            0.8
        } else {
            0.25
        };
        if age > 16.0
            && self.laboratory.is_none_or(|last| day.since(last) > due)
            && self.stream.chance(wanted)
        {
            self.laboratory = Some(day);
            self.panel(visit.start.plus_minutes(20), encounter, age);
        }
        self.prescribe(visit.start, encounter);
        self.acts(visit, encounter);
    }

    fn episode(&mut self, visit: &Visit, episode: &'static Episode, encounter: Id) {
        let illness = match visit.class {
            _ if episode.days == (0, 0) => Illness(0.0),
            Class::Ambulatory => Illness(0.3),
            Class::Emergency => Illness(0.6),
            Class::Inpatient => Illness(1.0),
        };
        match visit.class {
            Class::Ambulatory => self.consultation(visit, illness, encounter),
            Class::Emergency => self.emergency(visit, illness, encounter),
            Class::Inpatient => self.bed(visit, illness, encounter),
        }
        // On arrival the diagnosis is still open: the stay that follows carries it.
        let arrival = visit.class == Class::Emergency && episode.class == Class::Inpatient;
        if arrival {
            return;
        }
        if episode.days != (0, 0) {
            self.diagnose(visit, episode, encounter);
        }
        for drug in episode.drugs {
            if self.stream.chance(0.75) {
                let head = self.head(Kind::MedicationRequest);
                let authored = visit.start.plus_minutes(12);
                let recent = self.now.date().since(authored.date()) < 12;
                let status = if recent { "active" } else { "completed" };
                let encounter = Some(encounter);
                let code = *drug;
                self.chart.medications.push(Medication {
                    head,
                    encounter,
                    code,
                    authored,
                    status,
                });
            }
        }
        if let Some((first, second)) = episode.procedure
            && self.stream.chance(if visit.class == Class::Inpatient {
                0.85
            } else {
                0.6
            })
        {
            self.perform(Codes { first, second }, visit, encounter);
        }
    }

    fn diagnose(&mut self, visit: &Visit, episode: &'static Episode, encounter: Id) {
        let day = visit.start.date();
        let resolved = day.plus(self.stream.between(episode.days.0, episode.days.1));
        let known = resolved < self.now.date() && visit.end < self.now;
        let onset = day.plus(-self.stream.between(0, 4)).max(self.health.birth);
        let note = if self.stream.chance(0.03) {
            Note::NamesPatient
        } else {
            Note::None
        };
        let codes = self.diagnosis(episode.code, None);
        let head = self.head(Kind::Condition);
        self.chart.conditions.push(Condition {
            head,
            encounter: Some(encounter),
            listing: Listing::Diagnosis,
            codes,
            onset: self.stream.chance(0.98).then_some(When::Day(onset)),
            abatement: known.then_some(resolved),
            recorded: day,
            note,
        });
    }

    fn perform(&mut self, codes: Codes, visit: &Visit, encounter: Id) {
        let start = visit
            .start
            .plus_minutes(self.stream.between(5, 90))
            .min(visit.end);
        let end = start
            .plus_minutes(self.stream.between(5, 95))
            .min(visit.end);
        if end >= self.now {
            return;
        }
        // One system in four has no code of the national catalogue.
        let second = codes.second.filter(|_| self.stream.chance(0.75));
        let codes = Codes {
            first: codes.first,
            second,
        };
        let head = self.head(Kind::Procedure);
        let end = self.stream.chance(0.8).then_some(end);
        self.chart.procedures.push(Procedure {
            head,
            encounter: Some(encounter),
            codes,
            start,
            end,
        });
    }

    /// Renews what runs for more than ten months and starts what is missing.
    fn prescribe(&mut self, at: Moment, encounter: Id) {
        let (day, health) = (at.date(), self.health);
        for held in health.present(day) {
            for (place, drug) in held.disease.drugs.iter().enumerate() {
                let running = self
                    .running
                    .iter()
                    .position(|(code, _, _)| code.code == drug.code);
                let wanted = match running.and_then(|place| self.running.get(place)) {
                    Some((_, since, _)) => day.since(*since) > 300,
                    // First choices are common, the others a matter of severity.
                    None => self.stream.chance(if place == 0 { 0.65 } else { 0.16 }),
                };
                if !wanted {
                    continue;
                }
                if let Some(place) = running {
                    let (_, _, earlier) = self.running.swap_remove(place);
                    let status = if self.stream.chance(0.12) {
                        "stopped"
                    } else {
                        "completed"
                    };
                    if let Some(earlier) = self.chart.medications.get_mut(earlier) {
                        earlier.status = status;
                    }
                    if status == "stopped" {
                        continue;
                    }
                }
                let head = self.head(Kind::MedicationRequest);
                self.running.push((drug, day, self.chart.medications.len()));
                let (code, authored) = (*drug, at.plus_minutes(8));
                let (encounter, status) = (Some(encounter), "active");
                self.chart.medications.push(Medication {
                    head,
                    encounter,
                    code,
                    authored,
                    status,
                });
            }
        }
    }

    fn onset(&mut self, held: &Held) -> Option<When> {
        match self.stream.between(0, 99) {
            0..=5 => Some(When::Year(held.onset)),
            6..=9 => Some(When::Month(held.onset)),
            10..=11 => None,
            _ => Some(When::Day(held.onset)),
        }
    }

    /// ICD-10 alone, or with SNOMED CT after or before it.
    fn diagnosis(&mut self, icd: Code, other: Option<Code>) -> Codes {
        let Some(other) = other else {
            return icd.into();
        };
        match self.stream.between(0, 99) {
            0..=19 => Codes {
                first: icd,
                second: Some(other),
            },
            20..=22 => Codes {
                first: other,
                second: Some(icd),
            },
            _ => icd.into(),
        }
    }

    fn head(&mut self, kind: Kind) -> Head {
        self.chart.head(kind)
    }
}
