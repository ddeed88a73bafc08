//! Vaccinations after the French calendar, as far as people follow it.

use crate::calendar::Date;
use crate::chart::{Chart, Immunization, Kind};
use crate::code::{Code, atc};
use crate::health::Health;
use crate::random::{Stream, whole};

const INFLUENZA: Code = atc(
    "J07BB02",
    "Influenza, inactivated, split virus or surface antigen",
);
const COVID: Code = atc("J07BN01", "COVID-19, RNA-based vaccine");
const TETANUS: Code = atc(
    "J07CA02",
    "Diphtheria, pertussis, poliomyelitis and tetanus",
);
const PNEUMOCOCCUS: Code = atc(
    "J07AL02",
    "Pneumococcus, purified polysaccharides, conjugated",
);

/// Vaccine, age in months, share of children who get it.
const CHILDHOOD: &[(Code, f64, f64)] = &[
    (atc("J07CA09", "Hexavalent vaccine of infants"), 2.0, 0.97),
    (PNEUMOCOCCUS, 2.1, 0.95),
    (atc("J07CA09", "Hexavalent vaccine of infants"), 4.0, 0.96),
    (PNEUMOCOCCUS, 4.1, 0.94),
    (atc("J07CA09", "Hexavalent vaccine of infants"), 11.0, 0.95),
    (
        atc("J07BD52", "Measles, mumps and rubella, live attenuated"),
        12.0,
        0.94,
    ),
    (atc("J07AH07", "Meningococcus C, conjugated"), 12.2, 0.89),
    (
        atc("J07BD52", "Measles, mumps and rubella, live attenuated"),
        17.0,
        0.88,
    ),
    (TETANUS, 72.0, 0.88),
    (atc("J07BM03", "Papillomavirus, 9 types"), 138.0, 0.45),
    (TETANUS, 144.0, 0.8),
    (atc("J07BM03", "Papillomavirus, 9 types"), 145.0, 0.4),
];
/// Ages at which adults are due for tetanus.
const BOOSTERS: &[f64] = &[25.0, 45.0, 65.0, 75.0, 85.0];
/// Seasons of the influenza vaccine on file.
const SEASONS: &[i32] = &[2023, 2024, 2025, 2026];

/// Writes the vaccinations into a chart, up to and with `last`.
pub(crate) fn vaccinate(chart: &mut Chart, health: &Health, last: Date, stream: &mut Stream) {
    let birth = health.birth;
    // What was given before the file was opened in 2012 is on paper.
    let from = Date::new(2012, 1, 1).max(birth);
    for (code, months, share) in CHILDHOOD {
        let due = birth.plus(whole(months * 30.44) + stream.between(0, 30));
        if stream.chance(*share) {
            give(chart, *code, due, from, last, stream);
        }
    }
    for age in BOOSTERS {
        let due = birth.plus(whole(age * 365.25) + stream.between(-100, 600));
        if stream.chance(0.5) {
            give(chart, TETANUS, due, from, last, stream);
        }
    }
    // Those who are vaccinated against influenza one year mostly are the next.
    let willing = stream.unit();
    for year in SEASONS {
        let due = Date::new(*year, 10, 8).plus(stream.between(0, 60));
        let age = due.age(birth);
        let at_risk = health.present(due).count() > 1;
        let share = match age {
            65.0.. => 0.55,
            2.0.. if at_risk => 0.3,
            18.0.. => 0.05,
            _ => 0.01,
        };
        if willing < share && stream.chance(0.9) {
            give(chart, INFLUENZA, due, from, last, stream);
            if age > 65.0 && stream.chance(0.3) {
                give(chart, COVID, due, from, last, stream);
            }
        }
    }
    for (year, share) in [(2021, 0.8), (2021, 0.78), (2022, 0.6)] {
        let due = Date::new(year, 2, 1).plus(stream.between(0, 300));
        if due.age(birth) > 12.0 && stream.chance(share * 0.4) {
            give(chart, COVID, due, from, last, stream);
        }
    }
}

fn give(chart: &mut Chart, code: Code, due: Date, from: Date, last: Date, stream: &mut Stream) {
    if due < from || due >= last {
        return;
    }
    let status = if stream.chance(0.01) {
        "not-done"
    } else {
        "completed"
    };
    let head = chart.head(Kind::Immunization);
    chart.immunizations.push(Immunization {
        head,
        encounter: None,
        code,
        given: due,
        status,
    });
}
