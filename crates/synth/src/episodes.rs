//! Acute episodes as data: whom they befall, how long they last, what is done.
//!
//! Rates are rounded orders of magnitude of French hospital and primary care statistics.

mod ambulatory;
mod emergency;
mod inpatient;

use crate::chart::Class;
use crate::code::Code;
use crate::curve::Curve;
use crate::diseases::Ailment;

/// When in the year an episode falls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    /// Any day is as likely.
    All,
    /// Mostly between November and March.
    Winter,
}

/// A kind of acute episode or planned hospital care.
pub(crate) struct Episode {
    /// ICD-10.
    pub(crate) code: Code,
    pub(crate) class: Class,
    /// Episodes in 1,000 person-years, by age.
    pub(crate) yearly: Curve,
    /// Times the curve for men and women.
    pub(crate) men: f64,
    pub(crate) women: f64,
    /// Befalls only those who live with one of these; empty for everybody.
    pub(crate) needs: &'static [Ailment],
    pub(crate) season: Season,
    /// Shortest and usual longest length of the encounter.
    pub(crate) hours: (f64, f64),
    /// Shortest and longest time until it is resolved; (0, 0) where nothing is diagnosed.
    pub(crate) days: (i32, i32),
    pub(crate) drugs: &'static [Code],
    /// SNOMED CT and, where the catalogue has one, the CCAM act.
    pub(crate) procedure: Option<(Code, Option<Code>)>,
}

/// A session of haemodialysis, outside the rates.
pub(crate) static DIALYSIS: Episode = inpatient::DIALYSIS;

/// Every kind of episode.
pub(crate) fn episodes() -> impl Iterator<Item = &'static Episode> {
    ambulatory::EPISODES
        .iter()
        .chain(emergency::EPISODES)
        .chain(inpatient::EPISODES)
}
