//! Everything that is not on the list is refused, with a reason that names it.

use lazaret_model::RefusalCode::{self, NotGranted, NotPrivate, Syntax, TooLarge, Unbounded};

use super::lake::Records;
use super::{ask, planned};

const REFUSED: &[(&str, RefusalCode, &str)] = &[
    ("SELECT * FROM person", NotPrivate, "only aggregates leave"),
    (
        "SELECT person_id FROM person LIMIT 11",
        NotPrivate,
        "only aggregates leave",
    ),
    ("SELECT DISTINCT sex FROM person", NotPrivate, ""),
    (
        "SELECT MAX(value) FROM visit",
        NotPrivate,
        "`max` is not offered",
    ),
    (
        "SELECT MIN(birth_year) FROM person",
        NotPrivate,
        "`min` is not offered",
    ),
    ("SELECT SUM(birth_year) FROM person", Unbounded, "no bounds"),
    (
        "SELECT SUM(clamp(value, 5, 5)) FROM visit",
        Unbounded,
        "bounds",
    ),
    (
        "SELECT SUM(clamp(value, 0, value)) FROM visit",
        NotPrivate,
        "literal",
    ),
    ("SELECT SUM(person_id) FROM person", NotPrivate, "pseudonym"),
    (
        "SELECT person_id, COUNT(*) FROM visit GROUP BY person_id",
        NotPrivate,
        "pseudonym",
    ),
    (
        "SELECT person_id % 2, COUNT(*) FROM visit GROUP BY 1",
        NotPrivate,
        "pseudonym",
    ),
    (
        "SELECT COUNT(*) FROM person WHERE person_id = 5",
        NotPrivate,
        "pseudonym",
    ),
    (
        "SELECT COUNT(*) FROM person WHERE person_id IN (5, 6)",
        NotPrivate,
        "pseudonym",
    ),
    (
        "SELECT value, COUNT(*) FROM visit GROUP BY value",
        NotPrivate,
        "exact values",
    ),
    (
        "SELECT COUNT(*) FROM person a, person b",
        NotPrivate,
        "equate person_id",
    ),
    (
        "SELECT COUNT(*) FROM person a CROSS JOIN visit b",
        NotPrivate,
        "equate person_id",
    ),
    (
        "SELECT COUNT(*) FROM person a JOIN person b ON a.sex = b.sex",
        NotPrivate,
        "equate",
    ),
    (
        "SELECT COUNT(*) FROM person a JOIN person b ON a.person_id = b.birth_year",
        NotPrivate,
        "pseudonym",
    ),
    (
        "SELECT COUNT(*) FROM person a JOIN person b ON a.person_id = a.person_id",
        NotPrivate,
        "equate",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT * FROM visit LIMIT 10) v",
        NotPrivate,
        "LIMIT",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT code FROM visit) v",
        NotPrivate,
        "person_id on",
    ),
    (
        "SELECT AVG(m) FROM (SELECT person_id, MAX(value) OVER () AS m FROM visit) v",
        NotPrivate,
        "",
    ),
    (
        "SELECT COUNT(*) FROM person WHERE birth_year > (SELECT AVG(birth_year) FROM person)",
        NotPrivate,
        "",
    ),
    (
        "SELECT COUNT(*) FROM visit WHERE repeat(code, 1000000) = 'x'",
        NotGranted,
        "repeat",
    ),
    (
        "SELECT COUNT(*) FROM visit WHERE random() > 0.5",
        NotGranted,
        "random",
    ),
    (
        "SELECT COUNT(*) FROM visit WHERE starts_with(code, code)",
        NotPrivate,
        "literal",
    ),
    (
        "SELECT COUNT(*) FROM visit WHERE code ~ '(a+)+$'",
        NotPrivate,
        "operator",
    ),
    (
        "SELECT COUNT(*) FROM visit TABLESAMPLE BERNOULLI (10)",
        NotPrivate,
        "sampling",
    ),
    (
        "SELECT sex, COUNT(*) FROM person GROUP BY CUBE (sex, birth_year)",
        NotPrivate,
        "",
    ),
    (
        "SELECT COUNT(sex ORDER BY sex) FROM person",
        NotPrivate,
        "ORDER BY",
    ),
    ("SELECT 1", NotPrivate, "no table"),
    (
        "SELECT COUNT(*) FROM generate_series(1, 10)",
        NotGranted,
        "",
    ),
    ("SELECT COUNT(*) FROM doctor", NotGranted, "doctor"),
    (
        "SELECT COUNT(*) FROM information_schema.tables",
        NotGranted,
        "",
    ),
    ("SELECT COUNT(surname) FROM person", NotGranted, "surname"),
    (
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT COUNT(*) FROM t",
        NotGranted,
        "",
    ),
    (
        "EXPLAIN SELECT COUNT(*) FROM person",
        NotGranted,
        "single SELECT",
    ),
    (
        "SELECT COUNT(*) FROM person; SELECT COUNT(*) FROM person",
        Syntax,
        "",
    ),
    ("DROP TABLE person", NotGranted, "single SELECT"),
    (
        "SET datafusion.execution.batch_size = 1",
        NotGranted,
        "single SELECT",
    ),
    ("COPY person TO 'x.csv'", NotGranted, "single SELECT"),
    (
        "CREATE TABLE t AS SELECT * FROM person",
        NotGranted,
        "single SELECT",
    ),
    ("SELECT COUNT(* FROM person", Syntax, ""),
    ("", Syntax, ""),
];

#[tokio::test]
async fn what_is_not_on_the_list_is_refused_by_name() {
    for (sql, code, fragment) in REFUSED {
        let refusal = planned(&Records::default(), &ask(sql)).await.err();
        let refusal = refusal.unwrap_or_else(|| panic!("answered: {sql}"));
        assert!(refusal.reason.contains(fragment), "{sql}: {refusal}");
        let same_kind =
            refusal.code == *code || (fragment.is_empty() && refusal.code != RefusalCode::Budget);
        assert!(same_kind, "{sql}: {:?} {refusal}", refusal.code);
    }
}

#[tokio::test]
async fn long_and_deep_texts_are_refused_before_they_are_planned() {
    let sum = format!(
        "SELECT COUNT(*) FROM person WHERE birth_year > 1{}",
        "+1".repeat(20_000)
    );
    let parens = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    let long = format!("SELECT COUNT(*) FROM person -- {}", "x".repeat(70_000));
    for sql in [sum, parens, long] {
        let refusal = planned(&Records::default(), &ask(&sql))
            .await
            .err()
            .unwrap();
        assert_eq!(refusal.code, TooLarge, "{refusal}");
    }
}

#[tokio::test]
async fn a_pattern_that_might_not_compile_is_refused() {
    let long = format!(
        "SELECT COUNT(*) FROM visit WHERE code LIKE '{}'",
        "_%".repeat(20_000)
    );
    for sql in [
        long.as_str(),
        r"SELECT COUNT(*) FROM visit WHERE code LIKE 'a\'",
    ] {
        let refusal = planned(&Records::default(), &ask(sql)).await.err().unwrap();
        assert!(refusal.reason.contains("pattern of LIKE"), "{refusal}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_same_whatever_the_rows_hold() {
    let full = Records {
        persons: (0..50).map(|id| (id, Some("male"), 1950)).collect(),
        visits: (0..50).map(|id| (id, "a", Some(1.0))).collect(),
    };
    for (sql, _, _) in REFUSED {
        let empty = planned(&Records::default(), &ask(sql)).await.err();
        assert_eq!(empty, planned(&full, &ask(sql)).await.err(), "{sql}");
    }
}
