//! Texts of all kinds: made by a grammar, and mutated word by word. None panics, what is planned is
//! made of what is listed, and runs on any row without failing.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use zeroize::Zeroizing;

use super::lake::Records;
use super::sensitivity::{QUERIES, rounds, wait};
use super::{ask, policy};
use crate::bound::ReleaseKey;
use crate::plan;
use crate::run::bounded;

/// Functions that may stand in a plan that runs.
const FUNCTIONS: [&str; 23] = [
    "abs",
    "ceil",
    "character_length",
    "clamp",
    "coalesce",
    "date_part",
    "exp",
    "floor",
    "left",
    "ln",
    "lower",
    "nullif",
    "round",
    "sqrt",
    "starts_with",
    "total_divide",
    "total_finite",
    "total_minus",
    "total_modulo",
    "total_plus",
    "total_times",
    "units",
    "upper",
];

/// Rows whose values are at the ends of what a column holds.
fn records() -> Records {
    let years = [0, -1, 1970, i64::MAX, i64::MIN, 1950];
    let persons = (0i64..).zip(years).map(|(id, year)| {
        let sex = [Some("male"), None, Some("x"), Some("")][usize::try_from(id % 4).unwrap()];
        (id, sex, year)
    });
    let values = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        50.0,
    ];
    let codes = [
        "a",
        "",
        "0",
        "NaN",
        "inf",
        "9999-99-99",
        "2024-02-29",
        "ß",
        "-9223372036854775808",
    ];
    let visits = (0..36usize).map(|n| {
        let value = (n % 5 != 0).then_some(values[n % values.len()]);
        (i64::try_from(n % 6).unwrap(), codes[n % codes.len()], value)
    });
    Records {
        persons: persons.collect(),
        visits: visits.collect(),
    }
}

