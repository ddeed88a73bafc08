//! Any bytes as a ViewDefinition, and a record of its type through what parses.
#![no_main]

use lazaret_views::{Limits, Resource, ViewDefinition};
use libfuzzer_sys::fuzz_target;

/// The fields of a record, without its type.
const FIELDS: &str = r#""id": "r", "active": true, "status": "final", "birthDate": "1980-02",
    "_birthDate": {"extension": [{"url": "x", "valueString": "y"}]}, "deceasedBoolean": false,
    "name": [{"use": "official", "family": "A", "given": ["B", null, "C"]}, {"family": "D"}],
    "code": {"coding": [{"system": "s", "code": "1-2"}, {"code": "3"}], "text": "t\u00e9"},
    "subject": {"reference": "Patient/p"}, "valueQuantity": {"value": 1.50, "unit": "kg"},
    "effectiveDateTime": "2020-02-29T10:00:00+01:00", "period": {"start": "2020", "end": "2021-01"},
    "item": [{"linkId": "1", "item": [{"linkId": "1.1", "answer": [{"valueDecimal": -1e2,
    "item": [{"linkId": "1.1.1"}]}]}]}, {"linkId": "2"}], "component": [{"code": {"coding": []}},
    {"valueInteger": 9223372036854775807}], "extension": [{"url": "x", "valueCode": "c"}]"#;

fuzz_target!(|data: &[u8]| {
    let Ok(view) = ViewDefinition::parse(data) else {
        return;
    };
    let mut program = view.compile().expect("what parses compiles");
    let record = format!(r#"{{"resourceType": "{}", {FIELDS}}}"#, view.resource());
    let mut copy = Vec::new();
    let Ok(resource) = Resource::parse(record.as_bytes(), &mut copy, &Limits::default()) else {
        return;
    };
    let rows = program.push(&resource).unwrap_or_default();
    let again = program.push(&resource).unwrap_or_default();
    assert_eq!(rows, again, "a second record is read as the first");
    let batch = program.finish().expect("columns fit");
    assert_eq!(batch.num_rows(), rows + again);
    assert_eq!(batch.num_columns(), view.columns().len());
});
