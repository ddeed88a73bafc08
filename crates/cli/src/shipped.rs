//! The pipeline that comes with the program, so that a demo needs nothing but the program.

use std::path::Path;

use anyhow::Context;

macro_rules! fhir_r4 {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../pipelines/fhir-r4/", $file)))),*]
    };
}

const FHIR_R4: &[(&str, &str)] = fhir_r4![
    "pipeline.toml",
    "terminology/regions.csv",
    "views/person.json",
    "views/encounter.json",
    "views/condition.json",
    "views/observation.json",
    "views/procedure.json",
    "views/medication_request.json",
    "views/medication_dispense.json",
    "views/medication_administration.json",
    "views/immunization.json",
    "views/allergy.json",
    "views/diagnostic_report.json",
    "views/imaging_study.json",
    "views/care_plan.json",
    "views/device.json",
    "views/claim.json",
    "views/explanation_of_benefit.json",
];

/// Writes the pipeline `fhir-r4` to a folder.
pub(crate) fn write_fhir_r4(folder: &Path) -> anyhow::Result<()> {
    for (name, text) in FHIR_R4 {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        }
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}
