//! Single rules of the merge, where the model's random nights seldom go.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use lazaret_model::TableDescription;
use lazaret_pseudonym::{
    CentreKey, ColumnRole, HolderKey, Origin, Pseudonymiser, RawBatch, RawIdentifier, Role,
};
use object_store::memory::InMemory;

use super::fixture::{
    add, batch, bring, check, dataset, id, line, name, open, person, publish, rows, run, touch,
    visit,
};
use crate::{Begin, Lake, LakeError, RowCounts, Touched};

fn lake() -> Lake {
    Lake::with_store(Arc::new(InMemory::new()))
}

#[tokio::test]
async fn an_update_replaces_its_resource_in_all_tables() {
    let lake = lake();
    let mut night = open(&lake, 1).await;
    // Resource 7 yields a row in both tables.
    add(&mut night, "person", 10, &[line(1, 7, 0, 5)]);
    add(
        &mut night,
        "visit",
        10,
        &[line(1, 7, 0, 1), line(1, 7, 1, 2)],
    );
    touch(&mut night, 7, 10);
    publish(&lake, 1, night).await.unwrap();

    let mut night = open(&lake, 2).await;
    add(&mut night, "visit", 11, &[line(1, 7, 0, 3)]);
    touch(&mut night, 7, 11);
    let published = publish(&lake, 2, night).await.unwrap();
    assert_eq!(published.counts.changed, 1);
    assert!(rows(&lake, &published.snapshot, "person").await.is_empty());
    assert_eq!(rows(&lake, &published.snapshot, "visit").await.len(), 1);
    let visit = published.counts.rows[&name("visit")];
    assert_eq!(
        visit,
        RowCounts {
            before: 2,
            appended: 1,
            masked: 2,
            after: 1
        }
    );
    check(&lake, &published.snapshot).await;

    // Back to a state that was there before: the same file, once more.
    let mut night = open(&lake, 3).await;
    add(&mut night, "person", 10, &[line(1, 7, 0, 5)]);
    add(
        &mut night,
        "visit",
        10,
        &[line(1, 7, 0, 1), line(1, 7, 1, 2)],
    );
    touch(&mut night, 7, 10);
    let stale = publish(&lake, 3, night).await.unwrap();
    assert_eq!(stale.counts.stale, 1);
    let mut night = open(&lake, 4).await;
    night.delete(&[7]).unwrap();
    publish(&lake, 4, night).await.unwrap();
    let mut night = open(&lake, 5).await;
    add(&mut night, "person", 10, &[line(1, 7, 0, 5)]);
    add(
        &mut night,
        "visit",
        10,
        &[line(1, 7, 0, 1), line(1, 7, 1, 2)],
    );
    touch(&mut night, 7, 10);
    let back = publish(&lake, 5, night).await.unwrap();
    let first = &lake.snapshots(&dataset()).await.unwrap()[0];
    for (old, new) in first.tables.iter().zip(&back.snapshot.tables) {
        assert_eq!(old.files, new.files);
    }
    check(&lake, &back.snapshot).await;
    check(&lake, first).await;
}

#[tokio::test]
async fn versions_of_one_time_are_told_apart_by_round_and_by_number() {
    let lake = lake();
    let mut night = open(&lake, 1).await;
    add(
        &mut night,
        "visit",
        10,
        &[line(1, 8, 0, 1), line(1, 8, 1, 1), line(1, 8, 2, 1)],
    );
    touch(&mut night, 8, 10);
    add(&mut night, "visit", 10, &[line(1, 8, 0, 2)]);
    touch(&mut night, 8, 10);
    // In one round, in one batch: the second run of numbers wins.
    let repeated = [
        line(1, 9, 0, 1),
        line(1, 9, 1, 1),
        line(1, 9, 0, 2),
        line(1, 9, 1, 3),
    ];
    add(&mut night, "visit", 10, &repeated);
    night
        .touch(
            &[Touched {
                resource: 9,
                updated: 10,
            }; 2],
        )
        .unwrap();
    // The later version yields no row.
    add(&mut night, "visit", 10, &[line(2, 10, 0, 1)]);
    touch(&mut night, 10, 10);
    touch(&mut night, 10, 10);
    let published = publish(&lake, 1, night).await.unwrap();
    let codes: Vec<String> = rows(&lake, &published.snapshot, "visit")
        .await
        .into_iter()
        .map(|r| r[2].clone())
        .collect();
    assert_eq!(codes, ["code-2", "code-2", "code-3"]);
    assert_eq!((published.counts.new, published.counts.duplicates), (2, 3));

    let mut night = open(&lake, 2).await;
    add(
        &mut night,
        "visit",
        11,
        &[line(1, 8, 1, 1), line(1, 8, 1, 2)],
    );
    touch(&mut night, 8, 11);
    let error = publish(&lake, 2, night).await.unwrap_err();
    assert!(matches!(error, LakeError::Mismatch { .. }), "{error}");
}

