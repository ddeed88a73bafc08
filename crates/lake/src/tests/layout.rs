//! What the files look like to others: Parquet's footer, Delta's log, a folder on disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use deltalake_core::kernel::EagerSnapshot;
use deltalake_core::logstore::{StorageConfig, default_logstore};
use deltalake_core::{DeltaTable, open_table};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::basic::Compression;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use url::Url;

use super::fixture::{add, bring, check, dataset, line, log, open, publish, run, tables, touch};
use crate::{Lake, LakeError, Snapshot, TableState};

/// A table's Delta log at the snapshot's version lists the snapshot's files, and its head too
/// where nothing came after.
pub(super) async fn same_in_delta(lake: &Lake, snapshot: &Snapshot, table: &TableState) {
    let store = lake.store();
    let folder = format!("{}/{}", snapshot.dataset, table.description.name);
    let own: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(store.clone(), folder.as_str()));
    let url = Url::parse(&format!("lake:///{folder}/")).unwrap();
    let logs = default_logstore(own, store, &url, &StorageConfig::default());
    let version = u64::try_from(table.version).unwrap();
    let delta = EagerSnapshot::try_new(logs.as_ref(), Some(version))
        .await
        .unwrap();
    let listed = delta.log_data();
    let listed: BTreeMap<String, (u64, Option<usize>)> = listed
        .iter()
        .map(|file| {
            let path = format!("{folder}/{}", file.path());
            (
                path,
                (u64::try_from(file.size()).unwrap(), file.num_records()),
            )
        })
        .collect();
    let expected: BTreeMap<String, (u64, Option<usize>)> = table
        .files
        .iter()
        .map(|file| {
            (
                file.path.clone(),
                (file.bytes, usize::try_from(file.rows).ok()),
            )
        })
        .collect();
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn a_file_is_sorted_compressed_and_silent_about_pseudonyms() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(store.clone());
    let mut night = open(&lake, 1).await;
    add(
        &mut night,
        "visit",
        10,
        &[line(4 << 50, 9, 0, 1), line(4 << 50, 9, 1, 2)],
    );
    touch(&mut night, 9, 10);
    let published = publish(&lake, 1, night).await.unwrap();
    let file = &published.snapshot.tables[1].files[0];
    assert_eq!(
        file.path,
        format!("demo/visit/part-{}.parquet", &file.sha256[..32])
    );
    assert_eq!((file.person_low, file.person_high), (0, i64::MAX));
    let bytes = store
        .get(&Path::from(file.path.as_str()))
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata: ParquetMetaData = { reader }.parse_and_finish(&bytes).unwrap();
    let group = metadata.row_group(0);
    let names: Vec<&str> = group
        .columns()
        .iter()
        .map(|c| c.column_descr().name())
        .collect();
    let sorted: Vec<&str> = group
        .sorting_columns()
        .unwrap()
        .iter()
        .map(|sorted| {
            assert!(!sorted.descending);
            names[usize::try_from(sorted.column_idx).unwrap()]
        })
        .collect();
    assert_eq!(sorted, ["person_id", "_resource", "_ordinal"]);
    for (index, column) in group.columns().iter().enumerate() {
        assert!(matches!(column.compression(), Compression::ZSTD(_)));
        assert!(column.offset_index_length().is_some());
        let shown = ["code", "day", "urgent", "cost"].contains(&names[index]);
        let bounds = column
            .statistics()
            .is_some_and(|s| s.min_bytes_opt().is_some());
        assert_eq!(bounds, shown, "{}", names[index]);
        assert_eq!(
            column.column_index_length().is_some(),
            shown,
            "{}",
            names[index]
        );
    }
    assert!(metadata.file_metadata().key_value_metadata().is_none());
}

#[tokio::test]
async fn the_log_says_what_the_design_says() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(store.clone());
    let mut night = open(&lake, 1).await;
    bring(&mut night, 1..3, 10, 5);
    publish(&lake, 1, night).await.unwrap();
    let lines = log(&store, "person").await;
    let protocol = lines.iter().find_map(|line| line.get("protocol")).unwrap();
    assert_eq!(protocol["minReaderVersion"], 3);
    assert_eq!(protocol["minWriterVersion"], 7);
    assert_eq!(
        protocol["writerFeatures"],
        serde_json::json!(["deletionVectors"])
    );
    let metadata = lines.iter().find_map(|line| line.get("metaData")).unwrap();
    assert_eq!(metadata["partitionColumns"], serde_json::json!([]));
    assert!(
        !metadata["schemaString"]
            .as_str()
            .unwrap()
            .contains("_subject")
    );
    let id = metadata["id"].as_str().unwrap();
    assert_eq!((id.len(), &id[14..15], &id[19..20]), (36, "8", "8"));
    let txn = lines.iter().find_map(|line| line.get("txn")).unwrap();
    assert_eq!(
        (&txn["appId"], &txn["version"]),
        (&"lazaret/demo".into(), &1.into())
    );
    let added = lines.iter().find_map(|line| line.get("add")).unwrap();
    assert_eq!(added["stats"], r#"{"numRecords":2}"#);
    assert!(
        log(&store, "visit")
            .await
            .iter()
            .all(|line| line.get("txn").is_none())
    );
}

#[test]
fn other_readers_find_it_on_disk() {
    // Both kinds of runtime, over more nights than lie between two checkpoints.
    for runtime in [
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap(),
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap(),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a lake/with #1");
        let joined = runtime.block_on(async move {
            // A spawned task, because deltalake waits differently on a worker than at the root.
            tokio::spawn(nights_on_disk(root)).await
        });
        joined.unwrap();
    }
}

