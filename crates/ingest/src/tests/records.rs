//! Records damaged at random: each one is accounted for, and none stops the run.
//!
//! Fifty records a round: `LAZARET_ROUNDS=2000` damages the 100,000 that are run once by hand.

use super::breaks::{Dice, rounds};
use super::fixture::{Night, shipped};

/// Whole records of the types that tables need, with every kind of value. What tells of persons is
/// too short for the leak check, which damage that moves a name into a code would rightly alarm.
const RECORDS: [(&str, &str); 4] = [
    (
        "Patient",
        r#"{"resourceType":"Patient","id":"p","meta":{"lastUpdated":"2024-05-06T07:08:09.123+02:00"},"identifier":[{"system":"urn:oid:1.2.250.1.213.1.4.8","value":"12345"}],"name":[{"family":"Li","given":["Bo"]}],"gender":"female","birthDate":"1969-05-01","deceasedBoolean":false,"address":[{"line":["12 r"],"postalCode":"75001","state":"IDF","country":"FR"}]}"#,
    ),
    (
        "Observation",
        r#"{"resourceType":"Observation","id":"o","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2339-0","display":"Glucose"}]},"subject":{"reference":"Patient/p","display":"Bo"},"encounter":{"reference":"Encounter/e"},"effectiveDateTime":"2024-01-01T10:00:00Z","valueQuantity":{"value":5.40,"unit":"mmol/L"},"component":[{"code":{"coding":[{"code":"x"}]},"valueQuantity":{"value":-1.5e3}},{"valueString":"\u00e9\n\ud83d\ude00"}]}"#,
    ),
    (
        "Encounter",
        r#"{"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"type":[{"coding":[{"system":"http://snomed.info/sct","code":"162673000"}]}],"subject":{"reference":"Patient/p"},"period":{"start":"2024-01-01T10:00:00+01:00","end":"2024-01-01T11:30:00+01:00"}}"#,
    ),
    (
        "Condition",
        r#"{"resourceType":"Condition","id":"c","clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}]},"subject":{"reference":"Patient/p"},"onsetDateTime":"2020-05","abatementDateTime":"2021","recordedDate":"2020-05-06"}"#,
    ),
];

/// Records of one run: enough for several pieces, few enough for a small failure.
const BATCH: u64 = 5000;

fn damage(record: &str, dice: &mut Dice) -> Vec<u8> {
    const BYTES: &[u8] = b"\"{}[]:,\\/\0\xff\xc3-+.eE0129TZuntf \x7f";
    let mut bytes = record.as_bytes().to_vec();
    for _ in 0..=dice.below(3) {
        if bytes.is_empty() {
            bytes.push(b'{');
        }
        let at = dice.below(bytes.len());
        match dice.below(7) {
            0 => bytes.truncate(at + 1),
            1 => bytes.insert(at, BYTES[dice.below(BYTES.len())]),
            2 => bytes[at] = BYTES[dice.below(BYTES.len())],
            3 => bytes[at] ^= 1 << dice.below(8),
            4 => {
                let end = (at + dice.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            // A value in the place of another, as a source's defect would put it.
            5 => {
                let from = dice.below(bytes.len());
                let part = bytes[from..(from + dice.below(30)).min(bytes.len())].to_vec();
                bytes.splice(at..(at + part.len()).min(bytes.len()), part);
            }
            _ => {
                let times = 1 + dice.below(200);
                let byte = bytes[at];
                bytes.splice(at..at, std::iter::repeat_n(byte, times));
            }
        }
    }
    // One line each, never blank, so that every record can be counted.
    bytes.retain(|byte| *byte != b'\n');
    bytes.push(b'x');
    if dice.below(2) == 0 {
        bytes.pop();
    }
    if bytes.trim_ascii().is_empty() || bytes.starts_with(&[0x1f, 0x8b]) {
        bytes.insert(0, b'{');
    }
    bytes
}

#[test]
fn damaged_records_are_each_accounted_for() {
    let pipeline = shipped().with_quarantine_max_ratio(1.0).unwrap();
    let (mut read, mut quarantined, mut accepted) = (0, 0, 0);
    let records = rounds() * 50;
    for batch in 0..records.div_ceil(BATCH) {
        let mut dice = Dice::new(batch);
        let night = Night::new(&[]);
        let mut files = RECORDS.map(|(kind, _)| (kind, Vec::new()));
        for record in batch * BATCH..records.min((batch + 1) * BATCH) {
            let place = usize::try_from(record % 4).unwrap();
            files[place].1.extend(damage(RECORDS[place].1, &mut dice));
            files[place].1.push(b'\n');
        }
        for (kind, bytes) in &files {
            night.write(&format!("{kind}.ndjson"), bytes);
        }
        let got = night
            .run(&pipeline)
            .unwrap_or_else(|error| panic!("{batch}: {error}"));
        let report = &got.end.report;
        assert!(
            report.files.iter().all(crate::FileReport::reconciles),
            "{batch}"
        );
        assert_eq!(
            night.entries().len() as u64,
            report.quarantined(),
            "{batch}"
        );
        read += report.read();
        quarantined += report.quarantined();
        accepted += report.files.iter().map(|file| file.accepted).sum::<u64>();
    }
    assert_eq!(read, records);
    assert!(
        quarantined > read / 10 && accepted > read / 50,
        "{quarantined} {accepted} of {read}"
    );
}
