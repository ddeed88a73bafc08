//! The office over a store: who may do what, when, and what is told to whom.

use serde_json::json;

use super::*;
use crate::sample::{document, now, set};

struct Room {
    office: Office,
    _folder: tempfile::TempDir,
}

async fn room() -> Room {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Store::open(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    Room {
        office: Office::new(store),
        _folder: folder,
    }
}

fn rosa() -> Applicant {
    Applicant::new("rosa").unwrap()
}

fn officer(name: &str) -> Officer {
    Officer::new(name).unwrap()
}

fn france() -> Country {
    Country::new("FR").unwrap()
}

impl Room {
    async fn draft(&self, document: &Value) -> ApplicationId {
        self.office
            .create(document, &rosa(), &france(), now())
            .await
            .unwrap()
    }

    async fn submitted(&self) -> ApplicationId {
        let id = self.draft(&document()).await;
        self.office.submit(&id, &rosa(), now()).await.unwrap();
        id
    }

    async fn vote(&self, id: &ApplicationId, name: &str, verdict: Verdict) -> Option<String> {
        let vote = self
            .office
            .review(id, &officer(name), verdict, "Weighed.", now())
            .await;
        vote.err().map(|error| error.to_string())
    }

    async fn decide(&self, id: &ApplicationId, outcome: Outcome, reasons: &str) -> Option<String> {
        let decision = self
            .office
            .decide(id, &officer("chief"), outcome, reasons, now())
            .await;
        decision.err().map(|error| error.to_string())
    }
}

#[tokio::test]
async fn numbers_run_and_the_document_stays_as_it_was() {
    let room = room().await;
    for expected in ["FR-2026-000001", "FR-2026-000002"] {
        assert_eq!(room.draft(&document()).await.as_str(), expected);
    }
    let mut own = document();
    set(&mut own, "applicationId", json!("FR-2026-000123"));
    let id = room.draft(&own).await;
    assert_eq!(id.as_str(), "FR-2026-000123");
    let again = room
        .office
        .create(&own, &rosa(), &france(), now())
        .await
        .unwrap_err();
    assert!(again.to_string().contains("taken"), "{again}");
    assert_eq!(room.draft(&document()).await.as_str(), "FR-2026-000124");
    let view = room.office.show(&id).await.unwrap();
    assert_eq!(view.document.to_string(), own.to_string());
    assert_eq!(
        (view.state, view.applicant.as_str()),
        (State::Draft, "rosa")
    );
    let list = room.office.list().await.unwrap();
    assert_eq!(list.len(), 4);
    assert_eq!(list[0].project, "Antibiotics in age");
}

#[tokio::test]
async fn a_full_series_says_so() {
    let room = room().await;
    let mut last = document();
    set(&mut last, "applicationId", json!("FR-2026-999999"));
    room.draft(&last).await;
    let error = room
        .office
        .create(&document(), &rosa(), &france(), now())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("series FR-2026-"), "{error}");
}

#[tokio::test]
async fn only_a_complete_draft_of_ones_own_is_submitted() {
    let room = room().await;
    let mut incomplete = document();
    set(
        &mut incomplete,
        "s10_confirm.processingFeeAware",
        json!(false),
    );
    let id = room.draft(&incomplete).await;
    let error = room.office.submit(&id, &rosa(), now()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("s10_confirm.processingFeeAware (Article 62)"),
        "{error}"
    );
    assert_eq!(room.office.show(&id).await.unwrap().state, State::Draft);
    room.office
        .amend(&id, &rosa(), &document(), now())
        .await
        .unwrap();
    let ivo = Applicant::new("ivo").unwrap();
    assert!(room.office.submit(&id, &ivo, now()).await.is_err());
    room.office.submit(&id, &rosa(), now()).await.unwrap();
    assert!(room.office.submit(&id, &rosa(), now()).await.is_err());
    assert!(
        room.office
            .amend(&id, &rosa(), &document(), now())
            .await
            .is_err()
    );
    let none = "FR-2026-000099".parse().unwrap();
    assert!(matches!(
        room.office.submit(&none, &rosa(), now()).await,
        Err(PermitError::Unknown {
            kind: "application"
        })
    ));
}

