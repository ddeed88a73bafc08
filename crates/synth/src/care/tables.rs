//! Allergies, plans, images, devices and doses as data.

use crate::chart::Dose;
use crate::code::{Code, DICOM, loinc, snomed};
use crate::diseases::Ailment;

/// Something people react to.
pub(super) struct Trigger {
    pub(super) code: Code,
    /// FHIR's allergy-intolerance-type and -category.
    pub(super) kind: &'static str,
    pub(super) category: &'static str,
    /// Share of people who do.
    pub(super) share: f64,
    /// Share of them who may die of it.
    pub(super) grave: f64,
}

const fn allergy(
    code: &'static str,
    display: &'static str,
    category: &'static str,
    share: f64,
    grave: f64,
) -> Trigger {
    Trigger {
        code: snomed(code, display),
        kind: "allergy",
        category,
        share,
        grave,
    }
}

pub(super) const TRIGGERS: &[Trigger] = &[
    allergy(
        "91936005",
        "Allergy to penicillin",
        "medication",
        0.045,
        0.3,
    ),
    allergy("293586001", "Allergy to aspirin", "medication", 0.012, 0.2),
    allergy("91935009", "Allergy to peanut", "food", 0.011, 0.6),
    allergy("300913006", "Allergy to shellfish", "food", 0.009, 0.3),
    allergy(
        "418689008",
        "Allergy to grass pollen",
        "environment",
        0.08,
        0.0,
    ),
    allergy(
        "232350006",
        "House dust mite allergy",
        "environment",
        0.05,
        0.0,
    ),
    allergy("300916003", "Latex allergy", "environment", 0.008, 0.2),
    Trigger {
        code: snomed("782415009", "Intolerance to lactose"),
        kind: "intolerance",
        category: "food",
        share: 0.02,
        grave: 0.0,
    },
];

/// A plan for people with a chronic disease: the disease, the plan and its first activity.
pub(super) const PLANS: &[(Ailment, Code, Code)] = &[
    (Ailment::Diabetes1, DIABETES, DIET),
    (Ailment::Diabetes2, DIABETES, DIET),
    (
        Ailment::Hypertension,
        snomed("443402002", "Lifestyle education regarding hypertension"),
        snomed("386463000", "Prescribed activity education"),
    ),
    (
        Ailment::Dyslipidaemia,
        snomed("736285004", "Hyperlipidaemia clinical management plan"),
        snomed("226234005", "Healthy diet"),
    ),
    (
        Ailment::HeartFailure,
        snomed("735984001", "Heart failure self management plan"),
        EXERCISE,
    ),
    (
        Ailment::Copd,
        snomed("53950000", "Respiratory therapy"),
        EXERCISE,
    ),
    (
        Ailment::Osteoarthritis,
        snomed("408869004", "Musculoskeletal care"),
        EXERCISE,
    ),
];
const DIABETES: Code = snomed("736284000", "Diabetes clinical management plan");
const DIET: Code = snomed("160670007", "Diabetic diet");
const EXERCISE: Code = snomed("229065009", "Exercise therapy");

/// A procedure that makes images: its SNOMED CT code, and what the archive notes.
pub(super) struct Imaging {
    pub(super) procedure: &'static str,
    pub(super) modality: Code,
    pub(super) site: Code,
    /// LOINC code of the report.
    pub(super) report: Code,
    /// Most series, and most images in each.
    pub(super) series: i32,
    pub(super) images: i32,
}

const STUDY: Code = loinc("18748-4", "Diagnostic imaging study");
const HEART: Code = snomed("80891009", "Heart structure");
const RADIOGRAPHY: Code = Code::new(DICOM, "DX", "Digital Radiography");
const ULTRASOUND: Code = Code::new(DICOM, "US", "Ultrasound");

const fn imaging(procedure: &'static str, modality: Code, site: Code) -> Imaging {
    Imaging {
        procedure,
        modality,
        site,
        report: STUDY,
        series: 1,
        images: 2,
    }
}

