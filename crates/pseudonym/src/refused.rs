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

case!(centre_key_copied, "compile_fail");
case!(centre_key_printed, "compile_fail");
case!(centre_key_written, "compile_fail");
case!(holder_key_copied, "compile_fail");
case!(holder_key_printed, "compile_fail");
case!(holder_key_written, "compile_fail");
case!(key_opened, "compile_fail");
case!(person_id_forged, "compile_fail");
case!(pseudonymised_batch_forged, "compile_fail");
case!(pseudonymiser_copied, "compile_fail");
case!(pseudonymiser_printed, "compile_fail");
case!(pseudonymiser_written, "compile_fail");
case!(raw_batch_copied, "compile_fail");
case!(raw_batch_opened, "compile_fail");
case!(raw_batch_printed, "compile_fail");
case!(raw_batch_written, "compile_fail");
case!(raw_identifier_copied, "compile_fail");
case!(raw_identifier_field, "compile_fail");
case!(raw_identifier_method, "compile_fail");
case!(raw_identifier_printed, "compile_fail");
case!(raw_identifier_written, "compile_fail");
case!(record_id_forged, "compile_fail");
case!(token_forged, "compile_fail");
case!(twin, "rust");
