//! How files look: the opening sentence, their length, their width, the length of functions.

use super::code::{functions, strip};
use super::{Source, none, rust, tree};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;

fn form(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let path = &source.path;
    if !source.text.starts_with("//! ") {
        found.push(format!("{path}:1: open the file with one `//!` sentence"));
    }
    let lines = source.text.lines().count();
    let is_unit_test = source.of_crate().is_some() && source.is_test();
    if lines > FILE_LINES_MAX && !is_unit_test {
        found.push(format!(
            "{path}: {lines} lines, more than {FILE_LINES_MAX}: cut it by subject"
        ));
    }
    for (at, line) in source.text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > COLUMNS_MAX {
            found.push(format!(
                "{path}:{}: {columns} columns, at most {COLUMNS_MAX}",
                at + 1
            ));
        }
    }
    for function in functions(&strip(&source.text)) {
        if function.length > FUNCTION_LINES_MAX {
            let (name, line, length) = (function.name, function.line, function.length);
            found.push(format!(
                "{path}:{line}: `{name}` has {length} lines: name its steps"
            ));
        }
    }
    found
}

/// What stands beside the fixed folders at the top level, and the folders themselves.
const TOP: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "crates",
    "deploy",
    "pipelines",
    "queries",
    "tests",
];

fn top_level(paths: &[&str]) -> Vec<String> {
    let tops = paths.iter().filter_map(|path| path.split('/').next());
    let mut strange: Vec<_> = tops
        .filter(|top| !top.starts_with('.') && !TOP.contains(top))
        .collect();
    strange.dedup();
    strange
        .into_iter()
        .map(|top| format!("{top}: the top level is fixed"))
        .collect()
}

#[test]
fn files_and_functions_keep_their_form() {
    let found: Vec<_> = rust().iter().flat_map(form).collect();
    none("the form of a file (crates/README.md)", &found);
}

#[test]
fn a_planted_breach_of_form_is_found() {
    let long_file = "//! A file.\n".to_owned() + &"\n".repeat(FILE_LINES_MAX);
    let body = "    a();\n".repeat(FUNCTION_LINES_MAX + 1);
    let long_function = format!("//! A file.\nfn long() {{\n{body}}}\n");
    let wide = format!("//! A file.\n// {}\n", "a".repeat(COLUMNS_MAX));
    for (text, says) in [
        ("use a;\n", "open the file"),
        (long_file.as_str(), "more than 400"),
        (long_function.as_str(), "`long` has 71 lines"),
        (wide.as_str(), "103 columns"),
    ] {
        let found = form(&Source::planted("crates/a/src/b.rs", text));
        assert!(
            found.len() == 1 && found.iter().all(|line| line.contains(says)),
            "{found:?}"
        );
    }
    assert!(form(&Source::planted("crates/a/src/tests.rs", &long_file)).is_empty());
    let longest = format!("//! A file.\nfn long() {{\n{}}}\n", "    a();\n".repeat(70));
    assert!(form(&Source::planted("crates/a/src/b.rs", &longest)).is_empty());
}

#[test]
fn the_top_level_is_fixed() {
    let sources = tree();
    let paths: Vec<_> = sources.iter().map(|source| source.path.as_str()).collect();
    none("the top level (README.md)", &top_level(&paths));
    assert_eq!(top_level(&["scripts/x", "crates/a", ".ci/run"]).len(), 1);
}
