//! Whatever was done to a log, checking it finds it and names the first entry that does not fit.

use super::merkle::by_definition;
use super::*;
use crate::{Damage, Entry, Hash, Head, StoreError, Tree};

both!(
    continues_the_tree_when_reopened,
    finds_every_changed_field,
    finds_every_dropped_entry,
    finds_every_swapped_pair,
    finds_every_cut,
    finds_added_entries,
    finds_a_changed_head,
    finds_entries_that_were_written_anew,
    finds_a_rewritten_history_by_its_witness,
);

const ENTRIES: usize = 50;

const COLUMNS: [(&str, &str); 6] = [
    ("at", "UPDATE event SET at = $1 WHERE seq = $2"),
    ("actor", "UPDATE event SET actor = $1 WHERE seq = $2"),
    ("kind", "UPDATE event SET kind = $1 WHERE seq = $2"),
    ("subject", "UPDATE event SET subject = $1 WHERE seq = $2"),
    ("entry", "UPDATE event SET entry = $1 WHERE seq = $2"),
    ("leaf", "UPDATE event SET leaf = $1 WHERE seq = $2"),
];
const MOVE: &str = "UPDATE event SET seq = $1 WHERE seq = $2";
const DROP: &str = "DELETE FROM event WHERE seq = $1";
const INSERT: &str = "INSERT INTO event (seq, at, actor, kind, subject, entry, leaf) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";
const SELECT: &str = "SELECT seq, at, actor, kind, subject, entry, leaf FROM event ORDER BY seq";
const HEAD: &str = "UPDATE tree_head SET size = $1, root = $2, edge = $3";

async fn continues_the_tree_when_reopened(place: Place) {
    for size in 1..=9 {
        let store = place.open().await;
        store.record(event(&size.to_string())).await.unwrap();
        let entries = store.entries(0, 100).await.unwrap();
        let leaves: Vec<&[u8]> = entries.iter().map(|entry| entry.text.as_bytes()).collect();
        let head = Head {
            size,
            root: by_definition(&leaves),
        };
        assert_eq!(store.head().await, Ok(head));
        assert_eq!(store.verify().await, Ok(head));
        store.close().await.unwrap();
    }
    let part = place.open().await.entries(3, 2).await.unwrap();
    assert_eq!(
        part.iter().map(|entry| entry.seq).collect::<Vec<_>>(),
        [3, 4]
    );
}

async fn finds_every_changed_field(place: Place) {
    let (store, mut intruder, rows) = log_of_50(&place).await;
    for (seq, row) in (0..).zip(&rows) {
        for (column, sql) in COLUMNS {
            let old = row.text(column).unwrap();
            for change in changes(old, seq) {
                intruder
                    .execute(sql, &[change.as_str().into(), seq.into()])
                    .await
                    .unwrap();
                assert_eq!(
                    store.verify().await,
                    broken(seq, Damage::Changed),
                    "{column} {change}"
                );
            }
            intruder
                .execute(sql, &[old.into(), seq.into()])
                .await
                .unwrap();
        }
        for away in [1_000, -1] {
            intruder
                .execute(MOVE, &[away.into(), seq.into()])
                .await
                .unwrap();
            let damage = if seq == 49 && away < 0 {
                Damage::Truncated
            } else {
                Damage::Missing
            };
            assert_eq!(store.verify().await, broken(seq, damage));
            intruder
                .execute(MOVE, &[seq.into(), away.into()])
                .await
                .unwrap();
        }
    }
    assert_eq!(store.verify().await.unwrap().size, 50);
}

async fn finds_every_dropped_entry(place: Place) {
    let (store, mut intruder, rows) = log_of_50(&place).await;
    for (seq, row) in (0..).zip(&rows) {
        intruder.execute(DROP, &[seq.into()]).await.unwrap();
        let damage = if seq == 49 {
            Damage::Truncated
        } else {
            Damage::Missing
        };
        assert_eq!(store.verify().await, broken(seq, damage));
        intruder.execute(INSERT, &cells(row, seq)).await.unwrap();
    }
    assert_eq!(store.verify().await.unwrap().size, 50);
}

