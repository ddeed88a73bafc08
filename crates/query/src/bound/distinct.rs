//! Different values of a column, counted in each group.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array};
use arrow::datatypes::Field;
use datafusion::common::Result;

use super::groups::{Groups, Interner};
use super::lot::{Lot, Name};
use super::term::Term;

/// Bytes that a number of a set takes.
const BYTES: usize = 16;

/// The values of the columns that are counted, each with a number, and which of them a group has.
/// A person brings so many different values to a group at most; so that is by how much the count
/// of all persons' values changes when the person goes.
#[derive(Default)]
pub(super) struct Distinct {
    /// By argument: its values.
    values: BTreeMap<usize, Interner>,
    /// By group and place among its sums: the numbers of the values.
    sets: BTreeMap<(usize, usize), HashSet<u64>>,
    count: usize,
}

impl Distinct {
    /// The columns with numbers in place of the values that are counted.
    pub(super) fn number(
        &mut self,
        columns: &[ArrayRef],
        counted: &[bool],
        lot: &Lot,
    ) -> Result<Vec<ArrayRef>> {
        let mut numbered = Vec::with_capacity(columns.len());
        for (at, (column, counted)) in columns.iter().zip(counted).enumerate() {
            if !counted {
                numbered.push(Arc::clone(column));
                continue;
            }
            let values = match self.values.entry(at) {
                Entry::Occupied(values) => values.into_mut(),
                Entry::Vacant(place) => {
                    let field = Field::new("value", column.data_type().clone(), true);
                    place.insert(Interner::new(vec![Arc::new(field)])?)
                }
            };
            let (numbers, _) = values.of(std::slice::from_ref(column), lot)?;
            #[allow(clippy::cast_precision_loss, reason = "fewer than 2^53 values")]
            let numbers = numbers.iter().map(|number| *number as f64);
            let numbers = Float64Array::from(numbers.collect::<Vec<_>>());
            let nulls = column.logical_nulls();
            numbered.push(Arc::new(Float64Array::new(numbers.values().clone(), nulls)));
        }
        Ok(numbered)
    }

    /// What stands for the values of a term's argument in draws.
    pub(super) fn names(&self, term: &Term, masks: &[Option<usize>]) -> &[Name] {
        let argument = masks.get(term.mask).copied().flatten();
        let values = argument.and_then(|argument| self.values.get(&argument));
        values.map_or(&[], |values| &values.names)
    }

    pub(super) fn add(&mut self, place: (usize, usize), values: impl IntoIterator<Item = u64>) {
        let set = self.sets.entry(place).or_default();
        for value in values {
            self.count += usize::from(set.insert(value));
        }
    }

    /// Writes down how many there are.
    pub(super) fn count(&self, groups: &mut Groups) {
        for ((group, at), set) in &self.sets {
            if let Some(sum) = groups.sums_of(*group).get_mut(*at) {
                *sum = set.len() as i128;
            }
        }
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        self.values.values().map(Interner::size).sum::<usize>() + BYTES * self.count
    }
}
