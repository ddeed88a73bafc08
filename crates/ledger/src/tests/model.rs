//! Any sequence of requests does to a ledger what it does to a few maps in memory.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// One step; keys and plans are few, so that they meet.
#[derive(Debug, Clone)]
enum Step {
    Grant {
        permit: u32,
        loss: u64,
        delta: u64,
        most: u64,
    },
    Ask {
        permit: u32,
        key: u8,
        plan: u8,
        loss: u64,
        delta: u64,
    },
    Record,
    Fault,
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1u32..4, 0u64..200, 0u64..20, 0u64..60)
            .prop_map(|(permit, loss, delta, most)| Step::Grant { permit, loss, delta, most }),
        6 => (1u32..4, 0u8..12, 0u8..8, 0u64..70, 0u64..8).prop_map(
            |(permit, key, plan, loss, delta)| Step::Ask { permit, key, plan, loss, delta }
        ),
        3 => Just(Step::Record),
        1 => Just(Step::Fault),
        1 => Just(Step::Reopen),
    ]
}

#[derive(Default)]
struct Books {
    granted: Cost,
    permits: BTreeMap<u32, (Cost, Cost, u64)>,
    entries: BTreeMap<i64, Line>,
}

struct Line {
    permit: u32,
    key: u8,
    plan: u8,
    cost: Cost,
    state: State,
}

/// What a request is answered, without the amounts of the message.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Done,
    Fresh(i64),
    Again(String),
    Exhausted(Cost),
    OverQueryMax,
    OverCap(Cost),
    Account,
    KeyReused,
    InProgress,
    Failed,
}

const CAP: Cost = Cost {
    loss: Loss::from_pico(300),
    delta: Delta::from_atto(40),
};

impl Books {
    fn grant(&mut self, permit: u32, total: Cost, most: u64) -> Answer {
        if self.permits.contains_key(&permit) {
            return Answer::Account;
        }
        let left = CAP.saturating_sub(self.granted);
        if !left.covers(total) {
            return Answer::OverCap(left);
        }
        self.granted = self.granted.checked_add(total).unwrap();
        self.permits.insert(permit, (total, Cost::ZERO, most));
        Answer::Done
    }

    fn ask(&mut self, permit: u32, key: u8, plan: u8, cost: Cost) -> Answer {
        let mut own = self
            .entries
            .iter()
            .filter(|(_, line)| line.permit == permit);
        let same = own.clone().find(|(_, line)| line.key == key);
        if let Some((id, line)) = same {
            return match line.state {
                _ if line.plan != plan => Answer::KeyReused,
                State::Reserved => Answer::InProgress,
                State::Failed => Answer::Failed,
                State::Released => Answer::Again(format!("reply {id}")),
            };
        }
        if let Some((id, _)) = own.find(|(_, l)| l.plan == plan && l.state == State::Released) {
            return Answer::Again(format!("reply {id}"));
        }
        let Some((total, spent, most)) = self.permits.get_mut(&permit) else {
            return Answer::Account;
        };
        let left = total.saturating_sub(*spent);
        if cost.loss.units() > *most {
            return Answer::OverQueryMax;
        }
        if !left.covers(cost) {
            return Answer::Exhausted(left);
        }
        *spent = spent.checked_add(cost).unwrap();
        let id = self.entries.keys().last().map_or(1, |last| last + 1);
        self.entries.insert(
            id,
            Line {
                permit,
                key,
                plan,
                cost,
                state: State::Reserved,
            },
        );
        Answer::Fresh(id)
    }
}

fn answer<T>(result: Result<T, LedgerError>, done: impl FnOnce(T) -> Answer) -> Answer {
    match result {
        Ok(value) => done(value),
        Err(LedgerError::Account(_)) => Answer::Account,
        Err(LedgerError::Exhausted { left, .. }) => Answer::Exhausted(left),
        Err(LedgerError::OverQueryMax { .. }) => Answer::OverQueryMax,
        Err(LedgerError::OverCap { left, .. }) => Answer::OverCap(left),
        Err(LedgerError::KeyReused) => Answer::KeyReused,
        Err(LedgerError::InProgress) => Answer::InProgress,
        Err(LedgerError::Failed { .. }) => Answer::Failed,
        Err(LedgerError::Store(error)) => panic!("{error}"),
    }
}

