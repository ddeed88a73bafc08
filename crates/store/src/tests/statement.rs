//! Which statements pass.

use crate::Value;
use crate::statement::{Role, check};

#[test]
fn statements_pass_or_not() {
    let cases: [(&'static str, usize, bool, bool); 28] = [
        ("SELECT a FROM t WHERE b = $1", 1, true, true),
        (
            "select a from t where b = $2 and c = $1 and d = $1",
            2,
            true,
            true,
        ),
        ("WITH x AS (SELECT 1) SELECT * FROM x", 0, true, true),
        ("SELECT entry FROM event", 0, true, true),
        ("SELECT ';?--$9' || '/* it''s $2' || $1", 1, true, true),
        ("  INSERT INTO t (a) VALUES ($1)", 1, false, true),
        ("UPDATE t SET a = $1 RETURNING b", 1, false, true),
        ("DELETE FROM t", 0, false, true),
        ("UPDATE events SET a = 'event'", 0, false, true),
        ("UPDATE event SET a = 1", 0, false, false),
        ("INSERT INTO \"Event\" (a) VALUES (1)", 0, false, false),
        (
            "WITH x AS (SELECT 1) DELETE FROM tree_head",
            0,
            false,
            false,
        ),
        ("DELETE FROM store", 0, false, false),
        ("COMMIT", 0, false, false),
        ("ROLLBACK", 0, false, false),
        ("PRAGMA synchronous = OFF", 0, false, false),
        ("ATTACH 'x' AS y", 0, false, false),
        ("DROP TABLE t", 0, false, false),
        ("SET synchronous_commit = off", 0, false, false),
        ("SELECT 1; COMMIT", 0, false, false),
        ("SELECT 1 -- comment", 0, false, false),
        ("SELECT 1 /* comment */", 0, false, false),
        ("SELECT ?", 1, false, false),
        ("SELECT $1", 0, false, false),
        ("SELECT $1", 2, false, false),
        ("SELECT $0", 1, false, false),
        ("SELECT $1, $3", 3, false, false),
        ("SELECT 'open", 0, false, false),
    ];
    for (sql, params, read, write) in cases {
        let params = vec![Value::Null; params];
        assert_eq!(check(sql, &params, Role::Reader).is_ok(), read, "{sql}");
        assert_eq!(check(sql, &params, Role::Writer).is_ok(), write, "{sql}");
    }
    for sql in ["", "$a", "$99999999999999999999", "'"] {
        assert!(check(sql, &[], Role::Writer).is_err(), "{sql}");
    }
    assert!(check("SELECT $1", &["a\0b".into()], Role::Reader).is_err());
}
