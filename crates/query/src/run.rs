//! Runs the plan below the release and seals what comes out; nothing else sees it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::iter::zip;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use datafusion::execution::TaskContext;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, collect};
use hkdf::Hkdf;
use lazaret_disclosure::{Exact, Group, KeyType, KeyValue, Shape};
use lazaret_ledger::Reservation;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::bound::{OnePartition, ReleaseKey, keeps_ranges};
use crate::{PrivatePlan, QueryError};

/// The secret from which each release draws the key that chooses groups and rows. Who knew it
/// could make a person's own rows be the ones that are kept; it never leaves the home.
pub struct BoundingKey(Zeroizing<[u8; 32]>);

impl BoundingKey {
    /// The secret from its 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key of one release: by HKDF, of its reservation, its plan and its place among the
    /// releases of that plan.
    fn release(
        &self,
        paid: &Reservation,
        fingerprint: &str,
        place: usize,
    ) -> Result<ReleaseKey, QueryError> {
        let mut key = Zeroizing::new([0u8; 32]);
        let info = [
            paid.permit().as_str().as_bytes(),
            &paid.id().to_be_bytes(),
            &place.to_be_bytes(),
        ]
        .concat();
        Hkdf::<Sha256>::new(Some(fingerprint.as_bytes()), self.0.as_slice())
            .expand(&info, key.as_mut_slice())
            .map_err(|_| QueryError::Contract("32 bytes can be expanded"))?;
        Ok(ReleaseKey(key))
    }
}

/// Reads the rows, release by release: the budget is reserved, so nothing that happens here can be
/// free.
///
/// # Errors
/// [`QueryError`], which is for the access body's ledger: a researcher sees a ticket.
pub async fn run(
    plan: &PrivatePlan,
    paid: &Reservation,
    secret: &BoundingKey,
) -> Result<Vec<Exact>, QueryError> {
    if paid.plan_sha256() != plan.fingerprint() {
        return Err(QueryError::Contract("another plan was paid for"));
    }
    let mut exact = Vec::new();
    for place in 0..plan.bounded.len() {
        let key = secret.release(paid, plan.fingerprint(), place)?;
        exact.push(Exact::seal(bounded(plan, place, key).await?));
    }
    Ok(exact)
}

/// The bounded totals of every group of a release, before they are sealed.
pub(crate) async fn bounded(
    plan: &PrivatePlan,
    place: usize,
    key: ReleaseKey,
) -> Result<Vec<Group>, QueryError> {
    let planned = (plan.bounded.get(place)).zip(plan.price().parts().get(place));
    let (bounded, priced) = planned.ok_or(QueryError::Contract("a release's plan"))?;
    let physical = physical(&plan.state, bounded).await?;
    let config = plan.state.config().clone().with_extension(Arc::new(key));
    let context = TaskContext::from(&plan.state).with_session_config(config);
    let batches = collect(physical, Arc::new(context)).await?;
    let mut groups = BTreeMap::new();
    for batch in &batches {
        for group in open(batch, priced.shape())? {
            add(&mut groups, group)?;
        }
    }
    Ok(groups.into_values().collect())
}

/// The physical plan: over ranges of persons where these stay where they are, else in one
/// partition.
pub(crate) async fn physical(
    state: &SessionState,
    bounded: &LogicalPlan,
) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
    let physical = state.create_physical_plan(bounded).await?;
    if keeps_ranges(physical.as_ref(), false) {
        return Ok(physical);
    }
    let mut state = state.clone();
    state.config_mut().set_extension(Arc::new(OnePartition));
    Ok(state.create_physical_plan(bounded).await?)
}

/// Adds what one partition's persons bring to a group: every person is in one partition.
fn add(groups: &mut BTreeMap<Vec<KeyValue>, Group>, group: Group) -> Result<(), QueryError> {
    let known = match groups.entry(group.key.clone()) {
        Entry::Vacant(place) => {
            place.insert(group);
            return Ok(());
        }
        Entry::Occupied(place) => place.into_mut(),
    };
    let sum = |a: i128, b: i128| a.checked_add(b).ok_or(QueryError::Contract("a sum's size"));
    for (persons, more) in zip(&mut known.persons, group.persons) {
        *persons += more;
    }
    let sums = known.values.iter_mut().flatten();
    for (known, more) in zip(sums, group.values.into_iter().flatten()) {
        *known = sum(*known, more)?;
    }
    Ok(())
}

/// One group a row: keys, persons by mask, the estimates' sums.
fn open(batch: &RecordBatch, shape: &Shape) -> Result<Vec<Group>, QueryError> {
    let mut groups = Vec::with_capacity(batch.num_rows());
    let wrong = || QueryError::Contract("the bound operator's columns");
    let column = |index: usize| batch.columns().get(index).ok_or_else(wrong);
    let first_sum = shape.keys.len() + shape.masks;
    let mut keys = Vec::new();
    for (index, key) in shape.keys.iter().enumerate() {
        keys.push(key_values(column(index)?.as_ref(), key.kind)?);
    }
    for row in 0..batch.num_rows() {
        let persons = (shape.keys.len()..first_sum).map(|index| {
            Ok(column(index)?
                .as_primitive_opt::<Int64Type>()
                .ok_or_else(wrong)?
                .value(row))
        });
        let sum = |index: usize| {
            let sums = column(index)?
                .as_primitive_opt::<Decimal128Type>()
                .ok_or_else(wrong)?;
            Ok::<i128, QueryError>(sums.value(row))
        };
        let mut at = first_sum;
        let values = shape.estimates.iter().map(|estimate| {
            let own = at..at + estimate.measure.numbers();
            at = own.end;
            own.map(sum).collect()
        });
        let key = keys
            .iter()
            .map(|values| values.get(row).cloned().ok_or_else(wrong));
        groups.push(Group {
            key: key.collect::<Result<_, _>>()?,
            persons: persons.collect::<Result<_, QueryError>>()?,
            values: values.collect::<Result<_, QueryError>>()?,
        });
    }
    Ok(groups)
}

fn key_values(column: &dyn Array, kind: KeyType) -> Result<Vec<KeyValue>, QueryError> {
    let to = match kind {
        KeyType::Text => DataType::Utf8,
        KeyType::Integer => DataType::Int64,
        KeyType::Boolean => DataType::Boolean,
        KeyType::Date => DataType::Date32,
    };
    let column = cast(column, &to)?;
    let value = |row: usize| {
        if column.is_null(row) {
            return KeyValue::Null;
        }
        match kind {
            KeyType::Text => KeyValue::Text(column.as_string::<i32>().value(row).to_owned()),
            KeyType::Integer => KeyValue::Integer(column.as_primitive::<Int64Type>().value(row)),
            KeyType::Boolean => KeyValue::Boolean(column.as_boolean().value(row)),
            KeyType::Date => KeyValue::Date(column.as_primitive::<Date32Type>().value(row)),
        }
    };
    Ok((0..column.len()).map(value).collect())
}
