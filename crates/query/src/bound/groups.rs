//! The groups met so far: their keys, and their totals.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::compute::{cast, take_arrays};
use arrow::datatypes::{DataType, FieldRef, Schema, SchemaRef};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::EmitTo;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;

use super::lot::{Lot, Name};
use super::{BoundSpec, OTHER};

/// Values met so far, numbered as they are met.
pub(super) struct Interner {
    values: Box<dyn GroupValues>,
    converter: RowConverter,
    /// What stands for the values in draws.
    pub(super) names: Vec<Name>,
}

impl Interner {
    pub(super) fn new(fields: Vec<FieldRef>) -> Result<Self> {
        let sorted = fields.iter();
        let sorted = sorted.map(|field| SortField::new(field.data_type().clone()));
        Ok(Self {
            converter: RowConverter::new(sorted.collect())?,
            values: new_group_values(Arc::new(Schema::new(fields)), &GroupOrdering::None)?,
            names: Vec::new(),
        })
    }

    /// The number of each row's values, and those values that are new, in the order of numbers.
    pub(super) fn of(
        &mut self,
        columns: &[ArrayRef],
        lot: &Lot,
    ) -> Result<(Vec<usize>, Vec<ArrayRef>)> {
        let mut numbers = Vec::new();
        self.values.intern(columns, &mut numbers)?;
        let (known, all) = (self.names.len(), self.values.len());
        if known == all {
            return Ok((numbers, Vec::new()));
        }
        // New values are numbered as they are met, so each is met first where it is next.
        let mut firsts: Vec<u32> = Vec::with_capacity(all - known);
        for (row, number) in (0u32..).zip(&numbers) {
            if *number == known + firsts.len() {
                firsts.push(row);
            }
        }
        let firsts = take_arrays(columns, &UInt32Array::from(firsts), None)?;
        for row in &self.converter.convert_columns(&firsts)? {
            self.names.push(lot.name(row.as_ref()));
        }
        match self.names.len() == all {
            true => Ok((numbers, firsts)),
            false => internal_err!("values are not numbered as they are met"),
        }
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        self.values.size() + 32 * self.names.capacity()
    }
}

/// The groups met so far and their totals. A group has its place in all of them.
pub(super) struct Groups {
    /// The keys of the groups; none where there is one group.
    keys: Option<Interner>,
    /// The one group that there is without keys.
    alone: Vec<Name>,
    /// For a key whose domain has `other`: the values that are not it.
    declared: Vec<Option<Arc<BTreeSet<String>>>>,
    /// The group whose values a group's are: itself, or where undeclared values are `other`.
    own: Vec<usize>,
    /// Whether a group's values are those of another.
    others: bool,
    masks: usize,
    persons: Vec<i64>,
    /// How many sums a group has.
    width: usize,
    sums: Vec<i128>,
}

impl Groups {
    pub(super) fn new(spec: &BoundSpec, schema: &SchemaRef) -> Result<Self> {
        let keys: Vec<FieldRef> = schema.fields().iter().take(spec.keys).cloned().collect();
        Ok(Self {
            keys: match spec.keys {
                0 => None,
                _ => Some(Interner::new(keys)?),
            },
            alone: Vec::new(),
            declared: spec.declared.clone(),
            own: Vec::new(),
            others: false,
            masks: spec.masks.len(),
            persons: Vec::new(),
            width: spec.width(),
            sums: Vec::new(),
        })
    }

    /// What stands for the groups in draws.
    pub(super) fn names(&self) -> &[Name] {
        self.keys.as_ref().map_or(&self.alone, |keys| &keys.names)
    }

    /// The group of each row.
    pub(super) fn of(&mut self, keys: &[ArrayRef], lot: &Lot, rows: usize) -> Result<Vec<usize>> {
        if self.keys.is_none() {
            if self.alone.is_empty() && rows > 0 {
                self.alone.push(lot.name(&[]));
                self.place(1);
            }
            return Ok(vec![0; rows]);
        }
        let mut groups = self.intern(keys, lot)?;
        if self.others {
            for group in &mut groups {
                *group = self.own.get(*group).copied().unwrap_or(*group);
            }
        }
        Ok(groups)
    }

