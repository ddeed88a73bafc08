//! Purposes for which secondary use is allowed: Article 53(1) of Regulation (EU) 2025/327.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Malformed;

/// A purpose of Article 53(1), by its letter, with sub-point where the article has one, such as
/// `53(1)(e)(i)`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Purpose {
    letter: char,
    point: Option<&'static str>,
}

impl Purpose {
    /// What the letter stands for, in the words of a form.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self.letter {
            'a' => "public or occupational health",
            'b' => "policy making and regulatory activities",
            'c' => "statistics",
            'd' => "education or teaching in health or care",
            'e' => "scientific research in health or care",
            _ => "improvement of the delivery of care",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "53(1)({})", self.letter)?;
        self.point.map_or(Ok(()), |point| write!(f, "({point})"))
    }
}

impl FromStr for Purpose {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let expected = "`53(1)(a)` to `53(1)(f)`, for (e) also `53(1)(e)(i)` or `53(1)(e)(ii)`";
        let wrong = || Malformed::new("a purpose", text, expected);
        let rest = text.strip_prefix("53(1)(").ok_or_else(wrong)?;
        let (letter, point) = rest.split_once(')').ok_or_else(wrong)?;
        let letter = match letter.as_bytes() {
            [letter @ b'a'..=b'f'] => char::from(*letter),
            _ => return Err(wrong()),
        };
        let point = match point {
            "" => None,
            "(i)" if letter == 'e' => Some("i"),
            "(ii)" if letter == 'e' => Some("ii"),
            _ => return Err(wrong()),
        };
        Ok(Self { letter, point })
    }
}

impl TryFrom<String> for Purpose {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        text.parse()
    }
}

impl From<Purpose> for String {
    fn from(purpose: Purpose) -> Self {
        purpose.to_string()
    }
}
