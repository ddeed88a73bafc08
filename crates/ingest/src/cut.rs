//! A stream of bytes cut at newlines: inflated where it is gzip, in pieces of bounded size.

use std::io::{self, Write};
use std::mem;

use flate2::write::MultiGzDecoder;

/// Bytes of lines that are handed on together.
const CHUNK_BYTES: usize = 4 << 20;
/// Compressed bytes inflated at once: deflate gives at most about a thousand times as many.
const SLICE_BYTES: usize = 16 << 10;
/// The first bytes of a gzip member (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The byte order mark, which some tools write before the first line.
const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Whole lines, or the beginning of one that is too long to hold.
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
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
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', &self.bytes).chain([self.bytes.len()]);
        (self.first_line..)
            .zip(ends)
            .filter_map(move |(number, end)| {
                let line = self.bytes.get(start..end).unwrap_or(&[]);
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
        self.bytes.get(line.start..line.end).unwrap_or(&[])
    }
}

/// Takes a file's bytes in order and gives its pieces.
pub(crate) struct Cutter {
    input: Input,
    held: Vec<u8>,
    /// How much of what is held ends with a line.
    whole: usize,
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
            whole: 0,
            line: 1,
            offset: 0,
            line_bytes_max,
            skipping: false,
            inflated: 0,
        }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// They are not the gzip that the file's name or beginning promises.
    pub(crate) fn push(&mut self, bytes: &[u8], out: &mut Vec<Piece>) -> io::Result<()> {
        if let Input::Start { gzip } = self.input {
            self.input = if gzip || bytes.starts_with(&GZIP) {
                Input::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))
            } else {
                Input::Plain
            };
        }
        for slice in bytes.chunks(SLICE_BYTES) {
            let inflated = match &mut self.input {
                Input::Gzip(decoder) => {
                    decoder.write_all(slice)?;
                    Some(mem::take(decoder.get_mut()))
                }
                _ => None,
            };
            self.take(inflated.as_deref().unwrap_or(slice), out);
        }
        Ok(())
    }

    /// Takes the end of the file.
    ///
    /// # Errors
    /// A gzip file ends too early or its checksum is wrong.
    pub(crate) fn finish(mut self, out: &mut Vec<Piece>) -> io::Result<u64> {
        let input = mem::replace(&mut self.input, Input::Plain);
        let rest = match input {
            Input::Gzip(decoder) => (*decoder).finish()?,
            Input::Start { gzip: true } => return Err(io::ErrorKind::UnexpectedEof.into()),
            Input::Start { gzip: false } | Input::Plain => Vec::new(),
        };
        self.take(&rest, out);
        if !self.skipping {
            self.cut(self.held.len(), out);
        }
        Ok(self.inflated)
    }

    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<Piece>) {
        if self.inflated == 0 && bytes.starts_with(&MARK) {
            bytes = bytes.get(MARK.len()..).unwrap_or(&[]);
            self.offset = MARK.len() as u64;
        }
        self.inflated += bytes.len() as u64;
        if self.skipping {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.offset += bytes.len() as u64;
                return;
            };
            self.offset += end as u64 + 1;
            self.line += 1;
            self.skipping = false;
            bytes = bytes.get(end + 1..).unwrap_or(&[]);
        }
        if let Some(last) = memchr::memrchr(b'\n', bytes) {
            self.whole = self.held.len() + last + 1;
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() < CHUNK_BYTES {
            return;
        }
        self.cut(self.whole, out);
        if self.held.len() > self.line_bytes_max {
            let bytes = mem::take(&mut self.held);
            let length = bytes.len() as u64;
            out.push(self.piece(bytes, true));
            self.offset += length;
            self.skipping = true;
        }
    }

    /// Hands on the first bytes of what is held, which end with a line.
    fn cut(&mut self, at: usize, out: &mut Vec<Piece>) {
        if at == 0 {
            return;
        }
        // As large as the next piece will be, so that it is not moved while it grows.
        let next = Vec::with_capacity(CHUNK_BYTES + (64 << 10));
        let mut bytes = mem::replace(&mut self.held, next);
        self.held
            .extend_from_slice(bytes.get(at..).unwrap_or_default());
        bytes.truncate(at);
        self.whole = 0;
        let length = bytes.len() as u64;
        let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        out.push(self.piece(bytes, false));
        self.line += lines;
        self.offset += length;
    }

    fn piece(&self, bytes: Vec<u8>, oversized: bool) -> Piece {
        Piece {
            bytes,
            first_line: self.line,
            offset: self.offset,
            oversized,
        }
    }
}
