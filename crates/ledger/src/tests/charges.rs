//! Charges one by one and many at once, what a retry gets, what a fault keeps.

use super::*;

both!(
    a_cap_is_opened_once,
    a_permit_takes_its_whole_budget_from_the_cap,
    a_charge_is_exact_to_the_last_unit,
    one_query_costs_no_more_than_the_permit_allows,
    a_retry_is_paid_once,
    the_same_plan_is_answered_again_for_nothing,
    a_fault_keeps_the_charge,
    what_was_left_by_a_crash_is_closed,
    of_a_thousand_at_once_five_hundred_pass,
    sums_stay_when_the_store_is_opened_again,
    every_charge_has_its_entry_in_the_log,
);

async fn a_cap_is_opened_once(place: Place) {
    let ledger = place.open().await;
    for _ in 0..2 {
        ledger
            .open_dataset(&dataset(), paid(10, 20), now(), "holder")
            .await
            .unwrap();
    }
    let other = ledger
        .open_dataset(&dataset(), paid(11, 20), now(), "holder")
        .await;
    assert!(matches!(other, Err(LedgerError::Account(_))));
    let statement = ledger.dataset_statement(&dataset()).await.unwrap();
    assert_eq!(
        (statement.cap, statement.granted),
        (paid(10, 20), Cost::ZERO)
    );
    assert_eq!(
        ledger.store.head().await.unwrap().size,
        1,
        "the same cap again is no event"
    );
    let other = DatasetName::new("other").unwrap();
    let beyond = ledger
        .open_dataset(&other, paid(u64::MAX, 0), now(), "holder")
        .await;
    assert!(matches!(beyond, Err(LedgerError::Store(_))));
}

async fn a_permit_takes_its_whole_budget_from_the_cap(place: Place) {
    let ledger = place.open().await;
    assert!(matches!(
        grant(&ledger, 1, paid(1, 1), 1).await,
        Err(LedgerError::Account(_))
    ));
    ledger
        .open_dataset(&dataset(), paid(100, 50), now(), "holder")
        .await
        .unwrap();
    grant(&ledger, 1, paid(60, 20), 60).await.unwrap();
    let again = grant(&ledger, 1, paid(1, 1), 1).await;
    assert!(matches!(again, Err(LedgerError::Account(_))));
    for (total, fits) in [
        (paid(41, 1), false),
        (paid(1, 31), false),
        (paid(40, 30), true),
    ] {
        let granted = grant(&ledger, 2, total, 1).await;
        let over = LedgerError::OverCap {
            asked: total,
            left: paid(40, 30),
        };
        assert_eq!(granted, if fits { Ok(()) } else { Err(over) });
    }
    let statement = ledger.dataset_statement(&dataset()).await.unwrap();
    assert_eq!(statement.left, Cost::ZERO);
    let totals: Vec<_> = statement.permits.iter().map(|grant| grant.total).collect();
    assert_eq!(totals, [paid(60, 20), paid(40, 30)]);
}

async fn a_charge_is_exact_to_the_last_unit(place: Place) {
    let ledger = granted(&place, paid(100, 10)).await;
    fresh(&ledger, ask("a", "p", paid(99, 0))).await;
    let refused = charge(&ledger, ask("b", "q", paid(2, 0))).await;
    let left = paid(1, 10);
    assert_eq!(
        refused.err(),
        Some(LedgerError::Exhausted {
            asked: paid(2, 0),
            left
        })
    );
    let refused = charge(&ledger, ask("b", "q", paid(0, 11)))
        .await
        .err()
        .unwrap();
    assert_eq!(
        refused,
        LedgerError::Exhausted {
            asked: paid(0, 11),
            left
        }
    );
    assert_eq!(refused.refusal().unwrap().code, RefusalCode::Budget);
    fresh(&ledger, ask("b", "q", paid(1, 10))).await;
    let huge = charge(&ledger, ask("c", "r", paid(i64::MAX as u64, 0))).await;
    assert!(matches!(huge.err(), Some(LedgerError::OverQueryMax { .. })));
    let statement = ledger.statement(&permit(1)).await.unwrap();
    assert_eq!(
        (statement.spent, statement.left),
        (paid(100, 10), Cost::ZERO)
    );
    let other = DatasetName::new("other").unwrap();
    let elsewhere = ledger
        .charge(&permit(1), &other, ask("d", "s", Cost::ZERO))
        .await;
    assert!(matches!(elsewhere.err(), Some(LedgerError::Account(_))));
    let nobody = ledger
        .charge(&permit(9), &dataset(), ask("d", "s", Cost::ZERO))
        .await;
    assert!(matches!(nobody.err(), Some(LedgerError::Account(_))));
}

