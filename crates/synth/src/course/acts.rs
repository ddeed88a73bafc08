//! Acts that belong to the care of chronic diseases.

use super::Course;
use crate::chart::Id;
use crate::code::{Code, Codes, ccam, snomed};
use crate::diseases::Ailment;
use crate::timeline::Visit;

/// A screening or follow-up act of routine visits: for whom, how often a visit.
struct Act {
    ailment: Ailment,
    chance: f64,
    codes: Codes,
}

const ACTS: &[Act] = &[
    act(
        Ailment::Hypertension,
        0.08,
        snomed("29303009", "Electrocardiographic procedure"),
        "DEQP003",
    ),
    act(
        Ailment::Fibrillation,
        0.3,
        snomed("29303009", "Electrocardiographic procedure"),
        "DEQP003",
    ),
    act(
        Ailment::Coronary,
        0.25,
        snomed("29303009", "Electrocardiographic procedure"),
        "DEQP003",
    ),
    act(
        Ailment::HeartFailure,
        0.25,
        snomed("40701008", "Echocardiography"),
        "DZQM006",
    ),
    act(
        Ailment::Copd,
        0.3,
        snomed("127783003", "Spirometry"),
        "GLQP012",
    ),
    act(
        Ailment::Diabetes2,
        0.14,
        snomed("274795007", "Examination of retina"),
        "BGQP002",
    ),
    act(
        Ailment::Osteoporosis,
        0.12,
        snomed("312681000", "Bone density scan"),
        "PAQK007",
    ),
    act(
        Ailment::Glaucoma,
        0.3,
        snomed("164729009", "Tonometry"),
        "BHQP002",
    ),
];

const fn act(ailment: Ailment, chance: f64, first: Code, second: &'static str) -> Act {
    Act {
        ailment,
        chance,
        codes: Codes {
            first,
            second: Some(ccam(second)),
        },
    }
}

impl Course<'_> {
    pub(super) fn acts(&mut self, visit: &Visit, encounter: Id) {
        let day = visit.start.date();
        for act in ACTS {
            if self.health.has(act.ailment, day) && self.stream.chance(act.chance) {
                self.perform(act.codes, visit, encounter);
            }
        }
    }
}
