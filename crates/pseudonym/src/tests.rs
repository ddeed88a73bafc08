//! Known answers, canonical forms, separation of domains, key files, identities and batches.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Float64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use lazaret_model::{ColumnName, ColumnType};
use proptest::prelude::*;
use sha2::Sha256;

use super::*;

const HOLDER: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const CENTRE: &str = "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283";
const SYSTEM: &str = "urn:oid:1.2.250.1.213.1.4.8";

fn keys() -> Pseudonymiser {
    Pseudonymiser::new(
        HolderKey::parse(HOLDER).unwrap(),
        CentreKey::parse(CENTRE).unwrap(),
    )
}

fn person(domain: &str, value: &str) -> i64 {
    keys()
        .person(&RawIdentifier::new(domain, value.to_owned()).unwrap())
        .get()
}

/// Computed once with Python's `hmac` and `hashlib`, from the definitions in the documentation.
#[test]
fn the_chain_gives_known_answers() {
    let keys = keys();
    assert_eq!(person(SYSTEM, "185057800608436"), 5_026_398_676_915_405_309);
    let local = RawIdentifier::local("p1").ok().unwrap();
    assert_eq!(keys.person(&local).get(), 8_064_444_066_175_732_056);
    assert_eq!(
        keys.record("Encounter", "e1").get(),
        2_867_531_676_322_503_056
    );
    assert_eq!(keys.resource("Encounter", "e1"), 4_322_062_745_695_773_048);
    let token = keys.token("Patient", "p1");
    let expected = 0x7ff8_6f45_3078_f23c_ce2e_40bf_c421_8df3_u128.to_be_bytes();
    assert_eq!(token.as_bytes(), &expected);
    assert_eq!(keys.subject(&token), 4_670_035_877_179_468_973);
    assert_eq!(HolderKey::parse(HOLDER).ok().unwrap().id(), "18fae2d4");
}

#[test]
fn subkeys_are_those_of_rfc_5869() {
    let holder = HolderKey::parse(HOLDER).ok().unwrap();
    let raw: Vec<u8> = (0..32).collect();
    let mut expected = [0; 32];
    let library = hkdf::Hkdf::<Sha256>::new(Some(b"lazaret/subkeys/v1"), &raw);
    library.expand(b"record", &mut expected).unwrap();
    let mine = holder.0.subkey("record").keyed().mac(&[b"x"]);
    let theirs = {
        use hmac::{Hmac, KeyInit, Mac};
        Hmac::<Sha256>::new_from_slice(&expected)
            .unwrap()
            .chain_update(b"x")
            .finalize()
    };
    assert_eq!(mine[..], theirs.into_bytes()[..]);
}

#[test]
fn spellings_of_one_identifier_are_one_person() {
    let one = person(SYSTEM, "2A05778006084X");
    for spelling in [
        " 2A05778006084X ",
        "2a05778006084x",
        "2 A05 778 006 084 X",
        "2A05778006084X\n",
        "\t2A0577800\u{a0}6084X",
        "2A05778006084X\u{0}",
    ] {
        assert_eq!(person(SYSTEM, spelling), one, "{spelling:?}");
    }
    assert_eq!(person(&format!(" {SYSTEM} "), "2A05778006084X"), one);
    for other in [
        "02A05778006084X",
        "2A05778006084",
        "2A0577800608-4X",
        "\u{ff12}A05778006084X",
    ] {
        assert_ne!(person(SYSTEM, other), one, "{other:?}");
    }
}

#[test]
fn local_ids_differ_in_case() {
    let keys = keys();
    let of = |id| keys.person(&RawIdentifier::local(id).ok().unwrap()).get();
    assert_ne!(of("a"), of("A"));
}

#[test]
fn what_is_no_identifier_is_refused() {
    for (domain, value) in [
        (SYSTEM, ""),
        (SYSTEM, " \n"),
        ("", "1"),
        (" ", "1"),
        ("local", "1"),
    ] {
        let refused = RawIdentifier::new(domain, value.to_owned()).err().unwrap();
        assert!(
            matches!(refused, PseudonymError::MalformedIdentifier),
            "{domain:?} {value:?}"
        );
    }
    assert!(RawIdentifier::local("").is_err());
}

#[test]
fn domains_and_uses_are_separate() {
    let keys = keys();
    let mut seen = std::collections::HashSet::new();
    assert!(seen.insert(person("ab", "c")));
    assert!(seen.insert(person("a", "bc")));
    assert!(seen.insert(person("a", "b")));
    for use_ in ["ab", "a"] {
        assert!(seen.insert(keys.record(use_, "c").get()));
        assert!(seen.insert(keys.record(use_, "bc").get()));
        assert!(seen.insert(keys.resource(use_, "c")));
        assert!(seen.insert(keys.resource(use_, "bc")));
        assert!(seen.insert(keys.subject(&keys.token(use_, "c"))));
    }
    assert!(keys.token("a", "bc") != keys.token("ab", "c"));
}

