//! Who may depend on whom, read from cargo's own metadata.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::none;
use crate::support::repository;

/// The edges between our crates, all of them: a new one is an architectural change.
const EDGES: [(&str, &[&str]); 14] = [
    ("catalogue", &["model"]),
    (
        "cli",
        &[
            "disclosure",
            "gateway",
            "ingest",
            "lake",
            "ledger",
            "model",
            "permit",
            "pseudonym",
            "query",
            "store",
            "synth",
        ],
    ),
    ("disclosure", &["ledger", "model"]),
    (
        "gateway",
        &[
            "disclosure",
            "lake",
            "ledger",
            "model",
            "permit",
            "query",
            "store",
        ],
    ),
    ("ingest", &["model", "pseudonym", "views"]),
    ("lake", &["model", "pseudonym"]),
    ("ledger", &["model", "permit", "store"]),
    ("model", &[]),
    ("permit", &["model", "store"]),
    ("pseudonym", &["model"]),
    (
        "query",
        &["disclosure", "lake", "ledger", "model", "permit"],
    ),
    ("store", &["model"]),
    ("synth", &[]),
    ("views", &[]),
];

/// What must never stand beneath a crate, however far down; a `*` ends a family of names.
const NEVER_BENEATH: [(&str, &[&str]); 7] = [
    (
        "lazaret-pseudonym",
        &[
            "datafusion*",
            "deltalake*",
            "axum",
            "arrow-flight",
            "sqlx",
            "tokio",
        ],
    ),
    (
        "lazaret-ledger",
        &["datafusion*", "deltalake*", "axum", "arrow-flight"],
    ),
    (
        "lazaret-disclosure",
        &["datafusion*", "deltalake*", "axum", "arrow-flight"],
    ),
    (
        "lazaret-ingest",
        &[
            "lazaret-permit",
            "lazaret-ledger",
            "lazaret-query",
            "datafusion*",
        ],
    ),
    ("lazaret-lake", &["lazaret-ingest", "datafusion*"]),
    ("lazaret-query", &["lazaret-ingest"]),
    ("lazaret-catalogue", &["lazaret-lake"]),
];

/// Libraries that one of our crates alone may name.
const ONE_OWNER: [(&str, &str); 9] = [
    ("sqlx", "lazaret-store"),
    ("opendp", "lazaret-disclosure"),
    ("datafusion", "lazaret-query"),
    ("deltalake-core", "lazaret-lake"),
    ("rand", "lazaret-synth"),
    ("rand_chacha", "lazaret-synth"),
    ("simd-json", "lazaret-views"),
    ("anyhow", "lazaret-cli"),
    ("clap", "lazaret-cli"),
];

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let run = Command::new(cargo)
        .args(arguments)
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    String::from_utf8(run.stdout).unwrap()
}

