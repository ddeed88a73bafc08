//! What a private answer promises, by known answers, statistics and planted faults.

#![allow(
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    reason = "numbers of our own"
)]

mod accounts;
mod answers;
mod audit;
mod basic;
mod keys;
mod noise;
mod spread;

use lazaret_ledger::Cost;
use lazaret_model::{Account, Clamp, Delta, Epsilon};

use crate::cell::Spreading;
use crate::noise::{Counts, Noise, OpenDp};
use crate::plan::Planned;
use crate::release::answers;
use crate::*;

fn epsilon(text: &str) -> Epsilon {
    text.parse().unwrap()
}

fn delta(text: &str) -> Delta {
    text.parse().unwrap()
}

fn clamp(low: i64, high: i64, scale: u8) -> Clamp {
    Clamp::new(low, high, scale).unwrap()
}

fn estimated(name: &str, measure: Measure, mask: usize, rows_per_person: u32) -> Estimate {
    Estimate {
        name: name.into(),
        measure,
        mask,
        rows_per_person,
    }
}

/// Normal noise.
fn normal(sigma: f64) -> Spreading {
    Spreading::of(Account::Zcdp, sigma)
}

fn persons() -> Estimate {
    estimated("n", Measure::Persons, 0, 1)
}

fn text(value: &str) -> KeyValue {
    KeyValue::Text(value.into())
}

fn key(name: &str, domain: Option<Vec<KeyValue>>) -> Key {
    Key {
        name: name.into(),
        kind: KeyType::Text,
        domain,
    }
}

fn shape(keys: Vec<Key>, estimates: Vec<Estimate>) -> Shape {
    let masks = estimates
        .iter()
        .map(|estimate| estimate.mask + 1)
        .max()
        .unwrap_or(1);
    Shape {
        keys,
        estimates,
        masks,
        groups_per_person: 1,
        minimum: 10,
    }
}

/// A group whose persons all have one row in each mask.
fn group(key: &[KeyValue], shape: &Shape, persons: i64, values: &[[i128; 2]]) -> Group {
    let numbers = shape.estimates.iter().zip(values);
    let numbers = numbers.map(|(each, all)| all[..each.measure.numbers()].to_vec());
    Group {
        key: key.to_vec(),
        persons: vec![persons; shape.masks],
        values: numbers.collect(),
    }
}

/// The price of a query with one release.
struct One(Price);

impl std::ops::Deref for One {
    type Target = Priced;

    fn deref(&self) -> &Priced {
        &self.0.parts()[0]
    }
}

impl One {
    fn cost(&self) -> Cost {
        self.0.cost()
    }
}

fn price(shape: &Shape, epsilon: Epsilon, permit_delta: Delta) -> Checked<One> {
    crate::price(
        std::slice::from_ref(shape),
        Account::Zcdp,
        epsilon,
        permit_delta,
    )
    .map(One)
}

fn answer<N: Noise>(exact: Exact, priced: &One, granted: Cost) -> Checked<Release> {
    answers::<N>(vec![exact], priced.0.parts(), granted).map(|mut all| all.remove(0))
}

/// A release with all that the price asks for.
fn released(priced: &One, groups: Vec<Group>) -> Release {
    answer::<OpenDp>(Exact::seal(groups), priced, priced.cost())
        .ok()
        .unwrap()
}

/// The noise alone scaled by 0.8, at the same price: a fault that a test of noise has to notice.
struct TooQuiet(OpenDp);

impl Noise for TooQuiet {
    fn build(planned: &Planned) -> Checked<(Self, Cost)> {
        let quiet = Planned {
            scale: planned.scale * 0.8,
            ..planned.clone()
        };
        Ok((Self(OpenDp::build(&quiet)?.0), Cost::ZERO))
    }

    fn vector(&self, exact: Vec<i128>) -> Checked<Vec<i128>> {
        self.0.vector(exact)
    }

    fn keys(&self, exact: Counts) -> Checked<Counts> {
        self.0.keys(exact)
    }

    fn choice(&self, scores: Vec<i64>) -> Checked<usize> {
        self.0.choice(scores)
    }

    fn sigma(planned: &Planned) -> f64 {
        OpenDp::sigma(planned)
    }

    fn shows(noisy: i128, unit: i128, minimum: u32) -> bool {
        OpenDp::shows(noisy, unit, minimum)
    }
}
