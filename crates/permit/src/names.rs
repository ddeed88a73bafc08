//! Who acts, by local name, and in whose name permits are issued.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::PermitError;

/// Characters a local name may have.
const NAME_LENGTH_MAX: usize = 64;

macro_rules! local_name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// The name, without space around it.
            ///
            /// # Errors
            /// `PermitError::Form`, when it is empty, longer than 64 characters or holds control
            /// characters.
            pub fn new(name: &str) -> Result<Self, PermitError> {
                Ok(Self(local_name($what, name)?))
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
            type Err = PermitError;
            fn from_str(name: &str) -> Result<Self, PermitError> {
                Self::new(name)
            }
        }
    };
}

local_name!(
    /// An officer of the health data access body, by local name.
    Officer, "the officer's name"
);
local_name!(
    /// Who hands in an application, by local name.
    Applicant, "the applicant's name"
);

/// A country by its two letters (ISO 3166-1 alpha-2): the series of its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Country(String);

impl Country {
    /// The country.
    ///
    /// # Errors
    /// `PermitError::Form`, for anything but two letters A to Z.
    pub fn new(code: &str) -> Result<Self, PermitError> {
        if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self(code.to_owned()));
        }
        Err(PermitError::Form {
            what: "the country".into(),
            reason: "two letters A to Z are expected, such as FR".into(),
        })
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The health data access body, as its permits name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Its identifier in the network.
    pub hdab_id: String,
    /// Its name.
    pub name: String,
    /// Its country.
    pub country: Country,
    /// Where it can be reached.
    pub contact: String,
}

fn local_name(what: &str, name: &str) -> Result<String, PermitError> {
    let name = name.trim();
    let length = name.chars().count();
    if (1..=NAME_LENGTH_MAX).contains(&length) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    let reason =
        format!("1 to {NAME_LENGTH_MAX} characters without control characters are expected");
    Err(PermitError::Form {
        what: what.into(),
        reason,
    })
}
