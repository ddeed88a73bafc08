//! Places made coarser: postcodes to NUTS regions by the holder's table.

use std::borrow::Cow;
use std::collections::HashMap;

/// The region of whom no place is known.
pub(crate) const UNKNOWN: &str = "ZZ";
/// Rows of a postcode table; Europe has about two million postcodes.
const ROWS_MAX: usize = 5_000_000;

/// The postcode table: NUTS-2 regions by country and postcode.
#[derive(Default)]
pub(crate) struct Regions(HashMap<(String, String), String>);

impl Regions {
    /// Reads `country,postcode,nuts3`.
    ///
    /// # Errors
    /// The line and what is wrong with it.
    pub(crate) fn parse(csv: &[u8]) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(csv);
        let header = reader
            .headers()
            .map_err(|_| "line 1 is not CSV".to_owned())?;
        if header != vec!["country", "postcode", "nuts3"] {
            return Err("line 1 has to be `country,postcode,nuts3`".to_owned());
        }
        let mut regions = HashMap::new();
        for (row, record) in reader.records().enumerate() {
            let wrong = |reason: &str| format!("line {}: {reason}", row + 2);
            let record = record.map_err(|_| wrong("not three fields"))?;
            let [country, postcode, nuts3] = [0, 1, 2].map(|at| record.get(at).unwrap_or(""));
            let country =
                country_code(country).ok_or_else(|| wrong("no country of two letters"))?;
            let postcode = postcode_form(postcode).ok_or_else(|| wrong("no postcode"))?;
            let nuts2 = nuts3.get(..4).filter(|_| is_nuts3(nuts3));
            let nuts2 = nuts2.ok_or_else(|| wrong("no NUTS-3 code of five characters"))?;
            let known = regions.insert((country, postcode), nuts2.to_owned());
            if known.is_some_and(|known| known != nuts2) {
                return Err(wrong("the postcode is already in another region"));
            }
            if regions.len() > ROWS_MAX {
                return Err(wrong("the table is too long"));
            }
        }
        Ok(Self(regions))
    }

    /// NUTS-2 of the postcode, else the state as ISO 3166-2, else `ZZ`.
    pub(crate) fn region(&self, place: &Place<'_>) -> Cow<'_, str> {
        let Some(country) = place.country.and_then(country_code) else {
            return Cow::Borrowed(UNKNOWN);
        };
        let state = place.state.and_then(|state| subdivision(&country, state));
        let key = place
            .postcode
            .and_then(postcode_form)
            .map(|postcode| (country, postcode));
        match (key.and_then(|key| self.0.get(&key)), state) {
            (Some(nuts2), _) => Cow::Borrowed(nuts2),
            (None, Some(state)) => Cow::Owned(state),
            (None, None) => Cow::Borrowed(UNKNOWN),
        }
    }
}

/// What an address says about where it is.
pub(crate) struct Place<'a> {
    /// The country, as two letters where it is one.
    pub(crate) country: Option<&'a str>,
    /// The postcode.
    pub(crate) postcode: Option<&'a str>,
    /// The state or province.
    pub(crate) state: Option<&'a str>,
}

/// An ISO 3166-1 code of two letters in upper case; nothing for names of countries.
pub(crate) fn country_code(text: &str) -> Option<String> {
    let text = text.trim();
    let code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    code.then(|| text.to_ascii_uppercase())
}

/// `CC-XXX` from `CC-XXX` or `XXX`: one to three letters or digits, so no name of a place is kept.
fn subdivision(country: &str, state: &str) -> Option<String> {
    let state = state.trim().to_ascii_uppercase();
    let part = match state.split_once('-') {
        Some((prefix, part)) if prefix == country => part,
        Some(_) => return None,
        None => &state,
    };
    let code = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    code.then(|| format!("{country}-{part}"))
}

/// Spaces, hyphens and case do not matter in a postcode.
fn postcode_form(text: &str) -> Option<String> {
    let kept = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let form: String = kept.map(|c| c.to_ascii_uppercase()).take(16).collect();
    (!form.is_empty()).then_some(form)
}

fn is_nuts3(code: &str) -> bool {
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    code.len() == 5 && code.bytes().all(upper) && code.get(..2).and_then(country_code).is_some()
}