    /// The group of the values of each row, as they stand; new groups are given their place.
    fn intern(&mut self, keys: &[ArrayRef], lot: &Lot) -> Result<Vec<usize>> {
        let Some(interner) = &mut self.keys else {
            return Ok(Vec::new());
        };
        let (groups, firsts) = interner.of(keys, lot)?;
        let (known, all) = (self.own.len(), interner.names.len());
        self.place(all);
        // A value that is not declared is `other`: it is never a group by itself.
        let declared = self.declare(&firsts)?;
        if declared
            .iter()
            .zip(&firsts)
            .any(|(to, from)| !Arc::ptr_eq(to, from))
        {
            let own = self.intern(&declared, lot)?;
            self.others = true;
            for (place, own) in self.own.iter_mut().skip(known).zip(own) {
                *place = own;
            }
        }
        Ok(groups)
    }

    /// The keys with `other` in place of what is not declared.
    fn declare(&self, keys: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let declare = |(key, declared): (&ArrayRef, &Option<Arc<BTreeSet<String>>>)| {
            let Some(declared) = declared else {
                return Ok(Arc::clone(key));
            };
            let texts = cast(key, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>();
            if texts.iter().flatten().all(|text| declared.contains(text)) {
                return Ok(Arc::clone(key));
            }
            let or_other = |text| match text {
                Some(text) if !declared.contains(text) => Some(OTHER),
                text => text,
            };
            let texts: StringArray = texts.iter().map(or_other).collect();
            Ok(cast(&texts, key.data_type())?)
        };
        keys.iter().zip(&self.declared).map(declare).collect()
    }

    /// Gives all groups up to `all` their place.
    fn place(&mut self, all: usize) {
        self.own.extend(self.own.len()..all);
        self.persons.resize(all * self.masks, 0);
        self.sums.resize(all * self.width, 0);
    }

    pub(super) fn persons_of(&mut self, group: usize) -> &mut [i64] {
        let all = group * self.masks..(group + 1) * self.masks;
        self.persons.get_mut(all).unwrap_or_default()
    }

    pub(super) fn sums_of(&mut self, group: usize) -> &mut [i128] {
        let all = group * self.width..(group + 1) * self.width;
        self.sums.get_mut(all).unwrap_or_default()
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        self.keys.as_ref().map_or(0, Interner::size)
            + 8 * self.own.capacity()
            + 8 * self.persons.capacity()
            + 16 * self.sums.capacity()
    }

    /// The groups in which a contribution is left: keys, persons by mask, the estimates' sums.
    pub(super) fn batch(mut self, schema: &SchemaRef) -> Result<RecordBatch> {
        let groups = 0..self.own.len();
        let here = |group: &usize| self.persons.get(group * self.masks).is_some_and(|n| *n > 0);
        let here: Vec<usize> = groups.filter(here).collect();
        let rows = here.iter().filter_map(|group| u32::try_from(*group).ok());
        let rows: UInt32Array = rows.map(Some).collect();
        let mut columns = match &mut self.keys {
            Some(keys) if !keys.values.is_empty() => {
                take_arrays(&keys.values.emit(EmitTo::All)?, &rows, None)?
            }
            Some(_) => return Ok(RecordBatch::new_empty(Arc::clone(schema))),
            None => Vec::new(),
        };
        for mask in 0..self.masks {
            let persons = here
                .iter()
                .map(|group| self.persons.get(group * self.masks + mask).copied());
            columns.push(Arc::new(persons.collect::<Int64Array>()));
        }
        for at in 0..self.width {
            let sum = |group: &usize| self.sums.get(group * self.width + at).copied();
            let sums = here.iter().map(sum).collect::<Decimal128Array>();
            columns.push(Arc::new(sums.with_precision_and_scale(38, 0)?));
        }
        // Interning may have other types for its keys than the plan.
        for (column, field) in columns.iter_mut().zip(schema.fields()) {
            if column.data_type() != field.data_type() {
                *column = cast(column, field.data_type())?;
            }
        }
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}