/// Cargo's metadata for this platform, without a network.
fn metadata() -> Value {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    let text = cargo(&[
        "metadata",
        "--format-version=1",
        "--offline",
        "--filter-platform",
        host,
    ]);
    serde_json::from_str(&text).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Our crates with the libraries their manifests name for anything but tests.
fn ours(metadata: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let members: BTreeSet<_> = list(metadata, "workspace_members")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let named = |package: &'_ Value| members.contains(text(package, "id"));
    let direct = |package| {
        let all = list(package, "dependencies").iter();
        all.filter(|d| d["kind"].is_null())
            .map(|d| text(d, "name"))
            .collect()
    };
    let packages = list(metadata, "packages")
        .iter()
        .filter(|package| named(package));
    packages
        .map(|package| (text(package, "name"), direct(package)))
        .collect()
}

fn edges(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let ours = ours(metadata);
    for (name, allowed) in EDGES {
        let direct = ours
            .get(format!("lazaret-{name}").as_str())
            .into_iter()
            .flatten();
        let now: BTreeSet<_> = direct.filter_map(|d| d.strip_prefix("lazaret-")).collect();
        let allowed: BTreeSet<_> = allowed.iter().copied().collect();
        if now != allowed {
            found.push(format!(
                "{name}: its edges are {now:?}, agreed are {allowed:?}"
            ));
        }
    }
    let known = |name: &str| {
        EDGES
            .iter()
            .any(|(n, _)| Some(*n) == name.strip_prefix("lazaret-"))
    };
    let strange = ours
        .keys()
        .filter(|name| !known(name) && **name != "lazaret-tests");
    found.extend(strange.map(|name| format!("{name}: a crate nobody agreed on")));
    found
}

/// Everything a package is built from, by name, tests aside.
fn beneath<'a>(metadata: &'a Value, name: &str) -> BTreeSet<&'a str> {
    let names: BTreeMap<_, _> = list(metadata, "packages")
        .iter()
        .map(|p| (text(p, "id"), text(p, "name")))
        .collect();
    let nodes: BTreeMap<_, _> = list(&metadata["resolve"], "nodes")
        .iter()
        .map(|n| (text(n, "id"), n))
        .collect();
    let mut open: Vec<_> = names
        .iter()
        .filter(|(_, n)| **n == name)
        .map(|(id, _)| *id)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(node) = open.pop().and_then(|id| nodes.get(id)) {
        let used = |d: &&Value| {
            list(d, "dep_kinds")
                .iter()
                .any(|kind| kind["kind"] != "dev")
        };
        for id in list(node, "deps")
            .iter()
            .filter(used)
            .map(|d| text(d, "pkg"))
        {
            if seen.insert(id) {
                open.push(id);
            }
        }
    }
    seen.into_iter()
        .filter_map(|id| names.get(id).copied())
        .collect()
}

fn never_beneath(metadata: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, never) in NEVER_BENEATH {
        let is = |package: &str, rule: &&str| {
            rule.strip_suffix('*')
                .map_or(package == *rule, |family| package.starts_with(family))
        };
        let all = beneath(metadata, name).into_iter();
        let bad = all.filter(|package| never.iter().any(|rule| is(package, rule)));
        found.extend(bad.map(|package| format!("{name} stands on {package}")));
    }
    found
}

fn owners(metadata: &Value) -> Vec<String> {
    let ours = ours(metadata);
    let mut found = Vec::new();
    for (library, owner) in ONE_OWNER {
        let names = ours.iter().filter(|(_, direct)| direct.contains(library));
        let strange = names.filter(|(name, _)| **name != owner && **name != "lazaret-tests");
        found.extend(strange.map(|(name, _)| format!("{name} names {library}: {owner} does")));
    }
    found
}

/// The features a library is built with, and its version.
fn features<'a>(metadata: &'a Value, library: &str) -> (Vec<&'a str>, &'a str) {
    let of = |p: &&Value| text(p, "name") == library;
    let Some(package) = list(metadata, "packages").iter().find(of) else {
        return (Vec::new(), "");
    };
    let nodes = list(&metadata["resolve"], "nodes").iter();
    let node = nodes.clone().find(|node| node["id"] == package["id"]);
    let features = node.map_or(&[][..], |node| list(node, "features"));
    (
        features.iter().filter_map(Value::as_str).collect(),
        text(package, "manifest_path"),
    )
}

/// The version in the text of `sqlite3.h`.
fn sqlite_version(header: &str) -> Option<Vec<u32>> {
    let mut lines = header
        .lines()
        .filter_map(|line| line.strip_prefix("#define SQLITE_VERSION "));
    lines
        .next()?
        .trim()
        .trim_matches('"')
        .split('.')
        .map(|part| part.parse().ok())
        .collect()
}

#[test]
fn edges_between_our_crates_are_the_agreed_ones() {
    let metadata = metadata();
    none("edges (crates/README.md)", &edges(&metadata));
    none("never beneath", &never_beneath(&metadata));
    none("one owner", &owners(&metadata));
}

