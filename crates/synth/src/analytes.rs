//! What is measured, as data: levels by sex, age and disease, and how far people differ from each
//! other and from themselves.

use crate::code::{Code, loinc};
use crate::diseases::Ailment;

/// FHIR's observation categories.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Laboratory,
    Vital,
    Social,
}

/// How a value comes about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// From the levels below.
    Level,
    /// From the filtration rate.
    Creatinine,
    Height,
    Weight,
    MassIndex,
    /// Systolic and diastolic as components.
    Pressure,
    Smoking,
}

/// Something that is measured or asked.
pub(crate) struct Analyte {
    pub(crate) code: Code,
    /// The laboratory's own code; empty where there is none.
    pub(crate) local: &'static str,
    /// UCUM.
    pub(crate) unit: &'static str,
    pub(crate) category: Category,
    pub(crate) method: Method,
    pub(crate) decimals: u32,
    /// Mean of healthy men and women of 40.
    pub(crate) men: f64,
    pub(crate) women: f64,
    /// Change of the mean with every year of age past 40.
    pub(crate) slope: f64,
    /// Standard deviation between people, and of one person from time to time.
    pub(crate) between: f64,
    pub(crate) within: f64,
    /// How much of a high person's excess is added once more, squared: a long upper tail.
    pub(crate) skew: f64,
    /// Analytes with the same trait rise and fall together in a person.
    pub(crate) trait_number: usize,
    /// Change of the mean in acute illness, very uneven where `skew` is high, and with diseases.
    pub(crate) acute: f64,
    pub(crate) effects: &'static [(Ailment, f64)],
    /// The possible: values are held inside.
    pub(crate) possible: (f64, f64),
    /// Rare, alarming and real: give or take a tenth. Zero for none.
    pub(crate) extreme: f64,
    /// Reference interval of an adult; (0, 0) for none.
    pub(crate) normal: (f64, f64),
}

/// How many traits a person has.
pub(crate) const TRAITS: usize = 24;

const fn new(code: Code, unit: &'static str, decimals: u32, trait_number: usize) -> Analyte {
    Analyte {
        code,
        local: "",
        unit,
        category: Category::Laboratory,
        method: Method::Level,
        decimals,
        men: 0.0,
        women: 0.0,
        slope: 0.0,
        between: 0.0,
        within: 0.0,
        skew: 0.0,
        trait_number,
        acute: 0.0,
        effects: &[],
        possible: (0.0, 1e6),
        extreme: 0.0,
        normal: (0.0, 0.0),
    }
}

impl Analyte {
    const fn local(mut self, code: &'static str) -> Self {
        self.local = code;
        self
    }

    const fn category(mut self, category: Category) -> Self {
        self.category = category;
        self
    }

    const fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    const fn mean(mut self, men: f64, women: f64, slope: f64) -> Self {
        (self.men, self.women, self.slope) = (men, women, slope);
        self
    }

    const fn spread(mut self, between: f64, within: f64, skew: f64) -> Self {
        (self.between, self.within, self.skew) = (between, within, skew);
        self
    }

    const fn ill(mut self, acute: f64, effects: &'static [(Ailment, f64)]) -> Self {
        (self.acute, self.effects) = (acute, effects);
        self
    }

    const fn bounds(mut self, possible: (f64, f64), extreme: f64, normal: (f64, f64)) -> Self {
        (self.possible, self.extreme, self.normal) = (possible, extreme, normal);
        self
    }
}

pub(crate) static HBA1C: Analyte = new(loinc("4548-4", "Haemoglobin A1c"), "%", 1, 0)
    .local("HBA1C")
    .mean(5.35, 5.35, 0.006)
    .spread(0.28, 0.15, 0.25)
    .ill(
        0.0,
        &[
            (Ailment::Diabetes2, 1.55),
            (Ailment::Diabetes1, 2.2),
            (Ailment::Obesity, 0.12),
        ],
    )
    .bounds((3.8, 15.5), 14.8, (4.0, 6.0));
