//! A run's report as one HTML page: no script, nothing from outside, nothing of a record.

mod charts;
mod findings;
mod markup;
mod tables;
mod text;

use charts::bar;
use findings::findings;
use markup::{list, ratio_of, section, table, whole};
use text::{bytes, count, duration, escaped, moment, percent, plural, some};

use super::RunReport;

/// How it looks.
const STYLE: &str = include_str!("page/style.css");

impl RunReport {
    /// The report as one HTML page that stands alone.
    #[must_use]
    pub fn page(&self) -> String {
        let head = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src 'none'; style-src 'unsafe-inline'\" />\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
             <meta name=\"color-scheme\" content=\"light dark\" />\n\
             <title>{} · night of {}</title>\n<style>\n{STYLE}</style>\n</head>\n",
            self.dataset,
            moment(&self.exported)
        );
        let parts = [
            head,
            "<body>\n".to_owned(),
            self.header(),
            "<main>\n".to_owned(),
            self.figures(),
            self.attention(),
            tables::rows(self),
            tables::quality(self),
            self.quarantine(),
            self.account(),
            self.read_files(),
            "</main>\n".to_owned(),
            self.footer(),
            "</body>\n</html>\n".to_owned(),
        ];
        parts.concat()
    }

    fn header(&self) -> String {
        let quarantined = plural(self.quarantined(), "record", "records");
        let (class, sign, verdict) = match (&self.stopped, &self.snapshot, self.quarantined()) {
            (Some(why), _, _) => (
                "look",
                "×",
                format!("Stopped, nothing was published: {}", escaped(why)),
            ),
            (None, None, _) => ("dry", "○", "Dry run: nothing was published".to_owned()),
            (None, Some(_), 0) => ("good", "✓", "Published".to_owned()),
            (None, Some(_), _) => (
                "look",
                "!",
                format!("Published, {quarantined} in quarantine"),
            ),
        };
        let snapshot = self.snapshot.as_ref().map_or_else(String::new, |snapshot| {
            format!(" · snapshot <code>{snapshot}</code>")
        });
        format!(
            "<header>\n<p class=\"house\">Lazaret · night report</p>\n<h1>{}</h1>\n\
             <p>Dataset <b>{}</b>, export of <b>{}</b></p>\n\
             <p class=\"verdict {class}\"><span class=\"sign\" aria-hidden=\"true\">{sign}</span> \
             <b>{verdict}</b>{snapshot}</p>\n</header>\n",
            escaped(&self.title),
            self.dataset,
            moment(&self.exported)
        )
    }

    fn figures(&self) -> String {
        let totals = &self.totals;
        let mut figures = vec![
            (
                "Resources read",
                count(totals.resources),
                format!(
                    "{}, {}",
                    plural(self.files.len() as u64, "file", "files"),
                    bytes(totals.bytes)
                ),
            ),
            (
                "Rows",
                count(totals.rows),
                format!("in {}", plural(self.tables.len() as u64, "table", "tables")),
            ),
            (
                "Persons",
                self.persons.total.map_or_else(|| "–".to_owned(), count),
                format!("{} new to the source", count(self.persons.new)),
            ),
            (
                "Quarantine",
                count(totals.quarantined),
                self.quarantined_share(),
            ),
        ];
        if let Some(effort) = self.effort {
            let rate = format!(
                "{:.1} MB/s, {} resources/s",
                effort.megabytes_per_second,
                whole(effort.resources_per_second)
            );
            figures.push(("Time", duration(effort.seconds), rate));
            if let Some(cpu) = effort.cpu_seconds {
                let memory = effort.memory_bytes_max.map_or_else(String::new, |most| {
                    format!("at most {} of memory", bytes(most))
                });
                figures.push(("CPU", duration(cpu), memory));
            }
            if let Some(energy) = effort.energy {
                let about = format!(
                    "{:.2} g CO₂e; estimate at {} W a core",
                    energy.gco2e, energy.watts
                );
                figures.push(("Energy", format!("{:.2} Wh", energy.watt_hours), about));
            }
        }
        let figure = |(name, number, about): &(&str, String, String)| {
            format!("<div><dt>{name}</dt><dd>{number}<small>{about}</small></dd></div>\n")
        };
        let figures: String = figures.iter().map(figure).collect();
        format!("<dl class=\"figures\">\n{figures}</dl>\n")
    }

    #[allow(clippy::cast_precision_loss, reason = "for people")]
    fn quarantined_share(&self) -> String {
        let read = self.totals.resources.max(1) as f64;
        format!(
            "{} of resources",
            percent(self.totals.quarantined as f64 / read)
        )
    }

    fn attention(&self) -> String {
        let found = findings(self);
        let list = if found.is_empty() {
            "<p>Nothing: every record went in, and the night is like those before it.</p>"
                .to_owned()
        } else {
            let items: String = found
                .iter()
                .map(|one| format!("<li>{one}</li>\n"))
                .collect();
            format!("<ul class=\"findings\">\n{items}</ul>")
        };
        section("attention", "To look at", &list)
    }

    fn quarantine(&self) -> String {
        if self.quarantined.is_empty() {
            return section(
                "quarantine",
                "Quarantine",
                "<p>No record is in quarantine.</p>",
            );
        }
        let most = self.quarantined.values().max().copied().unwrap_or(0);
        let mut codes: Vec<_> = self.quarantined.iter().collect();
        codes.sort_by_key(|(code, n)| (std::cmp::Reverse(**n), code.as_str()));
        let rows = codes.into_iter().map(|(code, n)| {
            vec![
                format!("<code>{}</code>", escaped(code)),
                count(*n),
                bar(ratio_of(*n, most)),
            ]
        });
        let caption = "Records that did not go in, by reason.";
        section(
            "quarantine",
            "Quarantine",
            &table(caption, &["Reason", "#Records", ""], rows),
        )
    }

    fn account(&self) -> String {
        let mut lists = String::new();
        if let Some(r) = self.resources {
            lists += &list(
                "Resources in the lake",
                &[
                    ("New", r.new),
                    ("Changed", r.changed),
                    ("Unchanged", r.unchanged),
                    ("Older than what stands", r.stale),
                    ("Came twice", r.duplicates),
                    ("Deleted", r.deleted),
                    ("Deletions of unknown resources", r.unknown_deletions),
                ],
            );
        }
        let p = &self.persons;
        lists += &list(
            "Patients of the export",
            &[
                ("New to the source", p.new),
                ("Belong to another person now", p.moved),
                ("Second records of a person", p.second_records),
                ("Without an identifier", p.unidentified),
                ("Named, but never came", p.provisional),
                ("Resources that wait for theirs", self.pending()),
            ],
        );
        if !self.deletions.is_empty() {
            let listed: Vec<_> = self
                .deletions
                .iter()
                .map(|(kind, n)| (kind.as_str(), *n))
                .collect();
            lists += &list("Deletions listed", &listed);
        }
        section(
            "account",
            "Resources and persons",
            &format!("<div class=\"lists\">\n{lists}</div>"),
        )
    }

    fn read_files(&self) -> String {
        let rows = self.files.iter().map(|file| {
            vec![
                escaped(&file.name),
                escaped(&file.resource_type),
                bytes(file.bytes),
                count(file.read),
                some(file.accepted),
                some(file.filtered),
                some(file.not_a_person),
                some(file.pending),
                some(file.ignored_type),
                some(file.quarantined_all()),
            ]
        });
        let head = [
            "File",
            "Type",
            "#Size",
            "#Read",
            "#Gave rows",
            "#No row",
            "#No person",
            "#Pending",
            "#Type not needed",
            "#Quarantined",
        ];
        let caption = "Each file in the order it was read, in resources.";
        let mut content = table(caption, &head, rows);
        if !self.ignored_files.is_empty() {
            let names: Vec<_> = self
                .ignored_files
                .iter()
                .map(|name| escaped(name))
                .collect();
            content += &format!(
                "<p class=\"how\">Not read, for they are no resources: {}.</p>",
                names.join(", ")
            );
        }
        section("files", "Files", &content)
    }

    fn footer(&self) -> String {
        let ended = self
            .ended
            .as_deref()
            .map_or_else(String::new, |ended| format!(", ended {}", moment(ended)));
        format!(
            "<footer>\n<p>Run <code>{}</code>, started {}{ended}. Pipeline <code>{}</code>, \
             SHA-256 <code>{}</code>.</p>\n<p>Counts of a holder's records for the holder: exact, \
             without noise, not for release.</p>\n</footer>\n",
            self.run,
            moment(&self.started),
            escaped(&self.pipeline),
            escaped(self.pipeline_sha256.get(..16).unwrap_or_default())
        )
    }
}
