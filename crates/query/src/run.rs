//! Runs the plan below the release and seals what comes out; nothing else sees it.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::collect;
use hkdf::Hkdf;
use lazaret_disclosure::{Exact, Group, KeyType, KeyValue, Shape};
use lazaret_ledger::Reservation;
use sha2::Sha256;
use std::sync::Arc;
use zeroize::Zeroizing;

use crate::bound::ReleaseKey;
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

    /// The key of one release: by HKDF, of its reservation and its plan.
    fn release(&self, paid: &Reservation, fingerprint: &str) -> Result<ReleaseKey, QueryError> {
        let mut key = Zeroizing::new([0u8; 32]);
        let info = [paid.permit().as_str().as_bytes(), &paid.id().to_be_bytes()].concat();
        Hkdf::<Sha256>::new(Some(fingerprint.as_bytes()), self.0.as_slice())
            .expand(&info, key.as_mut_slice())
            .map_err(|_| QueryError::Contract("32 bytes can be expanded"))?;
        Ok(ReleaseKey(key))
    }
}

/// Reads the rows: the budget is reserved, so nothing that happens here can be free.
///
/// # Errors
/// [`QueryError`], which is for the access body's ledger: a researcher sees a ticket.
pub async fn run(
    plan: &PrivatePlan,
    paid: &Reservation,
    secret: &BoundingKey,
) -> Result<Exact, QueryError> {
    let key = secret.release(paid, plan.fingerprint())?;
    Ok(Exact::seal(bounded(plan, key).await?))
}

/// The bounded totals of every group, before they are sealed.
pub(crate) async fn bounded(plan: &PrivatePlan, key: ReleaseKey) -> Result<Vec<Group>, QueryError> {
    let physical = plan.state.create_physical_plan(&plan.bounded).await?;
    let config = plan.state.config().clone().with_extension(Arc::new(key));
    let context = TaskContext::from(&plan.state).with_session_config(config);
    let batches = collect(physical, Arc::new(context)).await?;
    let mut groups = Vec::new();
    for batch in &batches {
        open(batch, plan.shape(), &mut groups)?;
    }
    Ok(groups)
}

/// One group a row: keys, persons by mask, two sums an estimate.
fn open(batch: &RecordBatch, shape: &Shape, groups: &mut Vec<Group>) -> Result<(), QueryError> {
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
        let values = (0..shape.estimates.len())
            .map(|estimate| first_sum + 2 * estimate)
            .map(|index| Ok([sum(index)?, sum(index + 1)?]));
        let key = keys
            .iter()
            .map(|values| values.get(row).cloned().ok_or_else(wrong));
        groups.push(Group {
            key: key.collect::<Result<_, _>>()?,
            persons: persons.collect::<Result<_, QueryError>>()?,
            values: values.collect::<Result<_, QueryError>>()?,
        });
    }
    Ok(())
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
