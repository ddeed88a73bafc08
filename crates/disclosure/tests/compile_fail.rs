//! What does not compile: an exact result opened, copied or printed, a release made elsewhere.

#[test]
fn exact_results_stay_sealed() {
    trybuild::TestCases::new().compile_fail("tests/compile-fail/*.rs");
}