async fn nights_on_disk(root: std::path::PathBuf) {
    let lake = Lake::open(Url::from_directory_path(&root).unwrap().as_str()).unwrap();
    for number in 1..=23 {
        let mut night = open(&lake, number).await;
        let value = i64::try_from(number).unwrap();
        bring(&mut night, 1..4, value, value);
        let published = publish(&lake, number, night).await.unwrap();
        assert_eq!(published.snapshot.tables[0].version, value);
        assert_eq!(published.snapshot.tables[1].version, 0);
    }
    let lake = Lake::open(root.to_str().unwrap()).unwrap();
    let snapshots = lake.snapshots(&dataset()).await.unwrap();
    assert_eq!(snapshots.len(), 23);
    for snapshot in &snapshots {
        check(&lake, snapshot).await;
    }
    assert!(
        root.join("demo/person/_delta_log/_last_checkpoint")
            .is_file()
    );
    let url = Url::from_directory_path(root.join("demo/person")).unwrap();
    let table: DeltaTable = open_table(url).await.unwrap();
    let files: Vec<String> = table.get_file_uris().unwrap().collect();
    let expected = &snapshots[22].tables[0].files[0].path;
    assert_eq!(files.len(), 1);
    assert!(files[0].ends_with(expected.strip_prefix("demo/").unwrap()));
    // Nothing is left under a passing name.
    let mut left = Vec::new();
    walk(&root, &mut left);
    assert!(left.iter().all(|name| !name.contains('#')), "{left:?}");
}

pub(super) fn walk(folder: &std::path::Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), names);
        }
    }
}

#[tokio::test]
async fn verify_finds_what_was_changed() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(store.clone());
    let mut night = open(&lake, 1).await;
    bring(&mut night, 1..40, 10, 5);
    let snapshot = publish(&lake, 1, night).await.unwrap().snapshot;
    lake.verify(&snapshot).await.unwrap();
    let path = Path::from(snapshot.tables[0].files[0].path.as_str());
    let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
    for broken in [
        {
            let mut b = bytes.to_vec();
            let at = b.len() / 2;
            b[at] ^= 1;
            b
        },
        bytes.slice(..bytes.len() - 1).to_vec(),
        Vec::new(),
    ] {
        store.put(&path, broken.into()).await.unwrap();
        let error = lake.verify(&snapshot).await.unwrap_err();
        assert!(matches!(&error, LakeError::Damaged { file, .. } if *file == path.to_string()));
    }
    store.delete(&path).await.unwrap();
    let error = lake.verify(&snapshot).await.unwrap_err();
    assert!(matches!(error, LakeError::Damaged { .. }), "{error}");
    // Right bytes, but another number of rows was promised.
    store.put(&path, bytes.into()).await.unwrap();
    let mut wrong = snapshot.clone();
    wrong.tables[0].files[0].rows += 1;
    assert!(matches!(
        lake.verify(&wrong).await,
        Err(LakeError::Damaged { .. })
    ));
}

#[tokio::test]
async fn a_broken_snapshot_is_not_read() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(store.clone());
    let mut night = open(&lake, 1).await;
    bring(&mut night, 1..4, 10, 5);
    publish(&lake, 1, night).await.unwrap();
    let path = Path::from("demo/_snapshots/00000001.json");
    let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    for (from, to) in [
        ("{", ""),
        ("\"format\":1", "\"format\":2"),
        ("\"number\":1", "\"number\":2"),
        ("\"buckets\":1,", "\"buckets\":3,"),
        ("\"buckets\":1,", "\"buckets\":2,"),
        ("demo/person/part-", "demo/visit/part-"),
        ("demo/person/part-", "demo/person/part-/../"),
        ("\"person_low\":0", "\"person_low\":-9"),
        ("\"rows\":3", "\"rows\":4"),
        ("\"dataset\":\"demo\"", "\"dataset\":\"deme\""),
    ] {
        let broken = text.replacen(from, to, 1);
        assert_ne!(broken, text, "{from}");
        store.put(&path, broken.into()).await.unwrap();
        for error in [
            lake.snapshot(&dataset(), "latest").await.unwrap_err(),
            lake.begin(&dataset(), &run(2), &tables())
                .await
                .unwrap_err(),
        ] {
            assert!(
                matches!(error, LakeError::Damaged { .. }),
                "{from}: {error}"
            );
        }
    }
    // Other files beside it are nobody's snapshot.
    store.put(&path, text.into()).await.unwrap();
    for name in ["1.json", "00000002.json~", "notes.txt", "0000000x.json"] {
        store
            .put(&Path::from(format!("demo/_snapshots/{name}")), "{".into())
            .await
            .unwrap();
    }
    assert_eq!(lake.snapshots(&dataset()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn rows_that_do_not_add_up_are_not_published() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(store.clone());
    let mut night = open(&lake, 1).await;
    bring(&mut night, 1..4, 10, 5);
    publish(&lake, 1, night).await.unwrap();
    let path = Path::from("demo/_snapshots/00000001.json");
    let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    store
        .put(&path, text.replace("\"rows\":3", "\"rows\":4").into())
        .await
        .unwrap();
    let logs = log(&store, "person").await;
    let mut night = open(&lake, 2).await;
    bring(&mut night, 6..8, 10, 5);
    let error = publish(&lake, 2, night).await.unwrap_err();
    assert!(
        matches!(
            error,
            LakeError::Unreconciled {
                expected: 6,
                counted: 5,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(lake.snapshots(&dataset()).await.unwrap().len(), 1);
    assert_eq!(log(&store, "person").await, logs, "nothing was committed");
}
