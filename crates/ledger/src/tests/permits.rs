//! From an application to a charge: the grant and the account are one transaction, and a charge
//! needs a permit that was verified.

use lazaret_permit::{
    Applicant, Application, Country, Issuer, Office, Officer, Outcome, PermitError, SigningKey,
    Verdict, issue,
};
use lazaret_store::Tx;

use super::*;

both!(
    a_verified_permit_pays,
    a_grant_over_the_cap_leaves_no_permit,
    a_budget_of_another_account_takes_its_part_of_the_cap
);

fn issuer() -> Issuer {
    Issuer {
        hdab_id: "hdab-fr".into(),
        name: "Demo access body".into(),
        country: Country::new("FR").unwrap(),
        contact: "hdab@example.org".into(),
    }
}

/// An application that two officers granted.
async fn decided(office: &Office) -> lazaret_permit::ApplicationId {
    let document = Application::trial("Rosa", "rosa@example.org", &json!({"dataset": "fr-demo"}));
    let rosa = Applicant::new("rosa").unwrap();
    let country = issuer().country;
    let id = office
        .create(&document, &rosa, &country, now())
        .await
        .unwrap();
    office.submit(&id, &rosa, now()).await.unwrap();
    let officers = ["ada", "ben"].map(|name| Officer::new(name).unwrap());
    for officer in &officers {
        office
            .review(&id, officer, Verdict::Approve, "complete", now())
            .await
            .unwrap();
    }
    office
        .decide(&id, &officers[0], Outcome::Granted, "complete", now())
        .await
        .unwrap();
    id
}

async fn a_verified_permit_pays(place: Place) {
    let ledger = place.open().await;
    ledger
        .open_dataset(&dataset(), paid(1_000, 1_000), now(), "holder")
        .await
        .unwrap();
    let id = decided(&Office::new(ledger.store.clone())).await;
    let key = SigningKey::generate().unwrap();
    let event = Event::new(now(), "ada", EventKind::PermitGranted, id.as_str());
    let most = Loss::from_pico(50);
    let grant = async |tx: &mut Tx| -> Result<_, PermitError> {
        let issued = issue(tx, &id, &issuer(), &key, now()).await?;
        let opened =
            Ledger::open_permit(tx, &issued.id, &dataset(), budget(paid(100, 9), most)).await;
        opened.unwrap();
        Ok(issued)
    };
    let issued = ledger.store.write(event, grant).await.unwrap();
    let permit = issued.signed.verify(key.verifying_key(), now()).unwrap();
    let Ok(Reserved::Fresh(paid_for)) = ledger.reserve(&permit, ask("a", "p", paid(50, 9))).await
    else {
        panic!("it is covered")
    };
    assert_eq!(
        (paid_for.permit(), paid_for.cost()),
        (permit.id(), paid(50, 9))
    );
    let statement = ledger.statement(permit.id()).await.unwrap();
    assert_eq!(statement.left, paid(50, 0));
    assert_eq!(statement.entries[0].actor, "alice");
}

async fn a_grant_over_the_cap_leaves_no_permit(place: Place) {
    let ledger = place.open().await;
    ledger
        .open_dataset(&dataset(), paid(99, 0), now(), "holder")
        .await
        .unwrap();
    let office = Office::new(ledger.store.clone());
    let id = decided(&office).await;
    let key = SigningKey::generate().unwrap();
    let event = Event::new(now(), "ada", EventKind::PermitGranted, id.as_str());
    let grant = async |tx: &mut Tx| -> Result<(), LedgerError> {
        let issued = issue(tx, &id, &issuer(), &key, now()).await.unwrap();
        let loss = Loss::from_pico(1);
        Ledger::open_permit(tx, &issued.id, &dataset(), budget(paid(100, 0), loss)).await
    };
    let refused = ledger.store.write(event, grant).await;
    assert!(matches!(refused, Err(LedgerError::OverCap { .. })));
    assert_eq!(office.permits().await.unwrap(), []);
    assert_eq!(
        ledger.dataset_statement(&dataset()).await.unwrap().granted,
        Cost::ZERO
    );
}

/// What a budget is in the permit's account need not be what it is in the cap's.
async fn a_budget_of_another_account_takes_its_part_of_the_cap(place: Place) {
    let ledger = place.open().await;
    ledger
        .open_dataset(&dataset(), paid(100, 9), now(), "holder")
        .await
        .unwrap();
    let event = Event::new(now(), "ada", EventKind::PermitGranted, "p");
    let grant = async |tx: &mut Tx, number: u32| {
        let of_cap = paid(60, 2);
        let budget = Budget {
            of_cap,
            ..budget(paid(10, 2), Loss::from_pico(10))
        };
        Ledger::open_permit(tx, &permit(number), &dataset(), budget).await
    };
    let granted = ledger
        .store
        .write(event.clone(), async |tx: &mut Tx| grant(tx, 1).await);
    granted.await.unwrap();
    let statement = ledger.dataset_statement(&dataset()).await.unwrap();
    assert_eq!(
        (statement.granted, statement.left),
        (paid(60, 2), paid(40, 7))
    );
    assert_eq!(
        ledger.statement(&permit(1)).await.unwrap().left,
        paid(10, 2)
    );
    let refused = ledger
        .store
        .write(event, async |tx: &mut Tx| grant(tx, 2).await);
    assert!(matches!(refused.await, Err(LedgerError::OverCap { .. })));
}
