//! What must not compile: a permit nobody verified, and a private key that leaks.

#[test]
fn permits_and_keys_cannot_be_made_or_shown() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
