//! Things that only one place may touch: each has a door, and the list of who stands at it.

use super::code::{lines_with, strip};
use super::{Source, none, rust};

/// A path or name that only some files may have, and why.
struct Door {
    words: &'static [&'static str],
    /// Files, or folders that end with `/`.
    only: &'static [&'static str],
    why: &'static str,
}

const DOORS: [Door; 4] = [
    Door {
        words: &["sqlx"],
        only: &["crates/store/"],
        why: "no write without an audit event: the store is the one door",
    },
    Door {
        words: &[
            "SystemTime::now",
            "Utc::now",
            "Local::now",
            "Instant::now",
            "OffsetDateTime::now_utc",
        ],
        only: &["crates/model/src/time.rs"],
        why: "time comes through a parameter: lazaret_model::Clock",
    },
    Door {
        words: &["println!", "print!", "eprintln!", "eprint!"],
        only: &["crates/cli/src/main.rs"],
        why: "output goes through what the caller gives",
    },
    Door {
        words: &["release_without_noise", "noiseless"],
        only: &["crates/disclosure/"],
        why: "noise is off in tests alone",
    },
];

/// Product code that goes past a door.
fn past(door: &Door, source: &Source) -> Vec<String> {
    let may = |place: &&str| source.path == **place || source.path.starts_with(*place);
    if !source.is_product() || door.only.iter().any(may) {
        return Vec::new();
    }
    let code = strip(&source.text);
    let at = |word: &&str| {
        let lines = lines_with(&code, word).into_iter();
        lines
            .map(|at| format!("{}:{at}: `{word}`: {}", source.path, door.why))
            .collect::<Vec<_>>()
    };
    door.words.iter().flat_map(at).collect()
}

/// The product files that have the path.
fn who<'a>(sources: &'a [Source], path: &str) -> Vec<&'a str> {
    let has = |s: &&Source| s.is_product() && !lines_with(&strip(&s.text), path).is_empty();
    sources
        .iter()
        .filter(has)
        .map(|source| source.path.as_str())
        .collect()
}

/// The types that a trait of that name is implemented for.
fn implementors(sources: &[Source], name: &str) -> Vec<String> {
    let mark = format!("{name} for ");
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.is_product()) {
        for line in strip(&source.text)
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with("impl"))
        {
            let kind = line
                .split_once(&mark)
                .map(|(_, rest)| rest.trim_end_matches([' ', '{', '}']));
            found.extend(kind.map(|kind| kind.rsplit("::").next().unwrap_or(kind).to_owned()));
        }
    }
    found.sort();
    found
}

#[test]
fn every_door_is_kept() {
    let sources = rust();
    let of = |door: &Door| {
        sources
            .iter()
            .flat_map(|s| past(door, s))
            .collect::<Vec<_>>()
    };
    none(
        "doors (crates/README.md, invariants)",
        &DOORS.iter().flat_map(of).collect::<Vec<_>>(),
    );
}

#[test]
fn a_planted_step_past_each_door_is_found() {
    for door in &DOORS {
        for word in door.words {
            let planted = Source::planted("crates/gateway/src/a.rs", &format!("{word}::a();"));
            assert_eq!(past(door, &planted).len(), 1, "{word}");
            let quiet = format!("// {word}\nlet a = \"{word}\";");
            assert!(past(door, &Source::planted("crates/gateway/src/a.rs", &quiet)).is_empty());
            let home = Source::planted(&format!("{}a.rs", door.only[0]), &planted.text);
            assert!(past(door, &home).is_empty(), "{word}");
        }
    }
}

#[test]
fn an_exact_result_is_sealed_in_one_file() {
    let sources = rust();
    let sealing = who(&sources, "Exact::seal");
    let [file] = sealing.as_slice() else {
        panic!("`Exact::seal` is called in {sealing:?}")
    };
    assert!(file.starts_with("crates/query/src/"), "{file}");
}

#[test]
fn sessions_are_built_in_one_file() {
    let sources = rust();
    assert_eq!(
        who(&sources, "SessionStateBuilder::new"),
        ["crates/query/src/session.rs"]
    );
    for past in [
        "SessionContext::new",
        "SessionContext::new_with_config",
        "SessionContext::default",
    ] {
        assert!(
            who(&sources, past).is_empty(),
            "`{past}` brings every function and table"
        );
    }
}

#[test]
fn four_things_leave() {
    let sources: Vec<_> = rust()
        .into_iter()
        .filter(|s| s.of_crate() == Some("gateway"))
        .collect();
    // The card is the release, signed; a preview depends on what a refusal depends on.
    let four = ["Card", "Fault", "Preview", "Refusal"];
    assert_eq!(implementors(&sources, "Outgoing"), four);
    assert_eq!(
        implementors(&sources, "Sealed"),
        four,
        "the trait is sealed"
    );
}

#[test]
fn planted_callers_and_implementors_are_found() {
    let file = |path: &str, text: &str| Source::planted(path, text);
    let sources = [
        file("crates/query/src/run.rs", "Exact::seal(groups)"),
        file("crates/query/src/tests.rs", "Exact::seal(groups)"),
        file("crates/gateway/src/a.rs", "disclosure::Exact::seal(groups)"),
        file(
            "crates/gateway/src/b.rs",
            "impl Outgoing for Vec<u8> {}\nimpl a::Outgoing for b::C {",
        ),
    ];
    assert_eq!(
        who(&sources, "Exact::seal"),
        ["crates/query/src/run.rs", "crates/gateway/src/a.rs"]
    );
    assert_eq!(implementors(&sources, "Outgoing"), ["C", "Vec<u8>"]);
}
