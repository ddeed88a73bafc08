//! Neighbouring lakes: removing one person changes the un-noised result by what was declared.

use std::collections::BTreeMap;
use std::sync::Arc;

use lazaret_disclosure::{KeyValue, Measure};
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::lake::Records;
use super::{Ask, ask, policy, shape};
use crate::bound::ReleaseKey;
use crate::plan;
use crate::run::bounded;

pub(super) const QUERIES: &[&str] = &[
    "SELECT COUNT(*), COUNT(DISTINCT person_id), SUM(value), AVG(value), COUNT(value) FROM visit",
    "SELECT code, COUNT(*), COUNT(DISTINCT person_id), SUM(clamp(value, -20, 60)) FROM visit GROUP BY code",
    "SELECT p.sex, v.code, AVG(clamp(v.value, 10, 60)), SUM(clamp(v.value, 10, 60)) \
     FROM person p JOIN visit v ON p.person_id = v.person_id GROUP BY p.sex, v.code",
    "SELECT CAST(p.sex AS VARCHAR), COUNT(*) FROM visit v \
     LEFT JOIN person p ON p.person_id = v.person_id AND v.value > 20 GROUP BY 1",
    "SELECT a.code, COUNT(*), AVG(clamp(b.value, 0, 60)) FROM visit a \
     JOIN visit b ON a.person_id = b.person_id AND a.code = b.code GROUP BY a.code",
    "SELECT p.sex, COUNT(*) FILTER (WHERE v.value > 20), SUM(v.value) FILTER (WHERE v.code < 'd'), \
     COUNT(DISTINCT p.person_id) FILTER (WHERE v.code = 'a'), AVG(v.value) FILTER (WHERE v.value < 9) \
     FROM person p JOIN visit v ON p.person_id = v.person_id GROUP BY p.sex",
    "SELECT birth_year / 10 * 10, COUNT(DISTINCT p.person_id), COUNT(v.value) \
     FROM person p LEFT JOIN visit v ON p.person_id = v.person_id AND v.code <> 'a' GROUP BY 1",
    "SELECT COUNT(*), SUM(clamp(value, -20, 60)), SUM(clamp(value, 5, 60)) FROM visit",
    // Rows that are nobody's: of persons without a visit.
    "SELECT code, COUNT(*), COUNT(DISTINCT person_id) FROM (SELECT v.person_id, v.code FROM person p \
     LEFT JOIN visit v ON p.person_id = v.person_id) t GROUP BY code",
    "SELECT CASE WHEN value > 50 THEN 'high' WHEN value > 20 THEN 'middle' END, COUNT(*) \
     FROM visit WHERE code IN ('a', 'b') GROUP BY 1",
    "SELECT COUNT(DISTINCT code), COUNT(DISTINCT code) FILTER (WHERE value > 9), \
     VAR_POP(clamp(value, -20, 60)), STDDEV(value), MEDIAN(clamp(value, 0, 100)) FROM visit",
    "SELECT sex, COUNT(DISTINCT birth_year), VAR_SAMP(clamp(birth_year, 1950, 2000)) \
     FROM person GROUP BY sex",
    "SELECT what, COUNT(*), SUM(x) FROM (SELECT person_id, 'p' AS what, clamp(birth_year, 1950, 2000) AS x \
     FROM person UNION ALL SELECT person_id, code, clamp(value, 0, 50) FROM visit) t GROUP BY what",
    "SELECT code, COUNT(*) FROM (SELECT person_id, code FROM visit UNION \
     SELECT person_id, sex FROM person) t GROUP BY code",
    "SELECT sex, COUNT(*) FROM person p WHERE EXISTS (SELECT 1 FROM visit v \
     WHERE v.person_id = p.person_id AND v.value > 20) GROUP BY sex",
    "SELECT COUNT(*), SUM(value) FROM visit v WHERE NOT EXISTS (SELECT 1 FROM visit w \
     WHERE w.person_id = v.person_id AND w.code > v.code) OR v.person_id IN (SELECT person_id \
     FROM person WHERE sex = 'male')",
    "SELECT a.code, COUNT(DISTINCT coalesce(a.person_id, b.person_id)), COUNT(DISTINCT a.person_id), \
     COUNT(b.value) FROM (SELECT * FROM visit WHERE value < 30) a FULL JOIN (SELECT * FROM visit \
     WHERE value > 20) b ON a.person_id = b.person_id AND a.code = b.code GROUP BY a.code",
    "SELECT p.sex, COUNT(v.code), COUNT(DISTINCT v.person_id) FROM visit v RIGHT JOIN person p \
     ON p.person_id = v.person_id AND v.code = 'a' GROUP BY p.sex",
    "SELECT COUNT(*), AVG(clamp(m, 0, 100)), SUM(clamp(s, 0, 100)), AVG(clamp(n, 0, 9)) FROM \
     (SELECT person_id, AVG(value) AS m, SUM(clamp(value, 0, 9)) AS s, COUNT(DISTINCT code) AS n, \
     MAX(value) AS x FROM visit GROUP BY person_id HAVING COUNT(*) > 1) t WHERE x > 0",
    "SELECT code, COUNT(*), SUM(clamp(value, 0, 100)) FROM (SELECT person_id, code, value, \
     ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY code DESC) AS n FROM visit) t \
     WHERE n <= 2 GROUP BY code",
    "SELECT COUNT(*), SUM(clamp(value - before, -50, 50)) FROM (SELECT person_id, value, \
     LAG(value) OVER (PARTITION BY person_id ORDER BY code) AS before, \
     RANK() OVER (PARTITION BY person_id ORDER BY code) AS n FROM visit) t WHERE n > 1",
    "SELECT COUNT(*), COUNT(q) FROM (SELECT person_id, q, ROW_NUMBER() OVER (PARTITION BY person_id \
     ORDER BY code) AS n FROM (SELECT a.person_id, a.code, b.person_id AS q FROM visit a \
     LEFT JOIN visit b ON a.person_id = b.person_id AND a.value = b.value) t) u WHERE n = 1",
    "SELECT sex, AVG(clamp(n, 0, 9)) FROM (SELECT p.person_id, p.sex, (SELECT COUNT(*) FROM visit v \
     WHERE v.person_id = p.person_id) AS n FROM person p) t GROUP BY sex",
    "SELECT COUNT(1000 / (birth_year - 1970)), COUNT(TRY_CAST(sex AS DOUBLE)), SUM(CASE WHEN \
     birth_year % 2 = 0 THEN 1 ELSE 0 END) FROM person",
];

