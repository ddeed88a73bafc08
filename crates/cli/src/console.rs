//! Where a command writes: answers to one side, progress and notes to the other.

use std::io::Write;

use serde_json::Value;

use crate::args::Format;

/// The two streams of a command.
pub(crate) struct Console<'a> {
    out: &'a mut (dyn Write + Send),
    err: &'a mut (dyn Write + Send),
    broken: bool,
    heard: Option<Vec<u8>>,
}

impl<'a> Console<'a> {
    pub(crate) fn new(out: &'a mut (dyn Write + Send), err: &'a mut (dyn Write + Send)) -> Self {
        Self {
            out,
            err,
            broken: false,
            heard: None,
        }
    }

    /// An answer, with a line end.
    pub(crate) fn say(&mut self, text: &str) {
        self.bytes(format!("{text}\n").as_bytes());
    }

    /// An answer as it is.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        if let Some(heard) = &mut self.heard {
            heard.extend_from_slice(bytes);
        }
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        self.broken |= written.is_err();
    }

    /// Keeps a copy of the answers that follow.
    pub(crate) fn listen(&mut self) {
        self.heard = Some(Vec::new());
    }

    /// The answers since `listen`.
    pub(crate) fn heard(&mut self) -> String {
        String::from_utf8_lossy(&self.heard.take().unwrap_or_default()).into_owned()
    }

    /// Progress or a note. That nobody reads notes is no failure.
    pub(crate) fn note(&mut self, text: &str) {
        let written = writeln!(self.err, "{text}");
        drop(written);
    }

    /// Whether an answer could not be written.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// A list: aligned for people, or as JSON or CSV.
    pub(crate) fn list(&mut self, format: Format, columns: &[&str], rows: &[Vec<Value>]) {
        let text = match format {
            Format::Json | Format::Parquet => {
                let object = |row: &Vec<Value>| {
                    let cells = columns
                        .iter()
                        .map(|c| (*c).to_owned())
                        .zip(row.iter().cloned());
                    Value::Object(cells.collect())
                };
                format!("{:#}\n", Value::Array(rows.iter().map(object).collect()))
            }
            Format::Csv => csv(columns, rows),
            Format::Table => aligned(columns, rows),
        };
        self.bytes(text.as_bytes());
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn csv(columns: &[&str], rows: &[Vec<Value>]) -> String {
    let quoted = |text: String| {
        if text.contains([',', '"', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text
        }
    };
    let header = columns.join(",");
    let lines = rows.iter().map(|row| {
        row.iter()
            .map(|value| quoted(plain(value)))
            .collect::<Vec<_>>()
            .join(",")
    });
    std::iter::once(header)
        .chain(lines)
        .map(|line| line + "\n")
        .collect()
}

fn aligned(columns: &[&str], rows: &[Vec<Value>]) -> String {
    let header: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let body = rows
        .iter()
        .map(|row| row.iter().map(plain).collect::<Vec<_>>());
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(body).collect();
    let width = |index: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(index))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns.len())
        .map(|index| width(index).unwrap_or(0))
        .collect();
    let is_number = |index: usize| {
        rows.iter()
            .filter_map(|row| row.get(index))
            .any(Value::is_number)
    };
    let line = |line: &Vec<String>| {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(index, (cell, width))| {
                if is_number(index) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:<width$}")
                }
            });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(line).collect()
}
