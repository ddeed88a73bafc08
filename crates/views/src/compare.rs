//! Equality and order of primitive values, and what a reference points to.

use std::cmp::Ordering;

use crate::item::Fault;
use crate::tape::Scalar;

/// Equality of two primitives; numbers by value, text byte by byte.
pub(crate) fn equals(left: Scalar<'_>, right: Scalar<'_>) -> Result<bool, Fault> {
    match (left, right) {
        (Scalar::Complex, _) | (_, Scalar::Complex) => Err(Fault::Inapplicable(
            "elements that are not primitive are not compared yet",
        )),
        (Scalar::Text(left), Scalar::Text(right)) => Ok(left == right),
        (Scalar::Boolean(left), Scalar::Boolean(right)) => Ok(left == right),
        (left, right) => Ok(numeric(left, right).is_some_and(Ordering::is_eq)),
    }
}

/// Order of two numbers.
pub(crate) fn order(left: Scalar<'_>, right: Scalar<'_>) -> Result<Ordering, Fault> {
    numeric(left, right).ok_or(Fault::Inapplicable(match (left, right) {
        (Scalar::Text(_), Scalar::Text(_)) => "texts and dates have no order yet",
        _ => "order of what are not two numbers",
    }))
}

/// Order of two numbers: exact between whole ones, as doubles otherwise.
fn numeric(left: Scalar<'_>, right: Scalar<'_>) -> Option<Ordering> {
    match (left, right) {
        (Scalar::Integer(left), Scalar::Integer(right)) => Some(left.cmp(&right)),
        (Scalar::Integer(left), Scalar::Decimal(right)) => (left as f64).partial_cmp(&right),
        (Scalar::Decimal(left), Scalar::Integer(right)) => left.partial_cmp(&(right as f64)),
        (Scalar::Decimal(left), Scalar::Decimal(right)) => left.partial_cmp(&right),
        _ => None,
    }
}

/// Where in a reference's text the key is: the id of `Patient/1`, `https://server/Patient/1` or
/// `Patient/1/_history/2` if the type is the wanted one, the UUID of `urn:uuid:` if none is
/// wanted. Fragments and searches have no key.
pub(crate) fn reference_key(reference: &str, kind: Option<&str>) -> Option<(usize, usize)> {
    if let Some(id) = reference.strip_prefix("urn:uuid:") {
        return (kind.is_none() && !id.is_empty()).then_some(("urn:uuid:".len(), id.len()));
    }
    let (mut path, mut id) = reference.rsplit_once('/')?;
    if let Some(versionless) = path.strip_suffix("/_history") {
        (path, id) = versionless.rsplit_once('/')?;
    }
    let bytes = reference.as_bytes();
    if id.is_empty() || bytes.contains(&b'#') || bytes.contains(&b'?') {
        return None;
    }
    let found = path.rsplit('/').next()?;
    let typed = found.starts_with(|first: char| first.is_ascii_uppercase());
    let wanted = kind.is_none_or(|kind| kind == found);
    (typed && wanted).then_some((path.len() + 1, id.len()))
}
