//! Equality and order of primitive values, and what a reference points to.

use std::cmp::Ordering;

use crate::item::Fault;
use crate::moment::Moment;
use crate::tape::Scalar;

/// Equality of two primitives; numbers by value, text byte by byte, but for moments with an offset:
/// these are equal when they are the same. None when dates are not known well enough.
pub(crate) fn equals(left: Scalar<'_>, right: Scalar<'_>) -> Result<Option<bool>, Fault> {
    Ok(Some(match (left, right) {
        (Scalar::Complex, _) | (_, Scalar::Complex) => {
            let reason = "elements that are not primitive are not compared";
            return Err(Fault::Inapplicable(reason));
        }
        (Scalar::Text(left), Scalar::Text(right)) => {
            left == right || same_moment(left, right).unwrap_or(false)
        }
        (Scalar::Boolean(left), Scalar::Boolean(right)) => left == right,
        (Scalar::Moment(_), Scalar::Text(_) | Scalar::Moment(_))
        | (Scalar::Text(_), Scalar::Moment(_)) => {
            let (left, right) = (moment(left)?, moment(right)?);
            return match left.compare(&right) {
                Ok(order) => Ok(order.map(Ordering::is_eq)),
                Err(()) => Ok(Some(false)),
            };
        }
        (left, right) => numeric(left, right).is_some_and(Ordering::is_eq),
    }))
}

/// Whether two texts are moments with offsets, and the same.
fn same_moment(left: &str, right: &str) -> Option<bool> {
    // As short as `2020-01-01T10:00Z`, and most texts that differ are out by their first letter.
    const BYTES_MIN: usize = 17;
    let long = left.len() >= BYTES_MIN && right.len() >= BYTES_MIN;
    let digits = left.as_bytes().first()?.is_ascii_digit();
    if !(long && digits && left.contains('T')) {
        return None;
    }
    let (left, right) = (Moment::parse(left)?, Moment::parse(right)?);
    let zoned = left.is_zoned() && right.is_zoned();
    left.compare(&right)
        .ok()?
        .filter(|_| zoned)
        .map(Ordering::is_eq)
}

/// Order of two numbers, texts or moments. Texts that are both dates are compared as such. None
/// when dates are not known well enough.
pub(crate) fn order(left: Scalar<'_>, right: Scalar<'_>) -> Result<Option<Ordering>, Fault> {
    const KINDS: Fault = Fault::Inapplicable("order of what are not two of a kind");
    match (left, right) {
        (Scalar::Text(a), Scalar::Text(b)) => match (Moment::parse(a), Moment::parse(b)) {
            (Some(a), Some(b)) => a.compare(&b).map_err(|()| KINDS),
            _ => Ok(Some(a.cmp(b))),
        },
        (Scalar::Moment(_), Scalar::Text(_) | Scalar::Moment(_))
        | (Scalar::Text(_), Scalar::Moment(_)) => {
            moment(left)?.compare(&moment(right)?).map_err(|()| KINDS)
        }
        _ => numeric(left, right).map(Some).ok_or(KINDS),
    }
}

fn moment(scalar: Scalar<'_>) -> Result<Moment, Fault> {
    let found = match scalar {
        Scalar::Moment(moment) => Some(moment),
        Scalar::Text(text) => Moment::parse(text),
        _ => None,
    };
    found.ok_or(Fault::Inapplicable(
        "a date is compared with what is no date",
    ))
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
    // Nearly all are `Patient/1`: the type that is wanted and nothing but an id.
    if let Some(kind) = kind
        && let Some(id) = reference
            .strip_prefix(kind)
            .and_then(|rest| rest.strip_prefix('/'))
        && !id.is_empty()
        && id.bytes().fold(true, |plain, byte| {
            plain & !matches!(byte, b'/' | b'#' | b'?')
        })
    {
        return Some((kind.len() + 1, id.len()));
    }
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
