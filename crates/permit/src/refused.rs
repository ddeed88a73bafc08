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

case!(active_permit_copied, "compile_fail");
case!(key_from_parts, "compile_fail");
case!(permit_defaulted, "compile_fail");
case!(permit_from_parts, "compile_fail");
case!(permit_read, "compile_fail");
case!(signing_key_copied, "compile_fail");
case!(signing_key_printed, "compile_fail");
case!(signing_key_written, "compile_fail");
case!(twin, "rust");