pub(crate) static GLUCOSE: Analyte = new(loinc("2345-7", "Glucose"), "mg/dL", 0, 0)
    .local("GLU")
    .mean(92.0, 90.0, 0.12)
    .spread(7.0, 8.0, 0.3)
    .ill(
        14.0,
        &[
            (Ailment::Diabetes2, 46.0),
            (Ailment::Diabetes1, 66.0),
            (Ailment::Obesity, 4.0),
        ],
    )
    .bounds((38.0, 900.0), 742.0, (70.0, 106.0));
pub(crate) static CREATININE: Analyte = new(loinc("2160-0", "Creatinine"), "mg/dL", 2, 1)
    .local("CREA")
    .method(Method::Creatinine)
    .bounds((0.2, 14.0), 11.4, (0.5, 1.2));
pub(crate) static EGFR: Analyte = new(
    loinc("33914-3", "Glomerular filtration rate, estimated"),
    "mL/min/{1.73_m2}",
    0,
    1,
)
.local("DFG")
.mean(102.0, 102.0, -0.72)
.spread(11.0, 3.0, 0.0)
.ill(
    -6.0,
    &[(Ailment::Kidney, -30.0), (Ailment::HeartFailure, -6.0)],
)
.bounds((6.0, 140.0), 9.0, (60.0, 130.0));
pub(crate) static CHOLESTEROL: Analyte = new(loinc("2093-3", "Cholesterol, total"), "mg/dL", 0, 2)
    .local("CHOL")
    .mean(192.0, 196.0, 0.3)
    .spread(29.0, 10.0, 0.1)
    .ill(
        0.0,
        &[(Ailment::Dyslipidaemia, 26.0), (Ailment::Coronary, -28.0)],
    )
    .bounds((70.0, 620.0), 512.0, (120.0, 200.0));
pub(crate) static LDL: Analyte = new(
    loinc("13457-7", "Cholesterol in LDL, calculated"),
    "mg/dL",
    0,
    2,
)
.local("LDL")
.mean(119.0, 115.0, 0.2)
.spread(26.0, 9.0, 0.1)
.ill(
    0.0,
    &[(Ailment::Dyslipidaemia, 24.0), (Ailment::Coronary, -30.0)],
)
.bounds((18.0, 480.0), 388.0, (50.0, 130.0));
pub(crate) static HDL: Analyte = new(loinc("2085-9", "Cholesterol in HDL"), "mg/dL", 0, 3)
    .local("HDL")
    .mean(48.0, 59.0, 0.05)
    .spread(11.0, 3.0, 0.1)
    .ill(0.0, &[(Ailment::Obesity, -6.0), (Ailment::Diabetes2, -4.0)])
    .bounds((14.0, 130.0), 17.0, (40.0, 90.0));
pub(crate) static TRIGLYCERIDES: Analyte = new(loinc("2571-8", "Triglycerides"), "mg/dL", 0, 4)
    .local("TRIG")
    .mean(108.0, 92.0, 0.3)
    .spread(26.0, 12.0, 0.6)
    .ill(0.0, &[(Ailment::Obesity, 32.0), (Ailment::Diabetes2, 30.0)])
    .bounds((28.0, 2_400.0), 1_740.0, (40.0, 150.0));
pub(crate) static HAEMOGLOBIN: Analyte = new(loinc("718-7", "Haemoglobin"), "g/dL", 1, 5)
    .local("HB")
    .mean(15.0, 13.5, -0.012)
    .spread(0.9, 0.35, 0.0)
    .ill(
        -1.1,
        &[
            (Ailment::Kidney, -1.1),
            (Ailment::ColorectalCancer, -1.4),
            (Ailment::LungCancer, -1.2),
            (Ailment::SickleCell, -5.2),
        ],
    )
    .bounds((4.0, 20.0), 5.1, (12.0, 17.0));
