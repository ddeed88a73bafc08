//! Looks for many values at once, in cells as a whole and in bytes in every usual writing.

use std::collections::{BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::Path;

use super::cells::{Column, of_parquet, of_store};
use super::secrets::Secrets;
use crate::support::files;

/// Shorter values are in any text by chance; they are looked for as whole cells alone.
const BYTES_MIN: usize = 6;

/// Characters of a value that decide the first bytes of each of its writings.
const HEAD_CHARACTERS: usize = 8;

/// How a value was written where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// A cell is the value, whatever its case.
    Whole,
    /// As it is, whatever its case.
    Raw,
    Hex,
    Base64,
    Utf16,
}

/// A value where it must not be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) secret: usize,
    pub(super) form: Form,
    /// The file, and the column where there is one.
    pub(super) place: String,
}

/// All hits in the files of a folder, each once a file.
pub(super) fn scan(folder: &Path, secrets: &Secrets) -> Vec<Hit> {
    let patterns = Patterns::new(secrets);
    let mut hits = BTreeSet::new();
    for path in files(folder) {
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        let extension = path
            .extension()
            .and_then(|e| e.to_str())
            .unwrap_or_default();
        let columns = match extension {
            "parquet" => of_parquet(&path),
            "db" => of_store(&path),
            _ => Vec::new(),
        };
        for column in &columns {
            let place = format!("{name}:{}", column.name);
            patterns.whole(column, &place, &mut hits);
            let text = column
                .values
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join("\n");
            patterns.bytes(text.as_bytes(), &place, &mut hits);
        }
        match std::fs::read(&path) {
            Ok(bytes) => patterns.bytes(&bytes, &name, &mut hits),
            // A store's journal goes when the last who reads it closes it.
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{name}"),
        }
    }
    hits.into_iter().collect()
}

/// The values in each of their writings, found by their first bytes.
struct Patterns<'a> {
    secrets: &'a Secrets,
    whole: HashMap<String, usize>,
    /// First bytes of a writing, which value it is, written how; in order.
    starts: Vec<(u64, usize, Form)>,
    /// A bit for each start that may be there, so that most places cost one look.
    filter: Vec<u64>,
}

/// Bits of a start's place in the filter.
const FILTER_BITS: u32 = 26;

impl<'a> Patterns<'a> {
    fn new(secrets: &'a Secrets) -> Self {
        let whole = secrets
            .iter()
            .map(|(at, value)| (value.to_lowercase(), at))
            .collect();
        let filter = vec![0; 1 << (FILTER_BITS - 6)];
        let mut patterns = Self {
            secrets,
            whole,
            starts: Vec::new(),
            filter,
        };
        for (at, value) in secrets.iter().filter(|(_, value)| value.len() >= BYTES_MIN) {
            // The first bytes of a writing depend on the first characters alone.
            let head: String = value.chars().take(HEAD_CHARACTERS).collect();
            for (form, written) in writings(&head) {
                let first = written.iter().take(BYTES_MIN);
                let start = first.fold(0, |key, byte| key << 8 | u64::from(*byte));
                patterns.starts.push((start, at, form));
                let (word, bit) = place(start);
                patterns.filter[word] |= bit;
            }
        }
        patterns.starts.sort_unstable();
        patterns.starts.dedup();
        patterns
    }

    fn whole(&self, column: &Column, place: &str, hits: &mut BTreeSet<Hit>) {
        for value in column.values.iter().filter(|_| !column.is_measure) {
            if let Some(secret) = self.whole.get(&value.to_lowercase()) {
                hits.insert(Hit {
                    secret: *secret,
                    form: Form::Whole,
                    place: place.to_owned(),
                });
            }
        }
    }

    /// Base64 tells letters apart; in all other writings they are compared in lower case.
    fn bytes(&self, bytes: &[u8], place: &str, hits: &mut BTreeSet<Hit>) {
        self.pass(bytes, true, place, hits);
        self.pass(&bytes.to_ascii_lowercase(), false, place, hits);
    }

    fn pass(&self, bytes: &[u8], base64: bool, name: &str, hits: &mut BTreeSet<Hit>) {
        let mut start = 0u64;
        for (at, byte) in bytes.iter().enumerate() {
            start = (start << 8 | u64::from(*byte)) & 0xffff_ffff_ffff;
            let (word, bit) = place(start);
            if at + 1 < BYTES_MIN || self.filter[word] & bit == 0 {
                continue;
            }
            let rest = &bytes[at + 1 - BYTES_MIN..];
            let first = self.starts.partition_point(|(other, ..)| *other < start);
            let same = self.starts[first..]
                .iter()
                .take_while(|(other, ..)| *other == start);
            for (_, secret, form) in same {
                let (_, value) = self.secrets.get(*secret);
                // Most places that begin like a value differ soon after.
                let begins = rest.get(..value.len());
                let alike = |text: &[u8]| text.eq_ignore_ascii_case(value.as_bytes());
                if *form == Form::Raw && !begins.is_some_and(alike) {
                    continue;
                }
                let is_there =
                    |(f, written): (Form, Vec<u8>)| f == *form && rest.starts_with(&written);
                if (*form == Form::Base64) == base64 && writings(value).into_iter().any(is_there) {
                    hits.insert(Hit {
                        secret: *secret,
                        form: *form,
                        place: name.to_owned(),
                    });
                }
            }
        }
    }
}

fn place(start: u64) -> (usize, u64) {
    let mixed = start.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS);
    (usize::try_from(mixed >> 6).unwrap(), 1 << (mixed & 63))
}

/// A value in every writing that is looked for; all but base64 in lower case.
fn writings(value: &str) -> Vec<(Form, Vec<u8>)> {
    let lower = value.to_ascii_lowercase();
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
    let hex = value
        .bytes()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| {
        (Form::Utf16, text.encode_utf16().flat_map(bytes).collect())
    };
    let mut all = vec![
        (Form::Raw, lower.clone().into_bytes()),
        (Form::Hex, hex.collect()),
        wide(&lower, u16::to_le_bytes),
        wide(&lower, u16::to_be_bytes),
    ];
    for shift in 0..3 {
        let padded = [&b"\0\0"[..shift], value.as_bytes()].concat();
        // Characters that also hold bits of a neighbour are left out at both ends.
        let text = base64(&padded);
        let (from, to) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
        let core = text.get(from..to).unwrap_or_default();
        all.push((Form::Base64, core.as_bytes().to_vec()));
        if core.contains(['+', '/']) {
            all.push((
                Form::Base64,
                core.replace('+', "-").replace('/', "_").into_bytes(),
            ));
        }
    }
    all
}

/// Base64 without padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let bits = part
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - part.len()));
        for at in 0..=part.len() {
            let index = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap();
            text.push(char::from(LETTERS[index]));
        }
    }
    text
}

#[test]
fn base64_is_as_in_rfc_4648() {
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg"),
        ("fo", "Zm8"),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg"),
    ] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    let cores: Vec<_> = writings("foobar")
        .into_iter()
        .filter(|(form, _)| *form == Form::Base64)
        .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
        .collect();
    assert_eq!(cores, ["Zm9vYmFy", "Zvb2Jhc", "mb29iYX"]);
}
