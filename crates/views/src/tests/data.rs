//! Where the shared data is, and what happens without it.

use std::path::{Path, PathBuf};

/// A folder of the shared data, beside the repository or where `LAZARET_DATA` says. Without it the
/// test is skipped with a note, and fails where `CI=true`.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(super) fn folder(part: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("LAZARET_DATA").map_or(beside, PathBuf::from);
    let folder = root.join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "the shared data folder `{part}` is missing: set LAZARET_DATA"
    );
    eprintln!("skipped: the shared data folder `{part}` is missing; set LAZARET_DATA");
    None
}

/// How often a randomised test runs: `LAZARET_ROUNDS`, else what it asks for.
pub(super) fn rounds(usual: u32) -> u32 {
    std::env::var("LAZARET_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(usual)
}
