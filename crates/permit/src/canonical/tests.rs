//! The vectors of RFC 8785, and what has no canonical form.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn the_sample_of_section_3_2() {
    let input = r#"{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"#;
    let value: Value = serde_json::from_str(input).unwrap();
    let expected = concat!(
        r#"{"literals":[null,true,false],"#,
        r#""numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
        r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
    );
    assert_eq!(canonical(&value).unwrap(), expected);
}

#[test]
fn members_are_sorted_by_utf16_as_in_section_3_2_3() {
    let input = r#"{"\u20ac": "Euro Sign", "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"}"#;
    let value: Value = serde_json::from_str(input).unwrap();
    let text = canonical(&value).unwrap();
    let order = [
        "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
    ];
    let places: Vec<usize> = order.iter().map(|word| text.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
}

#[test]
fn the_numbers_of_appendix_b() {
    let vectors = [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0x41b3_de43_5555_5555, "333333333.3333333"),
        (0x41b3_de43_5555_5556, "333333333.3333334"),
        (0x41b3_de43_5555_5557, "333333333.33333343"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];
    for (bits, expected) in vectors {
        assert_eq!(double_text(f64::from_bits(bits)), expected, "{bits:016x}");
    }
}

#[test]
fn whole_doubles_are_whole_numbers() {
    assert_eq!(
        canonical(&json!([1.0, -0.0, 3.50, 1e-7])).unwrap(),
        "[1,0,3.5,1e-7]"
    );
    assert_eq!(
        canonical(&json!([9_007_199_254_740_991u64])).unwrap(),
        "[9007199254740991]"
    );
}

#[test]
fn numbers_that_readers_round_are_refused() {
    for number in [
        json!(9_007_199_254_740_992u64),
        json!(-9_007_199_254_740_992i64),
        json!(1e20),
    ] {
        assert!(canonical(&number).is_err(), "{number}");
    }
}

#[test]
fn deep_values_are_refused() {
    let mut value = json!(1);
    for _ in 0..200 {
        value = json!([value]);
    }
    assert!(canonical(&value).is_err());
    assert!(read("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn duplicates_are_refused_at_any_depth() {
    for wrong in [
        r#"{"a": 1, "a": 1}"#,
        r#"{"a": {"b": 1, "\u0062": 2}}"#,
        r#"[[{"x": [], "x": []}]]"#,
    ] {
        let message = read(wrong.as_bytes()).unwrap_err().to_string();
        assert!(message.contains("twice"), "{message}");
    }
    for wrong in ["", "{", "[1,]", "1e400", "NaN", "{} {}", "\u{feff}{}"] {
        assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
    }
    assert_eq!(
        read(br#"{"a": [{"b": 1}, {"b": 2}]}"#).unwrap()["a"][1]["b"],
        2
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1i64 << 52)..1i64 << 52).prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn digits_read_back_as_the_double(bits in any::<u64>()) {
        let double = f64::from_bits(bits);
        prop_assume!(double.is_finite());
        let text = double_text(double);
        prop_assert_eq!(text.parse::<f64>().unwrap(), double);
        prop_assert!(text.len() <= 25);
    }

    #[test]
    fn a_canonical_text_is_its_own_canonical_text(value in any_value()) {
        if let Ok(text) = canonical(&value) {
            let again = read(text.as_bytes()).unwrap();
            prop_assert_eq!(canonical(&again).unwrap(), text.clone());
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            prop_assert_eq!(canonical(&read(pretty.as_bytes()).unwrap()).unwrap(), text);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let same = serde_json::from_slice::<Value>(&bytes).is_ok();
        prop_assert!(same || read(&bytes).is_err());
    }
}
