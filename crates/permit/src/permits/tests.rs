//! From an application in the store to a permit that can be used, and back.

use lazaret_store::{Store, StoreError};
use serde_json::{Value, json};

use super::*;
use crate::sample::{document, issuer, now, set, unenforced_fields};
use crate::{Applicant, Verdict};

struct Room {
    office: Office,
    key: SigningKey,
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
        key: SigningKey::generate().unwrap(),
        _folder: folder,
    }
}

fn officer(name: &str) -> Officer {
    Officer::new(name).unwrap()
}

impl Room {
    async fn decided(&self, document: &Value, outcome: Outcome) -> ApplicationId {
        let rosa = Applicant::new("rosa").unwrap();
        let id = self
            .office
            .create(document, &rosa, &issuer().country, now())
            .await
            .unwrap();
        self.office.submit(&id, &rosa, now()).await.unwrap();
        for name in ["anna", "ben"] {
            let verdict = Verdict::Approve;
            self.office
                .review(&id, &officer(name), verdict, "", now())
                .await
                .unwrap();
        }
        self.office
            .decide(&id, &officer("chief"), outcome, "Because.", now())
            .await
            .unwrap();
        id
    }

    async fn issue_at(&self, id: &ApplicationId, at: Instant) -> Result<Issued, PermitError> {
        let event = Event::new(at, "chief", EventKind::PermitGranted, id.as_str());
        let store = self.office.store();
        store
            .write(event, async |tx| {
                issue(tx, id, &issuer(), &self.key, at).await
            })
            .await
    }

    async fn issue(&self, id: &ApplicationId) -> Result<Issued, PermitError> {
        self.issue_at(id, now()).await
    }

    async fn active(&self, id: &PermitId) -> Result<ActivePermit, PermitError> {
        self.office
            .active(id, self.key.verifying_key(), now())
            .await
    }
}

#[tokio::test]
async fn a_granted_application_becomes_a_permit() {
    let room = room().await;
    let application = room.decided(&document(), Outcome::Granted).await;
    let issued = room.issue(&application).await.unwrap();
    assert_eq!(issued.id.as_str(), "FR-2026-P-000001");

    let permit = issued
        .signed
        .verify(room.key.verifying_key(), now())
        .unwrap();
    assert_eq!(permit.policy(), &issued.policy);
    assert_eq!(permit.policy().opt_out_as_of, Some(now()));
    assert_eq!(permit.application(), &application);
    let payload = permit.payload();
    assert_eq!(payload["issuer"]["country"], "FR");
    assert_eq!(payload["user"]["name"], "University of Anywhere");
    assert_eq!(payload["user"]["principalInvestigator"], "Rosa Marin");
    assert_eq!(payload["decision"]["reasons"], "Because.");
    let contents = &payload["art68_10"];
    assert_eq!(
        contents["b_purpose"]["codes"],
        json!(["53(1)(e)", "53(1)(a)"])
    );
    assert_eq!(
        contents["d_authorisedPersons"][0]["role"],
        "PRINCIPAL_INVESTIGATOR"
    );
    assert_eq!(
        contents["d_authorisedPersons"][1]["id"],
        "mailto:ivo@example.org"
    );
    // The period asked for began in January; a permit begins when it is issued.
    assert_eq!(contents["e_duration"]["from"], "2026-11-23");
    assert_eq!(contents["e_duration"]["to"], "2028-12-31");

    let record = room.office.permit(&issued.id).await.unwrap();
    assert_eq!(record.signed, issued.signed);
    assert_eq!(
        record.valid_from,
        "2026-11-23T00:00:00Z".parse::<Instant>().unwrap()
    );
    assert_eq!(
        record.valid_to,
        "2028-12-31T23:59:59.999999Z".parse::<Instant>().unwrap()
    );
    assert_eq!(room.office.permits().await.unwrap(), [record]);
    assert_eq!(room.active(&issued.id).await.unwrap().id(), &issued.id);
}

