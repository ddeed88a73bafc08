//! Where a lake can be, how it writes there, and how it is cut.

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};

use super::fixture::{at, dataset, id, name, open};
use super::layout::walk;
use crate::bucket::Cut;
use crate::{Lake, LakeError, Snapshot, buckets};

#[tokio::test]
async fn places_that_hold_no_lake() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for place in [
        "s3://bucket/lake",
        "http://host/",
        file.to_str().unwrap(),
        "/proc/nowhere/x",
    ] {
        assert!(
            matches!(Lake::open(place), Err(LakeError::Location { .. })),
            "{place}"
        );
    }
    let lake = Lake::open(folder.path().join("new/lake").to_str().unwrap()).unwrap();
    assert!(lake.snapshots(&dataset()).await.unwrap().is_empty());
    let none = lake.snapshot(&dataset(), "latest").await.unwrap_err();
    assert!(matches!(none, LakeError::Unknown { .. }));
    let wrong = lake.read_table(&empty(&lake).await, &name("nothing")).await;
    assert!(matches!(wrong, Err(LakeError::Mismatch { .. })));
}

async fn empty(lake: &Lake) -> Snapshot {
    let night = open(lake, 1).await;
    lake.publish(night, id(1), at(1)).await.unwrap().snapshot
}

#[tokio::test]
async fn a_durable_write_creates_once_and_overwrites() {
    let folder = tempfile::tempdir().unwrap();
    let durable = crate::durable::Durable::open(folder.path()).unwrap();
    let plain = LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let path = Path::from("a/b/c");
    durable
        .put_opts(&path, "one".into(), PutMode::Create.into())
        .await
        .unwrap();
    let taken = durable
        .put_opts(&path, "two".into(), PutMode::Create.into())
        .await;
    assert!(matches!(
        taken,
        Err(object_store::Error::AlreadyExists { .. })
    ));
    let read = async || plain.get(&path).await.unwrap().bytes().await.unwrap();
    assert_eq!(read().await, "one");
    durable.put(&path, "three".into()).await.unwrap();
    assert_eq!(read().await, "three");
    let mut names = Vec::new();
    walk(folder.path(), &mut names);
    assert_eq!(names, ["a", "b", "c"]);
}

#[test]
fn buckets_hold_about_62_500_persons() {
    for (persons, expected) in [
        (0, 1),
        (10_000, 1),
        (50_000, 1),
        (50_001, 2),
        (1_000_000, 16),
        (10_000_000, 128),
        (70_000_000, 1_024),
        (u64::MAX, crate::BUCKETS_MAX),
    ] {
        assert_eq!(buckets(persons, persons), expected, "{persons}");
    }
    for persons in (51_000..5_000_000).step_by(7_919) {
        let mean = persons / u64::from(buckets(persons, persons));
        assert!((25_000..=88_500).contains(&mean), "{persons}");
    }
}

#[test]
fn buckets_hold_at_most_half_a_million_rows_of_the_largest_table() {
    let half = 1 << 19;
    for (rows, expected) in [
        (half, 1),
        (half + 1, 2),
        (15 * half, 16),
        (16 * half + 1, 32),
    ] {
        assert_eq!(buckets(1_000, rows), expected, "{rows}");
    }
    assert_eq!(
        (buckets(1_000_000, half), buckets(0, u64::MAX)),
        (16, crate::BUCKETS_MAX)
    );
}

#[test]
fn a_cut_covers_all_persons_once() {
    for power in 0..=16 {
        let cut = Cut::new(1 << power).unwrap();
        let mut next = 0_i64;
        for bucket in 0..cut.count() {
            let (low, high) = cut.range(bucket);
            assert_eq!((low, cut.bucket(low, high)), (next, Some(bucket)));
            assert_eq!((cut.of(low), cut.of(high)), (bucket, bucket));
            next = high.wrapping_add(1);
        }
        assert_eq!(next, i64::MIN, "the last bucket ends at 2^63 - 1");
        assert_eq!(cut.bucket(1, i64::MAX), None);
        assert_eq!(cut.bucket(-1, 5), None);
    }
    assert!(Cut::new(0).is_none() && Cut::new(3).is_none() && Cut::new(1 << 17).is_none());
}