/// The bounded totals: group -> persons by mask and sums.
type Totals = BTreeMap<Vec<KeyValue>, Vec<i128>>;

async fn totals(records: &Records, files: usize, ask: &Ask) -> Totals {
    let (store, snapshot) = records.published(files).await;
    let plan = plan(&policy(), &snapshot, store, ask).await.unwrap();
    let key = ReleaseKey(Zeroizing::new([7; 32]));
    let groups = bounded(&plan, 0, key).await.unwrap();
    let numbers = |group: &lazaret_disclosure::Group| {
        let persons = group.persons.iter().map(|n| i128::from(*n));
        persons
            .chain(group.values.iter().flatten().copied())
            .collect()
    };
    groups
        .iter()
        .map(|group| (group.key.clone(), numbers(group)))
        .collect()
}

/// How far one person may move each number of a group, in the order of [`Totals`].
async fn reach(ask: &Ask) -> (u32, Vec<i128>) {
    let (store, snapshot) = Records::default().published(1).await;
    let plan = plan(&policy(), &snapshot, store, ask).await.unwrap();
    let shape = shape(&plan);
    let mut reach = vec![1; shape.masks];
    for estimate in &shape.estimates {
        let rows = i128::from(estimate.rows_per_person);
        let largest = |low: i64, high: i64| rows * i128::from(low.abs().max(high.abs()));
        reach.extend(match estimate.measure {
            Measure::Persons => vec![1],
            Measure::Rows | Measure::Distinct => vec![rows],
            Measure::Sum(clamp) => vec![largest(clamp.low(), clamp.high())],
            Measure::Mean(clamp) => vec![rows, largest(clamp.low(), clamp.high())],
            Measure::Spread(clamp, _) => {
                let width = i128::from(clamp.high() - clamp.low());
                vec![rows, rows * width, rows * width * width]
            }
            Measure::Quantile(..) => vec![rows; estimate.measure.numbers()],
        });
    }
    (shape.groups_per_person, reach)
}

fn records() -> impl Strategy<Value = Records> {
    let sexes = prop::sample::select(vec![Some("male"), Some("female"), Some("x"), None]);
    let codes = prop::sample::select(vec!["a", "b", "c", "d", "e", "f", "g"]);
    let values = prop::option::of(prop_oneof![-100.0..200.0, Just(f64::MAX), Just(-0.0)]);
    let visits = prop::collection::vec((codes, values), 0..12);
    let person = (sexes, 1930i64..2010, visits);
    prop::collection::vec(person, 1..12).prop_map(|people| {
        let mut records = Records::default();
        for (id, (sex, year, visits)) in (0i64..).zip(people) {
            records.persons.push((id, sex, year));
            records
                .visits
                .extend(visits.into_iter().map(|(code, value)| (id, code, value)));
        }
        records
    })
}

