//! The pieces a page is made of: sections, tables, lists of facts.

use super::text::{count, escaped, some};

pub(super) fn section(id: &str, title: &str, content: &str) -> String {
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{content}\n</section>\n"
    )
}

/// A table of cells that are HTML already; a head that begins with `#` is one of numbers.
pub(super) fn table(
    caption: &str,
    head: &[&str],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let class = |name: &str| {
        if name.starts_with('#') {
            " class=\"n\""
        } else {
            ""
        }
    };
    let heads: String = head
        .iter()
        .map(|name| match name.trim_start_matches('#') {
            "" => "<td></td>".to_owned(),
            text => format!("<th scope=\"col\"{}>{text}</th>", class(name)),
        })
        .collect();
    let row = |cells: Vec<String>| {
        let cell = |(at, (cell, name)): (usize, (&String, &&str))| match at {
            0 => format!("<th scope=\"row\">{cell}</th>"),
            _ => format!("<td{}>{cell}</td>", class(name)),
        };
        let cells: String = cells.iter().zip(head).enumerate().map(cell).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = rows.map(row).collect();
    format!(
        "<div class=\"wide\"><table>\n<caption><span>{caption}</span></caption>\n\
         <thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n"
    )
}

pub(super) fn list(title: &str, facts: &[(&str, u64)]) -> String {
    let fact = |(name, n): &(&str, u64)| {
        format!(
            "<div><dt>{}</dt><dd>{}</dd></div>\n",
            escaped(name),
            count(*n)
        )
    };
    let facts: String = facts.iter().map(fact).collect();
    format!("<div><h3>{title}</h3>\n<dl>\n{facts}</dl></div>\n")
}

/// A number that stands out, not by its colour alone.
pub(super) fn flagged(text: String, unusual: bool) -> String {
    if unusual {
        format!(
            "<strong class=\"flag\"><span aria-hidden=\"true\">▲</span> {text}\
             <span class=\"aside\">, unusual</span></strong>"
        )
    } else {
        text
    }
}

pub(super) fn dash() -> String {
    some(0)
}

pub(super) fn whole(number: f64) -> String {
    format!("{number:.0}")
        .parse()
        .map_or_else(|_| String::new(), count)
}

#[allow(clippy::cast_precision_loss, reason = "for the eye")]
pub(super) fn ratio_of(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}
