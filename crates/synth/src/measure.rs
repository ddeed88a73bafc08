//! Values of a person on a day: usual level, disease, acute illness and the day itself.

use crate::analytes::{self, Analyte, EGFR, Method};
use crate::calendar::Date;
use crate::chart::Value;
use crate::code::{Code, snomed};
use crate::curve::{self, Curve};
use crate::health::{Health, Smoking};
use crate::pyramid::Sex;
use crate::random::{Stream, whole};

/// How ill somebody is when the value is taken: 0 well, 1 as ill as people who need a hospital.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Illness(pub(crate) f64);

/// Blood pressure of children relative to adults.
const YOUNG_PRESSURE: Curve = &[
    (0.0, 0.6),
    (2.0, 0.75),
    (6.0, 0.83),
    (12.0, 0.92),
    (18.0, 1.0),
];
/// Heart rate of children relative to adults.
const YOUNG_PULSE: Curve = &[
    (0.0, 1.85),
    (1.0, 1.6),
    (4.0, 1.35),
    (10.0, 1.12),
    (18.0, 1.0),
];
/// Muscle of children relative to adults, which creatinine follows.
const YOUNG_MUSCLE: Curve = &[(0.0, 0.36), (5.0, 0.5), (12.0, 0.72), (18.0, 1.0)];
/// Share of values that were not obtained, and of alarming ones.
const ABSENT: f64 = 0.007;
const EXTREME: f64 = 0.0004;

/// A value of the person, or the reason why there is none.
pub(crate) fn measure(
    health: &Health,
    analyte: &'static Analyte,
    day: Date,
    illness: Illness,
    stream: &mut Stream,
) -> Value {
    if analyte.method == Method::Smoking {
        return Value::Answer(smoking_status(health.smoking));
    }
    if stream.chance(ABSENT) {
        return Value::Absent(stream.pick(&["not-performed", "unknown", "error", "not-performed"]));
    }
    let extreme = stream.chance(EXTREME);
    if analyte.method == Method::Pressure {
        let alarm = extreme.then(|| stream.within(0.9, 1.05));
        return pressure(health, day, illness, alarm, stream);
    }
    let value = if extreme && analyte.extreme > 0.0 && day.age(health.birth) > 18.0 {
        analyte.extreme * stream.within(0.9, 1.1)
    } else {
        usual(health, analyte, day, illness)
    };
    Value::Quantity(scaled(analyte, value))
}

/// Ten to the power of the analyte's decimals.
pub(crate) fn scale(analyte: &Analyte) -> f64 {
    (0..analyte.decimals).fold(1.0, |scale, _| scale * 10.0)
}

fn scaled(analyte: &Analyte, value: f64) -> i32 {
    whole(value.clamp(analyte.possible.0, analyte.possible.1) * scale(analyte))
}

fn smoking_status(smoking: Smoking) -> Code {
    match smoking {
        Smoking::Never => snomed("266919005", "Never smoked tobacco"),
        Smoking::Former => snomed("8517006", "Ex-smoker"),
        Smoking::Current => snomed("449868002", "Smokes tobacco daily"),
    }
}

fn pressure(
    health: &Health,
    day: Date,
    illness: Illness,
    alarm: Option<f64>,
    stream: &mut Stream,
) -> Value {
    let read = |analyte: &Analyte| match alarm {
        Some(share) => whole(analyte.extreme * share),
        None => scaled(analyte, usual(health, analyte, day, illness)),
    };
    let systolic = read(&analytes::SYSTOLIC);
    let diastolic = read(&analytes::DIASTOLIC).min(systolic - 15);
    // Taken by palpation: only the upper value is heard.
    Value::Pressure(Some(systolic), (!stream.chance(0.004)).then_some(diastolic))
}

fn usual(health: &Health, analyte: &Analyte, day: Date, illness: Illness) -> f64 {
    match analyte.method {
        Method::Creatinine => creatinine(health, usual(health, &EGFR, day, illness), day),
        Method::Height => health.height_cm(day),
        Method::MassIndex => health.bmi(day),
        Method::Weight => {
            let metres = health.height_cm(day) / 100.0;
            health.bmi(day) * metres * metres
        }
        Method::Level | Method::Pressure | Method::Smoking => level(health, analyte, day, illness),
    }
}

fn level(health: &Health, analyte: &Analyte, day: Date, illness: Illness) -> f64 {
    let age = day.age(health.birth);
    let mut mean = match health.sex {
        Sex::Male => analyte.men,
        Sex::Female => analyte.women,
    };
    mean += analyte.slope * (age.max(18.0) - 40.0);
    mean *= young(analyte, age);
    let person = health.level(analyte.trait_number);
    // A disease weighs more on some than on others, and they are the same ones each time.
    let weight = (1.0 + 0.45 * person).max(0.25);
    for (ailment, shift) in analyte.effects {
        if health.has(*ailment, day) {
            mean += shift
                * if *shift > 0.0 {
                    weight
                } else {
                    1.25 - 0.25 * weight.min(3.0)
                };
        }
    }
    let today = health.daily(analyte.trait_number, day);
    let unevenness = if analyte.skew >= 0.5 {
        0.3 + 0.7 * today * today
    } else {
        1.0
    };
    mean += illness.0 * analyte.acute * unevenness;
    let deviation = analyte.between * person + analyte.within * (1.0 + illness.0) * today;
    let tail = if deviation > 0.0 && analyte.between > 0.0 {
        analyte.skew * deviation * deviation / analyte.between
    } else {
        0.0
    };
    mean + deviation + tail
}

fn young(analyte: &Analyte, age: f64) -> f64 {
    let curve = match analyte.code.code {
        "8480-6" | "8462-4" => YOUNG_PRESSURE,
        "8867-4" => YOUNG_PULSE,
        _ => return 1.0,
    };
    curve::at(curve, age)
}

/// Serum creatinine in mg/dL from the filtration rate: CKD-EPI 2021 (Inker and others, N Engl J Med
/// 385:1737) solved for creatinine.
fn creatinine(health: &Health, rate: f64, day: Date) -> f64 {
    let age = day.age(health.birth);
    let years = whole(age.max(18.0));
    let decay = (0..years).fold(1.0, |decay, _| decay * 0.993_8);
    let (kappa, sex) = match health.sex {
        Sex::Male => (0.9, 1.0),
        Sex::Female => (0.7, 1.012),
    };
    let ratio = rate.max(5.0) / (142.0 * decay * sex);
    let relative = if ratio < 1.0 {
        1.0 / five_sixths(ratio)
    } else {
        // The exponent is -3.3 for men and -4.1 for women: between them.
        1.0 / (ratio * ratio * ratio * ratio.sqrt())
    };
    kappa * relative * curve::at(YOUNG_MUSCLE, age)
}

/// Close to `x` to the power 5/6, by square roots: 1/2 + 1/4 + 1/16 + 1/64.
fn five_sixths(x: f64) -> f64 {
    let half = x.sqrt();
    let quarter = half.sqrt();
    let sixteenth = quarter.sqrt().sqrt();
    half * quarter * sixteenth * sixteenth.sqrt().sqrt()
}