pub(super) fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

pub(super) fn rounds() -> u32 {
    std::env::var("LAZARET_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(12)
}

#[tokio::test]
async fn every_query_is_planned() {
    let (store, snapshot) = Records::default().published(1).await;
    let mut refused = Vec::new();
    for sql in QUERIES {
        let planned = plan(&policy(), &snapshot, Arc::clone(&store), &ask(sql)).await;
        refused.extend(planned.err().map(|refusal| format!("{sql}\n  {refusal}")));
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(rounds()))]

    #[test]
    fn one_person_moves_a_result_by_what_was_declared(
        records in records(),
        which in any::<prop::sample::Index>(),
        rows in 1u32..4,
        groups in 1u32..4,
    ) {
        let gone = which.index(records.persons.len()) as i64;
        let mut without = records.clone();
        without.persons.retain(|row| row.0 != gone);
        without.visits.retain(|row| row.0 != gone);
        for sql in QUERIES {
            let (rows_per_person, groups_per_person) = (Some(rows), Some(groups));
            let ask = Ask { rows_per_person, groups_per_person, ..ask(sql) };
            let (all, fewer) = (wait(totals(&records, 1, &ask)), wait(totals(&without, 1, &ask)));
            let (most, reach) = wait(reach(&ask));
            let none = vec![0; reach.len()];
            let keys: std::collections::BTreeSet<_> = all.keys().chain(fewer.keys()).collect();
            let mut touched = 0;
            for key in keys {
                let (a, b) = (all.get(key).unwrap_or(&none), fewer.get(key).unwrap_or(&none));
                touched += u32::from(a != b);
                for ((a, b), reach) in a.iter().zip(b).zip(&reach) {
                    let moved = (a - b).abs();
                    prop_assert!(moved <= *reach, "{sql}: {a} and {b}, reach {reach}");
                }
            }
            prop_assert!(touched <= most, "{sql}: {touched} groups, at most {most}");
        }
    }

    #[test]
    fn order_and_files_change_nothing(
        records in records(),
        files in 2usize..16,
        groups in 1u32..4,
    ) {
        let mut shuffled = records.clone();
        shuffled.visits.reverse();
        for sql in QUERIES {
            let ask = Ask { groups_per_person: Some(groups), rows_per_person: Some(2), ..ask(sql) };
            let once = wait(totals(&records, 1, &ask));
            prop_assert!(once == wait(totals(&shuffled, files, &ask)), "{sql}: {files} files");
        }
    }
}

/// What a person is cut down to is drawn for each anew: no group is the one that nobody keeps.
#[tokio::test]
async fn no_group_is_cut_for_everybody() {
    let codes = ["a", "b", "c", "d", "e", "f", "g"];
    let persons = 0..700;
    let visits = persons
        .clone()
        .flat_map(|id| codes.map(|code| (id, code, Some(1.0))));
    let records = Records {
        persons: persons.map(|id| (id, None, 1950)).collect(),
        visits: visits.collect(),
    };
    let ask = Ask {
        groups_per_person: Some(2),
        ..ask("SELECT code, COUNT(DISTINCT person_id) FROM visit GROUP BY code")
    };
    let totals = totals(&records, 4, &ask).await;
    // 700 persons keep two of seven groups: 200 in each, and a binomial's deviation is 12.
    for numbers in totals.values() {
        assert!((140..=260).contains(&numbers[0]), "{numbers:?}");
    }
    assert_eq!(totals.len(), 7);
}

/// The plan reads ranges of persons where they are, joins among them.
#[tokio::test]
async fn ranges_are_read_where_they_are() {
    let records = Records {
        persons: (0..40).map(|id| (id, Some("male"), 1950)).collect(),
        visits: (0..40).map(|id| (id, "a", Some(1.0))).collect(),
    };
    let (store, snapshot) = records.published(8).await;
    for sql in [
        "SELECT COUNT(*) FROM visit WHERE value > 0",
        "SELECT p.sex, COUNT(*) FROM person p JOIN visit v ON p.person_id = v.person_id \
         GROUP BY p.sex",
        "SELECT p.sex, COUNT(v.value) FROM person p LEFT JOIN visit v \
         ON p.person_id = v.person_id GROUP BY p.sex",
    ] {
        let plan = plan(&policy(), &snapshot, Arc::clone(&store), &ask(sql))
            .await
            .unwrap();
        let physical = crate::run::physical(&plan.state, &plan.bounded[0])
            .await
            .unwrap();
        let text = datafusion::physical_plan::displayable(physical.as_ref());
        let text = text.indent(false).to_string();
        assert!(text.contains("ranges=Some"), "{text}");
        for dealt in [
            "RepartitionExec",
            "SortPreservingMergeExec",
            "CoalescePartitionsExec",
        ] {
            assert!(!text.contains(dealt), "{text}");
        }
    }
}

