//! What follows from encounters, prescriptions, procedures and diseases, written after them.
//!
//! It has a stream of chance of its own, so that what it follows from does not depend on it.

mod billing;
mod tables;

use tables::{AIDS, IMAGING, IMPLANTS, Imaging, PLANS, TRIGGERS, dose};

use crate::analytes::Category;
use crate::calendar::{Date, Moment};
use crate::chart::{
    Administration, Allergy, Chart, Class, Device, Dispense, Id, Kind, Note, Plan, Report, Study,
};
use crate::code::{Code, loinc};
use crate::health::Health;
use crate::random::Stream;

pub(crate) use billing::{bill, decided};

const LABORATORY: Code = loinc("11502-2", "Laboratory report");
/// What a pharmacy hands over at once, in days.
const SUPPLIES: &[i32] = &[7, 28, 30, 30, 30, 90];

/// How much of a chart was there before something was added.
#[derive(Clone, Copy, Default)]
pub(crate) struct Mark {
    medications: usize,
    procedures: usize,
    observations: usize,
}

impl Mark {
    /// All of it.
    pub(crate) fn of(chart: &Chart) -> Self {
        Self {
            medications: chart.medications.len(),
            procedures: chart.procedures.len(),
            observations: chart.observations.len(),
        }
    }
}

/// What is known of a person beside their encounters: allergies, plans, aids.
pub(crate) fn register(chart: &mut Chart, health: &Health, now: Moment, stream: &mut Stream) {
    let today = now.date();
    for trigger in TRIGGERS {
        if !stream.chance(trigger.share) {
            continue;
        }
        let recorded = today
            .plus(-stream.between(1, 3_000))
            .max(health.birth.plus(60))
            .min(today);
        let onset = recorded
            .plus(-stream.between(0, 2_000))
            .max(health.birth.plus(30))
            .min(recorded);
        let grave = stream.chance(trigger.grave);
        let allergy = Allergy {
            head: chart.head(Kind::AllergyIntolerance),
            code: trigger.code,
            kind: trigger.kind,
            category: trigger.category,
            criticality: if grave { "high" } else { "low" },
            status: "active",
            onset: stream.chance(0.6).then_some(onset),
            recorded,
        };
        chart.care.allergies.push(allergy);
    }
    for held in &health.held {
        let ailment = held.disease.ailment;
        if let Some((_, category, activity)) = PLANS.iter().find(|(of, ..)| *of == ailment)
            && stream.chance(0.35)
        {
            plan(
                chart,
                (held.onset, held.resolved),
                (*category, *activity),
                held.disease.code,
            );
        }
        if let Some((_, code, share)) = AIDS.iter().find(|(of, ..)| *of == ailment)
            && stream.chance(*share)
        {
            device(chart, *code, held.onset.max(health.birth), stream);
        }
    }
}

/// A plan is made when the person first comes with the disease.
fn plan(
    chart: &mut Chart,
    (onset, resolved): (Date, Option<Date>),
    (category, activity): (Code, Code),
    reason: Code,
) {
    let first = chart
        .encounters
        .iter()
        .find(|it| it.class == Class::Ambulatory && it.start.date() >= onset);
    let Some((encounter, start)) = first.map(|it| (it.head.id, it.start.date())) else {
        return;
    };
    let end = resolved.map(|end| end.max(start));
    let plan = Plan {
        head: chart.head(Kind::CarePlan),
        encounter,
        category,
        activity,
        reason,
        start,
        end,
        status: if end.is_some() { "completed" } else { "active" },
    };
    chart.care.plans.push(plan);
}

fn device(chart: &mut Chart, code: Code, used: Date, stream: &mut Stream) {
    let made = used.plus(-stream.between(30, 500));
    let device = Device {
        head: chart.head(Kind::Device),
        code,
        made,
        expires: made.plus(365 * stream.between(5, 12)),
    };
    chart.care.devices.push(device);
}

/// What follows from everything written since `mark`, as far as it happens before `now`.
pub(crate) fn follow(chart: &mut Chart, mark: Mark, now: Moment, stream: &mut Stream) {
    medications(chart, mark.medications, now, stream);
    laboratory(chart, mark.observations, now, stream);
    images(chart, mark.procedures, now, stream);
}

/// Prescriptions of a stay are given on the ward, others are handed over by a pharmacy.
fn medications(chart: &mut Chart, since: usize, now: Moment, stream: &mut Stream) {
    for place in since..chart.medications.len() {
        let Some(it) = chart.medications.get(place) else {
            return;
        };
        let (request, encounter, code, authored) = (it.head.id, it.encounter, it.code, it.authored);
        let stay = chart
            .encounters
            .iter()
            .rev()
            .find(|stay| Some(stay.head.id) == encounter && stay.class == Class::Inpatient)
            .map(|stay| (stay.head.id, stay.end.min(now)));
        let Some((stay, end)) = stay else {
            let at = authored.plus_minutes(stream.between(60, 2_880));
            if stream.chance(0.85) && at < now {
                dispense(chart, (request, encounter, code), at, stream);
            }
            continue;
        };
        for round in 0..stream.between(1, 3) {
            let at = authored.plus_minutes(40 + 480 * round + stream.between(0, 50));
            if at < end {
                let administration = Administration {
                    head: chart.head(Kind::MedicationAdministration),
                    encounter: stay,
                    request,
                    code,
                    at,
                    dose: dose(code),
                };
                chart.care.administrations.push(administration);
            }
        }
    }
}

