//! Questions in a process of their own: however it ends, there is a release or a ticket.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lazaret_gateway::{Answer, Apart, Desk, Limits, NotAnswered, Question, answer, answer_apart};
use lazaret_lake::Lake;
use lazaret_ledger::{Cost, Ledger, Reserved};
use lazaret_model::{Clock, Loss, PermitId, SystemClock};
use lazaret_permit::{PermitStatus, SignedPermit, SigningKey, VerifyingKey};
use lazaret_query::{Ask, BoundingKey, Precision};
use lazaret_store::Store;
use serde_json::json;

use crate::support::home::{Home, block_on, dataset, synthetic};

/// A home with a permit, and its desk.
struct Office {
    home: Home,
    permit: PermitId,
    signed: SignedPermit,
}

impl Office {
    fn open(name: &str) -> Self {
        let home = synthetic().copy(name);
        let permit = home.permit(&json!({"dataset": dataset()}));
        let signed = home.lazaret(&["permit", "export", &permit]).done().out;
        Self {
            signed: SignedPermit::new(&signed),
            home,
            permit: permit.parse().unwrap(),
        }
    }

    async fn desk(&self) -> Desk {
        let dir = self.home.dir();
        let url = format!("sqlite://{}", dir.join("store.db").display());
        let store = Store::open(&url).await.unwrap();
        let mut drawn = 0u128;
        let draw = std::sync::Mutex::new(move || {
            drawn += 1;
            Some(drawn.to_be_bytes())
        });
        Desk {
            ledger: Ledger::new(store.clone()),
            lake: Lake::open(dir.join("lake").to_str().unwrap()).unwrap(),
            access_body: VerifyingKey::from_file(&dir.join("keys/permit.pub.pem")).unwrap(),
            release_key: SigningKey::from_file(&dir.join("keys/release.pem")).unwrap(),
            bounding_key: BoundingKey::new([7; 32]),
            clock: Arc::new(SystemClock),
            draw: Arc::new(move || (draw.lock().unwrap())()),
            store,
        }
    }

    fn question(&self, key: &str) -> Question {
        Question {
            permit: self.signed.clone(),
            ask: Ask {
                sql: "SELECT sex, COUNT(*) AS n FROM person GROUP BY sex".to_owned(),
                precision: Precision::Epsilon("0.1".parse().unwrap()),
                rows_per_person: None,
                groups_per_person: None,
            },
            idempotency_key: Some(key.to_owned()),
            actor: self.person(),
        }
    }

    fn person(&self) -> String {
        let key = VerifyingKey::from_file(&self.home.dir().join("keys/permit.pub.pem")).unwrap();
        let active = self.signed.verify(&key, SystemClock.now()).unwrap();
        active.persons()[0].id.clone()
    }

    /// What a question comes to whose process has reserved and then does as `script` says.
    async fn outcome(&self, desk: &Desk, key: &str, script: &str) -> Result<Answer, NotAnswered> {
        self.reserve(desk, key).await;
        answer_apart(desk, self.question(key), &shell(script)).await
    }

    async fn reserve(&self, desk: &Desk, key: &str) {
        let permit = self.signed.verify(&desk.access_body, SystemClock.now());
        let charge = lazaret_ledger::Ask {
            key: key.to_owned(),
            plan_sha256: key.to_owned(),
            cost: Cost {
                loss: Loss::from_pico(1),
                ..Cost::ZERO
            },
            at: SystemClock.now(),
            actor: "test".to_owned(),
            detail: json!({}),
        };
        let reserved = desk.ledger.reserve(&permit.unwrap(), charge).await;
        assert!(matches!(reserved, Ok(Reserved::Fresh(_))));
    }

    async fn status(&self, desk: &Desk) -> PermitStatus {
        let office = lazaret_permit::Office::new(desk.store.clone());
        office.status(&self.permit).await.unwrap()
    }
}

/// Where processes may put what does not fit into memory.
fn spill() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("apart-spill")
}

/// A process that reads the question and then does as the script says.
fn shell(script: &str) -> Apart {
    Apart {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), format!("cat > /dev/null; {script}").into()],
        spill: spill(),
        limits: Limits {
            time_max: Duration::from_secs(20),
            memory_bytes_max: 1 << 30,
            reply_slot: Duration::ZERO,
        },
    }
}

/// What a process spilled and nobody removed.
fn rows_left() -> Vec<PathBuf> {
    let spilled = crate::support::files(&spill());
    spilled
        .into_iter()
        .filter(|path| path.ends_with("rows"))
        .collect()
}

fn is_fault(outcome: &Result<Answer, NotAnswered>) -> bool {
    matches!(outcome, Err(NotAnswered::Faulted(_)))
}

