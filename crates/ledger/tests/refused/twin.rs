//! What the refused ones are next to: this compiles.

use lazaret_ledger::{Ask, Cost, Ledger, Reservation, Used};
use lazaret_model::{DatasetName, PermitId};
use lazaret_permit::ActivePermit;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn printed(value: impl std::fmt::Debug + Clone) -> String {
    format!("{value:?}")
}

fn once(paid: Reservation, dataset: &DatasetName) -> Used {
    let (cost, permit): (Cost, &PermitId) = (paid.cost(), paid.permit());
    drop((printed(cost), permit, dataset));
    written(1);
    paid.used()
}

async fn charge(ledger: &Ledger, permit: &ActivePermit, ask: Ask) {
    drop(ledger.reserve(permit, ask).await);
}

fn main() {}
