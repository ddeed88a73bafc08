//! The crates one reads line by line: their size, their promise, and the words under each door.

use super::code::strip;
use super::{Source, none, rust};

const TRUSTED: [&str; 3] = ["pseudonym", "ledger", "disclosure"];
const LINES_MAX: usize = 1500;

fn trusted(source: &Source) -> bool {
    source.is_product()
        && source
            .of_crate()
            .is_some_and(|name| TRUSTED.contains(&name))
}

/// Trusted crates with too many lines, or that do not forbid unsafe code in their first file.
fn size_and_promise(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for name in TRUSTED {
        let of_it = |source: &&Source| trusted(source) && source.of_crate() == Some(name);
        let lines: usize = sources.iter().filter(of_it).map(lines_of_code).sum();
        if lines > LINES_MAX {
            found.push(format!(
                "{name}: {lines} lines of code, at most {LINES_MAX}"
            ));
        }
        let root = format!("crates/{name}/src/lib.rs");
        let root = sources.iter().find(|source| source.path == root);
        if !root.is_some_and(|source| strip(&source.text).contains("#![forbid(unsafe_code)]")) {
            found.push(format!(
                "{name}: its first file must say `#![forbid(unsafe_code)]`"
            ));
        }
    }
    found
}

/// Lines with code on them: the argument that stands beside the code makes no crate too long.
fn lines_of_code(source: &Source) -> usize {
    strip(&source.text)
        .lines()
        .filter(|line| !line.trim().is_empty())
        .count()
}

/// Public functions without a section that says what they guarantee.
fn unexplained(source: &Source) -> Vec<String> {
    let code = strip(&source.text);
    let text: Vec<_> = source.text.lines().collect();
    let public = |line: &str| {
        let rest = line.trim_start().strip_prefix("pub ")?;
        let (before, after) = rest.split_once("fn ")?;
        let plain = before
            .split_whitespace()
            .all(|word| ["const", "async"].contains(&word));
        plain.then(|| {
            after
                .split(['(', '<'])
                .next()
                .unwrap_or_default()
                .to_owned()
        })
    };
    let explained = |at: usize| {
        let above = text.iter().take(at).rev().map(|line| line.trim_start());
        let mut docs = above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
        docs.any(|line| line == "/// # Privacy")
    };
    let functions = code
        .lines()
        .enumerate()
        .filter_map(|(at, line)| Some((at, public(line)?)));
    functions
        .filter(|(at, _)| !explained(*at))
        .map(|(at, name)| format!("{}:{}: `{name}` has no `# Privacy`", source.path, at + 1))
        .collect()
}

#[test]
fn trusted_crates_are_small_and_safe() {
    none("trusted crates", &size_and_promise(&rust()));
}

#[test]
fn every_door_of_a_trusted_crate_says_what_it_guarantees() {
    let sources = rust();
    let found: Vec<_> = sources
        .iter()
        .filter(|s| trusted(s))
        .flat_map(unexplained)
        .collect();
    none("public functions of trusted crates", &found);
}

#[test]
fn a_planted_breach_of_trust_is_found() {
    let root = |name: &str, text: &str| Source::planted(&format!("crates/{name}/src/lib.rs"), text);
    let good = "//! A crate.\n#![forbid(unsafe_code)]\n";
    let large = format!("{good}{}", "a();\n".repeat(LINES_MAX));
    let sources = [
        root("pseudonym", good),
        root("ledger", "//! A.\n"),
        root("disclosure", &large),
    ];
    assert_eq!(
        size_and_promise(&sources).len(),
        2,
        "{:?}",
        size_and_promise(&sources)
    );
    let text = "/// Opens.\n///\n/// # Privacy\n/// Says why.\n#[must_use]\npub const fn a() {}\n\n\
                /// Says nothing.\npub fn b() {}\npub(crate) fn c() {}\npub async fn d() {}\n";
    let found = unexplained(&root("ledger", text));
    assert!(
        found.len() == 2 && found[0].contains("`b`") && found[1].contains("`d`"),
        "{found:?}"
    );
}
