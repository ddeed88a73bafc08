//! What a page says about tables: their rows and the quality of their columns.

use super::super::{ColumnDrift, ColumnReport, RunReport, Stored, TableReport};
use super::charts::{bar, nights};
use super::markup::{dash, flagged, ratio_of, section, table};
use super::text::{age, count, percent, plural, points, some};

/// Rows read and rows in the lake, beside the nights before.
pub(super) fn rows(report: &RunReport) -> String {
    let most = report
        .tables
        .values()
        .map(|table| table.rows)
        .max()
        .unwrap_or(0);
    let rows = report.tables.iter().map(|(name, table)| {
        let drift = report
            .drift
            .as_ref()
            .and_then(|drift| drift.tables.get(name));
        let series = drift.map_or_else(String::new, |drift| {
            let mut all = drift.rows.clone();
            all.push(Some(table.rows));
            nights(&all)
        });
        let ratio = drift
            .and_then(|drift| drift.rows_ratio)
            .map_or_else(dash, |ratio| {
                flagged(
                    format!("{ratio:.2} ×"),
                    drift.is_some_and(|drift| drift.unusual),
                )
            });
        let stored =
            |of: fn(&Stored) -> u64| table.stored.as_ref().map(of).map_or_else(dash, count);
        vec![
            name.to_string(),
            count(table.rows),
            bar(ratio_of(table.rows, most)),
            stored(|s| s.before),
            stored(|s| s.appended),
            stored(|s| s.masked),
            stored(|s| s.after),
            series,
            ratio,
        ]
    });
    let nights = report.drift.as_ref().map_or(0, |drift| drift.nights.len());
    let caption = if nights == 0 {
        "Rows read tonight and rows in the lake. There is no night before to compare with."
            .to_owned()
    } else {
        format!(
            "Rows read tonight, rows in the lake, and tonight beside {} before.",
            plural(nights as u64, "night", "nights")
        )
    };
    let head = [
        "Table",
        "#Read",
        "",
        "#Before",
        "#Appended",
        "#Masked",
        "#After",
        "Nights",
        "#To their mean",
    ];
    // The last two columns need a night before.
    let shown = if nights == 0 { 7 } else { head.len() };
    let head = head.get(..shown).unwrap_or(&head);
    section("rows", "Rows by table", &table(&caption, head, rows))
}

/// A card for each table that rows were read of.
pub(super) fn quality(report: &RunReport) -> String {
    let cards: String = report
        .tables
        .iter()
        .filter(|(_, table)| table.rows > 0)
        .map(|(name, quality)| {
            let drift = report
                .drift
                .as_ref()
                .and_then(|drift| drift.tables.get(name));
            let rows = quality.columns.iter().map(|column| {
                column_row(
                    column,
                    drift.and_then(|drift| drift.columns.get(&column.name)),
                )
            });
            let head = ["Column", "#Filled", "", "#Change", "#Outside", "#Odd dates"];
            let caption = format!("<b>{name}</b> {}", about(quality));
            format!(
                "<div class=\"card\">\n{}</div>\n",
                table(&caption, &head, rows)
            )
        })
        .collect();
    let text = "<p class=\"how\"><b>Filled</b>: rows with a value. <b>Change</b>: in points, to \
        the mean of the nights before. <b>Outside</b>: values not in the declared set or \
        bounds; they are kept. <b>Odd dates</b>: dates after the export, or before the birth of \
        a person who came tonight. ▲ is unusual.</p>\n";
    section(
        "quality",
        "Quality by column",
        &format!("{text}<div class=\"cards\">\n{cards}</div>"),
    )
}

fn column_row(column: &ColumnReport, drift: Option<&ColumnDrift>) -> Vec<String> {
    let filled = column.completeness.unwrap_or_default();
    let change = drift
        .filter(|drift| drift.change != 0.0)
        .map_or_else(dash, |drift| flagged(points(drift.change), drift.unusual));
    vec![
        column.name.to_string(),
        percent(filled),
        bar(filled),
        change,
        some(column.outside),
        some(column.after_export + column.before_birth),
    ]
}

/// A table's rows and their age.
fn about(table: &TableReport) -> String {
    let rows = plural(table.rows, "row", "rows");
    table.updated.map_or(rows.clone(), |updated| {
        let (newest, median) = (age(updated.newest_hours), age(updated.median_hours));
        format!("{rows}; at the export the newest was {newest} old, the median {median}")
    })
}
