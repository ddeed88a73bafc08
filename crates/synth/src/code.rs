//! Codes of the public terminologies, and the URLs FHIR knows them by.

use serde::ser::{Serialize, SerializeSeq, Serializer};

pub(crate) const ICD10: &str = "http://hl7.org/fhir/sid/icd-10";
pub(crate) const SNOMED: &str = "http://snomed.info/sct";
pub(crate) const LOINC: &str = "http://loinc.org";
pub(crate) const ATC: &str = "http://www.whocc.no/atc";
/// DICOM's own codes, modalities among them.
pub(crate) const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
/// Classification commune des actes médicaux.
pub(crate) const CCAM: &str = "urn:oid:1.2.250.1.213.2.5";
/// The laboratory's own codes.
pub(crate) const LOCAL: &str = "urn:oid:1.2.250.1.999.2";
pub(crate) const UCUM: &str = "http://unitsofmeasure.org";

/// A code with a short English name of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Code {
    pub(crate) system: &'static str,
    pub(crate) code: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) display: &'static str,
}

/// One coding, or two codings of the same thing. Serialised as FHIR's `coding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Codes {
    pub(crate) first: Code,
    pub(crate) second: Option<Code>,
}

impl Code {
    pub(crate) const fn new(
        system: &'static str,
        code: &'static str,
        display: &'static str,
    ) -> Self {
        Self {
            system,
            code,
            display,
        }
    }
}

impl From<Code> for Codes {
    fn from(first: Code) -> Self {
        Self {
            first,
            second: None,
        }
    }
}

impl Serialize for Codes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(None)?;
        sequence.serialize_element(&self.first)?;
        if let Some(second) = &self.second {
            sequence.serialize_element(second)?;
        }
        sequence.end()
    }
}

/// An ICD-10 code (WHO edition, as the French CIM-10 uses it).
pub(crate) const fn icd(code: &'static str, display: &'static str) -> Code {
    Code::new(ICD10, code, display)
}

/// A SNOMED CT concept.
pub(crate) const fn snomed(code: &'static str, display: &'static str) -> Code {
    Code::new(SNOMED, code, display)
}

/// An ATC code.
pub(crate) const fn atc(code: &'static str, display: &'static str) -> Code {
    Code::new(ATC, code, display)
}

/// A LOINC code.
pub(crate) const fn loinc(code: &'static str, display: &'static str) -> Code {
    Code::new(LOINC, code, display)
}

/// A CCAM act.
pub(crate) const fn ccam(code: &'static str) -> Code {
    Code::new(CCAM, code, "")
}
