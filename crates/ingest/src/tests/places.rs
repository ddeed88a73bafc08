//! Regions, countries and ids.

use crate::reference::is_id;
use crate::regions::{Place, Regions, country_code};

const TABLE: &str = "country,postcode,nuts3\nFR,75001,FR101\nFR,2A000,FRM01\nNL, 1011 AB ,NL329\n";

#[test]
fn a_place_becomes_nuts_2_or_a_state_or_nothing() {
    let regions = Regions::parse(TABLE.as_bytes()).unwrap_or_else(|reason| panic!("{reason}"));
    for (country, postcode, state, expected) in [
        (Some("FR"), Some("75001"), None, "FR10"),
        (Some("fr"), Some(" 75 001 "), Some("IDF"), "FR10"),
        (Some("FR"), Some("2a000"), None, "FRM0"),
        (Some("NL"), Some("1011-ab"), None, "NL32"),
        (Some("BE"), Some("75001"), None, "ZZ"),
        (Some("US"), Some("01027"), Some("MA"), "US-MA"),
        (Some("US"), None, Some("us-ks"), "US-KS"),
        (Some("US"), None, Some("CA-ON"), "ZZ"),
        (Some("US"), Some("01027"), Some("Massachusetts"), "ZZ"),
        (Some("US"), None, Some("a b"), "ZZ"),
        (Some("France"), Some("75001"), Some("IDF"), "ZZ"),
        (None, Some("75001"), Some("IDF"), "ZZ"),
        (None, None, None, "ZZ"),
    ] {
        let found = regions.region(&Place {
            country,
            postcode,
            state,
        });
        assert_eq!(found, expected, "{country:?} {postcode:?} {state:?}");
    }
}

#[test]
fn a_postcode_table_has_one_form() {
    for (csv, reason) in [
        ("", "line 1 has to be `country,postcode,nuts3`"),
        ("a,b,c\n", "line 1 has to be `country,postcode,nuts3`"),
        (
            "country,postcode,nuts3\nFR,75001\n",
            "line 2: not three fields",
        ),
        (
            "country,postcode,nuts3\nFRA,75001,FR101\n",
            "line 2: no country of two letters",
        ),
        ("country,postcode,nuts3\nFR,,FR101\n", "line 2: no postcode"),
        (
            "country,postcode,nuts3\nFR,75001,FR10\n",
            "line 2: no NUTS-3 code of five characters",
        ),
        (
            "country,postcode,nuts3\nFR,75001,fr101\n",
            "line 2: no NUTS-3 code of five characters",
        ),
        (
            "country,postcode,nuts3\nFR,1,FR101\nFR,1,FRK21\n",
            "line 3: the postcode is already in another region",
        ),
    ] {
        assert_eq!(
            Regions::parse(csv.as_bytes()).err().as_deref(),
            Some(reason),
            "{csv:?}"
        );
    }
    assert!(Regions::parse(b"country,postcode,nuts3\nFR,1,FR101\nFR,1,FR102\n").is_ok());
    assert!(Regions::parse(&[0xff, 0xfe]).is_err());
}

#[test]
fn a_country_is_two_letters() {
    assert_eq!(country_code(" fr ").as_deref(), Some("FR"));
    for text in ["", "F", "FRA", "France", "F1", "\u{e9}\u{e9}"] {
        assert_eq!(country_code(text), None, "{text}");
    }
}

#[test]
fn an_id_can_stand_in_a_reference() {
    assert!(is_id("a") && is_id(&"x".repeat(256)) && is_id("urn:oid:1.2"));
    for id in ["", "a b", "a/b", "a?b", "a#b", "a\nb", "a\u{0}"] {
        assert!(!is_id(id), "{id:?}");
    }
    assert!(!is_id(&"x".repeat(257)));
}
