//! What the refused ones are next to: this compiles.

use arrow::array::RecordBatch;
use lazaret_pseudonym::{
    CentreKey, HolderKey, PersonId, PseudonymisedBatch, Pseudonymiser, RawBatch, RawIdentifier,
    RecordId, Token,
};

fn written(value: impl serde::Serialize) {
    drop(value);
}

fn printed(value: impl std::fmt::Debug + Clone) -> String {
    format!("{value:?}")
}

fn allowed(raw: &RawBatch, batch: &PseudonymisedBatch, both: &Pseudonymiser, id: &RawIdentifier) {
    let (rows, batch): (usize, &RecordBatch) = (raw.rows(), batch.batch());
    let (person, record): (PersonId, RecordId) = (both.person(id), both.record("Encounter", "1"));
    let token: Token = both.token("local", "1");
    drop((printed(rows), batch, person, record, token));
}

fn make(holder: HolderKey, centre: CentreKey) -> Pseudonymiser {
    written(1);
    Pseudonymiser::new(holder, centre)
}

fn main() {}
