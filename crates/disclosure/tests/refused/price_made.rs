//! A price is made by pricing alone.

use lazaret_disclosure::{Priced, Shape};
use lazaret_ledger::Cost;

fn cheap(priced: Priced) -> Priced {
    Priced { cost: Cost::ZERO, ..priced }
}

fn shape(_: Shape) {}

fn main() {}