/// Expressions over `person p JOIN visit v`, as texts: numbers, texts, truths and days in turn.
fn expression() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        "v.value",
        "p.birth_year",
        "v.code",
        "p.sex",
        "1",
        "0",
        "-3",
        "2.5",
        "'a'",
        "NULL",
        "TRUE",
        "DATE '2020-02-29'",
        "9223372036854775807",
        "INTERVAL '1 month'",
        "p.person_id",
        "''",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let operators = select(vec![
            "+", "-", "*", "/", "%", "=", "<", ">=", "<>", "AND", "OR", "||", "IS DISTINCT FROM",
        ]);
        let one = select(vec![
            "abs", "ceil", "floor", "sqrt", "ln", "exp", "lower", "upper", "character_length",
            "round", "-", "NOT ", "COUNT", "random", "md5",
        ]);
        let types = select(vec!["BIGINT", "DOUBLE", "VARCHAR", "DATE", "INT", "BOOLEAN"]);
        prop_oneof![
            4 => (inner.clone(), operators, inner.clone())
                .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            2 => (one, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            2 => (select(vec!["CAST", "TRY_CAST"]), inner.clone(), types)
                .prop_map(|(cast, a, to)| format!("{cast}({a} AS {to})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("coalesce({a}, {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("nullif({a}, {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("power({a}, {b})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
            1 => (select(vec!["year", "month", "week", "dow", "hour"]), inner.clone())
                .prop_map(|(part, a)| format!("date_part('{part}', {a})")),
            1 => inner.clone().prop_map(|a| format!("clamp({a}, -5, 5)")),
            1 => inner.clone().prop_map(|a| format!("{a} IS NULL")),
            1 => (inner, select(vec!["'%a_'", "'a'", "'%'"]))
                .prop_map(|(a, p)| format!("{a} LIKE {p}")),
        ]
    })
}

/// Whole queries around expressions.
fn query() -> impl Strategy<Value = String> {
    let aggregate = select(vec![
        "COUNT",
        "SUM",
        "AVG",
        "VAR_POP",
        "STDDEV",
        "MEDIAN",
        "MIN",
        "COUNT(DISTINCT",
    ]);
    let shape = select(vec![
        "SELECT {k}, {g}{e}) FROM person p JOIN visit v ON p.person_id = v.person_id WHERE {w} GROUP BY {k}",
        "SELECT {g}{e}) FROM person p LEFT JOIN visit v ON p.person_id = v.person_id AND {w}",
        "SELECT COUNT(*) FILTER (WHERE {w}), {g}{e}) FROM visit v RIGHT JOIN person p ON p.person_id = v.person_id",
        "SELECT {g}x) FROM (SELECT p.person_id, {e} AS x FROM person p FULL JOIN visit v ON p.person_id = v.person_id WHERE {w}) t",
        "SELECT {g}x) FROM (SELECT p.person_id, MAX({e}) AS x, COUNT({k}) FROM person p JOIN visit v ON p.person_id = v.person_id GROUP BY p.person_id HAVING COUNT(*) > 1) t",
        "SELECT {g}clamp(x, 0, 9)) FROM (SELECT p.person_id, SUM({e}) AS x FROM person p JOIN visit v ON p.person_id = v.person_id GROUP BY p.person_id, {k}) t",
        "SELECT {g}x) FROM (SELECT p.person_id, LAG({e}) OVER (PARTITION BY p.person_id ORDER BY {k}) AS x FROM person p JOIN visit v ON p.person_id = v.person_id) t",
        "SELECT {g}{e}) FROM person p JOIN visit v ON p.person_id = v.person_id WHERE EXISTS (SELECT 1 FROM visit w WHERE w.person_id = p.person_id AND w.value > v.value) OR {w}",
        "SELECT {g}x) FROM (SELECT person_id, {e} AS x FROM (SELECT p.person_id, p.sex, p.birth_year, v.code, v.value FROM person p JOIN visit v ON p.person_id = v.person_id) v JOIN (SELECT person_id AS q, sex, birth_year FROM person) p ON v.person_id = p.q UNION SELECT person_id, NULL FROM person) t",
    ]);
    (shape, aggregate, expression(), expression(), expression()).prop_map(|(shape, g, e, w, k)| {
        let open = if g.contains('(') {
            format!("{g} ")
        } else {
            format!("{g}(")
        };
        shape
            .replace("{g}", &open)
            .replace("{e}", &e)
            .replace("{w}", &w)
            .replace("{k}", &k)
    })
}

/// Words of known queries in another order, with others among them.
fn mutated() -> impl Strategy<Value = String> {
    let known = || select(QUERIES.to_vec());
    let index = any::<prop::sample::Index>;
    (
        known(),
        known(),
        prop::collection::vec((0u8..4, index(), index()), 1..6),
    )
        .prop_map(|(one, other, steps)| {
            let mut words: Vec<&str> = one.split_inclusive([' ', '(', ')', ',']).collect();
            let others: Vec<&str> = other.split_inclusive([' ', '(', ')', ',']).collect();
            for (step, at, from) in steps {
                let at = at.index(words.len());
                match step {
                    0 if words.len() > 1 => drop(words.remove(at)),
                    1 => words.insert(at, others[from.index(others.len())]),
                    2 => words[at] = others[from.index(others.len())],
                    _ => {
                        let from = from.index(words.len());
                        words.swap(at, from);
                    }
                }
            }
            words.concat()
        })
}

/// Casts that cannot fail, of the plan's own: of numbers to be added up, or that were.
fn emitted(cast: &Expr) -> bool {
    let text = cast.to_string();
    let whole = text.ends_with("AS Decimal128(38, 0))") || text.contains("lazaret_part");
    whole || text.ends_with("AS Float64)") || text.ends_with("AS Int64)")
}

/// What of a plan is not made of what may run.
fn unlisted(plan: &LogicalPlan) -> Vec<String> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        let listed = matches!(
            node,
            LogicalPlan::TableScan(_)
                | LogicalPlan::SubqueryAlias(_)
                | LogicalPlan::Projection(_)
                | LogicalPlan::Filter(_)
                | LogicalPlan::Join(_)
                | LogicalPlan::Union(_)
                | LogicalPlan::Aggregate(_)
                | LogicalPlan::Distinct(_)
                | LogicalPlan::Window(_)
                | LogicalPlan::Extension(_)
        );
        if !listed {
            found.push(node.display().to_string());
        }
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                let allowed = match part {
                    Expr::ScalarFunction(function) => FUNCTIONS.contains(&function.func.name()),
                    Expr::BinaryExpr(binary) => !matches!(
                        binary.op,
                        Operator::Modulo | Operator::StringConcat | Operator::RegexMatch
                    ),
                    Expr::Cast(cast) => matches!(*cast.expr, Expr::Literal(..)) || emitted(part),
                    Expr::ScalarSubquery(_)
                    | Expr::Exists(_)
                    | Expr::InSubquery(_)
                    | Expr::OuterReferenceColumn(..)
                    | Expr::Placeholder(_) => false,
                    _ => true,
                };
                if !allowed {
                    found.push(part.to_string());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })
    .unwrap();
    found
}

/// What goes wrong with a text, where something does.
async fn wrong(sql: &str) -> Option<String> {
    let (store, snapshot) = records().published(2).await;
    let planned = plan(&policy(), &snapshot, Arc::clone(&store), &ask(sql)).await;
    let planned = planned.ok()?;
    for (place, below) in planned.bounded.iter().enumerate() {
        let found = unlisted(below);
        if !found.is_empty() {
            return Some(format!("not listed: {found:?}"));
        }
        let key = ReleaseKey(Zeroizing::new([7; 32]));
        if let Err(error) = bounded(&planned, place, key).await {
            return Some(error.to_string());
        }
    }
    None
}

#[test]
fn whatever_is_planned_is_listed_and_runs_on_any_row() {
    let mut runner = TestRunner::deterministic();
    if std::env::var_os("LAZARET_ROUNDS").is_some() {
        runner = TestRunner::default();
    }
    let texts = prop_oneof![3 => query(), 1 => mutated()];
    let mut found = BTreeMap::new();
    for _ in 0..rounds() * 20 {
        let sql = texts.new_tree(&mut runner).unwrap().current();
        if let Some(why) = wait(wrong(&sql)) {
            found.entry(why).or_insert(sql);
        }
    }
    let found: Vec<String> = found
        .iter()
        .map(|(why, sql)| format!("{why}\n  {sql}"))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}
