//! What passes the door is written whole, with its event; what does not leaves nothing.

use futures::future::{join_all, pending};
use serde_json::json;

use super::*;
use crate::{Damage, StoreError, Tx};

both!(
    writes_rows_and_event_together,
    leaves_nothing_when_the_work_aborts,
    leaves_nothing_when_the_log_cannot_be_written,
    leaves_nothing_when_the_work_hides_a_failure,
    leaves_nothing_when_the_caller_goes_away,
    spends_a_bounded_account_exactly,
    lets_readers_see_one_moment,
    keeps_readers_from_writing,
    refuses_what_breaks_a_constraint,
    opens_many_times_at_once,
    refuses_another_schema,
    notes_what_is_known_later,
    keeps_no_event_that_cannot_be_read_again,
    lets_work_borrow_and_be_sent,
);

#[derive(Debug, PartialEq)]
enum Abort {
    Mine(u8),
    Store(StoreError),
}

impl From<StoreError> for Abort {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

async fn writes_rows_and_event_together(place: Place) {
    let store = filled(&place, 1).await;
    assert_eq!(users(&store).await, 1);
    let entries = store.entries(0, 10).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].event, event("user-0"));
    let root = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let text = format!(
        "{{\"actor\":\"clerk\",\"at\":\"2026-11-23T05:06:07.890000Z\",\
         \"detail\":{{\"a\":[2,0.5],\"b\":1}},\"kind\":\"user_added\",\"root\":\"{root}\",\
         \"seq\":0,\"subject\":\"user-0\"}}"
    );
    assert_eq!(entries[0].text, text);
    store.record(event("alone")).await.unwrap();
    assert_eq!(store.head().await.unwrap().size, 2);
    assert_eq!(users(&store).await, 1);
}

async fn leaves_nothing_when_the_work_aborts(place: Place) {
    let store = filled(&place, 2).await;
    let before = store.head().await.unwrap();
    let aborted: Result<(), Abort> = store
        .write(event("never"), async |tx| {
            tx.execute(ADD_USER, &user("never")).await?;
            Err(Abort::Mine(7))
        })
        .await;
    assert_eq!(aborted, Err(Abort::Mine(7)));
    assert_eq!(users(&store).await, 2);
    assert_eq!(store.head().await.unwrap(), before);
    filled_again(&store).await;
}

