//! Names that become paths, SQL identifiers and JSON fields, so their form is checked once, here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Malformed;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $kind:literal, $valid:path, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Parses the name.
            ///
            /// # Errors
            /// `Malformed`, when the text has another form.
            pub fn new(text: impl Into<String>) -> Result<Self, Malformed> {
                let text = text.into();
                if !$valid(&text) {
                    return Err(Malformed::new($kind, &text, $expected));
                }
                Ok(Self(text))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $type {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $type {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::new(text)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A table of a dataset, usable bare in SQL.
    TableName, "a table name", is_sql_name, "1 to 63 of a-z, 0-9 and _, a letter first"
);
name!(
    /// A column of a table, usable bare in SQL.
    ColumnName, "a column name", is_sql_name, "1 to 63 of a-z, 0-9 and _, a letter first"
);
name!(
    /// A dataset: what a permit, a cap and a catalogue record are about.
    DatasetName, "a dataset name", is_file_name, "1 to 63 of a-z, 0-9 and -, a letter first"
);
name!(
    /// A data permit, such as `FR-2026-P-000017`.
    PermitId, "a permit id", is_code, "1 to 64 of A-Z, a-z, 0-9 and -"
);
name!(
    /// A released answer. Random, so it says nothing about what was released.
    ReleaseId, "a release id", is_code, "1 to 64 of A-Z, a-z, 0-9 and -"
);
name!(
    /// A published state of a dataset. Random: researchers never see a content hash.
    SnapshotId, "a snapshot id", is_code, "1 to 64 of A-Z, a-z, 0-9 and -"
);
name!(
    /// One night's run, derived from the pipeline and the export, so a rerun has the same id.
    RunId, "a run id", is_code, "1 to 64 of A-Z, a-z, 0-9 and -"
);

fn is_sql_name(text: &str) -> bool {
    is_word(text, |c| c == '_')
}

fn is_file_name(text: &str) -> bool {
    is_word(text, |c| c == '-')
}

fn is_word(text: &str, extra: impl Fn(char) -> bool) -> bool {
    text.len() <= 63
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || extra(c))
}

fn is_code(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 64
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
