//! Research requests as text: SQL whose opening comments say what it shows and what is expected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::support::{files, repository};

/// One file of `queries/`.
pub(super) struct Request {
    pub(super) path: PathBuf,
    /// The settings of its opening comments: `-- rows: 100`.
    settings: BTreeMap<String, String>,
    pub(super) text: String,
}

impl Request {
    /// All requests of a folder of `queries/`, by name.
    pub(super) fn all(folder: &str) -> Vec<Self> {
        let found: Vec<_> = files(&repository().join("queries").join(folder))
            .iter()
            .map(|p| Self::read(p))
            .collect();
        assert!(!found.is_empty(), "queries/{folder} is empty");
        found
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let comments = text.lines().map_while(|line| line.strip_prefix("-- "));
        let known = ["rows", "groups", "epsilon", "granted", "refused", "duckdb"];
        let setting = |line: &str| {
            let (key, value) = line.split_once(": ")?;
            known
                .contains(&key)
                .then(|| (key.to_owned(), value.to_owned()))
        };
        let settings = comments.filter_map(setting).collect();
        Self {
            path: path.to_owned(),
            settings,
            text,
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap()
    }

    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }

    pub(super) fn number(&self, key: &str) -> Option<u32> {
        self.setting(key).map(|text| text.parse().unwrap())
    }

    /// Its bounds and epsilon as the command line takes them.
    pub(super) fn options(&self) -> Vec<&str> {
        let option = |(key, option)| self.setting(key).map(|value| [option, value]);
        let all = [
            ("rows", "--rows"),
            ("groups", "--groups"),
            ("epsilon", "--epsilon"),
        ];
        all.into_iter().filter_map(option).flatten().collect()
    }

    /// The tables and columns of `-- granted: person(sex, birth_year), condition(code)`, as a
    /// permit has them.
    pub(super) fn granted(&self) -> Option<serde_json::Value> {
        let mut allow = serde_json::Map::new();
        for table in self.setting("granted")?.split_terminator(')') {
            let (name, columns) = table
                .trim_start_matches([',', ' '])
                .split_once('(')
                .unwrap();
            allow.insert(name.to_owned(), columns.split(", ").collect());
        }
        Some(allow.into())
    }

    /// Writes the file again with this setting, for `UPDATE_EXPECT=1`.
    pub(super) fn rewrite(&self, key: &str, value: &str) {
        let start = format!("-- {key}: ");
        let line = |line: &str| match line.starts_with(&start) {
            true => format!("{start}{value}\n"),
            false => format!("{line}\n"),
        };
        std::fs::write(&self.path, self.text.lines().map(line).collect::<String>()).unwrap();
    }
}

#[test]
fn opening_comments_are_settings() {
    let text =
        "-- A title: with a colon.\n-- rows: 7\n-- granted: a(b, c), d(e)\nSELECT 1 -- groups: 2\n";
    let path = crate::support::home::fresh_folder("request").join("title.sql");
    std::fs::write(&path, text).unwrap();
    let request = Request::read(&path);
    assert_eq!((request.name(), request.number("rows")), ("title", Some(7)));
    assert_eq!(request.options(), ["--rows", "7"]);
    let granted = serde_json::json!({"a": ["b", "c"], "d": ["e"]});
    assert_eq!(request.granted(), Some(granted));
}
