//! Hits that are no leaks, each with its reason; an exclusion that nothing needs fails the test.

use super::scan::{Form, Hit};
use super::secrets::{Kind, Secrets};

/// Why a hit is no leak.
pub(super) struct Exclusion {
    pub(super) why: &'static str,
    /// Whether it explains this kind and value, found in this form at this place.
    explains: fn(Kind, &str, Form, &str) -> bool,
}

/// All of them.
pub(super) const EXCLUSIONS: [Exclusion; 0] = [];

/// The exclusion that explains a hit.
pub(super) fn excluded(secrets: &Secrets, hit: &Hit) -> Option<&'static Exclusion> {
    let (kind, value) = secrets.get(hit.secret);
    EXCLUSIONS
        .iter()
        .find(|exclusion| (exclusion.explains)(kind, value, hit.form, &hit.place))
}