#[tokio::test]
async fn a_table_of_one_row_a_person_keeps_its_promise() {
    let lake = lake();
    let mut night = open(&lake, 1).await;
    bring(&mut night, 1..4, 10, 5);
    let first = publish(&lake, 1, night).await.unwrap();
    // A second resource of a person that stands, and two of a new one.
    for (number, lines) in [
        vec![line(2 << 50, 20, 0, 5)],
        vec![line(9 << 50, 20, 0, 5), line(9 << 50, 20, 1, 5)],
    ]
    .into_iter()
    .enumerate()
    {
        let mut night = open(&lake, 10 + number).await;
        add(&mut night, "person", 10, &lines);
        touch(&mut night, 20, 10);
        let error = publish(&lake, 10, night).await.unwrap_err();
        assert!(matches!(&error, LakeError::NotUnique { table } if *table == name("person")));
        assert!(!error.to_string().contains(&(2_i64 << 50).to_string()));
    }
    // The person's row may move from one resource to another within a night.
    let mut night = open(&lake, 2).await;
    add(&mut night, "person", 10, &[line(2 << 50, 20, 0, 6)]);
    touch(&mut night, 20, 10);
    night.delete(&[2]).unwrap();
    let second = publish(&lake, 2, night).await.unwrap();
    assert_eq!(second.snapshot.persons, 3);
    assert_eq!(second.snapshot.previous, Some(first.snapshot.id));
    check(&lake, &second.snapshot).await;
    // What two rows a person were allowed cannot become one unseen.
    let mut loose = person();
    loose.rows_per_person = 2;
    let mut night = begin(&lake, 3, &[loose.clone(), visit()]).await.unwrap();
    add(&mut night, "person", 10, &[line(3 << 50, 30, 0, 6)]);
    touch(&mut night, 30, 10);
    publish(&lake, 3, night).await.unwrap();
    let night = open(&lake, 4).await;
    let error = publish(&lake, 4, night).await.unwrap_err();
    assert!(matches!(error, LakeError::NotUnique { .. }), "{error}");
}

#[tokio::test]
async fn a_night_without_changes_is_recorded_and_commits_nothing() {
    let lake = lake();
    let mut night = open(&lake, 1).await;
    bring(&mut night, 1..4, 10, 5);
    let first = publish(&lake, 1, night).await.unwrap();
    let mut night = open(&lake, 2).await;
    bring(&mut night, 1..4, 99, 5);
    touch(&mut night, 1_000, 10);
    night.delete(&[2_000]).unwrap();
    let second = publish(&lake, 2, night).await.unwrap();
    assert_eq!(
        (second.counts.unchanged, second.counts.unknown_deletions),
        (3, 1)
    );
    assert_eq!(
        second.counts.new + second.counts.changed + second.counts.stale,
        0
    );
    assert_eq!(second.snapshot.tables, first.snapshot.tables);
    assert_eq!(second.snapshot.run, run(2));
    assert_eq!(
        lake.snapshot(&dataset(), "snapshot-1").await.unwrap(),
        first.snapshot
    );
    let unknown = lake.snapshot(&dataset(), "snapshot-3").await.unwrap_err();
    assert!(matches!(unknown, LakeError::Unknown { .. }));
}

#[tokio::test]
async fn a_changed_description_is_refused() {
    let lake = lake();
    let night = open(&lake, 1).await;
    publish(&lake, 1, night).await.unwrap();
    let mut renamed = visit();
    renamed.columns[2].name = lazaret_model::ColumnName::new("kode").unwrap();
    let mut longer = visit();
    longer.columns.push(visit().columns[2].clone());
    longer.columns[6].name = lazaret_model::ColumnName::new("more").unwrap();
    let mut valued = visit();
    valued.columns[2].values = vec!["a".to_owned()];
    let mut headless = visit();
    headless.columns.remove(0);
    headless.name = name("other");
    let mut described = visit();
    described.title = "a visit".to_owned();
    described.columns[2].description = "what for".to_owned();
    let mut other = visit();
    other.name = name("other");
    for (tables, accepted) in [
        (vec![person()], false),
        (vec![person(), renamed], false),
        (vec![person(), longer], false),
        (vec![person(), valued], false),
        (vec![person(), visit(), visit()], false),
        (vec![person(), visit(), headless], false),
        (vec![visit(), person()], true),
        (vec![person(), described], true),
        (vec![person(), visit(), other], true),
    ] {
        let begun = begin(&lake, 2, &tables).await;
        assert_eq!(begun.is_ok(), accepted, "{tables:?}");
        assert!(matches!(begun, Ok(_) | Err(LakeError::Mismatch { .. })));
    }
}

