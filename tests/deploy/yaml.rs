//! A reader of the plain subset of YAML that `deploy/` uses, strict about everything else.

use serde_json::{Map, Value};

/// A line that holds something: its number, its indentation, and what stands there.
struct Line<'a> {
    number: usize,
    indent: usize,
    text: &'a str,
}

/// The documents' value: maps, lists of `- `, and scalars as text.
///
/// # Errors
/// The line that is not of the subset: tabs, odd indentation, a key twice, a value and a block.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let text = line.trim_start();
        let indent = line.len() - text.len();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if line.contains('\t') || indent % 2 != 0 || line.ends_with(' ') {
            return Err(format!(
                "line {}: tabs, odd indentation or space at the end",
                at + 1
            ));
        }
        lines.push(Line {
            number: at + 1,
            indent,
            text,
        });
    }
    let mut at = 0;
    let value = block(&mut lines, &mut at, 0)?;
    match lines.get(at) {
        Some(line) => Err(format!("line {}: not indented like its block", line.number)),
        None => Ok(value),
    }
}

fn block(lines: &mut [Line<'_>], at: &mut usize, indent: usize) -> Result<Value, String> {
    let list = lines
        .get(*at)
        .is_some_and(|line| line.text.starts_with("- "));
    let mut items = Vec::new();
    let mut map = Map::new();
    while let Some(line) = lines.get_mut(*at).filter(|line| line.indent == indent) {
        let number = line.number;
        match line.text.strip_prefix("- ") {
            Some(item) if list && entry(item).is_some() => {
                // `- key: value` opens a map two columns further in.
                (line.text, line.indent) = (item, indent + 2);
                items.push(block(lines, at, indent + 2)?);
            }
            Some(item) if list => {
                items.push(scalar(item, number)?);
                *at += 1;
            }
            None if !list => {
                let (key, value) = entry(line.text).ok_or(format!("line {number}: no `key:`"))?;
                let key = key.to_owned();
                *at += 1;
                let deeper = lines.get(*at).filter(|next| next.indent > indent);
                let value = match (value, deeper.map(|next| next.indent)) {
                    ("", Some(inner)) => block(lines, at, inner)?,
                    (_, Some(_)) => return Err(format!("line {number}: a value and a block")),
                    (value, None) => scalar(value, number)?,
                };
                if map.insert(key, value).is_some() {
                    return Err(format!("line {number}: the key stands twice"));
                }
            }
            _ => return Err(format!("line {number}: a list and a map in one block")),
        }
    }
    Ok(if list {
        Value::Array(items)
    } else {
        Value::Object(map)
    })
}

/// `key: value` or `key:`; anything else is a scalar.
fn entry(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text
        .split_once(": ")
        .or_else(|| Some((text.strip_suffix(':')?, "")))?;
    let plain = key
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c));
    (plain && !key.is_empty()).then_some((key, value))
}

fn scalar(text: &str, number: usize) -> Result<Value, String> {
    match text {
        "{}" => Ok(Value::Object(Map::new())),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ if text.starts_with(['&', '*', '!', '|', '>', '[', '{', '@', '`', '%', '\'']) => {
            Err(format!("line {number}: not of the plain subset"))
        }
        _ => Ok(Value::String(text.trim_matches('"').to_owned())),
    }
}

#[test]
fn the_plain_subset_is_read() {
    let text = "a: 1\nb:\n  - c: x: y\n    d: \"z\"\n  - e\n# no\nf:\n  g: {}\nh: true\n";
    let expected = serde_json::json!({
        "a": "1", "b": [{"c": "x: y", "d": "z"}, "e"], "f": {"g": {}}, "h": true
    });
    assert_eq!(parse(text).unwrap(), expected);
    for wrong in [
        "a:\n\tb: 1",
        "a: 1\na: 2",
        "a: 1\n  b: 2",
        "a\n",
        "a:\n   b: 1",
        "- a\nb: 1",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
