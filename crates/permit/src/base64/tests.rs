//! The vectors of RFC 4648, section 10, and texts that have a twin.

use super::*;

#[test]
fn vectors_of_the_rfc() {
    let vectors = [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ];
    for (bytes, text) in vectors {
        assert_eq!(encode(Alphabet::Standard, bytes.as_bytes()), text);
        assert_eq!(decode(Alphabet::Standard, text).unwrap(), bytes.as_bytes());
        let bare = text.trim_end_matches('=');
        assert_eq!(encode(Alphabet::Url, bytes.as_bytes()), bare);
        assert_eq!(decode(Alphabet::Url, bare).unwrap(), bytes.as_bytes());
    }
}

#[test]
fn all_bytes_round_trip() {
    let bytes: Vec<u8> = (0..=255).rev().chain(0..=255).collect();
    for alphabet in [Alphabet::Standard, Alphabet::Url] {
        for start in 0..4 {
            let text = encode(alphabet, &bytes[start..]);
            assert_eq!(decode(alphabet, &text).unwrap(), &bytes[start..]);
        }
    }
    assert!(encode(Alphabet::Standard, &bytes).contains(['+', '/']));
    assert!(encode(Alphabet::Url, &bytes).contains(['-', '_']));
}

#[test]
fn other_texts_are_refused() {
    for wrong in [
        "A", "Zh", "Zm9", "Zm9v=", "Zg==", "Zm 9v", "Zm9v\n", "+/+/", "\u{e9}",
    ] {
        assert_eq!(decode(Alphabet::Url, wrong), None, "{wrong}");
    }
    for wrong in [
        "A", "Zh==", "Zg", "Zg=", "Zg===", "====", "=", "-_-_", "Z=g=",
    ] {
        assert_eq!(decode(Alphabet::Standard, wrong), None, "{wrong}");
    }
}
