//! Where things are, and what is said when they are not there.

pub(crate) mod fhir;
pub(crate) mod home;

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of the root manifest.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder of the shared records, or `None` after saying that the test is skipped.
///
/// # Panics
/// With `CI=true`, where nothing may be skipped.
pub(crate) fn records(folder: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("LAZARET_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let found = Some(shared.join(folder)).filter(|path| path.is_dir());
    found.or_else(|| {
        skipped(&format!(
            "no {folder} beside the repository or in LAZARET_DATA"
        ))
    })
}

/// The Python that has DuckDB, or `None` after saying that the test is skipped.
///
/// # Panics
/// With `CI=true`, where nothing may be skipped.
pub(crate) fn python() -> Option<PathBuf> {
    let found = std::env::var_os("LAZARET_PYTHON").map(PathBuf::from);
    found.or_else(|| skipped("LAZARET_PYTHON names no Python with duckdb"))
}

/// Says on the real standard error, which the test harness does not capture, what is missing.
fn skipped<T>(why: &str) -> Option<T> {
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(!ci, "nothing may be skipped with CI=true: {why}");
    let mut screen = std::io::stderr();
    writeln!(screen, "skipped: {why}").unwrap();
    None
}

/// All files under a folder, by path, without build output, homes and version control.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let skip = ["target", ".git", "lazaret-home", "__pycache__"];
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && !skip.iter().any(|skip| name == *skip) {
                open.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