async fn run(steps: Vec<Step>) {
    let place = sqlite();
    let mut ledger = place.open().await;
    ledger
        .open_dataset(&dataset(), CAP, now(), "holder")
        .await
        .unwrap();
    let mut books = Books::default();
    let mut waiting: Vec<Reservation> = Vec::new();
    for step in steps {
        match step {
            Step::Grant {
                permit,
                loss,
                delta,
                most,
            } => {
                let total = paid(loss, delta);
                let expected = books.grant(permit, total, most);
                let given = grant(&ledger, permit, total, most).await;
                assert_eq!(answer(given, |()| Answer::Done), expected);
            }
            Step::Ask {
                permit: number,
                key,
                plan,
                loss,
                delta,
            } => {
                let expected = books.ask(number, key, plan, paid(loss, delta));
                let asked = ask(&key.to_string(), &plan.to_string(), paid(loss, delta));
                let given = ledger.charge(&permit(number), &dataset(), asked).await;
                let given = answer(given, |reserved| match reserved {
                    Reserved::Again(stored) => Answer::Again(stored.bytes),
                    Reserved::Fresh(reservation) => {
                        let id = reservation.id();
                        waiting.push(reservation);
                        Answer::Fresh(id)
                    }
                });
                assert_eq!(given, expected);
            }
            Step::Record => {
                let Some(reservation) = waiting.pop() else {
                    continue;
                };
                let id = reservation.id();
                let bytes = format!("reply {id}");
                let name = release(&format!("R{id}"));
                ledger
                    .record(reservation.used(), &name, &bytes, now())
                    .await
                    .unwrap();
                books.entries.get_mut(&id).unwrap().state = State::Released;
            }
            Step::Fault => {
                let Some(reservation) = waiting.pop() else {
                    continue;
                };
                ledger
                    .fault(reservation.id(), "T", now(), json!({}))
                    .await
                    .unwrap();
                books.entries.get_mut(&reservation.id()).unwrap().state = State::Failed;
            }
            Step::Reopen => {
                ledger.store.close().await.unwrap();
                ledger = place.open().await;
            }
        }
    }
    compare(&ledger, &books).await;
}

async fn compare(ledger: &Ledger, books: &Books) {
    let cap = ledger.dataset_statement(&dataset()).await.unwrap();
    assert_eq!(
        (cap.granted, cap.left),
        (books.granted, CAP.saturating_sub(books.granted))
    );
    assert_eq!(cap.permits.len(), books.permits.len());
    for (number, (total, spent, most)) in &books.permits {
        let statement = ledger.statement(&permit(*number)).await.unwrap();
        assert_eq!((statement.total, statement.spent), (*total, *spent));
        assert_eq!(statement.per_query_max.units(), *most);
        let lines = books
            .entries
            .iter()
            .filter(|(_, line)| line.permit == *number);
        let expected: Vec<_> = lines
            .map(|(id, line)| (*id, line.cost, line.state))
            .collect();
        let entries = statement
            .entries
            .iter()
            .map(|entry| (entry.id, entry.cost, entry.state));
        assert_eq!(entries.collect::<Vec<_>>(), expected);
        let sum = statement
            .entries
            .iter()
            .try_fold(Cost::ZERO, |sum, e| sum.checked_add(e.cost));
        assert_eq!(sum, Some(statement.spent), "the statement adds up");
    }
    ledger.store.verify().await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("LAZARET_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
    ))]

    #[test]
    fn a_ledger_does_what_its_books_say(steps in prop::collection::vec(step(), 1..60)) {
        tokio::runtime::Runtime::new().unwrap().block_on(run(steps));
    }
}