async fn finds_every_swapped_pair(place: Place) {
    let (store, mut intruder, _) = log_of_50(&place).await;
    for seq in 0..49 {
        for other in [seq + 1, 49 - seq / 2] {
            if other == seq {
                continue;
            }
            swap(&mut intruder, seq, other).await;
            assert_eq!(store.verify().await, broken(seq.min(other), Damage::Moved));
            swap(&mut intruder, seq, other).await;
        }
    }
    assert_eq!(store.verify().await.unwrap().size, 50);
}

async fn finds_every_cut(place: Place) {
    let (store, mut intruder, rows) = log_of_50(&place).await;
    for seq in (0..50).rev() {
        intruder.execute(DROP, &[seq.into()]).await.unwrap();
        assert_eq!(store.verify().await, broken(seq, Damage::Truncated));
        if seq == 0 {
            // Nothing at all is left, and yet the head remembers.
            assert_eq!(store.entries(0, 1).await, Ok(vec![]));
            intruder.execute(INSERT, &cells(&rows[0], 7)).await.unwrap();
            assert_eq!(store.verify().await, broken(0, Damage::Missing));
        }
    }
}

async fn finds_added_entries(place: Place) {
    let (store, mut intruder, rows) = log_of_50(&place).await;
    for (seq, found) in [(50, 50), (1_000, 50), (-1, 50)] {
        intruder
            .execute(INSERT, &cells(&rows[7], seq))
            .await
            .unwrap();
        assert_eq!(store.verify().await, broken(found, Damage::Beyond), "{seq}");
        intruder.execute(DROP, &[seq.into()]).await.unwrap();
    }
    assert_eq!(store.verify().await.unwrap().size, 50);
}

async fn finds_a_changed_head(place: Place) {
    let (store, mut intruder, rows) = log_of_50(&place).await;
    let good = tree(&rows);
    let shorter = tree(&rows[..49]);
    let root = |tree: &Tree| tree.root().to_string();
    let cases = [
        (51, root(&good), good.edge(), 50, Damage::Truncated),
        (49, root(&good), good.edge(), 49, Damage::Beyond),
        (49, root(&shorter), shorter.edge(), 49, Damage::Beyond),
        (50, root(&shorter), good.edge(), 49, Damage::Head),
        (50, root(&good), shorter.edge(), 49, Damage::Head),
        (50, root(&good), String::new(), 49, Damage::Head),
        (
            50,
            root(&good).to_uppercase(),
            good.edge(),
            49,
            Damage::Head,
        ),
    ];
    for (size, root, edge, seq, damage) in cases {
        let head = [size.into(), root.into(), edge.into()];
        intruder.execute(HEAD, &head).await.unwrap();
        assert_eq!(store.verify().await, broken(seq, damage), "{size}");
        // A whole head of another size lets a writer in, who then finds the place taken.
        assert!(
            store.record(event("next")).await.is_err(),
            "{size} {damage}"
        );
    }
    intruder
        .execute("DELETE FROM tree_head", &[])
        .await
        .unwrap();
    assert_eq!(store.verify().await, broken(0, Damage::Head));
    assert!(store.record(event("next")).await.is_err());
}

/// An intruder who also writes leaf and columns anew is betrayed by the next entry's root, and at
/// the end by the head's.
async fn finds_entries_that_were_written_anew(place: Place) {
    let (store, mut intruder, rows) = log_of_50(&place).await;
    for (seq, row) in (0..).zip(&rows) {
        let old = Entry::parse(row.text("entry").unwrap()).unwrap();
        let mut forged = old.event.clone();
        forged.actor = "someone else".into();
        let at = u64::try_from(seq).unwrap();
        let forged = Entry::write(forged, at, old.root_before).unwrap();
        replace(&mut intruder, &forged).await;
        let (seq, damage) = match seq {
            49 => (49, Damage::Head),
            seq => (seq + 1, Damage::Rewritten),
        };
        assert_eq!(store.verify().await, broken(seq, damage));
        replace(&mut intruder, &old).await;
    }
    assert_eq!(store.verify().await.unwrap().size, 50);
}

