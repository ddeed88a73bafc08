//! Chronic diseases as data: how many live with them at which age, what leads to them, what treats
//! them.
//!
//! Prevalences are rounded from published French and European orders of magnitude (ESTEBAN,
//! CONSTANCES, Global Burden of Disease, INCa); they make plausible people, not epidemiology.

mod circulation;
mod others;

use crate::code::Code;
use crate::curve::Curve;

/// A chronic disease by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ailment {
    CysticFibrosis,
    SickleCell,
    Obesity,
    Asthma,
    Migraine,
    Epilepsy,
    Diabetes1,
    Hypertension,
    Dyslipidaemia,
    Diabetes2,
    Coronary,
    Fibrillation,
    HeartFailure,
    Kidney,
    Stroke,
    Copd,
    Depression,
    Anxiety,
    Hypothyroidism,
    Osteoarthritis,
    Osteoporosis,
    Reflux,
    Arthritis,
    Parkinson,
    Dementia,
    Glaucoma,
    BreastCancer,
    ProstateCancer,
    ColorectalCancer,
    LungCancer,
}

/// A chronic disease.
pub(crate) struct Disease {
    pub(crate) ailment: Ailment,
    /// ICD-10.
    pub(crate) code: Code,
    /// The same in SNOMED CT, for records that carry both.
    pub(crate) snomed: Code,
    /// Per cent of people without further risk who live with it, by age.
    pub(crate) curve: Curve,
    /// Times the curve for men, women, smokers.
    pub(crate) men: f64,
    pub(crate) women: f64,
    pub(crate) smokers: f64,
    /// Times the curve for people who have an earlier disease of the table.
    pub(crate) risks: &'static [(Ailment, f64)],
    /// First choice first.
    pub(crate) drugs: &'static [Code],
}

/// Every disease, those that lead to others first.
pub(crate) fn diseases() -> impl Iterator<Item = &'static Disease> {
    circulation::DISEASES.iter().chain(others::DISEASES)
}

impl Ailment {
    /// Whether people get rid of it; the other curves fall with age because people die of it.
    pub(crate) const fn may_resolve(self) -> bool {
        matches!(
            self,
            Self::Obesity | Self::Asthma | Self::Migraine | Self::Anxiety
        )
    }
}