async fn leaves_nothing_when_the_log_cannot_be_written(place: Place) {
    let store = filled(&place, 3).await;
    let mut intruder = place.intruder().await;
    let head = "UPDATE tree_head SET root = $1";
    let root = store.head().await.unwrap().root.to_string();
    let elsewhere = "UPDATE event SET seq = $1 WHERE seq = $2";
    let cases: [(&'static str, Vec<Value>, Vec<Value>); 2] = [
        (head, vec!["00".into()], vec![root.into()]),
        (
            elsewhere,
            vec![3.into(), 2.into()],
            vec![2.into(), 3.into()],
        ),
    ];
    for (sql, damage, repair) in cases {
        intruder.execute(sql, &damage).await.unwrap();
        let add = async |tx: &mut Tx| tx.execute(ADD_USER, &user("never")).await;
        let error = store.write(event("never"), add).await.unwrap_err();
        let expected = matches!(
            error,
            StoreError::Broken {
                seq: 2,
                damage: Damage::Head
            }
        ) || matches!(error, StoreError::Violated(_));
        assert!(expected, "{error}");
        assert_eq!(users(&store).await, 3, "{sql}");
        intruder.execute(sql, &repair).await.unwrap();
    }
    store.verify().await.unwrap();
    filled_again(&store).await;
}

async fn leaves_nothing_when_the_work_hides_a_failure(place: Place) {
    let store = filled(&place, 1).await;
    let before = store.head().await.unwrap();
    let conflicts = [
        ADD_USER,
        // SQLite then rolls back by itself, and what follows would be outside any transaction.
        "INSERT OR ROLLBACK INTO account_user (name, role, created_at, disabled) \
         VALUES ($1, $2, $3, 0)",
    ];
    for sql in conflicts {
        let done: Result<(), StoreError> = store
            .write(event("never"), async |tx| {
                tx.execute(ADD_USER, &user("before")).await?;
                assert!(tx.execute(sql, &user("user-0")).await.is_err());
                assert!(tx.execute(ADD_USER, &user("after")).await.is_err());
                assert!(tx.rows("SELECT 1 AS one", &[]).await.is_err());
                Ok(())
            })
            .await;
        assert!(
            matches!(done, Err(StoreError::Statement { .. })),
            "{done:?}"
        );
        assert_eq!(users(&store).await, 1);
        assert_eq!(store.head().await.unwrap(), before);
    }
    filled_again(&store).await;
}

async fn leaves_nothing_when_the_caller_goes_away(place: Place) {
    let store = filled(&place, 1).await;
    let before = store.head().await.unwrap();
    let (reached, signal) = tokio::sync::oneshot::channel();
    let work = store.write(event("never"), async |tx| {
        tx.execute(ADD_USER, &user("never")).await?;
        reached.send(()).unwrap();
        pending::<Result<(), StoreError>>().await
    });
    tokio::select! {
        _ = work => unreachable!(),
        _ = signal => {}
    }
    filled_again(&store).await;
    assert_eq!(users(&store).await, 2);
    assert_eq!(store.head().await.unwrap().size, before.size + 1);
}

/// 50 writers, half of them through a second store as another process would have, ask for 3 each
/// of 100: 33 get it.
async fn spends_a_bounded_account_exactly(place: Place) {
    let stores = [place.open().await, place.open().await];
    let open = "INSERT INTO account (kind, name, dataset, loss_total, loss_spent, delta_total, \
                delta_spent) VALUES ('dataset', 'fr', 'fr', 100, 0, 0, 0)";
    stores[0]
        .write(event("fr"), async |tx| tx.execute(open, &[]).await)
        .await
        .unwrap();
    let spend = "UPDATE account SET loss_spent = loss_spent + $1 \
                 WHERE name = $2 AND loss_spent + $1 <= loss_total";
    let reserve = "INSERT INTO reservation (id, permit_id, idempotency_key, plan_sha256, loss, \
                   delta, state, at, actor) SELECT COALESCE(MAX(id), 0) + 1, 'P-1', $1, $1, $2, 0, \
                   'reserved', $3, 'clerk' FROM reservation";
    let tasks = (0..50).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move {
            let key = n.to_string();
            store
                .write(event(&key), async |tx| {
                    // The next id first: two that wrote at once would take the same.
                    let reservation = [key.as_str().into(), 3.into(), now().into()];
                    tx.execute(reserve, &reservation).await?;
                    if tx.execute(spend, &[3.into(), "fr".into()]).await? == 0 {
                        return Err(Abort::Mine(0));
                    }
                    Ok(())
                })
                .await
        })
    });
    let done: Vec<_> = join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 33);
    let refused = done
        .iter()
        .filter(|done| **done == Err(Abort::Mine(0)))
        .count();
    assert_eq!(refused, 17, "{done:?}");
    let sql = "SELECT loss_spent, (SELECT CAST(SUM(loss) AS BIGINT) FROM reservation) AS paid, \
               (SELECT MAX(id) FROM reservation) AS last FROM account";
    let row = stores[1]
        .read(async |tx| tx.row(sql, &[]).await)
        .await
        .unwrap()
        .unwrap();
    let numbers = ["loss_spent", "paid", "last"].map(|name| row.integer(name).unwrap());
    assert_eq!(numbers, [99, 99, 33]);
    assert_eq!(stores[0].verify().await.unwrap().size, 34);
}

async fn lets_readers_see_one_moment(place: Place) {
    let store = filled(&place, 1).await;
    let count = "SELECT COUNT(*) AS n FROM account_user";
    let seen = store
        .read(async |tx| {
            let before = tx.row(count, &[]).await?.unwrap().integer("n")?;
            filled_again(&store).await;
            let after = tx.row(count, &[]).await?.unwrap().integer("n")?;
            Ok::<_, StoreError>((before, after))
        })
        .await;
    assert_eq!(seen, Ok((1, 1)));
    assert_eq!(users(&store).await, 2);
}

async fn keeps_readers_from_writing(place: Place) {
    let store = filled(&place, 1).await;
    let changes: [&'static str; 5] = [
        "DELETE FROM account_user",
        "UPDATE account_user SET role = 'x' RETURNING name",
        "INSERT INTO lease (name, holder, until) VALUES ('a', 'b', 'c')",
        "CREATE TABLE other (id INTEGER)",
        "DROP TABLE lease",
    ];
    for sql in changes {
        let at_the_door = store
            .read(async |tx| tx.rows(sql, &[]).await.map(drop))
            .await;
        assert!(
            matches!(at_the_door, Err(StoreError::Statement { .. })),
            "{sql}"
        );
        // And past the door, the database itself.
        let mut reader = Address::parse(&place.url)
            .unwrap()
            .connect(Role::Reader)
            .await
            .unwrap();
        reader.begin(Role::Reader).await.unwrap();
        let inside = reader.execute(sql, &[]).await;
        assert!(
            matches!(inside, Err(StoreError::Database(_))),
            "{sql}: {inside:?}"
        );
    }
    assert_eq!(users(&store).await, 1);
}

