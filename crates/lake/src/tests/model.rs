//! Random nights, merged by the lake and by an obvious model, compared row by row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lazaret_model::RunId;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use proptest::prelude::*;

use super::fixture::{Line, add, cells, check, dataset, name, open, publish, rows, run, tables};
use crate::spill::Budget;
use crate::{Begin, Counts, Lake, Touched};

/// Resources below this are persons' own and have at most one row; the others have rows in
/// `visit`.
const PERSONS: i64 = 5;
const RESOURCES: i64 = 14;

/// One version of a resource in a night.
#[derive(Debug, Clone)]
struct Version {
    resource: i64,
    updated: i64,
    values: Vec<i64>,
}

#[derive(Debug, Clone)]
struct RandomNight {
    rounds: Vec<Vec<Version>>,
    deleted: Vec<i64>,
}

/// What stands: of each resource its time and its rows.
#[derive(Default)]
struct Model(BTreeMap<i64, (i64, Vec<Line>)>);

fn versions() -> impl Strategy<Value = Vec<Version>> {
    let values = proptest::collection::vec(0_i64..3, 0..4);
    let version = (0..RESOURCES, 0_i64..6, values);
    proptest::collection::vec(version, 0..8).prop_map(|versions| {
        // Within a round a version is there once; that is what a source promises.
        let mut seen = BTreeSet::new();
        let versions = versions
            .into_iter()
            .filter(|(r, updated, _)| seen.insert((*r, *updated)));
        versions
            .map(|(resource, updated, values)| Version {
                resource,
                updated,
                values,
            })
            .collect()
    })
}

fn nights() -> impl Strategy<Value = Vec<RandomNight>> {
    let rounds = proptest::collection::vec(versions(), 0..4);
    let deleted = proptest::collection::vec(0..RESOURCES, 0..3);
    let night = (rounds, deleted).prop_map(|(rounds, deleted)| RandomNight { rounds, deleted });
    proptest::collection::vec(night, 1..7)
}

/// Persons far apart, so that they fall into different buckets.
fn person_of(resource: i64) -> i64 {
    (resource % PERSONS) * (i64::MAX / PERSONS) + 17
}

fn table_of(resource: i64) -> &'static str {
    if resource < PERSONS {
        "person"
    } else {
        "visit"
    }
}

impl Version {
    fn lines(&self) -> Vec<Line> {
        let values = self
            .values
            .iter()
            .take(if self.resource < PERSONS { 1 } else { 9 });
        let line = |(ordinal, value): (usize, &i64)| Line {
            person: person_of(self.resource),
            resource: self.resource,
            ordinal: i32::try_from(ordinal).unwrap(),
            value: *value,
        };
        values.enumerate().map(line).collect()
    }
}

impl Model {
    fn merge(&mut self, night: &RandomNight) -> Counts {
        let mut counts = Counts::default();
        let mut winners: BTreeMap<i64, &Version> = BTreeMap::new();
        for version in night.rounds.iter().flatten() {
            let best = winners.entry(version.resource).or_insert(version);
            if !std::ptr::eq(*best, version) {
                counts.duplicates += 1;
            }
            if version.updated >= best.updated {
                *best = version;
            }
        }
        for (resource, version) in winners {
            let lines = version.lines();
            match self.0.get(&resource) {
                Some((updated, _)) if version.updated < *updated => counts.stale += 1,
                Some((_, stands)) if *stands == lines => counts.unchanged += 1,
                None if lines.is_empty() => {}
                stands => {
                    *(if stands.is_some() {
                        &mut counts.changed
                    } else {
                        &mut counts.new
                    }) += 1;
                    self.0.insert(resource, (version.updated, lines));
                }
            }
            self.0.retain(|_, (_, lines)| !lines.is_empty());
        }
        for resource in night.deleted.iter().collect::<BTreeSet<_>>() {
            let gone = self.0.remove(resource).is_some();
            *(if gone {
                &mut counts.deleted
            } else {
                &mut counts.unknown_deletions
            }) += 1;
        }
        counts
    }

    fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let mut lines: Vec<&Line> = self.0.values().flat_map(|(_, lines)| lines).collect();
        lines.retain(|line| table_of(line.resource) == table);
        lines.sort();
        lines.iter().map(|line| cells(table, line)).collect()
    }

    fn persons(&self) -> usize {
        self.0
            .keys()
            .map(|resource| person_of(*resource))
            .collect::<BTreeSet<_>>()
            .len()
    }
}

/// Publishes an empty night, then says that it was cut into `count` buckets.
async fn cut_into(store: &Arc<dyn ObjectStore>, lake: &Lake, count: u32) {
    let night = open(lake, 0).await;
    publish(lake, 0, night).await.unwrap();
    let path = Path::from("demo/_snapshots/00000001.json");
    let bytes = store.get(&path).await.unwrap().bytes().await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let text = text.replace("\"buckets\":1,", &format!("\"buckets\":{count},"));
    store.put(&path, text.into()).await.unwrap();
}

async fn compare(nights: Vec<RandomNight>, buckets: u32, budget: Budget) {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let mut lake = Lake::with_store(store.clone());
    lake.budget = budget;
    cut_into(&store, &lake, buckets).await;
    let mut model = Model::default();
    for (number, random) in nights.iter().enumerate() {
        let number = number + 1;
        let before = lake.snapshot(&dataset(), "latest").await.unwrap();
        let mut night = open(&lake, number).await;
        for round in &random.rounds {
            for version in round {
                let lines = version.lines();
                add(
                    &mut night,
                    table_of(version.resource),
                    version.updated,
                    &lines,
                );
            }
            let touched = |v: &Version| Touched {
                resource: v.resource,
                updated: v.updated,
            };
            night
                .touch(&round.iter().map(touched).collect::<Vec<_>>())
                .unwrap();
        }
        night.delete(&random.deleted).unwrap();
        let published = publish(&lake, number, night).await.unwrap();
        let counts = model.merge(random);
        assert_eq!(
            Counts {
                rows: BTreeMap::new(),
                ..published.counts.clone()
            },
            counts
        );
        let snapshot = lake.snapshot(&dataset(), "latest").await.unwrap();
        assert_eq!(snapshot, published.snapshot);
        assert_eq!(snapshot.persons, u64::try_from(model.persons()).unwrap());
        assert_eq!(snapshot.buckets, buckets);
        for (table, old) in ["person", "visit"].iter().zip(&before.tables) {
            assert_eq!(rows(&lake, &snapshot, table).await, model.rows(table));
            let new = snapshot.table(&name(table)).unwrap();
            let counted = published.counts.rows[&name(table)];
            assert_eq!((counted.before, counted.after), (old.rows, new.rows));
            assert_eq!(
                new.files == old.files,
                new.version == old.version,
                "a needless commit"
            );
        }
        check(&lake, &snapshot).await;
    }
    rerun_all(&store, &lake, nights.len()).await;
}

/// Any run, begun again, is done, and nothing is written.
async fn rerun_all(store: &Arc<dyn ObjectStore>, lake: &Lake, nights: usize) {
    let before = super::fixture::objects(store).await;
    let snapshots = lake.snapshots(&dataset()).await.unwrap();
    assert_eq!(snapshots.len(), nights + 1);
    for (number, snapshot) in snapshots.into_iter().enumerate() {
        let run: RunId = run(number);
        match lake.begin(&dataset(), &run, &tables()).await.unwrap() {
            Begin::Done(done) => assert_eq!(done, snapshot),
            Begin::Open(_) => panic!("the run is open again"),
        }
    }
    assert_eq!(super::fixture::objects(store).await, before);
}

fn rounds() -> u32 {
    std::env::var("LAZARET_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(16)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(), ..ProptestConfig::default() })]

    #[test]
    fn merges_like_the_model(nights in nights(), power in 0_u32..4, memory in 0_usize..3) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // All in memory, all but the last on disk, and some of each.
        let budget = [
            Budget::default(),
            Budget { row_bytes: 0, records: 1 },
            Budget { row_bytes: 4_000, records: 5 },
        ][memory];
        runtime.block_on(compare(nights, 1 << power, budget));
    }
}
