//! A stream of bytes cut at newlines: inflated where it is gzip, in pieces of bounded size.

use std::io::{self, Write};
use std::mem;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// Inflated bytes of lines that are handed on together; plain ones are as they were read.
const CHUNK_BYTES: usize = 4 << 20;
/// Compressed bytes inflated at once: deflate gives at most about a thousand times as many.
const SLICE_BYTES: usize = 16 << 10;
/// The first bytes of a gzip member (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The byte order mark, which some tools write before the first line.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Whole lines, or the beginning of one that is too long to hold.
#[derive(Default)]
pub(crate) struct Piece {
    /// The line that began in the bytes before, whole with its end; mostly there is one.
    pub(crate) head: Vec<u8>,
    /// The lines after it, as they were read.
    pub(crate) body: Bytes,
    /// The number of its first line, from 1.
    pub(crate) first_line: u64,
    /// Where it begins in the inflated file.
    pub(crate) offset: u64,
    /// Whether it is the beginning of a line whose end was left out.
    pub(crate) oversized: bool,
}

/// A line of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: u64,
    /// Where it begins in the inflated file.
    pub(crate) offset: u64,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Piece {
    /// Its lines without their ends; blank ones are left out.
    pub(crate) fn lines(&self) -> impl Iterator<Item = Line> {
        let (mut start, head) = (0, self.head.len());
        let ends = memchr::memchr_iter(b'\n', &self.body).map(move |end| head + end);
        let ends = head.checked_sub(1).into_iter().chain(ends);
        (self.first_line..)
            .zip(ends.chain([self.bytes()]))
            .filter_map(move |(number, end)| {
                let line = self.between(start, end);
                let rest = line.trim_ascii_start();
                let start = mem::replace(&mut start, end + 1) + line.len() - rest.len();
                let end = start + rest.trim_ascii_end().len();
                (start < end).then(|| Line {
                    number,
                    offset: self.offset + start as u64,
                    start,
                    end,
                })
            })
    }

    /// The bytes of a line.
    pub(crate) fn line(&self, line: &Line) -> &[u8] {
        self.between(line.start, line.end)
    }

    /// How many bytes it has.
    pub(crate) fn bytes(&self) -> usize {
        self.head.len() + self.body.len()
    }

    /// Bytes of a line: they are in the head or in the body.
    fn between(&self, start: usize, end: usize) -> &[u8] {
        let head = self.head.len();
        match (start.checked_sub(head), end.checked_sub(head)) {
            (Some(start), Some(end)) => self.body.get(start..end),
            _ => self.head.get(start..end),
        }
        .unwrap_or_default()
    }
}

/// Takes a file's bytes in order and gives its pieces.
pub(crate) struct Cutter {
    input: Input,
    /// The beginning of a line whose end has not come yet.
    held: Vec<u8>,
    line: u64,
    offset: u64,
    line_bytes_max: usize,
    /// Whether the rest of a line that was too long is being left out.
    skipping: bool,
    inflated: u64,
}

enum Input {
    /// Nothing was read yet; whether the name says gzip.
    Start {
        gzip: bool,
    },
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Cutter {
    /// A cutter for a file of this name; a line may be `line_bytes_max` long.
    pub(crate) fn new(name: &str, line_bytes_max: usize) -> Self {
        Self {
            input: Input::Start {
                gzip: name.ends_with(".gz"),
            },
            held: Vec::new(),
            line: 1,
            offset: 0,
            line_bytes_max,
            skipping: false,
            inflated: 0,
        }
    }

    /// Takes the first of the file's next bytes, as many as make a piece or a few: plain ones all,
    /// without a copy, of compressed ones a slice.
    ///
    /// # Errors
    /// They are not the gzip that the file's name or beginning promises.
    pub(crate) fn push(&mut self, bytes: &mut Bytes, out: &mut Vec<Piece>) -> io::Result<()> {
        if let Input::Start { gzip } = self.input {
            self.input = if gzip || bytes.starts_with(&GZIP) {
                Input::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Input::Plain
            };
        }
        let taken = match &mut self.input {
            Input::Gzip(decoder) => {
                decoder.write_all(&bytes.split_to(SLICE_BYTES.min(bytes.len())))?;
                let inflated = decoder.get_mut();
                if inflated.len() < CHUNK_BYTES {
                    return Ok(());
                }
                // As large as the next will be, so that it is not moved while it grows.
                let next = Vec::with_capacity(inflated.len());
                Bytes::from(mem::replace(inflated, next))
            }
            Input::Plain | Input::Start { .. } => mem::take(bytes),
        };
        self.take(taken, out);
        Ok(())
    }

    /// Takes the end of the file.
    ///
    /// # Errors
    /// A gzip file ends too early or its checksum is wrong.
    pub(crate) fn finish(mut self, out: &mut Vec<Piece>) -> io::Result<u64> {
        let rest = match mem::replace(&mut self.input, Input::Plain) {
            Input::Gzip(decoder) => (*decoder).finish()?,
            Input::Start { gzip: true } => return Err(io::ErrorKind::UnexpectedEof.into()),
            Input::Start { gzip: false } | Input::Plain => Vec::new(),
        };
        self.take(Bytes::from(rest), out);
        if !self.skipping && !self.held.is_empty() {
            // The last line has no end.
            let last = Bytes::from(mem::take(&mut self.held));
            self.give(Vec::new(), last, false, out);
        }
        Ok(self.inflated)
    }

    fn take(&mut self, mut bytes: Bytes, out: &mut Vec<Piece>) {
        if self.inflated == 0 && bytes.starts_with(&MARK) {
            bytes = bytes.slice(MARK.len()..);
            self.offset = MARK.len() as u64;
        }
        self.inflated += bytes.len() as u64;
        if self.skipping {
            let Some(end) = memchr::memchr(b'\n', &bytes) else {
                self.offset += bytes.len() as u64;
                return;
            };
            self.offset += end as u64 + 1;
            self.line += 1;
            self.skipping = false;
            bytes = bytes.slice(end + 1..);
        }
        if let Some(last) = memchr::memrchr(b'\n', &bytes) {
            let mut body = bytes.split_to(last + 1);
            let mut head = mem::take(&mut self.held);
            if let Some(end) = memchr::memchr(b'\n', &body).filter(|_| !head.is_empty()) {
                head.extend_from_slice(&body.split_to(end + 1));
            }
            self.give(head, body, false, out);
        }
        self.held.extend_from_slice(&bytes);
        if self.held.len() > self.line_bytes_max {
            let beginning = Bytes::from(mem::take(&mut self.held));
            self.give(Vec::new(), beginning, true, out);
            self.skipping = true;
        }
    }

    fn give(&mut self, head: Vec<u8>, body: Bytes, oversized: bool, out: &mut Vec<Piece>) {
        let piece = Piece {
            head,
            body,
            first_line: self.line,
            offset: self.offset,
            oversized,
        };
        if !oversized {
            let ends = memchr::memchr_iter(b'\n', &piece.body).count();
            self.line += ends as u64 + u64::from(!piece.head.is_empty());
        }
        self.offset += piece.bytes() as u64;
        out.push(piece);
    }
}
