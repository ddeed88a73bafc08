//! The reports of a home's nights: in the store, as files for people and programs, and as metrics.

use std::path::{Path, PathBuf};

use anyhow::Context;
use lazaret_ingest::{NIGHTS_MAX, RunReport, metrics};
use lazaret_model::RunId;
use lazaret_store::{ReadTx, Row, StoreError, Value};

use crate::home::Home;

/// The report of a run that was published.
pub(crate) async fn of_run(home: &Home, run: &RunId) -> anyhow::Result<Option<RunReport>> {
    let sql = "SELECT report FROM run WHERE id = $1";
    Ok(reports(home, sql, &[run.as_str().into()]).await?.pop())
}

/// The last reports of a pipeline, oldest first: as many as a night is held against.
pub(crate) async fn last(home: &Home, pipeline: &str) -> anyhow::Result<Vec<RunReport>> {
    let sql = "SELECT report FROM run WHERE pipeline = $1 ORDER BY at DESC LIMIT $2";
    let most = i64::try_from(NIGHTS_MAX)?;
    let mut reports = reports(home, sql, &[pipeline.into(), most.into()]).await?;
    reports.reverse();
    Ok(reports)
}

/// Reports as the store has them. One whose form is older than this program is left out.
async fn reports(
    home: &Home,
    sql: &'static str,
    values: &[Value],
) -> anyhow::Result<Vec<RunReport>> {
    let read = async |tx: &mut ReadTx| {
        let rows = tx.rows(sql, values).await?;
        let text = |row: &Row| row.text("report").map(str::to_owned);
        rows.iter().map(text).collect::<Result<Vec<_>, _>>()
    };
    let store = home.store().await?;
    let texts = store.read::<_, StoreError, _>(read).await?;
    Ok(texts
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect())
}

/// Writes a report as JSON and as a page; gives where the page is.
pub(crate) fn write(home: &Home, report: &RunReport) -> anyhow::Result<PathBuf> {
    let folder = home.reports();
    let json = serde_json::to_string_pretty(report)? + "\n";
    replace(&folder.join(format!("{}.json", report.run)), &json)?;
    let page = folder.join(format!("{}.html", report.run));
    replace(&page, &report.page())?;
    Ok(page)
}

/// Writes the metrics of each pipeline's last night.
pub(crate) async fn write_metrics(home: &Home) -> anyhow::Result<()> {
    let sql = "SELECT report FROM run AS one WHERE at = \
               (SELECT MAX(at) FROM run WHERE pipeline = one.pipeline AND dataset = one.dataset) \
               ORDER BY pipeline, dataset, id";
    let mut last = reports(home, sql, &[]).await?;
    last.dedup_by(|one, other| (&one.pipeline, &one.dataset) == (&other.pipeline, &other.dataset));
    replace(&home.metrics(), &metrics(&last))
}

/// Puts a file in place as a whole: who reads it meets the old or the new one.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = path.with_extension("new");
        std::fs::write(&new, text)?;
        std::fs::rename(&new, path)
    };
    written().with_context(|| path.display().to_string())
}