#[tokio::test]
async fn the_entry_names_the_permit() {
    let room = room().await;
    let application = room.decided(&document(), Outcome::Granted).await;
    let issued = room.issue(&application).await.unwrap();
    let entry = room
        .office
        .store()
        .entries(0, 100)
        .await
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(entry.event.subject, issued.id.as_str());
    assert_eq!(entry.event.detail["application"], application.as_str());
    assert_eq!(entry.event.detail["epsilon"], "2");
    assert_eq!(entry.event.detail["jws_sha256"], issued.signed.sha256());
}

#[tokio::test]
async fn only_a_granted_application_and_only_once() {
    let room = room().await;
    let refused = room.decided(&document(), Outcome::Refused).await;
    assert!(
        room.issue(&refused)
            .await
            .unwrap_err()
            .to_string()
            .contains("was refused")
    );

    let rosa = Applicant::new("rosa").unwrap();
    let draft = room
        .office
        .create(&document(), &rosa, &issuer().country, now())
        .await
        .unwrap();
    assert!(
        room.issue(&draft)
            .await
            .unwrap_err()
            .to_string()
            .contains("not decided")
    );
    let none = "FR-2026-000099".parse().unwrap();
    assert!(matches!(
        room.issue(&none).await,
        Err(PermitError::Unknown { .. })
    ));

    let granted = room.decided(&document(), Outcome::Granted).await;
    room.issue(&granted).await.unwrap();
    assert!(
        room.issue(&granted)
            .await
            .unwrap_err()
            .to_string()
            .contains("has its permit")
    );
    let another = room.decided(&document(), Outcome::Granted).await;
    assert_eq!(
        room.issue(&another).await.unwrap().id.as_str(),
        "FR-2026-P-000002"
    );
}

#[tokio::test]
async fn the_period_is_that_of_the_application() {
    let room = room().await;
    let over = room.decided(&document(), Outcome::Granted).await;
    let later = "2029-01-01T00:00:00Z".parse().unwrap();
    assert!(
        room.issue_at(&over, later)
            .await
            .unwrap_err()
            .to_string()
            .contains("is over")
    );

    let mut open = document();
    set(&mut open, "s8_processing.accessPeriod", json!(null));
    let open = room.decided(&open, Outcome::Granted).await;
    let issued = room.issue(&open).await.unwrap();
    let record = room.office.permit(&issued.id).await.unwrap();
    assert_eq!(
        record.valid_to,
        "2027-11-22T23:59:59.999999Z".parse::<Instant>().unwrap()
    );

    let mut future = document();
    set(
        &mut future,
        "s8_processing.accessPeriod.from",
        json!("2027-01-01"),
    );
    let future = room.decided(&future, Outcome::Granted).await;
    let issued = room.issue(&future).await.unwrap();
    let error = room.active(&issued.id).await.unwrap_err();
    assert!(
        error.to_string().contains("not valid before 2027-01-01"),
        "{error}"
    );
}

#[tokio::test]
async fn no_budget_no_permit() {
    let room = room().await;
    let application = room.decided(&document(), Outcome::Granted).await;
    let event = Event::new(now(), "chief", EventKind::PermitGranted, "");
    let failed: Result<(), PermitError> = room
        .office
        .store()
        .write(event, async |tx| {
            issue(tx, &application, &issuer(), &room.key, now()).await?;
            Err(refused("the dataset's cap is spent").into())
        })
        .await;
    assert!(failed.is_err());
    assert!(room.office.permits().await.unwrap().is_empty());
    let issued = room.issue(&application).await.unwrap();
    assert_eq!(issued.id.as_str(), "FR-2026-P-000001");
}