async fn refuses_what_breaks_a_constraint(place: Place) {
    let store = filled(&place, 1).await;
    let broken: [&'static str; 5] = [
        "INSERT INTO account_user (name, role, created_at, disabled) \
         VALUES ('user-0', 'secret', 'b', 0)",
        "UPDATE account_user SET disabled = 2",
        "UPDATE account_user SET role = NULL",
        "INSERT INTO review (application_id, officer, verdict, reasons, at) \
         VALUES ('secret', 'b', 'c', 'd', 'e')",
        "INSERT INTO account (kind, name, dataset, loss_total, loss_spent, delta_total, delta_spent) \
         VALUES ('permit', 'secret', 'c', 1, 2, 0, 0)",
    ];
    for sql in broken {
        let done = store
            .write(event("x"), async |tx| tx.execute(sql, &[]).await)
            .await;
        let Err(StoreError::Violated(what)) = done else {
            panic!("{sql}: {done:?}")
        };
        assert!(!what.contains("secret"), "{what}");
    }
    assert_eq!(store.verify().await.unwrap().size, 1);
}

async fn opens_many_times_at_once(place: Place) {
    let opened = join_all((0..6).map(|_| Store::open(&place.url))).await;
    for (n, store) in opened.into_iter().enumerate() {
        store.unwrap().record(event(&n.to_string())).await.unwrap();
    }
    assert_eq!(place.open().await.verify().await.unwrap().size, 6);
}

async fn refuses_another_schema(place: Place) {
    filled(&place, 1).await.close().await.unwrap();
    let mut intruder = place.intruder().await;
    intruder
        .execute("UPDATE store SET version = 99", &[])
        .await
        .unwrap();
    let error = Store::open(&place.url).await.err().unwrap();
    assert!(matches!(error, StoreError::Unfit(_)), "{error}");
    intruder
        .execute("UPDATE store SET version = 2", &[])
        .await
        .unwrap();
    intruder
        .execute("DELETE FROM tree_head", &[])
        .await
        .unwrap();
    let error = Store::open(&place.url).await.err().unwrap();
    assert_eq!(
        error,
        StoreError::Broken {
            seq: 0,
            damage: Damage::Head
        }
    );
}

async fn notes_what_is_known_later(place: Place) {
    let store = place.open().await;
    let work = async |tx: &mut Tx| {
        tx.set_subject("P-1");
        tx.note("id", json!(1));
        tx.note("id", json!(2));
        assert!(
            tx.reading()
                .rows("SELECT id FROM permit", &[])
                .await?
                .is_empty()
        );
        Ok::<_, StoreError>(())
    };
    store
        .write(Event::new(now(), "a", EventKind::Reserved, ""), work)
        .await
        .unwrap();
    store
        .write(event("").detail(json!("text")), work)
        .await
        .unwrap();
    let entries = store.entries(0, 5).await.unwrap();
    assert_eq!(entries[0].event.subject, "P-1");
    assert_eq!(entries[0].event.detail, json!({"id": 2}));
    assert_eq!(entries[1].event.detail, json!({"detail": "text", "id": 2}));
}

async fn keeps_no_event_that_cannot_be_read_again(place: Place) {
    let store = filled(&place, 1).await;
    let mut deep = json!([]);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let mut late = event("x");
    late.at = "+12026-01-01T00:00:00Z".parse().unwrap();
    for odd in [event("x").detail(deep), event("a\0b"), late] {
        let add = async |tx: &mut Tx| tx.execute(ADD_USER, &user("never")).await;
        let error = store.write(odd, add).await.unwrap_err();
        assert!(matches!(error, StoreError::Column { .. }), "{error}");
    }
    assert_eq!(users(&store).await, 1);
    let fits = Event::new(now(), "Zoë\n\u{1}\"", EventKind::Init, "").detail(json!("a\0b"));
    store.record(fits.clone()).await.unwrap();
    assert_eq!(store.entries(1, 1).await.unwrap()[0].event, fits);
    filled_again(&store).await;
}

/// As other crates use it: a method that borrows, a helper on the transaction, a boxed future.
async fn lets_work_borrow_and_be_sent(place: Place) {
    struct Register<'s>(&'s Store);
    async fn add(tx: &mut Tx, name: &str, role: &Value) -> Result<u64, Abort> {
        Ok(tx
            .execute(ADD_USER, &[name.into(), role.clone(), now().into()])
            .await?)
    }
    impl Register<'_> {
        async fn add(&self, names: &[&str], role: &Value) -> Result<u64, Abort> {
            let work = async |tx: &mut Tx| {
                let mut added = 0;
                for name in names {
                    added += add(tx, name, role).await?;
                }
                Ok(added)
            };
            self.0.write(event("all"), work).await
        }
    }
    type Sent<'a> = std::pin::Pin<Box<dyn Future<Output = Result<u64, Abort>> + Send + 'a>>;
    fn sent<'a>(register: &'a Register<'_>, names: &'a [&str], role: &'a Value) -> Sent<'a> {
        Box::pin(register.add(names, role))
    }
    let store = place.open().await;
    let names = [String::from("a"), String::from("b")];
    let names = names.each_ref().map(String::as_str);
    assert_eq!(
        sent(&Register(&store), &names, &"auditor".into()).await,
        Ok(2)
    );
    assert_eq!(users(&store).await, 2);
}
