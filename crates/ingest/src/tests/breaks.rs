//! Exports damaged at random: a run ends with every record counted, or says why it does not.

use std::fs;

use super::fixture::{Night, shipped};
use super::pieces::gzip;

/// How often; the full number is run by hand.
pub(super) fn rounds() -> u64 {
    std::env::var("LAZARET_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(20)
}

/// A small generator (SplitMix64), so that a round can be repeated by its number.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end.max(1) as u64).unwrap()
    }
}

fn export() -> Vec<(&'static str, Vec<u8>)> {
    let patients: String = (0..20)
        .map(|n| {
            format!(
                "{{\"resourceType\":\"Patient\",\"id\":\"p{n}\",\"birthDate\":\"19{n:02}-01-01\",\
                 \"identifier\":[{{\"system\":\"urn:oid:1.2.250.1.213.1.4.8\",\"value\":\"{n}\"}}],\
                 \"address\":[{{\"postalCode\":\"75001\",\"country\":\"FR\"}}]}}\n"
            )
        })
        .collect();
    let observations: String = (0..40)
        .map(|n| {
            format!(
                "{{\"resourceType\":\"Observation\",\"id\":\"o{n}\",\"status\":\"final\",\
                 \"subject\":{{\"reference\":\"Patient/p{}\"}},\
                 \"code\":{{\"coding\":[{{\"system\":\"http://loinc.org\",\"code\":\"1\"}}]}},\
                 \"effectiveDateTime\":\"2024-01-01T10:00:00Z\",\
                 \"component\":[{{\"valueQuantity\":{{\"value\":{n}.5}}}}]}}\n",
                n % 25
            )
        })
        .collect();
    vec![
        ("Patient.ndjson", patients.into_bytes()),
        ("Observation.ndjson.gz", gzip(observations.as_bytes())),
        ("Observation.1.ndjson", observations.into_bytes()),
        (
            "manifest.json",
            b"{\"transactionTime\":\"2025-01-01T00:00:00Z\",\"output\":[],\"deleted\":\
              [{\"type\":\"Bundle\",\"url\":\"d.ndjson\"}]}"
                .to_vec(),
        ),
        (
            "d.ndjson",
            b"{\"resourceType\":\"Bundle\",\"entry\":[{\"request\":{\"method\":\"DELETE\",\
              \"url\":\"Patient/p1\"}}]}"
                .to_vec(),
        ),
    ]
}

fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
    const BYTES: &[u8] = b"\"{}[]:,\\\n\r\0\xff\x1f\x8b-+.eE019Tuntf ";
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, BYTES[dice.below(BYTES.len())]),
            2 if !bytes.is_empty() => bytes[at] = BYTES[dice.below(BYTES.len())],
            3 if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
            4 if !bytes.is_empty() => {
                bytes.remove(at);
            }
            _ => {
                let end = at + dice.below(bytes.len() - at);
                let part = bytes[at..end].to_vec();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, part);
            }
        }
    }
}

#[test]
fn damaged_exports_never_panic_and_every_record_is_counted() {
    let pipeline = shipped();
    let mut ended = 0;
    for round in 0..rounds() {
        let mut dice = Dice(round);
        let night = Night::new(&[]);
        let mut files = export();
        let broken = dice.below(files.len());
        damage(&mut files[broken].1, &mut dice);
        for (name, bytes) in &files {
            night.write(name, bytes);
        }
        match night.run(&pipeline) {
            Ok(got) => {
                ended += 1;
                assert!(
                    got.end
                        .report
                        .files
                        .iter()
                        .all(crate::FileReport::reconciles)
                );
                assert_eq!(night.entries().len() as u64, got.end.report.quarantined());
            }
            Err(error) => assert!(!error.to_string().contains("defect"), "{round}: {error}"),
        }
    }
    assert!(ended > 0);
}

#[test]
fn damaged_pipelines_never_panic() {
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/fhir-r4");
    let names = [
        "pipeline.toml",
        "views/person.json",
        "views/observation.json",
    ];
    for round in 0..rounds() * 5 {
        let mut dice = Dice(round);
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("views")).unwrap();
        for file in fs::read_dir(shipped.join("views")).unwrap() {
            let path = file.unwrap().path();
            fs::copy(
                &path,
                folder.path().join("views").join(path.file_name().unwrap()),
            )
            .unwrap();
        }
        fs::copy(
            shipped.join("pipeline.toml"),
            folder.path().join("pipeline.toml"),
        )
        .unwrap();
        let name = names[dice.below(names.len())];
        let mut bytes = fs::read(shipped.join(name)).unwrap();
        damage(&mut bytes, &mut dice);
        fs::write(folder.path().join(name), bytes).unwrap();
        if let Ok(pipeline) = crate::Pipeline::load(folder.path()) {
            assert!(
                pipeline
                    .tables()
                    .iter()
                    .all(|t| t.columns[0].name.as_str() == "person_id")
            );
        }
    }
}