async fn one_query_costs_no_more_than_the_permit_allows(place: Place) {
    let ledger = place.open().await;
    ledger
        .open_dataset(&dataset(), paid(100, 0), now(), "holder")
        .await
        .unwrap();
    grant(&ledger, 1, paid(100, 0), 30).await.unwrap();
    let refused = charge(&ledger, ask("a", "p", paid(31, 0)))
        .await
        .err()
        .unwrap();
    let (asked, most) = (Loss::from_pico(31), Loss::from_pico(30));
    assert_eq!(refused, LedgerError::OverQueryMax { asked, most });
    assert!(refused.refusal().is_some());
    fresh(&ledger, ask("a", "p", paid(30, 0))).await;
    assert_eq!(
        ledger.statement(&permit(1)).await.unwrap().per_query_max,
        most
    );
}

async fn a_retry_is_paid_once(place: Place) {
    let ledger = granted(&place, paid(10, 0)).await;
    let paid_for = fresh(&ledger, ask("a", "p", paid(10, 0))).await;
    let retry = charge(&ledger, ask("a", "p", paid(10, 0))).await;
    assert_eq!(retry.err(), Some(LedgerError::InProgress));
    let reused = charge(&ledger, ask("a", "q", paid(10, 0))).await;
    assert_eq!(reused.err(), Some(LedgerError::KeyReused));
    ledger
        .record(paid_for.used(), &release("R1"), "{\"rows\": []}", now())
        .await
        .unwrap();
    for _ in 0..2 {
        let retry = charge(&ledger, ask("a", "p", paid(10, 0))).await.unwrap();
        let Reserved::Again(stored) = retry else {
            panic!("paid twice")
        };
        assert_eq!(
            stored,
            StoredRelease {
                id: release("R1"),
                bytes: "{\"rows\": []}".into()
            }
        );
    }
    let reused = charge(&ledger, ask("a", "q", paid(10, 0))).await;
    assert_eq!(
        reused.err(),
        Some(LedgerError::KeyReused),
        "also after the release"
    );
    assert_eq!(
        ledger.statement(&permit(1)).await.unwrap().spent,
        paid(10, 0)
    );
}

async fn the_same_plan_is_answered_again_for_nothing(place: Place) {
    let ledger = granted(&place, paid(20, 0)).await;
    grant(&ledger, 2, paid(20, 0), 20).await.unwrap();
    let paid_for = fresh(&ledger, ask("a", "p", paid(20, 0))).await;
    ledger
        .record(paid_for.used(), &release("R1"), "bytes", now())
        .await
        .unwrap();
    let stored = ledger.stored(&release("R1")).await.unwrap().unwrap();
    assert_eq!((stored.id.as_str(), stored.bytes.as_str()), ("R1", "bytes"));
    let again = charge(&ledger, ask("b", "p", paid(20, 0))).await.unwrap();
    assert!(matches!(again, Reserved::Again(stored) if stored.bytes == "bytes"));
    let other = charge(&ledger, ask("c", "q", paid(20, 0))).await;
    assert!(matches!(other.err(), Some(LedgerError::Exhausted { .. })));
    // Another permit's release is not this one's.
    let elsewhere = ledger
        .charge(&permit(2), &dataset(), ask("a", "p", paid(20, 0)))
        .await;
    assert!(matches!(elsewhere.unwrap(), Reserved::Fresh(_)));
}

async fn a_fault_keeps_the_charge(place: Place) {
    let ledger = granted(&place, paid(20, 0)).await;
    let lost = fresh(&ledger, ask("a", "p", paid(10, 0))).await;
    ledger
        .fault(lost.id(), "T-7", now(), json!({"step": "run"}))
        .await
        .unwrap();
    let again = ledger.fault(lost.id(), "T-8", now(), json!({})).await;
    assert!(
        matches!(again, Err(LedgerError::Account(_))),
        "one outcome each"
    );
    let late = ledger
        .record(lost.used(), &release("R1"), "late", now())
        .await;
    assert!(
        matches!(late, Err(LedgerError::Account(_))),
        "no release after a fault"
    );
    let retry = charge(&ledger, ask("a", "p", paid(10, 0))).await;
    assert_eq!(
        retry.err(),
        Some(LedgerError::Failed {
            ticket: "T-7".into()
        })
    );
    // Faults are not replayed: the same plan under a new key pays and runs again.
    fresh(&ledger, ask("b", "p", paid(10, 0))).await;
    let statement = ledger.statement(&permit(1)).await.unwrap();
    assert_eq!(statement.spent, paid(20, 0));
    assert_eq!(ledger.stored(&release("R1")).await, Ok(None));
    let states: Vec<_> = statement.entries.iter().map(|entry| entry.state).collect();
    assert_eq!(states, [State::Failed, State::Reserved]);
    assert!(matches!(
        ledger.fault(99, "T", now(), json!({})).await,
        Err(LedgerError::Account(_))
    ));
}