#[test]
fn both_keys_matter() {
    let id = RawIdentifier::new(SYSTEM, "1".to_owned()).ok().unwrap();
    let of = |holder: &str, centre: &str| {
        let (holder, centre) = (HolderKey::parse(holder), CentreKey::parse(centre));
        Pseudonymiser::new(holder.ok().unwrap(), centre.ok().unwrap())
            .person(&id)
            .get()
    };
    let all = [
        of(HOLDER, CENTRE),
        of(CENTRE, CENTRE),
        of(HOLDER, HOLDER),
        of(CENTRE, HOLDER),
    ];
    for (i, a) in all.iter().enumerate() {
        assert!(all.iter().skip(i + 1).all(|b| a != b));
    }
}

#[test]
fn keys_have_one_form() {
    let short = &HOLDER[2..];
    let zeros = "0".repeat(64);
    for wrong in [
        "",
        "x",
        short,
        &zeros,
        &"ab".repeat(32),
        &HOLDER.replace('a', "g"),
    ] {
        let refused = HolderKey::parse(wrong).err().unwrap();
        assert!(matches!(refused, PseudonymError::MalformedKey), "{wrong}");
        assert!(wrong.is_empty() || !refused.to_string().contains(wrong) || wrong == "x");
    }
    assert_eq!(
        HolderKey::parse(&format!("{}\n", HOLDER.to_uppercase()))
            .ok()
            .unwrap()
            .id(),
        "18fae2d4"
    );
    assert!(HolderKey::generate(&mut [7; 32]).is_err());
    let mut random: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    assert_eq!(
        HolderKey::generate(&mut random).ok().unwrap().id(),
        "18fae2d4"
    );
    assert_eq!(random, [0; 32], "the caller's bytes are wiped");
}

#[cfg(unix)]
#[test]
fn key_files_belong_to_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holder.key");
    let key = HolderKey::parse(HOLDER).ok().unwrap();
    key.save_new(&path).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(HolderKey::from_file(&path).ok().unwrap().id(), key.id());
    assert!(key.save_new(&path).is_err(), "a key is never overwritten");
    for mode in [0o640, 0o604, 0o620, 0o601, 0o666, 0o777] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = HolderKey::from_file(&path).err().unwrap();
        assert!(
            matches!(refused, PseudonymError::Exposed { .. }),
            "{mode:o}"
        );
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
    assert!(HolderKey::from_file(&path).is_ok());
    let missing = HolderKey::from_file(&folder.path().join("none"))
        .err()
        .unwrap();
    assert!(matches!(missing, PseudonymError::File { .. }));
    assert!(HolderKey::from_file(folder.path()).is_err(), "a folder");
    let large = folder.path().join("large");
    std::fs::write(&large, "0".repeat(1000)).unwrap();
    std::fs::set_permissions(&large, std::fs::Permissions::from_mode(0o600)).unwrap();
    let refused = HolderKey::from_file(&large).err().unwrap();
    assert!(matches!(refused, PseudonymError::MalformedKey));
}

#[test]
fn identities_are_kept_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identities");
    let keys = keys();
    let token = |n: usize| keys.token("Patient", &n.to_string());
    let person = |n: usize| keys.person(&RawIdentifier::local(&n.to_string()).ok().unwrap());
    let mut first = Identities::new();
    assert!(first.is_empty());
    for n in 0..100 {
        assert_eq!(first.link(token(n), person(n)), Linked::New);
    }
    assert_eq!(first.link(token(5), person(5)), Linked::Same);
    first.save(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 2400);

    let mut second = Identities::load(&path).ok().unwrap();
    assert_eq!(second.len(), 100);
    assert_eq!(second.link(token(7), person(8)), Linked::Moved);
    assert_eq!(second.link(token(100), person(100)), Linked::New);
    assert_eq!(second.len(), 101);
    std::fs::write(folder.path().join("identities.new"), "left by a crash").unwrap();
    second.save(&path).unwrap();

    let third = Identities::load(&path).ok().unwrap();
    assert_eq!(third.len(), 101);
    for n in (0..=100).filter(|n| *n != 7) {
        assert!(third.get(&token(n)) == Some(person(n)), "{n}");
    }
    assert!(third.get(&token(7)) == Some(person(8)));
    assert!(third.get(&token(101)).is_none());
    assert!(!folder.path().join("identities.new").exists());
}