pub(crate) static POTASSIUM: Analyte = new(loinc("2823-3", "Potassium"), "mmol/L", 1, 6)
    .local("K")
    .mean(4.2, 4.15, 0.002)
    .spread(0.24, 0.2, 0.0)
    .ill(0.0, &[(Ailment::Kidney, 0.3)])
    .bounds((1.9, 8.2), 7.1, (3.5, 5.0));
pub(crate) static SODIUM: Analyte = new(loinc("2951-2", "Sodium"), "mmol/L", 0, 7)
    .local("NA")
    .mean(140.0, 140.0, -0.01)
    .spread(1.6, 1.3, 0.0)
    .ill(-2.0, &[(Ailment::HeartFailure, -1.5)])
    .bounds((108.0, 172.0), 114.0, (136.0, 145.0));
pub(crate) static CRP: Analyte = new(loinc("1988-5", "C-reactive protein"), "mg/L", 1, 8)
    .local("CRP")
    .mean(2.4, 2.8, 0.02)
    .spread(1.6, 1.0, 0.8)
    .ill(52.0, &[(Ailment::Obesity, 2.0), (Ailment::Arthritis, 9.0)])
    .bounds((0.2, 520.0), 412.0, (0.0, 5.0));
pub(crate) static LEUKOCYTES: Analyte = new(loinc("6690-2", "Leukocytes"), "10*3/uL", 1, 9)
    .local("GB")
    .mean(6.8, 6.7, -0.002)
    .spread(1.4, 0.7, 0.1)
    .ill(3.6, &[])
    .bounds((0.3, 92.0), 0.6, (4.0, 10.0));
pub(crate) static PLATELETS: Analyte = new(loinc("777-3", "Platelets"), "10*3/uL", 0, 10)
    .local("PLAQ")
    .mean(236.0, 258.0, -0.4)
    .spread(48.0, 16.0, 0.1)
    .bounds((6.0, 1_200.0), 14.0, (150.0, 400.0));
pub(crate) static TSH: Analyte = new(loinc("3016-3", "Thyrotropin"), "m[IU]/L", 2, 11)
    .local("TSH")
    .mean(1.8, 1.9, 0.004)
    .spread(0.7, 0.3, 0.4)
    .ill(0.0, &[(Ailment::Hypothyroidism, 1.6)])
    .bounds((0.01, 110.0), 86.0, (0.4, 4.0));
pub(crate) static ALT: Analyte = new(loinc("1742-6", "Alanine aminotransferase"), "U/L", 0, 12)
    .local("ALAT")
    .mean(29.0, 21.0, -0.05)
    .spread(5.5, 3.0, 0.7)
    .ill(6.0, &[(Ailment::Obesity, 9.0)])
    .bounds((4.0, 3_000.0), 1_870.0, (5.0, 45.0));
pub(crate) static PSA: Analyte = new(loinc("2857-1", "Prostate specific antigen"), "ng/mL", 2, 13)
    .local("PSA")
    .mean(0.75, 0.0, 0.02)
    .spread(0.4, 0.1, 0.7)
    .ill(0.0, &[(Ailment::ProstateCancer, 5.0)])
    .bounds((0.01, 4_000.0), 1_240.0, (0.0, 4.0));
pub(crate) static NTPROBNP: Analyte = new(
    loinc("33762-6", "N-terminal pro-brain natriuretic peptide"),
    "pg/mL",
    0,
    14,
)
.local("NTPROBNP")
.mean(60.0, 75.0, 5.0)
.spread(60.0, 40.0, 0.6)
.ill(
    120.0,
    &[
        (Ailment::HeartFailure, 1_650.0),
        (Ailment::Fibrillation, 420.0),
    ],
)
.bounds((5.0, 70_000.0), 35_000.0, (0.0, 300.0));
pub(crate) static FEV1: Analyte = new(loinc("19926-5", "FEV1/FVC"), "%", 0, 15)
    .local("TIFFENEAU")
    .mean(80.0, 81.0, -0.2)
    .spread(5.0, 2.0, 0.0)
    .ill(-5.0, &[(Ailment::Copd, -20.0), (Ailment::Asthma, -6.0)])
    .bounds((21.0, 98.0), 25.0, (70.0, 98.0));
