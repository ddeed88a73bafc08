//! Choice elements: `value[x]` is one of `valueQuantity`, `valueString` and so on.

/// FHIR's data types that a choice element can have (R4 and R5), beside their names in fields.
pub(crate) const CHOICE_TYPES: &[&str] = &[
    "base64Binary",
    "boolean",
    "canonical",
    "code",
    "date",
    "dateTime",
    "decimal",
    "id",
    "instant",
    "integer",
    "integer64",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "url",
    "uuid",
    "Address",
    "Age",
    "Annotation",
    "Attachment",
    "Availability",
    "CodeableConcept",
    "CodeableReference",
    "Coding",
    "ContactDetail",
    "ContactPoint",
    "Contributor",
    "Count",
    "DataRequirement",
    "Distance",
    "Dosage",
    "Duration",
    "Expression",
    "ExtendedContactDetail",
    "HumanName",
    "Identifier",
    "Meta",
    "MonetaryComponent",
    "Money",
    "ParameterDefinition",
    "Period",
    "Quantity",
    "Range",
    "Ratio",
    "RatioRange",
    "Reference",
    "RelatedArtifact",
    "SampledData",
    "Signature",
    "Timing",
    "TriggerDefinition",
    "UsageContext",
];

/// Whether `field` is the choice element `element` with some type: `valueQuantity` of `value`.
pub(crate) fn is_choice_of(field: &str, element: &str) -> bool {
    // Most fields are out by their length or first letter: this is asked of every absent element.
    let Some(kind) = field.strip_prefix(element) else {
        return false;
    };
    kind.starts_with(|first: char| first.is_ascii_uppercase())
        && CHOICE_TYPES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(kind))
}