#[test]
fn a_process_that_crashes_is_a_ticket_and_the_third_suspends() {
    let office = Office::open("apart-crashes");
    block_on(async {
        let desk = office.desk().await;
        for (key, script) in [
            ("a", "echo rows > \"$TMPDIR/rows\" && kill -9 $$"),
            ("b", "echo '{\"answered\":'; exit 0"),
            ("c", "exit 3"),
        ] {
            assert_eq!(office.status(&desk).await, PermitStatus::Granted, "{key}");
            let outcome = office.outcome(&desk, key, script).await;
            assert!(is_fault(&outcome), "{key}: {:?}", outcome.err());
        }
        assert_eq!(office.status(&desk).await, PermitStatus::Suspended);
        assert!(rows_left().is_empty(), "what was spilled is gone");
        let statement = desk.ledger.statement(&office.permit);
        let spent = statement.await.unwrap().spent;
        assert_eq!(spent.loss.units(), 3, "nothing is given back");
    });
}

#[test]
fn a_process_that_says_nothing_after_its_release_loses_no_answer() {
    let office = Office::open("apart-released");
    block_on(async {
        let desk = office.desk().await;
        let released = answer(&desk, &office.question("k")).await.unwrap();
        let outcome = answer_apart(&desk, office.question("k"), &shell("kill -9 $$")).await;
        assert_eq!(outcome.unwrap().card, released.card);
    });
}

#[test]
fn a_process_that_never_began_costs_nothing() {
    let office = Office::open("apart-unpaid");
    block_on(async {
        let desk = office.desk().await;
        let outcome = answer_apart(&desk, office.question("k"), &shell("kill -9 $$")).await;
        assert!(matches!(outcome, Err(NotAnswered::Home(_))));
        let mut nowhere = shell("");
        nowhere.program = "/nowhere/lazaret".into();
        let outcome = answer_apart(&desk, office.question("k"), &nowhere).await;
        assert!(matches!(outcome, Err(NotAnswered::Home(_))));
        let statement = desk.ledger.statement(&office.permit);
        assert_eq!(statement.await.unwrap().spent, Cost::ZERO);
    });
}

#[test]
fn what_takes_too_long_or_too_much_is_killed() {
    let office = Office::open("apart-limits");
    block_on(async {
        let desk = office.desk().await;
        let began = Instant::now();
        let mut slow = shell("exec sleep 1000");
        slow.limits.time_max = Duration::from_millis(300);
        office.reserve(&desk, "slow").await;
        assert!(is_fault(
            &answer_apart(&desk, office.question("slow"), &slow).await
        ));
        let mut large = shell("exec sleep 1000");
        large.limits.memory_bytes_max = 1;
        office.reserve(&desk, "large").await;
        let outcome = answer_apart(&desk, office.question("large"), &large).await;
        assert!(is_fault(&outcome) || !cfg!(target_os = "linux"));
        assert!(began.elapsed() < Duration::from_secs(500));
    });
}

#[test]
fn a_permit_that_ends_stops_what_is_running() {
    let office = Office::open("apart-revoked");
    block_on(async {
        let desk = office.desk().await;
        office.reserve(&desk, "k").await;
        let mut endless = shell("exec sleep 1000");
        endless.limits.time_max = Duration::from_secs(1000);
        let asked = answer_apart(&desk, office.question("k"), &endless);
        let revoke = async {
            // The process is there by then, or it is stopped as it starts.
            tokio::task::yield_now().await;
            let reasons = ["--as", "henk", "--reasons", "misuse"];
            let words = [&["permit", "revoke", office.permit.as_str()][..], &reasons].concat();
            office.home.lazaret(&words)
        };
        // Long before its time is over: what ends it is the permit.
        let soon = tokio::time::timeout(Duration::from_secs(300), asked);
        let (outcome, revoked) = tokio::join!(soon, revoke);
        let outcome = outcome.expect("the process was stopped");
        revoked.done();
        let Err(NotAnswered::Refused(why)) = outcome else {
            panic!("not refused")
        };
        assert!(why.reason.contains("REVOKED"), "{why}");
    });
}

#[test]
fn an_answer_and_a_ticket_come_at_the_end_of_a_slot_and_a_refusal_at_once() {
    let office = Office::open("apart-slots");
    block_on(async {
        let desk = office.desk().await;
        let slot = Duration::from_secs(6);
        let held = |script: &str| {
            let mut apart = shell(script);
            apart.limits.reply_slot = slot;
            apart
        };
        let began = Instant::now();
        office.reserve(&desk, "k").await;
        assert!(is_fault(
            &answer_apart(&desk, office.question("k"), &held("exit 1")).await
        ));
        assert!(began.elapsed() >= slot);
        let refused = r#"echo '{"refused":{"code":"not_private","reason":"no"}}'"#;
        let refuses = held(refused);
        let outcome = answer_apart(&desk, office.question("l"), &refuses);
        let outcome = tokio::time::timeout(slot, outcome).await;
        let outcome = outcome.expect("a refusal has seen no row");
        assert!(matches!(outcome, Err(NotAnswered::Refused(_))));
    });
}
