//! What must not compile: sealed things cannot be printed, copied, written out or opened.

#[test]
fn sealed_things_stay_sealed() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
