//! What the refused ones are next to: this compiles.

use lazaret_disclosure::{Column, Exact, Group, KeyValue, Price, Priced, Release, Shape, release};
use lazaret_ledger::{Cost, Reservation};
use lazaret_model::PermitId;

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn printed(value: impl std::fmt::Debug + Clone) -> String {
    format!("{value:?}")
}

fn once(exact: Exact, price: &Price, paid: Reservation) {
    let (cost, permit): (Cost, &PermitId) = (price.cost(), paid.permit());
    drop((printed(cost), permit));
    let (parts, _): (&[Priced], fn(&Shape)) = (price.parts(), |_| ());
    drop(printed(parts.to_vec()));
    drop(release(vec![exact], price, paid));
}

fn seal(groups: Vec<Group>, release: Release, column: Column, key: KeyValue) -> Exact {
    written(column);
    drop(release.clone());
    drop(key.clone());
    Exact::seal(groups)
}

fn main() {}