#[tokio::test]
async fn a_new_table_starts_with_its_first_night() {
    let lake = lake();
    let mut night = open(&lake, 1).await;
    bring(&mut night, 1..4, 10, 5);
    publish(&lake, 1, night).await.unwrap();
    let mut other = visit();
    other.name = name("other");
    let mut night = begin(&lake, 2, &[other, person(), visit()]).await.unwrap();
    let rows = batch("visit", &[(line(5 << 50, 9, 0, 1), 10)]);
    night.append_rows(&name("other"), &rows).unwrap();
    touch(&mut night, 9, 10);
    let second = publish(&lake, 2, night).await.unwrap();
    assert_eq!(second.snapshot.tables[0].rows, 1);
    assert_eq!(
        (second.snapshot.tables[0].version, second.snapshot.persons),
        (1, 4)
    );
    check(&lake, &second.snapshot).await;
}

#[tokio::test]
async fn rows_of_another_form_are_refused() {
    let lake = lake();
    let mut night = open(&lake, 1).await;
    let good = batch("visit", &[(line(1, 2, 0, 1), 10)]);
    for (table, rows) in [
        ("person", good.clone()),
        ("nothing", good.clone()),
        ("visit", good.project(&[0, 1, 2]).unwrap()),
        (
            "visit",
            good.project(&[0, 2, 1, 3, 4, 5, 6, 7, 8, 9]).unwrap(),
        ),
        ("visit", batch("visit", &[(line(-1, 2, 0, 1), 10)])),
        ("visit", batch("visit", &[(line(1, -2, 0, 1), 10)])),
        ("visit", batch("visit", &[(line(1, 2, -1, 1), 10)])),
    ] {
        let error = night.append_rows(&name(table), &rows).unwrap_err();
        assert!(matches!(error, LakeError::Mismatch { .. }), "{error}");
    }
    // A time before 1970 is a time, and a batch without rows is nothing.
    night
        .append_rows(&name("visit"), &batch("visit", &[(line(1, 2, 0, 1), -5)]))
        .unwrap();
    night
        .append_rows(&name("visit"), &good.slice(0, 0))
        .unwrap();
    let published = lake
        .publish(night, id(1), super::fixture::at(1))
        .await
        .unwrap();
    assert_eq!(
        published.counts.new, 1,
        "rows count as touched by themselves"
    );
}

#[tokio::test]
async fn pseudonymised_batches_go_in_and_come_out() {
    let keys = Pseudonymiser::new(
        HolderKey::parse(&digits(7)).unwrap(),
        CentreKey::parse(&digits(11)).unwrap(),
    );
    let text = |values: [&str; 2]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
    let years = Arc::new(Int64Array::from(vec![1950, 1960])) as ArrayRef;
    let columns = [("birth_year", years), ("sex", text(["f"; 2]))];
    let roles: Vec<ColumnRole> = person()
        .columns
        .into_iter()
        .skip(1)
        .map(|column| ColumnRole {
            role: Role::Plain(column.kind),
            name: column.name,
        })
        .collect();
    let origins = ["p1", "p2"].map(|id| Origin {
        person: keys.person(&RawIdentifier::local(id).unwrap()),
        subject: keys.subject(&keys.token("Patient", id)),
        resource: keys.resource("Patient", id),
        ordinal: 0,
        updated: 10,
    });
    let raw = RecordBatch::try_from_iter(columns).unwrap();
    let raw = RawBatch::seal(raw, &roles, origins.to_vec()).unwrap();
    let batch = keys.batch(raw).unwrap();
    let lake = lake();
    let mut night = open(&lake, 1).await;
    night.append(&name("person"), batch).unwrap();
    night
        .touch(&origins.map(|o| Touched {
            resource: o.resource,
            updated: o.updated,
        }))
        .unwrap();
    let published = publish(&lake, 1, night).await.unwrap();
    assert_eq!((published.counts.new, published.snapshot.persons), (2, 2));
    check(&lake, &published.snapshot).await;
}

fn digits(step: u8) -> String {
    (0..32_u8)
        .map(|at| format!("{:02x}", at.wrapping_mul(step).wrapping_add(step)))
        .collect()
}

async fn begin(
    lake: &Lake,
    number: usize,
    tables: &[TableDescription],
) -> Result<crate::Night, LakeError> {
    match lake.begin(&dataset(), &run(number), tables).await? {
        Begin::Open(night) => Ok(night),
        Begin::Done(_) => panic!("the run is done"),
    }
}
