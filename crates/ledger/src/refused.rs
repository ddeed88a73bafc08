//! What must not compile, as doctests: each case breaks one rule, and the twin, which has all their
//! imports, compiles.

#[rustfmt::skip]
macro_rules! case {
    ($name:ident, $kind:literal) => {
        #[doc = concat!(
            "```", $kind, "\n",
            include_str!(concat!("../tests/refused/", stringify!($name), ".rs")),
            "\n```"
        )]
        mod $name {}
    };
}

case!(account_charged_past_the_permit, "compile_fail");
case!(reservation_constructed, "compile_fail");
case!(reservation_copied, "compile_fail");
case!(reservation_made, "compile_fail");
case!(reservation_printed, "compile_fail");
case!(reservation_used_twice, "compile_fail");
case!(reservation_written, "compile_fail");
case!(twin, "rust");
case!(used_copied, "compile_fail");
case!(used_made, "compile_fail");
case!(used_printed, "compile_fail");
case!(used_written, "compile_fail");
