//! What a holder should look at after a night, in the order of its weight.

use super::super::{ColumnReport, RunReport};
use super::text::{count, escaped, percent, plural};

/// Columns of a table that are named.
const COLUMNS_SHOWN: usize = 4;

/// Each finding as HTML.
pub(super) fn findings(report: &RunReport) -> Vec<String> {
    let mut found = Vec::new();
    quarantine(report, &mut found);
    drift(report, &mut found);
    persons(report, &mut found);
    if report.pending() > 0 {
        found.push(format!(
            "<b>{}</b> for a patient who has not come: later nights try again.",
            plural(report.pending(), "resource waits", "resources wait")
        ));
    }
    dates(report, &mut found);
    if let Some(duplicates) = report.resources.map(|r| r.duplicates).filter(|n| *n > 0) {
        found.push(format!(
            "<b>{}</b> came twice: the latest version counts.",
            plural(duplicates, "resource", "resources")
        ));
    }
    found
}

fn quarantine(report: &RunReport, found: &mut Vec<String>) {
    let Some((code, most)) = report.quarantined.iter().max_by_key(|(_, n)| **n) else {
        return;
    };
    found.push(format!(
        "<b>{} in quarantine</b>, most for <code>{}</code> ({}): \
         <code>lazaret quarantine list</code> says where they came from.",
        plural(report.quarantined(), "record", "records"),
        escaped(code),
        count(*most)
    ));
}

fn drift(report: &RunReport, found: &mut Vec<String>) {
    let Some(drift) = &report.drift else { return };
    for (name, table) in &drift.tables {
        if let Some(ratio) = table.rows_ratio.filter(|_| table.unusual) {
            let rows = report.tables.get(name).map_or(0, |table| table.rows);
            found.push(format!(
                "<b>{name}</b> has {} tonight: {ratio:.2} times the mean of the nights before.",
                plural(rows, "row", "rows")
            ));
        }
        let unusual = table.columns.iter().filter(|(_, column)| column.unusual);
        let mut columns: Vec<_> = unusual.collect();
        columns.sort_by(|(_, one), (_, other)| other.change.abs().total_cmp(&one.change.abs()));
        let shown = columns.iter().take(COLUMNS_SHOWN).map(|(column, drift)| {
            let (before, change) = (drift.completeness_mean, drift.change);
            format!(
                "<b>{column}</b> {} where it was {}",
                percent(before + change),
                percent(before)
            )
        });
        let shown: Vec<_> = shown.collect();
        if !shown.is_empty() {
            let more = match columns.len().saturating_sub(COLUMNS_SHOWN) {
                0 => String::new(),
                more => format!(", and {} more", plural(more as u64, "column", "columns")),
            };
            found.push(format!(
                "<b>{name}</b> is filled otherwise than in the nights before: {}{more}.",
                shown.join(", ")
            ));
        }
    }
}

fn persons(report: &RunReport, found: &mut Vec<String>) {
    let persons = &report.persons;
    let facts = [
        (
            persons.moved,
            "belong to another person now: a full export puts their older rows right.",
        ),
        (
            persons.second_records,
            "are a second record of somebody: merge them in the source.",
        ),
        (
            persons.provisional,
            "are named by records and never came themselves.",
        ),
        (
            persons.unidentified,
            "have no identifier of the pipeline's systems.",
        ),
    ];
    for (number, what) in facts.into_iter().filter(|(number, _)| *number > 0) {
        let what = if number == 1 {
            singular(what)
        } else {
            what.to_owned()
        };
        found.push(format!(
            "<b>{}</b> {what}",
            plural(number, "patient", "patients")
        ));
    }
}

fn singular(what: &str) -> String {
    let verbs = [
        ("belong ", "belongs "),
        ("are named", "is named"),
        ("are ", "is "),
    ];
    let more = [
        ("have ", "has "),
        ("themselves", "itself"),
        ("their", "its"),
    ];
    let mut out = what.to_owned();
    for (several, one) in verbs.into_iter().chain(more) {
        out = out.replacen(several, one, 1);
    }
    out
}

fn dates(report: &RunReport, found: &mut Vec<String>) {
    let mut say = |what: &str, of: fn(&ColumnReport) -> u64| {
        let tables = report.tables.values();
        let sum: u64 = tables.flat_map(|table| table.columns.iter().map(of)).sum();
        if sum > 0 {
            found.push(format!("<b>{}</b> {what}", plural(sum, "date", "dates")));
        }
    };
    say("after the export was taken.", |column| column.after_export);
    say("before the person's birth.", |column| column.before_birth);
}
