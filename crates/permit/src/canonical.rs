//! One text for each JSON value: the canonical form of RFC 8785, and reading without duplicates.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::PermitError;

/// Deeper values are a mistake or an attack; the reader of JSON has the same limit.
const NESTING_MAX: u32 = 128;

/// The largest whole number that every reader of JSON keeps exactly: 2^53 - 1 (RFC 7493, 2.2).
const WHOLE_MAX: u64 = (1 << 53) - 1;

/// The canonical text of a value: members sorted by their UTF-16 code units, no white space,
/// numbers as ECMAScript writes them.
///
/// # Errors
/// `PermitError::Form`, for a whole number beyond 2^53 - 1, which readers would round and which
/// is therefore to be written as text, and for a value nested deeper than 128.
pub fn canonical(value: &Value) -> Result<String, PermitError> {
    let mut text = String::new();
    write_value(&mut text, value, 0)?;
    Ok(text)
}

/// The canonical text of an object without one of its members, for signatures that sit inside.
pub(crate) fn canonical_without(value: &Value, member: &str) -> Result<String, PermitError> {
    let object = value
        .as_object()
        .ok_or_else(|| form("only a JSON object can be signed, this is another value"))?;
    let mut text = String::new();
    write_object(
        &mut text,
        object.iter().filter(|(name, _)| *name != member),
        0,
    )?;
    Ok(text)
}

/// The value, from a text in which no object names a member twice.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, PermitError> {
    let wrong = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        let what = match error.classify() {
            serde_json::error::Category::Data => "a member is named twice",
            _ => "the text is not JSON that can be read",
        };
        form(format!("{what}, at line {line}, column {column}"))
    };
    serde_json::from_slice::<Unique>(bytes).map_err(wrong)?;
    serde_json::from_slice(bytes).map_err(wrong)
}

fn form(reason: impl Into<String>) -> PermitError {
    PermitError::Form {
        what: "the JSON".into(),
        reason: reason.into(),
    }
}

fn write_value(text: &mut String, value: &Value, depth: u32) -> Result<(), PermitError> {
    if depth > NESTING_MAX {
        return Err(form("the value is nested deeper than 128"));
    }
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&number_text(number)?),
        Value::String(string) => write_string(text, string)?,
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, item, depth + 1)?;
            }
            text.push(']');
        }
        Value::Object(members) => write_object(text, members.iter(), depth)?,
    }
    Ok(())
}

fn write_object<'a>(
    text: &mut String,
    members: impl Iterator<Item = (&'a String, &'a Value)>,
    depth: u32,
) -> Result<(), PermitError> {
    let mut sorted: Vec<_> = members.collect();
    sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    text.push('{');
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_string(text, name)?;
        text.push(':');
        write_value(text, value, depth + 1)?;
    }
    text.push('}');
    Ok(())
}

/// The escapes of RFC 8785, 3.2.2.2, which are those the JSON writer has.
fn write_string(text: &mut String, string: &str) -> Result<(), PermitError> {
    let escaped = serde_json::to_string(string).map_err(|_| form("a text cannot be written"))?;
    text.push_str(&escaped);
    Ok(())
}

fn number_text(number: &serde_json::Number) -> Result<String, PermitError> {
    let text = match (number.as_i64(), number.as_u64(), number.as_f64()) {
        (Some(whole), _, _) => whole.to_string(),
        (None, Some(whole), _) => whole.to_string(),
        (None, None, Some(double)) if double.is_finite() => double_text(double),
        _ => return Err(form("a number is not finite")),
    };
    let digits = text.strip_prefix('-').unwrap_or(&text);
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole
        && digits
            .parse::<u64>()
            .map_or(true, |value| value > WHOLE_MAX)
    {
        return Err(form("a whole number is beyond 2^53 - 1; write it as text"));
    }
    Ok(text)
}

/// `Number::toString` of ECMA-262 (7.1.12.1 in the edition of RFC 8785) for a finite double. The
/// digits come from the standard library; only the point is placed here, with integers.
fn double_text(double: f64) -> String {
    let scientific = shortest(double);
    let (sign, rest) = match scientific.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", scientific.as_str()),
    };
    let (mantissa, exponent) = rest.split_once('e').unwrap_or((rest, "0"));
    let digits = mantissa.replace('.', "");
    if digits == "0" {
        return "0".into();
    }
    // The value is 0.digits times ten to the `point`.
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let split = |n: i32| digits.split_at_checked(usize::try_from(n).unwrap_or(0));
    let body = if count <= point && point <= 21 {
        format!("{digits}{}", zeros(point - count))
    } else if 0 < point && point <= 21 {
        let (whole, fraction) = split(point).unwrap_or((&digits, ""));
        format!("{whole}.{fraction}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = split(1).unwrap_or((&digits, ""));
        let dot = if rest.is_empty() { "" } else { "." };
        format!("{first}{dot}{rest}e{:+}", point - 1)
    };
    format!("{sign}{body}")
}

/// The fewest digits that read back as the double, and of those the nearest. Where two are equally
/// near ECMAScript takes the even one, as exact formatting does, and shortest formatting does not.
fn shortest(double: f64) -> String {
    let short = format!("{double:e}");
    let digits = short
        .bytes()
        .take_while(|byte| *byte != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    let nearest = format!("{double:.*e}", digits.saturating_sub(1));
    let same = |text: &str| {
        text.parse::<f64>()
            .is_ok_and(|back| back.to_bits() == double.to_bits())
    };
    if same(&nearest) { nearest } else { short }
}

/// Any JSON value in which no object names a member twice; it keeps nothing.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Unique, E> {
        Ok(Unique)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
        while items.next_element::<Unique>()?.is_some() {}
        Ok(Unique)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
        let mut names = BTreeSet::new();
        while let Some((name, Unique)) = members.next_entry::<String, Unique>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(Unique)
    }
}

#[cfg(test)]
mod tests;