#[test]
fn a_second_record_of_a_person_is_known_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identities");
    let keys = keys();
    let token = |id: &str| keys.token("Patient", id);
    let person = |id: &str| keys.person(&RawIdentifier::local(id).ok().unwrap());
    let mut first = Identities::new();
    assert_eq!(first.link(token("a"), person("x")), Linked::New);
    assert_eq!(first.link(token("b"), person("x")), Linked::New);
    assert_eq!(first.link(token("a"), person("x")), Linked::Same);
    assert!(!first.is_second(&token("a")) && first.is_second(&token("b")));
    first.save(&path).unwrap();

    let mut second = Identities::load(&path).ok().unwrap();
    assert!(!second.is_second(&token("a")) && second.is_second(&token("b")));
    assert!(second.get(&token("b")) == Some(person("x")));
    assert_eq!(second.link(token("b"), person("x")), Linked::Same);
    assert_eq!(second.link(token("c"), person("x")), Linked::New);
    assert_eq!(second.link(token("b"), person("y")), Linked::Moved);
    assert!(second.is_second(&token("c")) && !second.is_second(&token("b")));
    second.save(&path).unwrap();
    let third = Identities::load(&path).ok().unwrap();
    assert!(third.is_second(&token("c")) && !third.is_second(&token("b")));
    assert!(third.get(&token("b")) == Some(person("y")));
    assert!(!third.is_second(&token("none")));
}

#[test]
fn a_damaged_identity_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identities");
    let entry = |token: u8, person: u8| {
        let mut entry = [token; 24];
        entry[16..].fill(person);
        entry
    };
    let broken = [
        vec![0; 23],
        [entry(2, 0), entry(1, 0)].concat(),
        [entry(1, 0), entry(1, 0)].concat(),
    ];
    for bytes in broken {
        std::fs::write(&path, bytes).unwrap();
        let refused = Identities::load(&path).err().unwrap();
        assert!(matches!(
            refused,
            PseudonymError::MalformedIdentities { .. }
        ));
    }
    assert!(Identities::load(Path::new("/nonexistent/identities")).is_err());
}

fn role(name: &str, role: Role) -> ColumnRole {
    ColumnRole {
        name: ColumnName::new(name).unwrap(),
        role,
    }
}

fn text(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// The person of the row: the first two are one's.
fn person_of(keys: &Pseudonymiser, row: i64) -> PersonId {
    let id = if row < 2 { "p1" } else { "p2" };
    keys.person(&RawIdentifier::local(id).ok().unwrap())
}

fn rows() -> (RecordBatch, Vec<ColumnRole>, Vec<Origin>) {
    let columns: [(&str, ArrayRef); 4] = [
        ("code", text(&[Some("a"), None, Some("b")])),
        (
            "encounter_id",
            text(&[Some("e1"), Some("Encounter/e1"), None]),
        ),
        (
            "value",
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(-2.0)])),
        ),
        (
            "day",
            Arc::new(Date32Array::from(vec![Some(1), Some(2), None])),
        ),
    ];
    let roles = vec![
        role(
            "encounter_id",
            Role::Record {
                kind: "Encounter".to_owned(),
            },
        ),
        role("code", Role::Plain(ColumnType::Text)),
        role("value", Role::Plain(ColumnType::Number)),
        role("day", Role::Plain(ColumnType::Date)),
    ];
    let keys = keys();
    let origins = (0..3)
        .map(|n| Origin {
            person: person_of(&keys, n),
            subject: keys.subject(&keys.token("Patient", if n < 2 { "p1" } else { "p2" })),
            resource: n / 2,
            ordinal: i32::try_from(n % 2).unwrap(),
            updated: 9,
        })
        .collect();
    (
        RecordBatch::try_from_iter_with_nullable(columns.map(|(n, a)| (n, a, true))).unwrap(),
        roles,
        origins,
    )
}

#[test]
fn a_batch_comes_out_without_raw_columns() {
    let (columns, roles, origins) = rows();
    let keys = keys();
    let raw = RawBatch::seal(columns, &roles, origins).ok().unwrap();
    assert_eq!(raw.rows(), 3);
    let sealed = keys.batch(raw).unwrap();
    assert_eq!(
        format!("{sealed:?}"),
        "PseudonymisedBatch(3 rows, 9 columns)"
    );
    let batch = sealed.batch();
    let names: Vec<_> = batch
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    let expected = ["person_id", "code", "encounter_id", "value", "day"];
    assert_eq!(names, [&expected[..], &HIDDEN_COLUMNS[..]].concat());
    let persons = batch.column(0).as_primitive::<Int64Type>();
    let expected = [0, 1, 2].map(|row| person_of(&keys, row).get());
    assert_eq!(persons.values(), &expected);
    let encounter = keys.record("Encounter", "e1").get();
    let encounters = batch.column(2).as_primitive::<Int64Type>();
    assert_eq!(
        encounters.iter().collect::<Vec<_>>(),
        [Some(encounter), Some(encounter), None]
    );
    assert_eq!(
        batch.column(5).as_primitive::<Int64Type>().values(),
        &[0, 0, 1]
    );
    assert_eq!(
        batch.column(6).as_primitive::<Int32Type>().values(),
        &[0, 1, 0]
    );
    let subject = |id| keys.subject(&keys.token("Patient", id));
    let subjects = batch.column(7).as_primitive::<Int64Type>();
    assert_eq!(
        subjects.values(),
        &[subject("p1"), subject("p1"), subject("p2")]
    );
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let hidden_or_person = field.name().starts_with('_') || field.name() == PERSON_COLUMN;
        assert_eq!(field.is_nullable(), !hidden_or_person, "{}", field.name());
        assert!(*array.data_type() != DataType::Utf8 || field.name() == "code");
    }
}

