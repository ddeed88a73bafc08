//! The figures as one table for people.

use std::fmt::Write;

use crate::plan::{Case, Peer, Results};

const MB: f64 = 1e6;
const MIB: f64 = 1_048_576.0;

const HEAD: [&str; 12] = [
    "case",
    "MB in",
    "s",
    "MB/s",
    "CPU s",
    "anon MiB",
    "open s",
    "publish s",
    "resources",
    "rows",
    "lake MB",
    "wrote MB",
];

/// The table, with the ratios to the other engine beneath it.
pub(crate) fn text(results: &Results) -> String {
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(results.cases.iter().map(of_case));
    rows.extend(results.peers.iter().filter_map(of_peer));
    let mut widths = [0; HEAD.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    for note in notes(results) {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

fn of_case(case: &Case) -> [String; HEAD.len()] {
    let figures = &case.figures;
    let mb = bytes(figures.inflated_bytes) / MB;
    [
        case.name.clone(),
        format!("{mb:.0}"),
        format!("{:.2}", figures.seconds),
        format!("{:.0}", mb / figures.seconds),
        format!("{:.1}", figures.cpu_seconds),
        format!("{:.0}", bytes(figures.anon_peak_bytes) / MIB),
        format!("{:.1}", figures.open_seconds),
        format!("{:.1}", figures.publish_seconds),
        figures.resources.to_string(),
        figures.rows.to_string(),
        format!("{:.1}", bytes(figures.lake_bytes) / MB),
        format!("{:.1}", bytes(figures.written_bytes) / MB),
    ]
}

fn of_peer(peer: &Peer) -> Option<[String; HEAD.len()]> {
    let figures = peer.figures.as_ref().ok()?;
    let mb = bytes(peer.bytes) / MB;
    Some([
        format!("{} ({})", peer.name, figures.version),
        format!("{mb:.0}"),
        format!("{:.2}", figures.seconds),
        format!("{:.0}", mb / figures.seconds),
        format!("{:.1}", figures.cpu_seconds),
        format!("{:.0}", bytes(figures.anon_peak_bytes) / MIB),
        String::new(),
        String::new(),
        String::new(),
        figures.rows.to_string(),
        format!("{:.1}", bytes(figures.lake_bytes) / MB),
        String::new(),
    ])
}

fn notes(results: &Results) -> Vec<String> {
    let mut notes = Vec::new();
    for case in &results.cases {
        if let [first, .., last] = case.seconds.as_slice() {
            let runs = case.seconds.len();
            let name = &case.name;
            notes.push(format!(
                "{name}: median of {runs} runs, {first:.2} to {last:.2} s"
            ));
        }
        let quarantined = case.figures.quarantined;
        if quarantined > 0 {
            notes.push(format!(
                "{}: {quarantined} records in quarantine",
                case.name
            ));
        }
    }
    for peer in &results.peers {
        match &peer.figures {
            Err(why) => notes.push(format!("{}: not measured: {why}", peer.name)),
            Ok(_) if results.cases.is_empty() => {}
            Ok(figures) => {
                let theirs = bytes(peer.bytes) / figures.seconds;
                let mut note = format!("ratio to {}, by MB/s:", peer.name);
                for case in results.cases.iter().take(3) {
                    let ours = bytes(case.figures.inflated_bytes) / case.figures.seconds;
                    // Writing to a string does not fail.
                    write!(note, " {} {:.2};", case.name, ours / theirs).ok();
                }
                notes.push(note.trim_end_matches(';').to_owned());
            }
        }
    }
    notes
}

#[allow(clippy::cast_precision_loss, reason = "fewer than 2^53 bytes")]
fn bytes(count: u64) -> f64 {
    count as f64
}