fn dispense(
    chart: &mut Chart,
    (request, encounter, code): (Id, Option<Id>, Code),
    at: Moment,
    stream: &mut Stream,
) {
    let days = stream.pick(SUPPLIES);
    let dispense = Dispense {
        head: chart.head(Kind::MedicationDispense),
        encounter,
        request,
        code,
        at,
        quantity: days * stream.pick(&[1, 1, 2, 3]),
        days,
    };
    chart.care.dispenses.push(dispense);
}

/// One report for the laboratory values of an encounter.
fn laboratory(chart: &mut Chart, since: usize, now: Moment, stream: &mut Stream) {
    let mut last = None;
    for place in since..chart.observations.len() {
        let Some(it) = chart.observations.get(place) else {
            return;
        };
        let (encounter, effective) = (it.encounter, it.effective);
        if it.analyte.category == Category::Laboratory && encounter != last {
            last = encounter;
            report(
                chart,
                ("LAB", LABORATORY),
                encounter,
                effective,
                now,
                stream,
            );
        }
    }
}

/// Images are archived and reported; some procedures leave something in the body.
fn images(chart: &mut Chart, since: usize, now: Moment, stream: &mut Stream) {
    for place in since..chart.procedures.len() {
        let Some(it) = chart.procedures.get(place) else {
            return;
        };
        let (encounter, procedure, start) = (it.encounter, it.codes.first.code, it.start);
        if let Some(imaging) = IMAGING.iter().find(|it| it.procedure == procedure) {
            study(chart, imaging, encounter, start, stream);
            report(
                chart,
                ("RAD", imaging.report),
                encounter,
                start,
                now,
                stream,
            );
        }
        if let Some((_, code)) = IMPLANTS.iter().find(|(of, _)| *of == procedure) {
            device(chart, *code, start.date(), stream);
        }
    }
}

fn study(
    chart: &mut Chart,
    imaging: &Imaging,
    encounter: Option<Id>,
    started: Moment,
    stream: &mut Stream,
) {
    let study = Study {
        head: chart.head(Kind::ImagingStudy),
        encounter,
        modality: imaging.modality,
        site: imaging.site,
        started,
        series: stream.between(1, imaging.series),
        images: stream.between(1, imaging.images),
    };
    chart.care.studies.push(study);
}

fn report(
    chart: &mut Chart,
    (section, code): (&'static str, Code),
    encounter: Option<Id>,
    effective: Moment,
    now: Moment,
    stream: &mut Stream,
) {
    let issued = effective.plus_minutes(stream.between(40, 2_000));
    let status = if issued >= now || stream.chance(0.02) {
        "preliminary"
    } else {
        "final"
    };
    let note = if stream.chance(0.05) {
        Note::NamesPatient
    } else {
        Note::None
    };
    let report = Report {
        head: chart.head(Kind::DiagnosticReport),
        encounter,
        section,
        code,
        effective,
        issued: issued.min(now.plus_minutes(-1)),
        status,
        conclusion: note,
    };
    chart.care.reports.push(report);
}

/// What a day brings to a file that is opened again: a refill, a final report, an allergy
/// outgrown, a plan that ends, and the insurer's answers.
pub(crate) fn again(chart: &mut Chart, closing: Moment, stream: &mut Stream) {
    let (desk, day) = (chart.desk(), closing.date().plus(-1));
    if chart.person.death.is_none() {
        let active = chart.medications.iter().rev();
        let refilled = active
            .filter(|it| it.status == "active" && it.authored < day.midnight())
            .map(|it| (it.head.id, it.encounter, it.code))
            .next();
        if let Some(refilled) = refilled.filter(|_| stream.chance(0.6)) {
            let at = day.midnight().plus_minutes(stream.between(480, 1_100));
            dispense(chart, refilled, at, stream);
        }
    }
    let care = &mut chart.care;
    for report in care
        .reports
        .iter_mut()
        .filter(|it| it.status == "preliminary")
    {
        report.status = "final";
        desk.store_again(&mut report.head);
    }
    if let Some(allergy) = care.allergies.iter_mut().find(|it| it.status == "active")
        && stream.chance(0.05)
    {
        allergy.status = "resolved";
        desk.store_again(&mut allergy.head);
    }
    if let Some(plan) = care.plans.iter_mut().find(|it| it.status == "active")
        && stream.chance(0.1)
    {
        plan.status = "completed";
        plan.end = Some(day.max(plan.start));
        desk.store_again(&mut plan.head);
    }
    billing::decide(chart, day, stream);
}
