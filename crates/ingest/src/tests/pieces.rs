//! Files cut into lines: plain, gzip, damaged.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::cut::{Cutter, Piece};

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn cut(name: &str, bytes: &[u8], step: usize, max: usize) -> std::io::Result<(Vec<Piece>, u64)> {
    let mut cutter = Cutter::new(name, max);
    let mut pieces = Vec::new();
    for part in bytes.chunks(step) {
        let mut part = Bytes::copy_from_slice(part);
        while !part.is_empty() {
            cutter.push(&mut part, &mut pieces)?;
        }
    }
    let inflated = cutter.finish(&mut pieces)?;
    Ok((pieces, inflated))
}

type Read = Vec<(u64, u64, Vec<u8>)>;

fn lines(pieces: &[Piece]) -> Read {
    let of = |piece: &Piece| {
        let lines: Vec<_> = piece.lines().collect();
        lines
            .iter()
            .map(|line| (line.number, line.offset, piece.line(line).to_vec()))
            .collect::<Vec<_>>()
    };
    pieces.iter().flat_map(of).collect()
}

#[test]
fn lines_have_numbers_and_offsets() {
    let text = b"one\n\n  two \r\n\t\nthree";
    let expected: Read = vec![
        (1, 0, b"one".into()),
        (3, 7, b"two".into()),
        (5, 15, b"three".into()),
    ];
    for step in [1, 2, 7, 100] {
        let (pieces, inflated) = cut("x.ndjson", text, step, 100).unwrap();
        assert_eq!(lines(&pieces), expected);
        assert_eq!(inflated, text.len() as u64);
        let (pieces, inflated) = cut("x.ndjson.gz", &gzip(text), step, 100).unwrap();
        assert_eq!(lines(&pieces), expected);
        assert_eq!(inflated, text.len() as u64);
    }
    let (pieces, _) = cut("x.ndjson", &gzip(text), 100, 100).unwrap();
    assert_eq!(lines(&pieces), expected, "gzip is known by its first bytes");
    let (pieces, _) = cut("x.ndjson", b"\xef\xbb\xbfone\n", 100, 100).unwrap();
    assert_eq!(lines(&pieces), [(1, 3, b"one".to_vec())]);
    assert!(cut("x.ndjson", b"", 1, 1).unwrap().0.is_empty());
}

#[test]
fn large_files_come_in_pieces_of_whole_lines() {
    let mut text = Vec::new();
    for n in 0..400_000 {
        writeln!(text, "line {n} of many lines").unwrap();
    }
    let (pieces, _) = cut("x.ndjson", &text, 1 << 20, 100).unwrap();
    assert!(pieces.len() > 1);
    assert!(
        pieces
            .iter()
            .all(|piece| piece.bytes() < 5 << 20 && !piece.oversized)
    );
    let read = lines(&pieces);
    assert_eq!(read.len(), 400_000);
    for (n, (number, offset, line)) in read.iter().enumerate() {
        assert_eq!(*number, n as u64 + 1);
        let at = usize::try_from(*offset).unwrap();
        assert_eq!(&text[at..at + line.len()], line);
    }
    assert_eq!(pieces.concat_bytes(), text);
}

trait Concat {
    fn concat_bytes(&self) -> Vec<u8>;
}

impl Concat for Vec<Piece> {
    fn concat_bytes(&self) -> Vec<u8> {
        self.iter()
            .flat_map(|piece| [piece.head.as_slice(), &piece.body].concat())
            .collect()
    }
}

#[test]
fn a_line_too_long_is_cut_and_the_next_is_read() {
    let long = vec![b'x'; 9 << 20];
    let text = [b"one\n", &long[..], b"\ntwo\n", &long[..]].concat();
    let (pieces, inflated) = cut("x.ndjson", &text, 1 << 20, 5 << 20).unwrap();
    assert_eq!(inflated, text.len() as u64);
    let kinds: Vec<_> = pieces.iter().map(|p| (p.first_line, p.oversized)).collect();
    assert_eq!(kinds, [(1, false), (2, true), (3, false), (4, true)]);
    assert!(pieces.iter().all(|piece| piece.bytes() <= 6 << 20));
    assert_eq!(
        lines(&pieces[2..3]),
        [(3, 4 + (9 << 20) + 1, b"two".to_vec())]
    );
    // Inflated bytes come in larger steps, so such a line may be whole; it is refused later.
    let (pieces, inflated) = cut("x.ndjson.gz", &gzip(&text), 1 << 20, 5 << 20).unwrap();
    assert_eq!(inflated, text.len() as u64);
    assert!(pieces.iter().all(|piece| piece.bytes() < 24 << 20));
    assert!(
        lines(&pieces)
            .iter()
            .any(|line| line.0 == 3 && line.2 == b"two")
    );
}

#[test]
fn several_members_are_one_file() {
    let bytes = [gzip(b"one\ntw"), gzip(b""), gzip(b"o\nthree\n")].concat();
    for step in [1, 5, 1000] {
        let (pieces, _) = cut("x.ndjson.gz", &bytes, step, 100).unwrap();
        let words: Vec<_> = lines(&pieces)
            .into_iter()
            .map(|(_, _, line)| line)
            .collect();
        assert_eq!(words, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    }
}

#[test]
fn a_gzip_file_that_is_not_whole_is_refused() {
    let text: Vec<u8> = (0..2000u32)
        .flat_map(|n| format!("line {}\n", n * n).into_bytes())
        .collect();
    let whole = gzip(&text);
    assert!(cut("x.ndjson.gz", &whole, 100, 1000).is_ok());
    for end in (0..whole.len())
        .step_by(7)
        .chain(whole.len() - 12..whole.len())
    {
        assert!(
            cut("x.ndjson.gz", &whole[..end], 100, 1000).is_err(),
            "{end}"
        );
    }
    for at in (whole.len() / 2)..(whole.len() / 2 + 200) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        assert!(cut("x.ndjson.gz", &damaged, 100, 1000).is_err(), "{at}");
    }
    for at in whole.len() - 8..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        assert!(
            cut("x.ndjson.gz", &damaged, 100, 1000).is_err(),
            "checksum or size, {at}"
        );
    }
    assert!(cut("x.ndjson.gz", b"{\"resourceType\": \"Patient\"}", 100, 1000).is_err());
    let garbage = [whole, b"garbage".to_vec()].concat();
    assert!(cut("x.ndjson.gz", &garbage, 100, 1000).is_err());
}