pub(crate) static HEART_RATE: Analyte = new(loinc("8867-4", "Heart rate"), "/min", 0, 16)
    .category(Category::Vital)
    .mean(70.0, 73.0, 0.02)
    .spread(8.0, 5.0, 0.0)
    .ill(15.0, &[(Ailment::Fibrillation, 7.0)])
    .bounds((28.0, 230.0), 211.0, (0.0, 0.0));
pub(crate) static TEMPERATURE: Analyte = new(loinc("8310-5", "Body temperature"), "Cel", 1, 17)
    .category(Category::Vital)
    .mean(36.7, 36.8, -0.003)
    .spread(0.15, 0.25, 0.0)
    .ill(0.9, &[])
    .bounds((32.0, 42.4), 41.9, (0.0, 0.0));
pub(crate) static OXYGEN: Analyte = new(loinc("59408-5", "Oxygen saturation"), "%", 0, 18)
    .category(Category::Vital)
    .mean(98.0, 98.1, -0.02)
    .spread(0.7, 0.7, 0.0)
    .ill(
        -2.6,
        &[(Ailment::Copd, -3.0), (Ailment::HeartFailure, -1.0)],
    )
    .bounds((52.0, 100.0), 61.0, (0.0, 0.0));
/// Systolic pressure; `PRESSURE` carries it.
pub(crate) static SYSTOLIC: Analyte =
    new(loinc("8480-6", "Systolic blood pressure"), "mm[Hg]", 0, 19)
        .category(Category::Vital)
        .mean(123.0, 117.0, 0.34)
        .spread(9.0, 8.0, 0.1)
        .ill(
            4.0,
            &[(Ailment::Hypertension, 11.0), (Ailment::Obesity, 3.0)],
        )
        .bounds((58.0, 270.0), 254.0, (0.0, 0.0));
/// Diastolic pressure; `PRESSURE` carries it.
pub(crate) static DIASTOLIC: Analyte =
    new(loinc("8462-4", "Diastolic blood pressure"), "mm[Hg]", 0, 19)
        .category(Category::Vital)
        .mean(77.0, 74.0, 0.04)
        .spread(6.0, 5.0, 0.0)
        .ill(0.0, &[(Ailment::Hypertension, 6.0)])
        .bounds((30.0, 150.0), 141.0, (0.0, 0.0));
pub(crate) static PRESSURE: Analyte = new(loinc("85354-9", "Blood pressure panel"), "", 0, 19)
    .method(Method::Pressure)
    .category(Category::Vital);
pub(crate) static HEIGHT: Analyte = new(loinc("8302-2", "Body height"), "cm", 0, 20)
    .method(Method::Height)
    .category(Category::Vital)
    .bounds((42.0, 216.0), 0.0, (0.0, 0.0));
pub(crate) static WEIGHT: Analyte = new(loinc("29463-7", "Body weight"), "kg", 1, 21)
    .method(Method::Weight)
    .category(Category::Vital)
    .bounds((2.0, 290.0), 0.0, (0.0, 0.0));
pub(crate) static BMI: Analyte = new(loinc("39156-5", "Body mass index"), "kg/m2", 1, 21)
    .method(Method::MassIndex)
    .category(Category::Vital)
    .bounds((9.0, 82.0), 0.0, (18.5, 25.0));
pub(crate) static SMOKING: Analyte = new(loinc("72166-2", "Tobacco smoking status"), "", 0, 22)
    .method(Method::Smoking)
    .category(Category::Social);
