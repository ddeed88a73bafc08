//! What is refused and why, how a query is planned, and what one person can change.

mod lake;
mod refused;
mod sensitivity;
mod texts;

use lazaret_disclosure::Shape;
use lazaret_model::{Epsilon, Refusal};
use lazaret_permit::Policy;
use serde_json::json;

use self::lake::Records;
use crate::{Ask, Precision, PrivatePlan, plan, std_error};

fn ask(sql: &str) -> Ask {
    let precision = Precision::Epsilon(Epsilon::from_nano(100_000_000));
    Ask {
        sql: sql.to_owned(),
        precision,
        rows_per_person: None,
        groups_per_person: None,
    }
}

fn policy() -> Policy {
    Policy::parse(&json!({ "dataset": "test" })).unwrap()
}

async fn planned(records: &Records, ask: &Ask) -> Result<PrivatePlan, Refusal> {
    let (store, snapshot) = records.published(1).await;
    plan(&policy(), &snapshot, store, ask).await
}

/// The shape of a plan's one release.
fn shape(plan: &PrivatePlan) -> &Shape {
    let [part] = plan.price().parts() else {
        panic!("one release")
    };
    part.shape()
}

#[tokio::test]
async fn a_plan_bounds_above_every_record() {
    let sql = "SELECT p.sex, COUNT(DISTINCT p.person_id) AS n, AVG(v.value) AS mean \
               FROM person p JOIN visit v ON p.person_id = v.person_id \
               WHERE v.code = 'a' GROUP BY p.sex HAVING COUNT(DISTINCT p.person_id) > 5";
    let plan = planned(&Records::default(), &ask(sql)).await.unwrap();
    let expected = expect_test::expect![[r#"
        Bound: keys=1, groups_per_person=1, estimates=[Persons rows=1, Mean(Clamp { low: 0, high: 1000, scale: 1 }) rows=4]
          Projection: p.person_id AS lazaret_person, p.sex AS lazaret_key_0, CAST(v.value AS Float64) AS lazaret_argument_0
            Filter: v.code = CAST(Utf8("a") AS Utf8View)
              Inner Join:  Filter: p.person_id = v.person_id
                SubqueryAlias: p
                  TableScan: person
                SubqueryAlias: v
                  TableScan: visit"#]];
    expected.assert_eq(&plan.explain());
    let shape = shape(&plan);
    assert_eq!(
        shape.keys[0].domain.as_ref().unwrap().len(),
        4,
        "sex, other and NULL are public"
    );
    assert_eq!(shape.masks, 2);
}

#[tokio::test]
async fn equal_questions_have_equal_fingerprints() {
    let records = Records::default();
    let print = async |sql: &str| {
        planned(&records, &ask(sql))
            .await
            .unwrap()
            .fingerprint()
            .to_owned()
    };
    let one = print("SELECT COUNT(*) FROM visit WHERE code = 'a'").await;
    assert_eq!(
        one,
        print("select count(*)  /* again */ from visit where code='a' -- x").await
    );
    assert_ne!(
        one,
        print("SELECT COUNT(*) FROM visit WHERE code = 'b'").await
    );
    let about = async |condition: &str| {
        let exists = "SELECT COUNT(*) FROM visit v WHERE EXISTS (SELECT 1 FROM visit w \
                      WHERE w.person_id = v.person_id AND ";
        print(&format!("{exists}{condition})")).await
    };
    assert_ne!(
        about("w.value > v.value").await,
        about("w.code > v.code").await
    );
}

#[tokio::test]
async fn keys_of_the_person_need_one_group_and_others_as_many_as_rows() {
    let records = Records::default();
    for (sql, groups) in [
        ("SELECT sex, COUNT(*) FROM person GROUP BY sex", 1),
        (
            "SELECT birth_year / 10 * 10, COUNT(*) FROM person GROUP BY 1",
            1,
        ),
        ("SELECT code, COUNT(*) FROM visit GROUP BY code", 4),
        (
            "SELECT p.sex, COUNT(*) FROM visit v JOIN person p ON p.person_id = v.person_id GROUP BY 1",
            1,
        ),
        (
            "SELECT CASE WHEN value > 50 THEN 'high' ELSE 'low' END AS band, COUNT(*) FROM visit GROUP BY 1",
            2,
        ),
    ] {
        let plan = planned(&records, &ask(sql)).await.unwrap();
        assert_eq!(shape(&plan).groups_per_person, groups, "{sql}");
    }
}

/// A count of a column is the number of persons behind its sum, whatever bounds that is given.
#[tokio::test]
async fn a_count_stands_behind_a_number_of_its_column() {
    let records = Records::default();
    for (columns, masks) in [
        (
            "COUNT(value), SUM(clamp(value, 0, 9)), AVG(clamp(value, 0, 9))",
            2,
        ),
        ("COUNT(birth_year), SUM(clamp(birth_year, 1900, 2000))", 2),
        ("COUNT(value), SUM(clamp(value + 1, 0, 9))", 3),
        // A narrower type loses what does not fit: its count is another.
        (
            "COUNT(birth_year), SUM(clamp(TRY_CAST(birth_year AS SMALLINT), 0, 9))",
            3,
        ),
        (
            "COUNT(TRY_CAST(birth_year AS SMALLINT)), SUM(clamp(birth_year, 0, 9))",
            3,
        ),
    ] {
        let table = if columns.contains("birth") {
            "person"
        } else {
            "visit"
        };
        let sql = format!("SELECT {columns} FROM {table}");
        let plan = planned(&records, &ask(&sql)).await.unwrap();
        assert_eq!(shape(&plan).masks, masks, "{sql}");
    }
}

/// What is released, and that what is read twice is released once.
#[tokio::test]
async fn answers_are_joined_and_each_is_released_once() {
    let records = Records::default();
    let by_sex = "WITH a AS (SELECT sex, COUNT(*) AS n FROM person GROUP BY sex)";
    let visits = "SELECT p.sex, COUNT(*) AS n FROM visit v JOIN person p \
                  ON p.person_id = v.person_id GROUP BY p.sex";
    for (sql, releases) in [
        (
            "WITH a AS (SELECT sex, COUNT(*) AS n FROM person WHERE person_id IN (SELECT person_id FROM visit) GROUP BY sex) SELECT x.n - y.n FROM a x JOIN a y ON x.sex < y.sex".to_owned(),
            1,
        ),
        (
            format!("{by_sex} SELECT x.sex, x.n / y.n FROM a x JOIN a y ON x.sex = y.sex"),
            1,
        ),
        (
            format!("{by_sex} SELECT a.sex, b.n / a.n FROM a LEFT JOIN ({visits}) b USING (sex)"),
            2,
        ),
        (
            format!("{by_sex} SELECT sex, n / (SELECT COUNT(*) FROM person) AS share FROM a"),
            2,
        ),
        (
            format!(
                "{by_sex} SELECT sex FROM a WHERE n > (SELECT AVG(clamp(value, 0, 9)) FROM visit)"
            ),
            2,
        ),
        (
            format!(
                "{by_sex} SELECT sex, n FROM a WHERE sex IN (SELECT sex FROM ({visits}) b WHERE n > 9)"
            ),
            2,
        ),
        (
            format!(
                "{by_sex} SELECT x.n, y.n, z.n FROM a x, a y, ({visits}) z WHERE x.sex < y.sex"
            ),
            2,
        ),
    ] {
        let plan = planned(&records, &ask(&sql)).await;
        let plan = plan.unwrap_or_else(|refusal| panic!("{sql}: {refusal}"));
        assert_eq!(plan.price().parts().len(), releases, "{sql}");
    }
    for (sql, reason) in [
        (
            "SELECT a.n, p.sex FROM (SELECT COUNT(*) AS n FROM visit) a JOIN person p ON p.birth_year = a.n",
            "shows records",
        ),
        (
            "SELECT COUNT(*) FROM visit WHERE value > (SELECT COUNT(*) FROM person)",
            "",
        ),
        (
            "SELECT COUNT(*) FROM person p JOIN (SELECT sex, COUNT(*) AS n FROM person GROUP BY sex) a ON a.sex = p.sex",
            "",
        ),
    ] {
        let refusal = planned(&records, &ask(sql)).await.err();
        let refusal = refusal.unwrap_or_else(|| panic!("planned: {sql}"));
        assert!(refusal.reason.contains(reason), "{sql}: {refusal}");
    }
}

/// An accuracy is solved to the least cost that reaches it.
#[tokio::test]
async fn an_accuracy_costs_what_it_takes_and_no_more() {
    let records = Records::default();
    let within = |accuracy: &str, sql: &str| Ask {
        precision: Precision::Within(accuracy.parse().unwrap()),
        ..ask(sql)
    };
    let counts = "SELECT sex, COUNT(*) AS n FROM person GROUP BY sex";
    for (accuracy, sql, half) in [
        ("10%@1000", counts, 100.0),
        ("1%@20000", counts, 200.0),
        (
            "5%@1000",
            "SELECT AVG(clamp(value, 0, 1000)) AS mean FROM visit",
            50.0,
        ),
    ] {
        let ask = Ask {
            rows_per_person: Some(1),
            ..within(accuracy, sql)
        };
        let plan = planned(&records, &ask).await.unwrap();
        let reached = 1.96 * std_error(&plan.price().parts()[0], 0, plan.persons_stated()).unwrap();
        assert!(
            reached <= half && reached > 0.97 * half,
            "{accuracy}: {reached}"
        );
        let same = Ask {
            precision: Precision::Epsilon(plan.price().epsilon()),
            ..ask
        };
        let same = planned(&records, &same).await.unwrap();
        assert_eq!(same.fingerprint(), plan.fingerprint(), "the same question");
    }
    let refusal = planned(&records, &within("0.01%@10", counts))
        .await
        .err()
        .unwrap();
    assert_eq!(refusal.code, lazaret_model::RefusalCode::Budget);
    assert!(refusal.reason.contains("comes within"), "{refusal}");
}

/// One numbered row a person is one row a person, and whole numbers are added up without bounds.
#[tokio::test]
async fn rows_of_a_person_are_counted_by_what_the_query_says() {
    let records = Records::default();
    let numbered = |condition: &str| {
        format!(
            "SELECT code, COUNT(*) FROM (SELECT person_id, code, ROW_NUMBER() OVER (PARTITION BY \
             person_id ORDER BY value) AS n FROM visit) t WHERE {condition} GROUP BY code"
        )
    };
    let of =
        |inner: &str| format!("SELECT AVG(clamp(x, 0, 9)) FROM ({inner} GROUP BY person_id) t");
    for (sql, rows, groups) in [
        (numbered("n = 1"), 1, 1),
        (numbered("n <= 3"), 3, 3),
        (numbered("n < 3 AND code <> 'a'"), 2, 2),
        (numbered("n > 1"), 4, 4),
        (
            of("SELECT person_id, AVG(birth_year) AS x FROM person"),
            1,
            1,
        ),
        (
            of("SELECT person_id, SUM(date_part('year', DATE '2020-01-01')) AS x FROM visit"),
            1,
            1,
        ),
    ] {
        let plan = planned(&records, &ask(&sql)).await.unwrap();
        let shape = shape(&plan);
        let found = (shape.estimates[0].rows_per_person, shape.groups_per_person);
        assert_eq!(found, (rows, groups), "{sql}");
    }
}
