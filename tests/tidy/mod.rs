//! The rules of the house that no compiler checks, each with a violation that it must find.

mod code;
mod doors;
mod form;
mod graph;
mod names;
mod trusted;

use crate::support::{files, repository};

/// A text file of the repository.
struct Source {
    /// Its path from the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// A file made up in a test.
    fn planted(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// The name of the crate's folder, for a file under `crates/`.
    fn of_crate(&self) -> Option<&str> {
        self.path
            .strip_prefix("crates/")?
            .split_once('/')
            .map(|(name, _)| name)
    }

    /// Whether it holds tests alone: `tests.rs`, a folder `tests`, the package of tests.
    fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| part == "tests" || part == "tests.rs")
    }

    /// Whether it is a crate's own code. A benchmark is not: it measures and prints.
    fn is_product(&self) -> bool {
        let bench = self.path.split('/').any(|part| part == "benches");
        self.of_crate().is_some() && !self.is_test() && !bench && self.path.ends_with(".rs")
    }
}

/// All text files of the repository.
fn tree() -> Vec<Source> {
    let relative = |path: &std::path::Path| {
        let parts: Vec<_> = path.strip_prefix(repository()).unwrap().iter().collect();
        parts
            .iter()
            .map(|part| part.to_string_lossy())
            .collect::<Vec<_>>()
            .join("/")
    };
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).ok()?;
        Some(Source {
            path: relative(path),
            text,
        })
    };
    files(repository()).iter().filter_map(read).collect()
}

/// All Rust files of the repository.
fn rust() -> Vec<Source> {
    tree()
        .into_iter()
        .filter(|source| source.path.ends_with(".rs"))
        .collect()
}

/// Fails with every finding on its own line.
fn none(rule: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{rule}\n  {}", findings.join("\n  "));
}