#[tokio::test]
async fn documents_have_limits() {
    let room = room().await;
    let large = json!({"s9_additional": "x".repeat(APPLICATION_BYTES_MAX)});
    for wrong in [
        json!([]),
        json!("text"),
        large,
        json!({"applicationId": "1"}),
    ] {
        assert!(
            room.office
                .create(&wrong, &rosa(), &france(), now())
                .await
                .is_err()
        );
    }
    assert!(read_document(&vec![b' '; APPLICATION_BYTES_MAX + 1]).is_err());
    assert!(read_document(br#"{"a": 1, "a": 2}"#).is_err());
    assert!(read_document(document().to_string().as_bytes()).is_ok());
}

#[tokio::test]
async fn nobody_learns_a_vote_before_both_are_cast() {
    let room = room().await;
    let id = room.submitted().await;
    assert_eq!(room.vote(&id, "anna", Verdict::Reject).await, None);

    let view = room.office.show(&id).await.unwrap();
    assert_eq!(view.state, State::Processing);
    assert_eq!(view.votes.len(), 1);
    assert_eq!(
        (view.votes[0].verdict, &view.votes[0].reasons),
        (None, &None)
    );
    let told = serde_json::to_string(&view).unwrap();
    assert!(
        !told.contains("REJECT") && !told.contains("Weighed"),
        "{told}"
    );
    let list = serde_json::to_string(&room.office.list().await.unwrap()).unwrap();
    assert!(
        !list.contains("REJECT") && !list.contains("Weighed"),
        "{list}"
    );
    for entry in room.office.store().entries(0, 100).await.unwrap() {
        assert!(!entry.text.contains("REJECT") && !entry.text.contains("Weighed"));
    }
    for outcome in [Outcome::Granted, Outcome::Refused] {
        let message = room.decide(&id, outcome, "Because.").await.unwrap();
        assert!(message.contains("1 of 2 officers have voted"), "{message}");
    }

    assert_eq!(room.vote(&id, "ben", Verdict::Approve).await, None);
    let view = room.office.show(&id).await.unwrap();
    let verdicts: Vec<_> = view.votes.iter().map(|vote| vote.verdict).collect();
    assert_eq!(verdicts, [Some(Verdict::Reject), Some(Verdict::Approve)]);
    assert!(
        view.votes
            .iter()
            .all(|vote| vote.reasons.as_deref() == Some("Weighed."))
    );
}

#[tokio::test]
async fn who_applies_does_not_judge() {
    let room = room().await;
    let id = room.submitted().await;
    for name in [
        "rosa",
        " ROSA ",
        "Rosa Marin",
        "rosa@example.org",
        "ivo@example.org",
        "IVO BENDA",
    ] {
        let message = room.vote(&id, name, Verdict::Approve).await.unwrap();
        assert!(message.contains("cannot judge it"), "{name}: {message}");
        let decision = room
            .office
            .decide(&id, &officer(name), Outcome::Granted, "", now())
            .await;
        assert!(
            decision
                .unwrap_err()
                .to_string()
                .contains("cannot judge it"),
            "{name}"
        );
        assert!(
            room.office
                .ask(&id, &officer(name), "More?", now())
                .await
                .is_err()
        );
    }
    assert_eq!(room.office.show(&id).await.unwrap().state, State::Submitted);
}

#[tokio::test]
async fn two_different_officers_vote_once_each() {
    let room = room().await;
    let draft = room.draft(&document()).await;
    assert!(
        room.vote(&draft, "anna", Verdict::Approve)
            .await
            .unwrap()
            .contains("DRAFT")
    );
    let id = room.submitted().await;
    assert_eq!(room.vote(&id, "anna", Verdict::Approve).await, None);
    for name in ["anna", "Anna", " ANNA"] {
        assert!(
            room.vote(&id, name, Verdict::Approve)
                .await
                .unwrap()
                .contains("has voted")
        );
    }
    assert_eq!(room.vote(&id, "ben", Verdict::Approve).await, None);
    assert!(
        room.vote(&id, "cleo", Verdict::Reject)
            .await
            .unwrap()
            .contains("both officers")
    );
}

#[tokio::test]
async fn a_decision_needs_its_votes_and_reasons() {
    for (verdicts, outcome, reasons, possible) in [
        (
            [Verdict::Approve, Verdict::Approve],
            Outcome::Granted,
            "",
            true,
        ),
        (
            [Verdict::Approve, Verdict::Reject],
            Outcome::Granted,
            "Because.",
            false,
        ),
        (
            [Verdict::Reject, Verdict::Approve],
            Outcome::Granted,
            "",
            false,
        ),
        (
            [Verdict::Approve, Verdict::Reject],
            Outcome::Refused,
            "Because.",
            true,
        ),
        (
            [Verdict::Reject, Verdict::Reject],
            Outcome::Refused,
            " \n",
            false,
        ),
    ] {
        let room = room().await;
        let id = room.submitted().await;
        assert!(room.decide(&id, outcome, "Because.").await.is_some());
        for (name, verdict) in ["anna", "ben"].into_iter().zip(verdicts) {
            assert_eq!(room.vote(&id, name, verdict).await, None);
        }
        let message = room.decide(&id, outcome, reasons).await;
        assert_eq!(message.is_none(), possible, "{message:?}");
        let view = room.office.show(&id).await.unwrap();
        let expected = if possible {
            State::DecisionIssued
        } else {
            State::Processing
        };
        assert_eq!(view.state, expected);
        assert_eq!(
            view.decision.map(|decision| decision.outcome),
            possible.then_some(outcome)
        );
        if possible {
            assert!(room.decide(&id, outcome, "Again.").await.is_some());
            assert!(room.vote(&id, "cleo", Verdict::Approve).await.is_some());
            assert!(room.office.withdraw(&id, &rosa(), now()).await.is_err());
        }
    }
}

#[tokio::test]
async fn a_question_goes_back_to_where_it_was_raised() {
    let room = room().await;
    let id = room.submitted().await;
    assert!(room.office.answer(&id, &rosa(), now()).await.is_err());
    assert!(
        room.office
            .ask(&id, &officer("anna"), " ", now())
            .await
            .is_err()
    );
    room.office
        .ask(&id, &officer("anna"), "Which years?", now())
        .await
        .unwrap();
    let view = room.office.show(&id).await.unwrap();
    assert_eq!(view.state, State::AwaitingAdditionalInformation);
    assert_eq!(view.question.as_deref(), Some("Which years?"));
    assert!(room.vote(&id, "anna", Verdict::Approve).await.is_some());
    room.office.answer(&id, &rosa(), now()).await.unwrap();
    assert_eq!(
        room.office.show(&id).await.unwrap().state,
        State::PreScreening
    );

    assert_eq!(room.vote(&id, "anna", Verdict::Approve).await, None);
    room.office
        .ask(&id, &officer("ben"), "And which regions?", now())
        .await
        .unwrap();
    let mut incomplete = document();
    set(&mut incomplete, "s3_applicant.name", json!(""));
    room.office
        .amend(&id, &rosa(), &incomplete, now())
        .await
        .unwrap();
    assert!(matches!(
        room.office.answer(&id, &rosa(), now()).await,
        Err(PermitError::Incomplete(_))
    ));
    room.office
        .amend(&id, &rosa(), &document(), now())
        .await
        .unwrap();
    room.office.answer(&id, &rosa(), now()).await.unwrap();
    let view = room.office.show(&id).await.unwrap();
    // The vote was about another document.
    assert_eq!((view.state, view.votes.len()), (State::Processing, 0));
    room.office.withdraw(&id, &rosa(), now()).await.unwrap();
    assert_eq!(room.office.show(&id).await.unwrap().state, State::Withdrawn);
}

#[tokio::test]
async fn every_change_is_in_the_log_and_a_refused_one_is_not() {
    let room = room().await;
    let id = room.submitted().await;
    assert!(room.vote(&id, "rosa", Verdict::Approve).await.is_some());
    assert_eq!(room.vote(&id, "anna", Verdict::Approve).await, None);
    assert_eq!(room.vote(&id, "ben", Verdict::Approve).await, None);
    assert_eq!(room.decide(&id, Outcome::Granted, "").await, None);
    let entries = room.office.store().entries(0, 100).await.unwrap();
    let kinds: Vec<_> = entries.iter().map(|entry| entry.event.kind).collect();
    use EventKind::{ApplicationCreated, ApplicationSubmitted, Decided, Reviewed};
    assert_eq!(
        kinds,
        [
            ApplicationCreated,
            ApplicationSubmitted,
            Reviewed,
            Reviewed,
            Decided
        ]
    );
    assert!(
        entries
            .iter()
            .all(|entry| entry.event.subject == id.as_str())
    );
    assert_eq!(
        entries[4].event.detail["votes"],
        json!({"anna": "APPROVE", "ben": "APPROVE"})
    );
    room.office.store().verify().await.unwrap();
}

#[test]
fn the_office_can_be_used_from_any_thread() {
    fn sendable<T: Send>(_: T) {}
    // Never called: only the types are looked at.
    let _typed: fn(Office, ApplicationId, Officer) = |office, id, anna| {
        sendable(office.show(&id));
        sendable(office.list());
        sendable(office.submit(&id, &rosa(), now()));
        sendable(office.review(&id, &anna, Verdict::Approve, "", now()));
        sendable(office.decide(&id, &anna, Outcome::Granted, "", now()));
    };
}
