//! What must not compile, as doctests: each case breaks one rule, and the twin, which has all their
//! imports, compiles.

#[rustfmt::skip]
macro_rules! case {
    ($name:ident, $kind:literal) => {
        #[doc = concat!(
            "```", $kind, "\n",
            include_str!(concat!(stringify!($name), ".rs")),
            "\n```"
        )]
        mod $name {}
    };
}

case!(exact_copied, "compile_fail");
case!(exact_field, "compile_fail");
case!(exact_method, "compile_fail");
case!(exact_pattern, "compile_fail");
case!(exact_printed, "compile_fail");
case!(exact_written, "compile_fail");
case!(group_copied, "compile_fail");
case!(group_printed, "compile_fail");
case!(group_written, "compile_fail");
case!(key_value_printed, "compile_fail");
case!(key_value_written, "compile_fail");
case!(noise_of_ones_own, "compile_fail");
case!(price_made, "compile_fail");
case!(release_constructed, "compile_fail");
case!(release_for_free, "compile_fail");
case!(release_made, "compile_fail");
case!(release_twice, "compile_fail");
case!(twin, "rust");