/// Of a person with very many rows a thousand meet each other, the same in any order.
#[tokio::test]
async fn a_join_gives_no_person_more_than_a_million_rows() {
    let visits = |reverse: bool| {
        let many = (0..20_000).map(|n| (1, "a", Some(f64::from(n))));
        let few = [
            (0, "a", Some(1.0)),
            (0, "a", Some(2.0)),
            (2, "b", Some(3.0)),
        ];
        let mut visits: Vec<_> = many.chain(few).collect();
        if reverse {
            visits.reverse();
        }
        visits
    };
    let records = |reverse| Records {
        persons: (0..3).map(|id| (id, None, 1950)).collect(),
        visits: visits(reverse),
    };
    let ask = Ask {
        rows_per_person: Some(5000),
        ..ask(
            "SELECT COUNT(*), SUM(clamp(a.value, 0, 1200)) FROM visit a \
               JOIN visit b ON a.person_id = b.person_id AND a.value = b.value",
        )
    };
    let once = totals(&records(false), 1, &ask).await;
    let numbers = once.values().next().unwrap();
    assert_eq!((numbers[0], numbers[2]), (3, 1000 + 3));
    for files in [1, 2, 3] {
        assert!(
            once == totals(&records(true), files, &ask).await,
            "{files} files"
        );
    }
    let (store, snapshot) = records(false).published(1).await;
    let planned = plan(&policy(), &snapshot, store, &ask).await.unwrap();
    assert_eq!(planned.explain().matches("Cap: ").count(), 2);
}

/// The engine gives rows in batches of 8,192: a person who goes on in the next is one person still.
#[tokio::test]
async fn a_person_goes_on_in_the_next_batch() {
    let visits = |id| (0..6_000).map(move |n| (id, "a", Some(f64::from(n % 50))));
    let records = Records {
        persons: (0..3).map(|id| (id, None, 1950)).collect(),
        visits: (0..3).flat_map(visits).collect(),
    };
    for (columns, rows, numbers) in [
        ("COUNT(*), COUNT(DISTINCT person_id)", 100, vec![3, 300, 3]),
        (
            "COUNT(*), COUNT(DISTINCT person_id)",
            9_000,
            vec![3, 18_000, 3],
        ),
        ("COUNT(*), AVG(value)", 100, vec![3, 3, 300, 300]),
        ("COUNT(*), AVG(value)", 9_000, vec![3, 3, 18_000, 18_000]),
        (
            "COUNT(value), SUM(clamp(value, 0, 10))",
            100,
            vec![3, 3, 300, 3_000_000],
        ),
    ] {
        let ask = Ask {
            rows_per_person: Some(rows),
            ..ask(&format!("SELECT {columns} FROM visit"))
        };
        let found = totals(&records, 1, &ask).await;
        let found = found.values().next().unwrap();
        assert!(found.starts_with(&numbers), "{columns}: {found:?}");
    }
}

/// A table without a row has no file; it is asked as any other, also beside one that has.
#[tokio::test]
async fn a_table_without_a_file_is_read() {
    let records = Records {
        persons: (0..4).map(|id| (id, Some("male"), 1950)).collect(),
        visits: Vec::new(),
    };
    let alone = totals(&records, 2, &ask("SELECT COUNT(*) FROM visit")).await;
    assert!(alone.is_empty());
    let beside = "SELECT p.sex, COUNT(DISTINCT p.person_id), COUNT(v.value) FROM person p \
                  LEFT JOIN visit v ON p.person_id = v.person_id GROUP BY p.sex";
    let beside = totals(&records, 2, &ask(beside)).await;
    assert!(
        beside
            .into_values()
            .all(|numbers| numbers.starts_with(&[4, 0, 4]))
    );
}

#[tokio::test]
async fn a_group_without_a_bounded_contribution_is_not_there() {
    // One person in seven groups, one of which is kept: the other six must leave no trace.
    let codes = ["a", "b", "c", "d", "e", "f", "g"];
    let records = Records {
        persons: vec![(1, None, 1950)],
        visits: codes.iter().map(|code| (1, *code, Some(1.0))).collect(),
    };
    let ask = Ask {
        groups_per_person: Some(1),
        ..ask("SELECT code, COUNT(*) FROM visit GROUP BY code")
    };
    assert_eq!(totals(&records, 1, &ask).await.len(), 1);
}
