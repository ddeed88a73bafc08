//! Only a verified permit is charged.

use lazaret_ledger::{Ask, Ledger};
use lazaret_model::{DatasetName, PermitId};

async fn charge(ledger: &Ledger, permit: &PermitId, dataset: &DatasetName, ask: Ask) {
    drop(ledger.charge(permit, dataset, ask).await);
}

fn main() {}