#[test]
fn a_batch_without_a_clear_decision_is_refused() {
    type Change = fn(&mut Vec<ColumnRole>, &mut Vec<Origin>);
    let cases: [(&str, Change); 8] = [
        ("column `code`: no role: decide what it is", |roles, _| {
            roles.remove(1);
        }),
        ("column `code`: it is there twice", |roles, _| {
            roles.push(roles[1].clone())
        }),
        ("column `extra`: a role without a column", |roles, _| {
            roles.push(role("extra", Role::Plain(ColumnType::Text)));
        }),
        (
            "column `code`: its type does not fit its role",
            |roles, _| {
                roles[1].role = Role::Plain(ColumnType::Date);
            },
        ),
        (
            "column `encounter_id`: a pseudonym is made from a person or a record, it cannot be \
             plain",
            |roles, _| roles[0].role = Role::Plain(ColumnType::Pseudonym),
        ),
        (
            "the batch cannot be built: each row needs its origin",
            |_, origins| {
                origins.pop();
            },
        ),
        (
            "the batch cannot be built: an origin is never negative",
            |_, origins| {
                origins[0].resource = -1;
            },
        ),
        (
            "the batch cannot be built: an origin is never negative",
            |_, origins| {
                origins[2].subject = -1;
            },
        ),
    ];
    for (expected, change) in cases {
        let (columns, mut roles, mut origins) = rows();
        change(&mut roles, &mut origins);
        let refused = RawBatch::seal(columns, &roles, origins).err().unwrap();
        assert_eq!(refused.to_string(), expected);
    }
    let (columns, _, origins) = rows();
    let mut names: Vec<_> = columns.schema().fields().iter().cloned().collect();
    names[0] = Arc::new(names[0].as_ref().clone().with_name(PERSON_COLUMN));
    let schema = Arc::new(arrow::datatypes::Schema::new(names));
    let posing = RecordBatch::try_new(schema, columns.columns().to_vec()).unwrap();
    let roles = [role(PERSON_COLUMN, Role::Plain(ColumnType::Text))];
    let refused = RawBatch::seal(posing, &roles, origins).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "column `person_id`: `person_id` is the person's column, which comes from the origins"
    );
}

#[test]
fn numbers_that_are_none_are_refused() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (columns, roles, origins) = rows();
        let mut arrays = columns.columns().to_vec();
        arrays[2] = Arc::new(Float64Array::from(vec![1.0, number, 2.0]));
        let columns = RecordBatch::try_new(columns.schema(), arrays).unwrap();
        let refused = RawBatch::seal(columns, &roles, origins).err().unwrap();
        assert_eq!(
            refused.to_string(),
            "column `value`: a number is not finite"
        );
    }
}

proptest! {
    #[test]
    fn pseudonyms_are_equal_exactly_when_canonical_forms_are(
        a in "[ a-cA-C0-1]{1,6}", b in "[ a-cA-C0-1]{1,6}"
    ) {
        let canon = |text: &str| text.replace(' ', "").to_uppercase();
        prop_assume!(!canon(&a).is_empty() && !canon(&b).is_empty());
        prop_assert_eq!(person(SYSTEM, &a) == person(SYSTEM, &b), canon(&a) == canon(&b));
    }

    #[test]
    fn pseudonyms_have_63_bits(domain in "\\PC{1,20}", id in "\\PC{1,40}") {
        let keys = keys();
        prop_assert!(keys.record(&domain, &id).get() >= 0);
        prop_assert!(keys.resource(&domain, &id) >= 0);
        if let Ok(raw) = RawIdentifier::new(&domain, id) {
            prop_assert!(keys.person(&raw).get() >= 0);
        }
    }

    #[test]
    fn any_text_is_a_key_or_refused(text in "\\PC{0,70}") {
        prop_assert!(HolderKey::parse(&text).is_err() || text.trim().len() == 64);
    }
}
