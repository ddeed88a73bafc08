//! How files look: the opening sentence, their length, their width, the length of functions.

use super::code::{functions, strip};
use super::{Source, none, rust, tree};

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const COLUMNS_MAX: usize = 100;
/// A text on one line that is long by itself, as stripped code has it: breaking it helps nobody.
const LONG_LITERAL: &str = "____________________________________________________________";

/// Breaches of form in one file. Unit tests may be long, as tables of cases are; what clippy finds
/// too long there needs a reason.
fn form(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let path = &source.path;
    let code = strip(&source.text);
    if !source.text.starts_with("//! ") {
        found.push(format!("{path}:1: open the file with one `//!` sentence"));
    }
    for (at, (line, code)) in source.text.lines().zip(code.lines()).enumerate() {
        let columns = line.chars().count();
        if columns > COLUMNS_MAX && !code.contains(LONG_LITERAL) {
            found.push(format!(
                "{path}:{}: {columns} columns, at most {COLUMNS_MAX}",
                at + 1
            ));
        }
    }
    if source.of_crate().is_some() && source.is_test() {
        return found;
    }
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        found.push(format!(
            "{path}: {lines} lines, at most {FILE_LINES_MAX}: cut it by subject"
        ));
    }
    for function in functions(&code)
        .iter()
        .filter(|f| f.length > FUNCTION_LINES_MAX)
    {
        let (name, line, length) = (&function.name, function.line, function.length);
        found.push(format!(
            "{path}:{line}: `{name}` has {length} lines: name its steps"
        ));
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
        (long_file.as_str(), "at most 400"),
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
