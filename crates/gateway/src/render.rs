//! A card as an aligned table, as CSV and as Parquet.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use serde_json::{Map, Value};

use crate::card::CardColumn;
use crate::{Card, GatewayError};

/// The parts of an estimate as columns, and the suffix of each.
const PARTS: [(&str, &str); 4] = [
    ("value", ""),
    ("std_error", "_std_error"),
    ("low95", "_low95"),
    ("high95", "_high95"),
];

/// A table for people: keys left, numbers right with their half-width, hidden cells as a word.
pub(crate) fn table(card: &Card) -> String {
    let header: Vec<String> = card
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let body = card
        .rows
        .iter()
        .map(|row| card.columns.iter().map(|c| shown(c, row)).collect());
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(body).collect();
    let width = |index: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(index))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..card.columns.len())
        .map(|i| width(i).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let cells = line
            .iter()
            .zip(&card.columns)
            .zip(&widths)
            .map(|((cell, column), width)| {
                if column.is_estimate() {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
        if index == 0 {
            text.push_str(
                &widths
                    .iter()
                    .map(|w| "─".repeat(*w))
                    .collect::<Vec<_>>()
                    .join("  "),
            );
            text.push('\n');
        }
    }
    for note in &card.notes {
        text.push_str(&format!("note: {note}\n"));
    }
    let (cost, left) = (&card.cost, &card.budget_left);
    text.push_str(&format!(
        "cost: {cost}; left: epsilon {}, {} questions like this; release {}\n",
        left.epsilon,
        left.queries_like_this,
        card.id()
    ));
    text
}

fn shown(column: &CardColumn, row: &Map<String, Value>) -> String {
    let value = row.get(&column.name).unwrap_or(&Value::Null);
    if !column.is_estimate() {
        return match value {
            Value::Null => "(none)".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
    }
    let part = |name: &str| value.get(name).and_then(Value::as_f64);
    match (part("value"), part("low95"), part("high95")) {
        (Some(value), Some(low), Some(high)) => {
            let half = (high - low) / 2.0;
            if column.kind == "int64" {
                format!("{} ± {}", thousands(value), thousands(half))
            } else {
                format!("{} ± {}", rounded(value, half), short(half))
            }
        }
        _ => "hidden".to_owned(),
    }
}

/// A whole number with commas: `12,345`.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if value <= -0.5 {
        format!("-{text}")
    } else {
        text
    }
}

/// A half-width with two significant digits.
pub(crate) fn short(half: f64) -> String {
    if half >= 100.0 {
        thousands(half)
    } else {
        rounded(half, half)
    }
}

/// A value with as many digits as its half-width deserves: two of those that are uncertain.
fn rounded(value: f64, half: f64) -> String {
    let mut digits = 0usize;
    let mut unit = half.abs();
    while unit < 10.0 && unit > 0.0 && digits < 6 {
        unit *= 10.0;
        digits += 1;
    }
    format!("{value:.digits$}")
}

/// CSV with the contract's columns, quoted where needed.
pub(crate) fn csv(card: &Card) -> String {
    let mut text = String::new();
    let names = card.columns.iter().flat_map(|column| {
        let parts: &[(&str, &str)] = if column.is_estimate() {
            &PARTS
        } else {
            &PARTS[..1]
        };
        parts
            .iter()
            .map(|(_, suffix)| quoted(&format!("{}{suffix}", column.name)))
    });
    text.push_str(&names.collect::<Vec<_>>().join(","));
    text.push('\n');
    for row in &card.rows {
        let cells = card.columns.iter().flat_map(|column| {
            let value = row.get(&column.name).cloned().unwrap_or(Value::Null);
            if !column.is_estimate() {
                return vec![plain(&value)];
            }
            PARTS
                .iter()
                .map(|(part, _)| plain(value.get(part).unwrap_or(&Value::Null)))
                .collect()
        });
        text.push_str(&cells.collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}

/// Parquet with the contract's columns; the card stands in the file's metadata.
pub(crate) fn parquet(card: &Card) -> Result<Vec<u8>, GatewayError> {
    let mut columns: Vec<(String, ArrayRef)> = Vec::new();
    for column in &card.columns {
        let values = card.rows.iter().map(|row| row.get(&column.name));
        if !column.is_estimate() {
            columns.push((column.name.clone(), array(&column.kind, values)));
            continue;
        }
        for (part, suffix) in PARTS {
            let kind = if part == "std_error" {
                "float64"
            } else {
                &column.kind
            };
            let values = values
                .clone()
                .map(|cell| cell.and_then(|cell| cell.get(part)));
            columns.push((format!("{}{suffix}", column.name), array(kind, values)));
        }
    }
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None)?;
    writer.write(&batch)?;
    writer.append_key_value_metadata(KeyValue::new("lazaret.card".to_owned(), card.to_json()?));
    Ok(writer.into_inner()?)
}

fn array<'a>(kind: &str, values: impl Iterator<Item = Option<&'a Value>>) -> ArrayRef {
    match kind {
        "int64" => Arc::new(values.map(|v| v?.as_i64()).collect::<Int64Array>()),
        "float64" => Arc::new(values.map(|v| v?.as_f64()).collect::<Float64Array>()),
        "boolean" => Arc::new(values.map(|v| v?.as_bool()).collect::<BooleanArray>()),
        _ => Arc::new(values.map(|v| v?.as_str()).collect::<StringArray>()),
    }
}