async fn what_was_left_by_a_crash_is_closed(place: Place) {
    let ledger = granted(&place, paid(30, 0)).await;
    let lost = fresh(&ledger, ask("a", "p", paid(10, 0))).await;
    let kept = fresh(&ledger, ask("b", "q", paid(10, 0))).await;
    ledger
        .record(kept.used(), &release("R1"), "kept", now())
        .await
        .unwrap();
    drop(lost);
    assert_eq!(
        ledger.close_unfinished(now(), now(), "admin").await,
        Ok(0),
        "it is not older"
    );
    let later = "2026-11-23T06:00:00Z".parse().unwrap();
    assert_eq!(ledger.close_unfinished(later, later, "admin").await, Ok(1));
    let retry = charge(&ledger, ask("a", "p", paid(10, 0))).await;
    assert!(matches!(retry.err(), Some(LedgerError::Failed { .. })));
    assert_eq!(
        ledger.statement(&permit(1)).await.unwrap().spent,
        paid(20, 0)
    );
}

async fn of_a_thousand_at_once_five_hundred_pass(place: Place) {
    let ledger = granted(&place, paid(500 * 7 + 6, 0)).await;
    // A second door to the same database, as another process would have.
    let other = place.open().await;
    let asked = (0..1_000).map(|number| {
        let ledger = if number % 2 == 0 {
            ledger.clone()
        } else {
            other.clone()
        };
        let name = number.to_string();
        tokio::spawn(async move { charge(&ledger, ask(&name, &name, paid(7, 0))).await })
    });
    let asked: Vec<_> = asked.collect();
    let (mut ids, mut refused) = (Vec::new(), 0);
    for task in asked {
        match task.await.unwrap() {
            Ok(Reserved::Fresh(reservation)) => ids.push(reservation.id()),
            Ok(Reserved::Again(_)) => panic!("each plan is another"),
            Err(LedgerError::Exhausted { left, .. }) => {
                assert_eq!(left, paid(6, 0));
                refused += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    ids.sort_unstable();
    assert_eq!((ids, refused), ((1..=500).collect(), 500));
    let statement = ledger.statement(&permit(1)).await.unwrap();
    assert_eq!(
        (statement.spent, statement.entries.len()),
        (paid(3_500, 0), 500)
    );
}

async fn sums_stay_when_the_store_is_opened_again(place: Place) {
    let ledger = granted(&place, paid(100, 100)).await;
    for number in 1..=9 {
        fresh(&ledger, ask(&number.to_string(), "p", paid(number, 1))).await;
    }
    let before = ledger.statement(&permit(1)).await.unwrap();
    ledger.store.close().await.unwrap();
    drop(ledger);
    let ledger = place.open().await;
    let after = ledger.statement(&permit(1)).await.unwrap();
    assert_eq!(before, after);
    let sum = after.entries.iter().fold(Cost::ZERO, |sum, entry| {
        sum.checked_add(entry.cost).unwrap()
    });
    assert_eq!((sum, after.spent), (paid(45, 9), paid(45, 9)));
    assert_eq!(after.spent.checked_add(after.left), Some(after.total));
    let refused = charge(&ledger, ask("x", "x", paid(56, 0))).await;
    assert!(matches!(refused.err(), Some(LedgerError::Exhausted { .. })));
}

async fn every_charge_has_its_entry_in_the_log(place: Place) {
    let ledger = granted(&place, paid(10, 0)).await;
    let paid_for = fresh(&ledger, ask("a", "plan", paid(10, 0))).await;
    drop(charge(&ledger, ask("b", "other", paid(1, 0))).await);
    let reply = json!({"rows": [], "columns": ["c"], "account": "zcdp", "cost": {"epsilon": 1}});
    ledger
        .record(paid_for.used(), &release("R1"), &reply.to_string(), now())
        .await
        .unwrap();
    drop(charge(&ledger, ask("a", "plan", paid(10, 0))).await);
    let entries = ledger.store.entries(0, 100).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|entry| entry.event.kind).collect();
    use EventKind::{DatasetOpened, PermitGranted, Released, Reserved};
    assert_eq!(kinds, [DatasetOpened, PermitGranted, Reserved, Released]);
    let detail = &entries[2].event.detail;
    assert_eq!(detail["reservation"], 1);
    assert_eq!(detail["plan_sha256"], "plan");
    let loss: Loss = serde_json::from_value(detail["loss"].clone()).unwrap();
    assert_eq!(loss, Loss::from_pico(10));
    assert_eq!(entries[3].event.detail["release"], "R1");
    assert_eq!(
        entries[3].event.detail["reply_sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    ledger.store.verify().await.unwrap();
    let card = "SELECT card FROM release WHERE id = 'R1'";
    let read = ledger.store.read(async |tx| {
        Ok::<_, StoreError>(tx.row(card, &[]).await?.unwrap().text("card")?.to_owned())
    });
    let card: serde_json::Value = serde_json::from_str(&read.await.unwrap()).unwrap();
    assert_eq!(
        (&card["account"], &card["columns"]),
        (&json!("zcdp"), &json!(["c"]))
    );
    assert!(card.get("rows").is_none() && card["paid"]["loss"].is_number());
}
