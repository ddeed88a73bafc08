//! The forms of names and quantities.

use proptest::prelude::*;

use super::*;

#[test]
fn quantities_are_exact_decimals() {
    assert_eq!("0.1".parse::<Epsilon>().unwrap().units(), 100_000_000);
    assert_eq!("1e-7".parse::<Delta>().unwrap().units(), 100_000_000_000);
    assert_eq!("3.0".parse::<Epsilon>().unwrap().to_string(), "3");
    assert_eq!("0.000238".parse::<Loss>().unwrap().to_string(), "0.000238");
    for wrong in [
        "",
        "-1",
        "NaN",
        "inf",
        "1e-10",
        "0x1",
        "1e400",
        ".",
        "1e",
        "99999999999",
        "1 2",
    ] {
        assert!(wrong.parse::<Epsilon>().is_err(), "{wrong}");
    }
}

#[test]
fn quantities_go_through_json_numbers() {
    let delta: Delta = serde_json::from_str("1e-7").unwrap();
    assert_eq!(delta, Delta::from_atto(100_000_000_000));
    assert_eq!(serde_json::to_string(&delta).unwrap(), "1e-7");
    assert!(serde_json::from_str::<Epsilon>("\"0.1\"").is_err());
}

#[test]
fn names_have_one_form() {
    assert!(TableName::new("medication_request").is_ok());
    assert!(DatasetName::new("fr-demo").is_ok());
    for wrong in ["", "Person", "1a", "a b", "a/b", "../a", "a\u{e9}", "a\"b"] {
        assert!(TableName::new(wrong).is_err(), "{wrong}");
        assert!(DatasetName::new(wrong).is_err(), "{wrong}");
    }
    assert!(TableName::new("a".repeat(64)).is_err());
}

#[test]
fn purposes_are_those_of_article_53() {
    for text in ["53(1)(a)", "53(1)(e)", "53(1)(e)(ii)", "53(1)(f)"] {
        assert_eq!(text.parse::<Purpose>().unwrap().to_string(), text);
    }
    for wrong in [
        "53(1)(g)",
        "53(1)(a)(i)",
        "54(1)(a)",
        "53(1)(e)(iii)",
        "53(1)(",
    ] {
        assert!(wrong.parse::<Purpose>().is_err(), "{wrong}");
    }
}

#[test]
fn decimals_change_scale_without_loss() {
    let value: Decimal = "-12.50".parse().unwrap();
    assert_eq!(
        value,
        Decimal {
            units: -125,
            scale: 1
        }
    );
    assert_eq!(value.at_scale(3), Some(-12_500));
    assert_eq!(value.at_scale(0), None);
}

proptest! {
    #[test]
    fn any_text_parses_or_says_why(text in "\\PC{0,40}") {
        for message in [
            text.parse::<Epsilon>().err().map(|e| e.to_string()),
            text.parse::<Decimal>().err().map(|e| e.to_string()),
            text.parse::<Purpose>().err().map(|e| e.to_string()),
        ].into_iter().flatten() {
            prop_assert!(message.len() < 400);
        }
    }

    #[test]
    fn epsilon_text_round_trips(nano in 0u64..1_000_000_000_000) {
        let epsilon = Epsilon::from_nano(nano);
        prop_assert_eq!(epsilon.to_string().parse::<Epsilon>().unwrap(), epsilon);
    }
}