#[test]
fn libraries_are_built_with_the_agreed_features() {
    let metadata = metadata();
    let (opendp, _) = features(&metadata, "opendp");
    assert_eq!(
        opendp,
        ["contrib", "openssl", "use-openssl"],
        "`use-openssl` brings `openssl`"
    );
    let (datafusion, _) = features(&metadata, "datafusion");
    let expected = [
        "datafusion-datasource-parquet",
        "datafusion-sql",
        "datetime_expressions",
        "parquet",
        "sql",
        "sqlparser",
        "string_expressions",
        "unicode_expressions",
    ];
    assert_eq!(
        datafusion, expected,
        "datafusion without its default features"
    );
    let (sqlite, manifest) = features(&metadata, "libsqlite3-sys");
    assert!(
        sqlite.contains(&"bundled"),
        "SQLite is built with us: {sqlite:?}"
    );
    let header = std::path::Path::new(manifest)
        .with_file_name("sqlite3")
        .join("sqlite3.h");
    let version = sqlite_version(&std::fs::read_to_string(header).unwrap()).unwrap();
    assert!(
        version >= vec![3, 51, 3],
        "SQLite {version:?} has the WAL-reset bug"
    );
}

#[test]
fn the_product_is_built_with_noise() {
    let tree = cargo(&[
        "tree",
        "-p",
        "lazaret-cli",
        "-e",
        "features,normal,build",
        "--offline",
    ]);
    assert!(tree.contains("lazaret-disclosure"), "{tree}");
    assert!(
        !tree.contains("noiseless"),
        "the product must not be able to turn noise off"
    );
}

#[test]
fn planted_edges_are_found() {
    let json = r#"{
      "workspace_members": ["q", "d", "u"],
      "packages": [
        {"id": "q", "name": "lazaret-query", "dependencies":
          [{"name": "lazaret-ingest", "kind": null}, {"name": "sqlx", "kind": null}]},
        {"id": "d", "name": "lazaret-disclosure", "dependencies":
          [{"name": "lazaret-ledger", "kind": null}, {"name": "lazaret-query", "kind": "dev"}]},
        {"id": "u", "name": "lazaret-utils", "dependencies": []},
        {"id": "i", "name": "lazaret-ingest"}, {"id": "m", "name": "middle"},
        {"id": "e", "name": "datafusion-expr"}],
      "resolve": {"nodes": [
        {"id": "q", "deps": [{"pkg": "i", "dep_kinds": [{"kind": null}]}]},
        {"id": "d", "deps": [{"pkg": "m", "dep_kinds": [{"kind": null}]},
                             {"pkg": "i", "dep_kinds": [{"kind": "dev"}]}]},
        {"id": "m", "features": ["a"], "deps": [{"pkg": "e", "dep_kinds": [{"kind": null}]}]},
        {"id": "e", "deps": []}, {"id": "i", "deps": []}]}}"#;
    let planted: Value = serde_json::from_str(json).unwrap();
    let found = edges(&planted).join("\n");
    assert!(
        found.contains("query: its edges are {\"ingest\"}"),
        "{found}"
    );
    assert!(
        found.contains("disclosure: its edges are {\"ledger\"}"),
        "{found}"
    );
    assert!(
        found.contains("lazaret-utils: a crate nobody agreed on"),
        "{found}"
    );
    let deep = [
        "lazaret-disclosure stands on datafusion-expr",
        "lazaret-query stands on lazaret-ingest",
    ];
    assert_eq!(never_beneath(&planted), deep);
    assert_eq!(
        owners(&planted),
        ["lazaret-query names sqlx: lazaret-store does"]
    );
    assert_eq!(features(&planted, "middle").0, ["a"]);
    assert_eq!(
        sqlite_version("x\n#define SQLITE_VERSION   \"3.50.1\"\n"),
        Some(vec![3, 50, 1])
    );
}
