//! What the refused ones are next to: this compiles.

use lazaret_disclosure::{Column, Exact, Group, KeyValue, Priced, Release, Shape, release};
use lazaret_ledger::{Cost, Reservation};
use lazaret_model::PermitId;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn printed(value: impl std::fmt::Debug + Clone) -> String {
    format!("{value:?}")
}

fn once(exact: Exact, shape: &Shape, priced: &Priced, paid: Reservation) {
    let (cost, permit): (Cost, &PermitId) = (priced.cost(), paid.permit());
    drop((printed(cost), permit));
    drop(release(exact, shape, priced, paid));
}

fn seal(groups: Vec<Group>, release: Release, column: Column, key: KeyValue) -> Exact {
    written(column);
    drop(release.clone());
    drop(key.clone());
    Exact::seal(groups)
}

fn main() {}