#[tokio::test]
async fn a_revoked_permit_is_not_used() {
    let room = room().await;
    let application = room.decided(&document(), Outcome::Granted).await;
    let id = room.issue(&application).await.unwrap().id;
    let (office, anna) = (&room.office, officer("anna"));
    assert!(office.revoke(&id, &anna, " ", now()).await.is_err());
    assert!(office.resume(&id, &anna, "Why not.", now()).await.is_err());

    office
        .suspend(&id, &anna, "Three faults.", now())
        .await
        .unwrap();
    let error = room.active(&id).await.unwrap_err();
    assert!(error.to_string().contains("SUSPENDED"), "{error}");
    office
        .resume(&id, &anna, "Looked at.", now())
        .await
        .unwrap();
    room.active(&id).await.unwrap();

    office
        .revoke(&id, &anna, "Names were sought.", now())
        .await
        .unwrap();
    assert_eq!(office.status(&id).await.unwrap(), PermitStatus::Revoked);
    let refusal = match room.active(&id).await.unwrap_err() {
        PermitError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    };
    assert_eq!(
        (refusal.code, refusal.clause.as_deref()),
        (RefusalCode::Permit, Some("63(3)"))
    );
    assert!(office.resume(&id, &anna, "Sorry.", now()).await.is_err());
    assert!(office.revoke(&id, &anna, "Again.", now()).await.is_err());
    let measures = office.show(&application).await.unwrap().measures;
    assert_eq!(measures.len(), 3);
    assert_eq!(measures[2].reasons, "Names were sought.");
    office.store().verify().await.unwrap();

    let none = "FR-2026-P-000099".parse().unwrap();
    assert!(matches!(
        room.active(&none).await,
        Err(PermitError::Unknown { kind: "permit" })
    ));
}

#[tokio::test]
async fn the_store_is_not_believed() {
    let room = room().await;
    let first = room.decided(&document(), Outcome::Granted).await;
    let second = room.decided(&document(), Outcome::Granted).await;
    let first = room.issue(&first).await.unwrap();
    let second = room.issue(&second).await.unwrap();
    let swap = async |jws: String| {
        let event = Event::new(now(), "mallory", EventKind::Init, "store");
        let done: Result<u64, StoreError> = room
            .office
            .store()
            .write(event, async |tx| {
                let sql = "UPDATE permit SET jws = $1 WHERE id = $2";
                tx.execute(sql, &[jws.into(), first.id.as_str().into()])
                    .await
            })
            .await;
        done.unwrap();
    };
    swap(second.signed.as_str().to_owned()).await;
    assert!(
        room.active(&first.id)
            .await
            .unwrap_err()
            .to_string()
            .contains("another one's")
    );
    swap(format!("{}A", first.signed.as_str())).await;
    assert!(room.active(&first.id).await.is_err());
    swap(first.signed.as_str().to_owned()).await;
    assert!(room.active(&first.id).await.is_ok());
    let other = SigningKey::generate().unwrap();
    let foreign = room
        .office
        .active(&first.id, other.verifying_key(), now())
        .await;
    assert!(foreign.is_err());
}

#[tokio::test]
async fn what_is_not_enforced_is_not_even_submitted() {
    let room = room().await;
    let rosa = Applicant::new("rosa").unwrap();
    for (path, value) in unenforced_fields() {
        let path = format!("policy.{path}");
        let mut document = document();
        set(&mut document, &path, value);
        let country = issuer().country;
        let id = room
            .office
            .create(&document, &rosa, &country, now())
            .await
            .unwrap();
        let error = room.office.submit(&id, &rosa, now()).await.unwrap_err();
        assert!(error.to_string().contains(&path), "{error}");
    }
}

#[tokio::test]
async fn a_trial_runs_through() {
    let room = room().await;
    let policy = json!({"dataset": "fr-demo", "output": {"dp": {"epsilonTotal": 1}}});
    let trial = Application::trial("Researcher", "researcher@example.org", &policy);
    let application = room.decided(&trial, Outcome::Granted).await;
    let issued = room.issue(&application).await.unwrap();
    let permit = room.active(&issued.id).await.unwrap();
    assert!(permit.authorise("researcher@example.org", now()).is_ok());
    assert_eq!(permit.policy().allow, None);
    assert_eq!(permit.policy().epsilon_per_query_max, "1".parse().unwrap());
}
