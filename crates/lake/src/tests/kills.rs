//! A night that is stopped at each of its writes, and nights that run against each other.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::join_all;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::fixture::{
    add, at, bring, check, dataset, id, line, log, objects, open, publish, rows, run, tables, touch,
};
use crate::record::{Record, Records};
use crate::{Begin, Lake, LakeError, Night, Snapshot};

/// A store that fails at one write, before or after it was done, and then stays dead or recovers.
#[derive(Debug)]
struct Failing {
    inner: Arc<dyn ObjectStore>,
    /// Writes until the failure; from there on it counts no further.
    left: AtomicUsize,
    how: How,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum How {
    /// The process is killed before the write.
    KilledBefore,
    /// The process is killed after the write, before it knows.
    KilledAfter,
    /// The write is done and its answer lost; what follows works.
    AnswerLost,
}

/// No write is left to fail.
const SPENT: usize = usize::MAX;

impl Failing {
    fn new(inner: Arc<dyn ObjectStore>, writes: usize, how: How) -> Arc<Self> {
        Arc::new(Self {
            inner,
            left: AtomicUsize::new(writes),
            how,
        })
    }

    /// Whether the write was reached.
    fn failed(&self) -> bool {
        [0, SPENT].contains(&self.left.load(Ordering::SeqCst))
    }

    fn dead(&self) -> Result<()> {
        if self.left.load(Ordering::SeqCst) == 0 {
            Err(failure())
        } else {
            Ok(())
        }
    }
}

fn failure() -> Error {
    Error::Generic {
        store: "Failing",
        source: "stopped".into(),
    }
}

#[async_trait]
impl ObjectStore for Failing {
    async fn put_opts(&self, to: &Path, load: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.dead()?;
        let left = self.left.load(Ordering::SeqCst);
        if left == SPENT {
            return self.inner.put_opts(to, load, how).await;
        }
        self.left.store(left - 1, Ordering::SeqCst);
        if left > 1 {
            return self.inner.put_opts(to, load, how).await;
        }
        if self.how != How::KilledBefore {
            self.inner.put_opts(to, load, how).await?;
        }
        if self.how == How::AnswerLost {
            self.left.store(SPENT, Ordering::SeqCst);
        }
        Err(failure())
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.dead()?;
        self.inner.put_multipart_opts(to, how).await
    }

    async fn get_opts(&self, from: &Path, how: GetOptions) -> Result<GetResult> {
        self.dead()?;
        self.inner.get_opts(from, how).await
    }