async fn finds_a_rewritten_history_by_its_witness(place: Place) {
    let (store, mut intruder, rows) = log_of_50(&place).await;
    let seen: Vec<Head> = [0, 1, 20, 50].map(|size| tree(&rows[..size]).head()).into();
    assert_eq!(store.verify_against(&seen).await, Ok(seen[3]));
    store.record(event("later")).await.unwrap();
    assert_eq!(store.verify_against(&seen).await.unwrap().size, 51);
    // From entry 20 on, everything is written anew, the head too.
    let mut tree = tree(&rows[..20]);
    for old in store.entries(20, 100).await.unwrap() {
        let mut forged = old.event;
        forged.subject.push('x');
        let forged = Entry::write(forged, old.seq, tree.root()).unwrap();
        tree.push(forged.leaf);
        replace(&mut intruder, &forged).await;
    }
    let head = [
        51.into(),
        tree.root().to_string().into(),
        tree.edge().into(),
    ];
    intruder.execute(HEAD, &head).await.unwrap();
    assert_eq!(store.verify().await.unwrap().size, 51);
    assert_eq!(store.verify_against(&seen[..3]).await.unwrap().size, 51);
    assert_eq!(
        store.verify_against(&seen).await,
        broken(50, Damage::Witness)
    );
    let longer = Head {
        size: 60,
        root: seen[0].root,
    };
    assert_eq!(
        store.verify_against(&[longer]).await,
        broken(51, Damage::Truncated)
    );
}

async fn log_of_50(place: &Place) -> (Store, Session, Vec<crate::Row>) {
    let store = filled(place, ENTRIES).await;
    let mut intruder = place.intruder().await;
    let rows = intruder.rows(SELECT, &[]).await.unwrap();
    assert_eq!(rows.len(), ENTRIES);
    (store, intruder, rows)
}

fn broken(seq: i64, damage: Damage) -> Result<Head, StoreError> {
    Err(StoreError::Broken {
        seq: seq.try_into().unwrap(),
        damage,
    })
}

/// The text with one character changed, with one more, with one less, and empty.
fn changes(text: &str, seq: i64) -> Vec<String> {
    let place = usize::try_from(seq).unwrap() * 7 % text.len();
    let mut flipped = text.to_owned();
    let flip = if text[place..].starts_with('1') {
        "2"
    } else {
        "1"
    };
    flipped.replace_range(place..=place, flip);
    vec![
        flipped,
        format!("{text} "),
        text[1..].to_owned(),
        String::new(),
    ]
}

fn cells(row: &crate::Row, seq: i64) -> Vec<Value> {
    let texts = COLUMNS.map(|(column, _)| row.text(column).unwrap().into());
    std::iter::once(seq.into()).chain(texts).collect()
}

fn tree(rows: &[crate::Row]) -> Tree {
    let mut tree = Tree::default();
    rows.iter()
        .for_each(|row| tree.push(Hash::leaf(row.text("entry").unwrap().as_bytes())));
    tree
}

async fn swap(intruder: &mut Session, one: i64, other: i64) {
    for (from, to) in [(one, -1), (other, one), (-1, other)] {
        intruder
            .execute(MOVE, &[to.into(), from.into()])
            .await
            .unwrap();
    }
}

async fn replace(intruder: &mut Session, entry: &Entry) {
    let seq: Value = entry.seq.try_into().unwrap();
    let row = [
        seq.clone(),
        entry.event.at.into(),
        entry.event.actor.clone().into(),
        entry.kind_word().into(),
        entry.event.subject.clone().into(),
        entry.text.clone().into(),
        entry.leaf.to_string().into(),
    ];
    intruder.execute(DROP, &[seq]).await.unwrap();
    intruder.execute(INSERT, &row).await.unwrap();
}
