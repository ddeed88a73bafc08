//! Group keys: public or private, and in how many groups one person can be.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable};
use lazaret_disclosure::{Key, KeyType, KeyValue};
use lazaret_model::{Refusal, RefusalCode};

use super::Ask;
use crate::bound::OTHER;
use crate::rules::{Opacity, Scope, facts, not_private};

/// Groups that public keys may span: each is shown, also the empty ones.
const PUBLIC_GROUPS_MAX: usize = 10_000;

/// A key as it is computed, described and bounded.
pub(super) struct PlannedKey {
    pub(super) key: Key,
    pub(super) expr: Expr,
    /// The declared values, where others may occur: these are counted as `other`.
    pub(super) declared: Option<Arc<BTreeSet<String>>>,
    per_person: bool,
}

/// The keys of the release.
///
/// # Errors
/// A refusal when a key is a pseudonym, has a type without equality, or spans too many groups.
pub(super) fn keys(
    release: &Aggregate,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<Vec<PlannedKey>, Refusal> {
    let names = release.schema.fields().iter();
    let keys: Vec<PlannedKey> = release
        .group_expr
        .iter()
        .zip(names)
        .map(|(expr, field)| planned(expr, field.name(), scope, schema))
        .collect::<Result<_, _>>()?;
    let mut sizes = keys
        .iter()
        .filter_map(|planned| planned.key.domain.as_ref())
        .map(Vec::len);
    match sizes.try_fold(1usize, usize::checked_mul) {
        Some(groups) if groups <= PUBLIC_GROUPS_MAX => Ok(keys),
        _ => {
            let reason = format!("the keys span more than {PUBLIC_GROUPS_MAX} groups");
            Err(Refusal::new(RefusalCode::TooLarge, reason).hint("group by fewer columns"))
        }
    }
}

/// One group where every key has one value a person; else what was asked; else as many as a person
/// plausibly has rows, and never more than there are.
pub(super) fn groups_per_person(keys: &[PlannedKey], scope: &Scope, ask: &Ask) -> u32 {
    if keys.iter().all(|key| key.per_person) {
        return 1;
    }
    let sizes: Option<Vec<usize>> = keys
        .iter()
        .map(|key| key.key.domain.as_ref().map(Vec::len))
        .collect();
    let groups = sizes.map_or(usize::MAX, |sizes| sizes.iter().product());
    let groups = u32::try_from(groups).unwrap_or(u32::MAX);
    ask.groups_per_person
        .unwrap_or(scope.rows_per_person)
        .clamp(1, groups.max(1))
}

fn planned(
    expr: &Expr,
    name: &str,
    scope: &Scope,
    schema: &DFSchema,
) -> Result<PlannedKey, Refusal> {
    if let Expr::GroupingSet(_) = expr {
        return Err(
            not_private("GROUPING SETS, ROLLUP and CUBE are not offered")
                .hint("ask each grouping by itself"),
        );
    }
    let known = facts(expr, scope, schema)?;
    if known.opacity != Opacity::Open {
        return Err(not_private(format!(
            "`{name}` is a pseudonym: each group would be one person"
        ))
        .clause("privacy: person_id is opaque"));
    }
    let kind = match expr.get_type(schema) {
        Ok(DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => KeyType::Text,
        Ok(DataType::Boolean) => KeyType::Boolean,
        Ok(DataType::Date32) => KeyType::Date,
        Ok(kind) if kind.is_signed_integer() => KeyType::Integer,
        _ => {
            return Err(not_private(format!(
                "`{name}` cannot be grouped by: it has no exact values"
            ))
            .hint("group by bands: CASE WHEN x < 10 THEN 'low' ELSE 'high' END"));
        }
    };
    let nullable = expr.nullable(schema).unwrap_or(true);
    let declared = known
        .domain
        .as_ref()
        .filter(|_| known.declared)
        .map(|values| {
            let texts = values.iter().filter_map(|value| match value {
                KeyValue::Text(text) => Some(text.clone()),
                _ => None,
            });
            Arc::new(texts.chain([OTHER.to_owned()]).collect())
        });
    let domain = known
        .domain
        .map(|values| complete(values, nullable, known.declared));
    let key = Key {
        name: name.to_owned(),
        kind,
        domain,
    };
    Ok(PlannedKey {
        key,
        expr: expr.clone(),
        declared,
        per_person: known.per_person,
    })
}

/// The whole public domain: the declared values, `other` for what a record may hold besides, NULL.
fn complete(mut values: Vec<KeyValue>, nullable: bool, open: bool) -> Vec<KeyValue> {
    if open {
        values.push(KeyValue::Text(OTHER.to_owned()));
    }
    if nullable {
        values.push(KeyValue::Null);
    }
    values.sort();
    values.dedup();
    values
}
