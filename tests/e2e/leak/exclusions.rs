//! Hits that are no leaks, each with its reason; an exclusion that nothing needs fails the test.

use super::scan::{Form, Hit};
use super::secrets::{Kind, Secrets};

/// Why a hit is no leak.
pub(super) struct Exclusion {
    pub(super) why: &'static str,
    /// Whether it explains this kind and value, found in this form at this place.
    explains: fn(Kind, &str, Form, &str) -> bool,
}

/// All of them. The practitioners of these records have no numbers of a register but 0, 10, 20, ..
pub(super) static EXCLUSIONS: [Exclusion; 4] = [
    Exclusion {
        why: "a practitioner's number is a small count, and so are the store's and a row's",
        explains: |kind, value, form, place| {
            let counts = place.ends_with(".parquet:_ordinal") || place.starts_with("store.db:");
            kind == Kind::Identifier && is_small(value) && form == Form::Whole && counts
        },
    },
    Exclusion {
        why: "a practitioner's number is small, and so are the codes of vaccines (CVX)",
        explains: |kind, value, form, place| {
            let code = place.contains("/immunization/") && place.ends_with(":code");
            kind == Kind::Identifier && is_small(value) && form == Form::Whole && code
        },
    },
    Exclusion {
        why: "a postcode that lost its leading zero (01960) looks like a year",
        explains: |kind, value, form, place| {
            let year = place.ends_with(":birth_year") || place.ends_with(":deceased_year");
            kind == Kind::Place && value == "1960" && form == Form::Whole && year
        },
    },
    Exclusion {
        why: "a claim group's number is eleven nines, and so are digits of sums such as 84.99999999999",
        explains: |kind, value, form, place| {
            let sum = place.ends_with("_amount");
            let nines = value.bytes().all(|digit| digit == b'9');
            kind == Kind::Identifier && nines && form == Form::Raw && sum
        },
    },
];

fn is_small(value: &str) -> bool {
    value.len() <= 4 && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// The exclusion that explains a hit.
pub(super) fn excluded(secrets: &Secrets, hit: &Hit) -> Option<&'static Exclusion> {
    let (kind, value) = secrets.get(hit.secret);
    EXCLUSIONS
        .iter()
        .find(|exclusion| (exclusion.explains)(kind, value, hit.form, &hit.place))
}
