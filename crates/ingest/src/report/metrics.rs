//! The last night of each pipeline in Prometheus' text format, for node_exporter's textfile
//! collector: gauges with the labels `pipeline`, `dataset`, `table`, `reason` and `outcome`.

use lazaret_model::TableName;

use super::{ColumnReport, RunReport, Stored, TableReport};

/// The text of these reports, one a pipeline.
#[must_use]
pub fn metrics(reports: &[RunReport]) -> String {
    let mut text = Text {
        reports,
        written: String::new(),
    };
    text.runs();
    text.outcomes();
    text.tables();
    text.written
}

struct Text<'a> {
    reports: &'a [RunReport],
    written: String,
}

impl Text<'_> {
    fn runs(&mut self) {
        self.run(
            "run_ended_timestamp_seconds",
            "When the last night ended, in seconds since 1970.",
            |report| seconds(report.ended.as_deref()?),
        );
        self.run(
            "run_exported_timestamp_seconds",
            "When the export of the last night was taken, in seconds since 1970.",
            |report| seconds(&report.exported),
        );
        self.run(
            "run_duration_seconds",
            "How long the last night took.",
            |report| Some(report.effort?.seconds.to_string()),
        );
        self.run(
            "run_cpu_seconds",
            "CPU seconds of the last night.",
            |report| Some(report.effort?.cpu_seconds?.to_string()),
        );
        self.run(
            "run_resident_memory_max_bytes",
            "The most memory that was resident at once.",
            |report| Some(report.effort?.memory_bytes_max?.to_string()),
        );
        self.run(
            "run_energy_joules",
            "Estimate of the energy: CPU seconds times the configured watts.",
            |report| Some((report.effort?.energy?.watt_hours * 3600.0).to_string()),
        );
        self.run(
            "run_read_bytes",
            "Bytes of the export's files as stored.",
            |report| Some(report.totals.bytes.to_string()),
        );
        self.run(
            "run_inflated_bytes",
            "Bytes of the export's files inflated.",
            |report| Some(report.totals.bytes_inflated.to_string()),
        );
        self.run(
            "run_resources",
            "Resources read, of types that tables need.",
            |report| Some(report.totals.resources.to_string()),
        );
        self.run("run_rows", "Rows that the resources gave.", |report| {
            Some(report.totals.rows.to_string())
        });
        self.run(
            "run_quarantined_resources",
            "Resources in quarantine.",
            |report| Some(report.totals.quarantined.to_string()),
        );
        self.run(
            "run_pending_resources",
            "Resources that wait for their person to come.",
            |report| Some(report.pending().to_string()),
        );
        self.run(
            "run_persons_new",
            "Local ids of persons not known before.",
            |report| Some(report.persons.new.to_string()),
        );
        self.run("dataset_persons", "Persons of the dataset.", |report| {
            Some(report.persons.total?.to_string())
        });
    }

    fn outcomes(&mut self) {
        self.many(
            "run_quarantined_resources_by_reason",
            "Resources in quarantine by the code of their reason.",
            "reason",
            |report| {
                let counts = report.quarantined.iter();
                counts
                    .map(|(code, n)| (code.clone(), n.to_string()))
                    .collect()
            },
        );
        self.many(
            "run_resources_by_outcome",
            "What became of resources in the lake.",
            "outcome",
            |report| {
                let Some(r) = report.resources else {
                    return Vec::new();
                };
                let outcomes = [
                    ("new", r.new),
                    ("changed", r.changed),
                    ("unchanged", r.unchanged),
                    ("stale", r.stale),
                    ("duplicate", r.duplicates),
                    ("deleted", r.deleted),
                    ("unknown-deletion", r.unknown_deletions),
                ];
                outcomes
                    .map(|(name, n)| (name.to_owned(), n.to_string()))
                    .into()
            },
        );
    }

    fn tables(&mut self) {
        self.table("run_table_rows", "Rows read, by table.", |_, _, table| {
            Some(table.rows)
        });
        let stored = |of: fn(&Stored) -> u64| {
            move |_: &RunReport, _: &TableName, table: &TableReport| table.stored.as_ref().map(of)
        };
        self.table("table_rows", "Rows of the snapshot.", stored(|s| s.after));
        self.table(
            "run_table_appended_rows",
            "Rows that came.",
            stored(|s| s.appended),
        );
        self.table(
            "run_table_masked_rows",
            "Rows that went.",
            stored(|s| s.masked),
        );
        let sum = |of: fn(&ColumnReport) -> u64| {
            move |_: &RunReport, _: &TableName, table: &TableReport| {
                Some(table.columns.iter().map(of).sum())
            }
        };
        self.table(
            "run_table_missing_values",
            "Nulls of the rows read, over all columns.",
            |_, _, table| {
                let missing = table.columns.iter().map(|c| table.rows - c.present);
                Some(missing.sum())
            },
        );
        self.table(
            "run_table_outside_values",
            "Values outside of the declared sets and bounds.",
            sum(|column| column.outside),
        );
        self.table(
            "run_table_implausible_dates",
            "Dates after the export or before the person's birth.",
            sum(|column| column.after_export + column.before_birth),
        );
        self.table(
            "run_table_unusual",
            "Whether rows or columns drifted from the nights before: how many of them.",
            |report, name, _| {
                let drift = report.drift.as_ref()?.tables.get(name)?;
                let columns = drift.columns.values().filter(|column| column.unusual);
                Some(columns.count() as u64 + u64::from(drift.unusual))
            },
        );
    }

    /// A gauge of each report that has it.
    fn run(&mut self, name: &str, help: &str, value: impl Fn(&RunReport) -> Option<String>) {
        self.gauge(name, help, |report| {
            value(report)
                .map(|value| (String::new(), value))
                .into_iter()
                .collect()
        });
    }

    /// A gauge of each table of each report.
    fn table(
        &mut self,
        name: &str,
        help: &str,
        value: impl Fn(&RunReport, &TableName, &TableReport) -> Option<u64>,
    ) {
        self.many(name, help, "table", |report| {
            let tables = report.tables.iter();
            tables
                .filter_map(|(name, table)| {
                    let value = value(report, name, table)?;
                    Some((name.to_string(), value.to_string()))
                })
                .collect()
        });
    }

    /// A gauge with one more label.
    fn many(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl Fn(&RunReport) -> Vec<(String, String)>,
    ) {
        self.gauge(name, help, |report| {
            let values = values(report).into_iter();
            values
                .map(|(key, value)| (format!(",{label}=\"{}\"", escaped(&key)), value))
                .collect()
        });
    }

    fn gauge(&mut self, name: &str, help: &str, of: impl Fn(&RunReport) -> Vec<(String, String)>) {
        let mut samples = String::new();
        for report in self.reports {
            let pipeline = escaped(&report.pipeline);
            let dataset = escaped(report.dataset.as_str());
            for (labels, value) in of(report) {
                samples += &format!(
                    "lazaret_{name}{{pipeline=\"{pipeline}\",dataset=\"{dataset}\"{labels}}} \
                     {value}\n"
                );
            }
        }
        if !samples.is_empty() {
            self.written += &format!("# HELP lazaret_{name} {help}\n# TYPE lazaret_{name} gauge\n");
            self.written += &samples;
        }
    }
}

/// Seconds since 1970.
fn seconds(time: &str) -> Option<String> {
    let time = chrono::DateTime::parse_from_rfc3339(time).ok()?;
    Some(time.timestamp().to_string())
}

fn escaped(label: &str) -> String {
    label
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
