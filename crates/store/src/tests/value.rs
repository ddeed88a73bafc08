//! Cells come back as they went in, and in the same order, from both databases.

use super::*;
use crate::{StoreError, Tx};

both!(
    returns_what_it_was_given,
    returns_what_it_changed,
    sorts_text_by_its_bytes,
    says_what_a_cell_is_not
);

const ADD: &str = "INSERT INTO account (kind, name, dataset, loss_total, loss_spent, delta_total, \
                   delta_spent, loss_per_query_max) VALUES ('dataset', $2, $1, $3, 0, 0, 0, $4)";

async fn returns_what_it_was_given(place: Place) {
    let store = place.open().await;
    let texts = [
        "",
        "plain",
        "it's \"quoted\"",
        "Zoë Ω 🐎",
        "a\nb\t\u{1}",
        "1",
        "null",
    ];
    let integers = [
        0,
        1,
        7,
        i64::MAX,
        i64::from(u32::MAX),
        1 << 53,
        (1 << 53) + 1,
    ];
    // The same statement with and without a null, in both orders.
    let mut last: Vec<Value> = vec![
        Value::Null,
        3.into(),
        Value::Null,
        i64::MIN.into(),
        0.into(),
    ];
    last.extend([Value::Null, i64::MAX.into()]);
    for (n, text) in texts.iter().enumerate() {
        let row = [
            (*text).into(),
            n.to_string().into(),
            integers[n].into(),
            last[n].clone(),
        ];
        store
            .write(event("x"), async |tx| tx.execute(ADD, &row).await)
            .await
            .unwrap();
    }
    let sql = "SELECT dataset, loss_total, loss_per_query_max AS most, dataset = $1 AS same, \
               $2 AS given FROM account WHERE kind = 'dataset' ORDER BY name";
    let rows = store
        .read(async |tx| tx.rows(sql, &["plain".into(), 5.into()]).await)
        .await
        .unwrap();
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row.text("dataset").unwrap(), texts[n]);
        assert_eq!(row.integer("loss_total").unwrap(), integers[n]);
        let most = row
            .optional_integer("most")
            .unwrap()
            .map_or(Value::Null, Value::Integer);
        assert!(most == last[n], "{n}");
        assert_eq!(row.integer("same").unwrap(), i64::from(n == 1));
        assert_eq!(row.integer("given").unwrap(), 5);
    }
    assert_eq!(rows.len(), texts.len());
}

async fn returns_what_it_changed(place: Place) {
    let store = place.open().await;
    for name in ["0", "1", "2"] {
        let row = ["fr".into(), name.into(), 5.into(), 1.into()];
        let add = async |tx: &mut Tx| tx.execute(ADD, &row).await;
        store.write(event("x"), add).await.unwrap();
    }
    let work = async |tx: &mut Tx| {
        let sql = "UPDATE account SET loss_per_query_max = $1 WHERE name = $2 RETURNING name";
        let none = tx.rows(sql, &[Value::Null, "nobody".into()]).await?.len();
        let one = tx
            .row(sql, &[Value::Null, "1".into()])
            .await?
            .unwrap()
            .text("name")?
            .to_owned();
        let all = tx
            .execute("UPDATE account SET delta_total = $1", &[9.into()])
            .await?;
        Ok::<_, StoreError>((none, one, all))
    };
    assert_eq!(store.write(event("x"), work).await, Ok((0, "1".into(), 3)));
}

async fn sorts_text_by_its_bytes(place: Place) {
    let store = place.open().await;
    let mut names = ["b", "B", "a-b", "ab", "é", "z", "_", "10", "9", "A-1", "AB"];
    for name in names {
        let add = async |tx: &mut Tx| tx.execute(ADD_USER, &user(name)).await;
        store.write(event(name), add).await.unwrap();
    }
    names.sort_unstable();
    let sql = "SELECT name FROM account_user ORDER BY name";
    let rows = store
        .read(async |tx| tx.rows(sql, &[]).await)
        .await
        .unwrap();
    let sorted: Vec<&str> = rows.iter().map(|row| row.text("name").unwrap()).collect();
    assert_eq!(sorted, names);
    let sql = "SELECT COUNT(*) AS n FROM account_user WHERE name < $1";
    let row = store
        .read(async |tx| tx.row(sql, &["AB".into()]).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.integer("n"), Ok(3));
}

async fn says_what_a_cell_is_not(place: Place) {
    let store = filled(&place, 1).await;
    let sql = "SELECT name, disabled, created_at, CAST(NULL AS TEXT) AS void, 0 - 5 AS less \
               FROM account_user";
    let row = store
        .read(async |tx| tx.row(sql, &[]).await)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.instant("created_at"), Ok(now()));
    assert_eq!(row.unsigned("disabled"), Ok(0));
    assert_eq!(row.optional_text("void"), Ok(None));
    let failures = [
        row.text("missing").map(drop),
        row.text("void").map(drop),
        row.text("disabled").map(drop),
        row.integer("name").map(drop),
        row.integer("void").map(drop),
        row.instant("name").map(drop),
        row.unsigned("less").map(drop),
    ];
    for failure in failures {
        assert!(
            matches!(failure, Err(StoreError::Column { .. })),
            "{failure:?}"
        );
    }
    assert!(Value::try_from(u64::MAX).is_err());
    // No column of the schema holds a fraction, and none is read.
    let fraction = "SELECT CAST(1.5 AS DOUBLE PRECISION) AS half";
    let half = store
        .read(async |tx| tx.row(fraction, &[]).await.map(drop))
        .await;
    assert!(matches!(half, Err(StoreError::Column { .. })), "{half:?}");
    let several = "SELECT name FROM account_user UNION ALL SELECT name FROM account_user";
    let row = store
        .read(async |tx| tx.row(several, &[]).await.map(drop))
        .await;
    assert!(matches!(row, Err(StoreError::Statement { .. })));
    // A text where an integer belongs is refused, by either database.
    let typed = "UPDATE account_user SET disabled = $1";
    let done = store
        .write(event("x"), async |tx| {
            tx.execute(typed, &["no".into()]).await
        })
        .await;
    assert!(
        matches!(done, Err(StoreError::Violated(_) | StoreError::Database(_))),
        "{done:?}"
    );
    assert!(place.is_sqlite() == matches!(done, Err(StoreError::Violated(_))));
}
