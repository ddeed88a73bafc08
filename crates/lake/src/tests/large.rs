//! Enough persons for more than one bucket.

use std::sync::Arc;

use object_store::memory::InMemory;

use super::fixture::{batch, check, line, name, open, publish, touch};
use crate::{Lake, Night, Touched};

/// Multiplied by an odd number, counting reaches all parts of the 63 bits.
fn spread(person: i64) -> i64 {
    person.wrapping_mul(0x1e37_79b9_7f4a_7c15) & i64::MAX
}

fn bring(night: &mut Night, persons: std::ops::Range<i64>) {
    let lines: Vec<_> = persons
        .clone()
        .map(|p| (line(spread(p), p, 0, p % 50), 10))
        .collect();
    for lines in lines.chunks(10_000) {
        night
            .append_rows(&name("person"), &batch("person", lines))
            .unwrap();
    }
    let touched: Vec<_> = persons
        .map(|resource| Touched {
            resource,
            updated: 10,
        })
        .collect();
    night.touch(&touched).unwrap();
}

#[tokio::test]
async fn buckets_double_for_all_tables_and_only_touched_ones_are_written() {
    let lake = Lake::with_store(Arc::new(InMemory::new()));
    let mut night = open(&lake, 1).await;
    bring(&mut night, 0..40_000);
    let rows = [
        (line(spread(1), 1_000_000, 0, 1), 10),
        (line(spread(2), 1_000_000, 1, 1), 10),
    ];
    night
        .append_rows(&name("visit"), &batch("visit", &rows))
        .unwrap();
    touch(&mut night, 1_000_000, 10);
    let first = publish(&lake, 1, night).await.unwrap().snapshot;
    assert_eq!((first.persons, first.buckets), (40_000, 1));

    let mut night = open(&lake, 2).await;
    bring(&mut night, 40_000..200_000);
    let second = publish(&lake, 2, night).await.unwrap();
    let snapshot = second.snapshot;
    assert_eq!((snapshot.persons, snapshot.buckets), (200_000, 4));
    assert_eq!(
        (snapshot.tables[0].files.len(), snapshot.tables[1].rows),
        (4, 2)
    );
    assert_eq!(
        snapshot.tables[1].version, 2,
        "the table was cut although no row changed"
    );
    check(&lake, &snapshot).await;

    let mut night = open(&lake, 3).await;
    let changed = batch("person", &[(line(spread(77), 77, 0, 3), 11)]);
    night.append_rows(&name("person"), &changed).unwrap();
    touch(&mut night, 77, 11);
    night.delete(&(100..200).collect::<Vec<_>>()).unwrap();
    let third = publish(&lake, 3, night).await.unwrap();
    assert_eq!((third.counts.changed, third.counts.deleted), (1, 100));
    check(&lake, &third.snapshot).await;

    let mut night = open(&lake, 4).await;
    night.delete(&[77]).unwrap();
    let fourth = publish(&lake, 4, night).await.unwrap().snapshot;
    let before = &third.snapshot.tables[0].files;
    let kept = fourth.tables[0]
        .files
        .iter()
        .filter(|file| before.contains(file))
        .count();
    assert_eq!(kept, 3, "three of four buckets stay");
    assert_eq!(fourth.tables[1], third.snapshot.tables[1]);
    assert_eq!((fourth.persons, fourth.buckets), (199_899, 4));
}