pub(super) const IMAGING: &[Imaging] = &[
    Imaging {
        report: loinc("36643-5", "XR Chest 2 Views"),
        ..imaging(
            "399208008",
            RADIOGRAPHY,
            snomed("51185008", "Thoracic structure"),
        )
    },
    Imaging {
        report: loinc("24725-4", "CT Head"),
        series: 4,
        images: 120,
        ..imaging(
            "303653007",
            Code::new(DICOM, "CT", "Computed Tomography"),
            snomed("69536005", "Head structure"),
        )
    },
    Imaging {
        series: 6,
        images: 20,
        ..imaging("40701008", ULTRASOUND, HEART)
    },
    imaging(
        "312681000",
        Code::new(DICOM, "BMD", "Bone Mineral Densitometry"),
        snomed("421060004", "Vertebral column structure"),
    ),
    imaging(
        "19490002",
        RADIOGRAPHY,
        snomed("344001", "Ankle region structure"),
    ),
    Imaging {
        report: loinc("24606-6", "MG Breast Screening"),
        series: 2,
        ..imaging(
            "71651007",
            Code::new(DICOM, "MG", "Mammography"),
            snomed("76752008", "Breast structure"),
        )
    },
    Imaging {
        images: 12,
        ..imaging(
            "268445003",
            ULTRASOUND,
            snomed("35039007", "Uterine structure"),
        )
    },
    Imaging {
        series: 8,
        images: 60,
        ..imaging(
            "415070008",
            Code::new(DICOM, "XA", "X-Ray Angiography"),
            HEART,
        )
    },
];

/// Procedures that leave a device in the body.
pub(super) const IMPLANTS: &[(&str, Code)] = &[
    (
        "52734007",
        snomed("304120007", "Total hip replacement prosthesis"),
    ),
    ("415070008", snomed("705643001", "Coronary artery stent")),
];

/// Diseases that people live with by a device, and the share who do.
pub(super) const AIDS: &[(Ailment, Code, f64)] = &[
    (Ailment::Diabetes1, METER, 0.7),
    (Ailment::Diabetes2, METER, 0.2),
    (
        Ailment::Fibrillation,
        snomed("706004007", "Implantable cardiac pacemaker"),
        0.12,
    ),
];
const METER: Code = snomed("337414009", "Blood glucose meter");

const ORAL: Code = snomed("26643006", "Oral route");
const INTRAVENOUS: Code = snomed("47625008", "Intravenous route");
const SUBCUTANEOUS: Code = snomed("34206005", "Subcutaneous route");

/// What is given at once of the medications of a ward, by ATC.
const DOSES: &[(&str, i32, &str, Code)] = &[
    ("J01CR02", 1_000, "mg", INTRAVENOUS),
    ("J01DD04", 1_000, "mg", INTRAVENOUS),
    ("B01AC24", 90, "mg", ORAL),
    ("C10AA05", 80, "mg", ORAL),
    ("B01AC06", 75, "mg", ORAL),
    ("C03CA01", 40, "mg", INTRAVENOUS),
    ("H02AB06", 40, "mg", ORAL),
    ("A10AE04", 20, "[iU]", SUBCUTANEOUS),
    ("N02AX02", 50, "mg", ORAL),
    ("B01AB05", 40, "mg", SUBCUTANEOUS),
    ("N02BE01", 1_000, "mg", ORAL),
    ("A02BC02", 40, "mg", INTRAVENOUS),
    ("N06AX16", 75, "mg", ORAL),
    ("C01BD01", 200, "mg", ORAL),
];

/// The dose of a medication; one tablet of what has none of its own.
pub(super) fn dose(medication: Code) -> Dose {
    let known = DOSES.iter().find(|(code, ..)| *code == medication.code);
    let (_, amount, unit, route) = known.copied().unwrap_or(("", 1, "{tbl}", ORAL));
    Dose {
        amount,
        unit,
        route,
    }
}