    async fn get_ranges(&self, from: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.dead()?;
        self.inner.get_ranges(from, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.dead()?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.dead()?;
        self.inner.copy_opts(from, to, how).await
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Failing")
    }
}

/// Night 1 brings both tables, night 2 changes both: what each brings is always the same.
fn fill(night: &mut Night, number: usize) {
    if number == 1 {
        bring(night, 1..6, 10, 5);
        add(
            night,
            "visit",
            10,
            &[line(1 << 50, 9, 0, 1), line(1 << 50, 9, 1, 2)],
        );
        touch(night, 9, 10);
    } else {
        bring(night, 3..8, 11, 6);
        add(night, "visit", 11, &[line(2 << 50, 9, 0, 4)]);
        touch(night, 9, 11);
        night.delete(&[1]).unwrap();
    }
}

async fn whole_night(lake: &Lake, number: usize) -> std::result::Result<(), LakeError> {
    match lake.begin(&dataset(), &run(number), &tables()).await? {
        Begin::Done(_) => Ok(()),
        Begin::Open(mut night) => {
            fill(&mut night, number);
            lake.publish(night, id(number), at(number))
                .await
                .map(|_| ())
        }
    }
}

/// All objects outside the Delta logs, which hold the order of attempts as well.
async fn data(store: &Arc<dyn ObjectStore>) -> std::collections::BTreeMap<String, String> {
    let mut objects = objects(store).await;
    objects.retain(|path, _| !path.contains("/_delta_log/"));
    objects
}

#[tokio::test]
async fn a_night_stopped_anywhere_ends_as_if_it_had_not_been() {
    let calm: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(calm.clone());
    for number in 1..=2 {
        whole_night(&lake, number).await.unwrap();
    }
    let expected = data(&calm).await;
    for how in [How::KilledBefore, How::KilledAfter, How::AnswerLost] {
        for number in 1..=2 {
            let mut writes = 1;
            while stop_at(number, writes, how, &expected).await {
                writes += 1;
            }
            assert!(writes > 5, "{how:?} {number}: {writes}");
        }
    }
}

/// Stops night `number` at a write, then runs it again; whether there was such a write.
async fn stop_at(
    number: usize,
    writes: usize,
    how: How,
    expected: &std::collections::BTreeMap<String, String>,
) -> bool {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(store.clone());
    for before in 1..number {
        whole_night(&lake, before).await.unwrap();
    }
    let shaky = Failing::new(store.clone(), writes, how);
    let stopped = whole_night(&Lake::with_store(shaky.clone()), number).await;
    let visible = lake.snapshots(&dataset()).await.unwrap().len();
    match (&stopped, how) {
        (Err(_), How::KilledAfter) => assert!(visible == number || visible == number - 1),
        (Err(_), _) => assert_eq!(visible, number - 1, "{how:?} {writes}"),
        (Ok(()), _) => assert_eq!(visible, number),
    }
    assert!(shaky.failed() || stopped.is_ok());
    for number in number..=2 {
        whole_night(&lake, number).await.unwrap();
        whole_night(&lake, number).await.unwrap();
    }
    assert_eq!(data(&store).await, *expected, "{how:?} at write {writes}");
    for snapshot in lake.snapshots(&dataset()).await.unwrap() {
        check(&lake, &snapshot).await;
    }
    for table in ["person", "visit"] {
        let lines = log(&store, table).await;
        let nights: Vec<i64> = lines
            .iter()
            .filter_map(|line| line["txn"]["version"].as_i64())
            .collect();
        assert_eq!(
            nights,
            [1, 2],
            "one transaction a night, {how:?} at write {writes}"
        );
    }
    shaky.failed()
}

#[tokio::test]
async fn another_run_after_an_abandoned_night_leaves_no_trace_of_it() {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let lake = Lake::with_store(store.clone());
    whole_night(&lake, 1).await.unwrap();
    // All commits of night 2 are done; only the snapshot is missing.
    let mut writes = 1;
    loop {
        let shaky = Lake::with_store(Failing::new(store.clone(), writes, How::KilledAfter));
        let mut night = open(&shaky, 2).await;
        fill(&mut night, 2);
        let stopped = publish(&shaky, 2, night).await;
        if stopped.is_ok() || lake.snapshots(&dataset()).await.unwrap().len() == 2 {
            break;
        }
        // A night that touches nothing: every table goes back to what the snapshot says.
        let other = Lake::with_store(Arc::new(InMemory::new()));
        copy(&store, &other.store()).await;
        let night = open(&other, 7).await;
        let published = publish(&other, 7, night).await.unwrap();
        check(&other, &published.snapshot).await;
        let first = &other.snapshots(&dataset()).await.unwrap()[0];
        for (old, new) in first.tables.iter().zip(&published.snapshot.tables) {
            assert_eq!(old.files, new.files);
        }
        whole_night(&other, 2).await.unwrap();
        writes += 1;
    }
    assert!(writes > 3);
}

async fn copy(from: &Arc<dyn ObjectStore>, to: &Arc<dyn ObjectStore>) {
    use object_store::ObjectStoreExt;
    for path in objects(from).await.into_keys() {
        let path = Path::from(path);
        let bytes = from.get(&path).await.unwrap().bytes().await.unwrap();
        to.put(&path, bytes.into()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_rivals_exactly_one_publishes() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Lake::open(folder.path().to_str().unwrap()).unwrap();
    let memory = Lake::with_store(Arc::new(InMemory::new()));
    for lake in [disk, memory] {
        whole_night(&lake, 1).await.unwrap();
        let mut expected = 1;
        for round in 0..3 {
            let mut nights = Vec::new();
            for rival in 0..6_usize {
                let number = 100 + 10 * round + rival;
                let mut night = open(&lake, number).await;
                let value = i64::try_from(number).unwrap();
                bring(&mut night, 1..5, value, value);
                add(&mut night, "visit", value, &[line(1 << 50, 9, 0, value)]);
                touch(&mut night, 9, value);
                nights.push((number, night));
            }
            let rivals = nights.into_iter().map(|(number, night)| {
                let lake = lake.clone();
                tokio::spawn(async move { (number, publish(&lake, number, night).await) })
            });
            let ended: Vec<_> = join_all(rivals)
                .await
                .into_iter()
                .map(|e| e.unwrap())
                .collect();
            let winners: Vec<_> = ended.iter().filter(|(_, result)| result.is_ok()).collect();
            assert_eq!(winners.len(), 1);
            for (_, result) in &ended {
                assert!(
                    matches!(result, Ok(_) | Err(LakeError::Conflict { .. })),
                    "{result:?}"
                );
            }
            expected += 1;
            let snapshots = lake.snapshots(&dataset()).await.unwrap();
            assert_eq!(
                (snapshots.len(), &snapshots[expected - 1].run),
                (expected, &run(winners[0].0))
            );
            check(&lake, &snapshots[expected - 1]).await;
            assert_eq!(
                rows(&lake, &snapshots[expected - 1], "visit").await.len(),
                1
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_published_once() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Lake::open(folder.path().to_str().unwrap()).unwrap();
    for lake in [disk, Lake::with_store(Arc::new(InMemory::new()))] {
        whole_night(&lake, 1).await.unwrap();
        let store = lake.store();
        let dataset = dataset();
        let records = Records {
            store: &store,
            dataset: &dataset,
        };
        let first = records.newest().await.unwrap().unwrap();
        let rivals: Vec<Record> = (2..18)
            .map(|rival| {
                let (id, run) = (id(rival), run(rival));
                Record::following(
                    Some(&first),
                    Snapshot {
                        id,
                        run,
                        ..first.snapshot.clone()
                    },
                )
            })
            .collect();
        let results = join_all(rivals.iter().map(|rival| records.create(rival))).await;
        let won = results.iter().position(std::result::Result::is_ok).unwrap();
        for (rival, result) in results.iter().enumerate() {
            assert!(rival == won || matches!(result, Err(LakeError::Conflict { .. })));
        }
        assert_eq!(records.newest().await.unwrap().unwrap(), rivals[won]);
        // The winner's own write, repeated because its answer was lost, is still its own.
        records.create(&rivals[won]).await.unwrap();
        assert!(matches!(
            records.check_free(2).await,
            Err(LakeError::Conflict { .. })
        ));
        assert!(records.check_free(3).await.is_ok());
    }
}
