//! Words that are not used here: vague names, unfinished code, places of one machine.

use super::code::{strip, words};
use super::{Source, none, rust, tree};

const DEFINING: [&str; 10] = [
    "struct",
    "enum",
    "union",
    "trait",
    "type",
    "mod",
    "fn",
    "const",
    "static",
    "macro_rules",
];
const VAGUE_PARTS: [&str; 4] = ["Manager", "Helper", "Util", "Service"];
const VAGUE_STARTS: [&str; 2] = ["process_", "handle_"];
const VAGUE_MODULES: [&str; 6] = ["common", "util", "utils", "helper", "helpers", "misc"];
const CRATES_NEVER: [&str; 4] = ["common", "utils", "helpers", "error"];

/// Names defined in the file that say nothing.
fn vague(source: &Source) -> Vec<String> {
    let code = strip(&source.text);
    let all: Vec<_> = words(&code).collect();
    let defined = all.windows(2).filter_map(|pair| match pair {
        [(_, keyword), (line, name)] if DEFINING.contains(keyword) => {
            Some((*line, *keyword, *name))
        }
        _ => None,
    });
    let bad = |keyword: &str, name: &str| {
        VAGUE_PARTS.iter().any(|part| name.contains(part))
            || VAGUE_STARTS.iter().any(|start| name.starts_with(start))
            || (keyword == "mod" && VAGUE_MODULES.contains(&name))
    };
    let path = &source.path;
    defined
        .filter(|(_, keyword, name)| bad(keyword, name))
        .map(|(line, _, name)| format!("{path}:{line}: `{name}` says nothing: name what it is"))
        .collect()
}

/// Code that is not finished, and tests that are switched off in silence.
fn unfinished(source: &Source) -> Vec<String> {
    let code = strip(&source.text);
    let marks = ["todo!", "unimplemented!", "dbg!", "#[ignore]"];
    let path = &source.path;
    let found = |mark: &&str| {
        let lines = code
            .lines()
            .enumerate()
            .filter(|(_, line)| line.contains(*mark));
        lines
            .map(|(at, _)| format!("{path}:{}: `{mark}`", at + 1))
            .collect::<Vec<_>>()
    };
    marks.iter().flat_map(found).collect()
}

/// Paths that only exist on somebody's machine.
fn machines(source: &Source) -> Vec<String> {
    // Put together here, so that this file does not hold what it looks for.
    let places = [
        ["/wo", "rk/"],
        ["/ho", "me/"],
        ["/ro", "ot/"],
        ["/t", "mp/"],
        ["/Us", "ers/"],
    ];
    let places = places.map(|parts| parts.concat());
    let has = |line: &str| places.iter().any(|place| line.contains(place));
    let lines = source
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| has(line));
    lines
        .map(|(at, _)| format!("{}:{}: a path of one machine", source.path, at + 1))
        .collect()
}

fn crates(paths: &[&str]) -> Vec<String> {
    let name = |path: &&str| Some(path.strip_prefix("crates/")?.split_once('/')?.0.to_owned());
    let mut never: Vec<_> = paths
        .iter()
        .filter_map(name)
        .filter(|n| CRATES_NEVER.contains(&n.as_str()))
        .collect();
    never.dedup();
    never
}

#[test]
fn names_say_what_a_thing_is() {
    none(
        "vague names",
        &rust().iter().flat_map(vague).collect::<Vec<_>>(),
    );
    let sources = tree();
    let paths: Vec<_> = sources.iter().map(|source| source.path.as_str()).collect();
    none("crates that collect everything", &crates(&paths));
}

#[test]
fn nothing_is_left_unfinished() {
    none(
        "unfinished",
        &rust().iter().flat_map(unfinished).collect::<Vec<_>>(),
    );
}

#[test]
fn no_machine_is_named() {
    none(
        "paths of one machine",
        &tree().iter().flat_map(machines).collect::<Vec<_>>(),
    );
}

#[test]
fn planted_words_are_found() {
    let one = |text: &str| Source::planted("crates/a/src/b.rs", text);
    for text in [
        "struct QueryManager;",
        "fn handle_request() {}",
        "pub(crate) fn process_row() {}",
        "mod utils;",
        "type RowHelper = u8;",
    ] {
        assert_eq!(vague(&one(text)).len(), 1, "{text}");
    }
    assert!(
        vague(&one(
            "use a::FlightService; // fn handle_it\nfn processed() {}"
        ))
        .is_empty()
    );
    for text in [
        "todo!()",
        "unimplemented!()",
        "dbg!(a)",
        "#[ignore]\nfn a() {}",
    ] {
        assert_eq!(unfinished(&one(text)).len(), 1, "{text}");
    }
    assert!(unfinished(&one("#[ignore = \"runs for hours\"]\n// todo!()")).is_empty());
    let planted = ["let a = \"/wo", "rk/main\";"].concat();
    assert_eq!(machines(&one(&planted)).len(), 1);
    assert_eq!(
        crates(&["crates/utils/src/lib.rs", "crates/utils/Cargo.toml"]),
        ["utils"]
    );
}
