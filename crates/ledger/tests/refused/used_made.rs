//! A `Used` is made by the ledger alone.

use lazaret_ledger::{Cost, Used};
use lazaret_model::PermitId;

fn free(permit: PermitId) -> Used {
    Used { id: 1, permit, cost: Cost::ZERO }
}

fn main() {}
