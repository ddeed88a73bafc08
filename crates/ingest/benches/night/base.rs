//! One small export as the base of many: its files, and where in them identifiers stand.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::Fallible;

/// Characters of a UUID.
const UUID: usize = 36;
/// The first hexadecimal digits of a UUID, which a copy changes.
const DIGITS: u64 = 4;

/// The base, inflated once to disk. Each copy has other UUIDs: the first four digits of every one
/// are combined with the copy's number by exclusive or. So no id of two copies is the same,
/// references still resolve, and every copy of a file has the same length and the same places.
pub(crate) struct Base {
    pub(crate) files: Vec<BaseFile>,
}

/// One type's file.
pub(crate) struct BaseFile {
    pub(crate) resource_type: String,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    file: File,
    /// Where UUIDs begin, in order.
    places: Vec<u32>,
}

impl Base {
    /// The base in a folder, made from the compressed export if it is not there.
    pub(crate) fn open(folder: &Path, export: &Path) -> Fallible<Self> {
        fs::create_dir_all(folder)?;
        let mut files = Vec::new();
        for packed in sorted(export)? {
            let name = packed.file_name().unwrap_or_default().to_string_lossy();
            let Some(resource_type) = name.strip_suffix(".ndjson.gz") else {
                continue;
            };
            files.push(BaseFile::open(folder, &packed, resource_type)?);
        }
        if files.is_empty() {
            let export = export.display();
            return Err(format!("no `Type.ndjson.gz` in {export}: set LAZARET_DATA").into());
        }
        Ok(Self { files })
    }
}

impl BaseFile {
    fn open(folder: &Path, packed: &Path, resource_type: &str) -> Fallible<Self> {
        let plain = folder.join(format!("{resource_type}.ndjson"));
        let places = folder.join(format!("{resource_type}.places"));
        if !places.exists() {
            let mut bytes = Vec::new();
            MultiGzDecoder::new(File::open(packed)?).read_to_end(&mut bytes)?;
            fs::write(&plain, &bytes)?;
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            let mut found = u32::try_from(lines)?.to_le_bytes().to_vec();
            for (place, _) in bytes.windows(UUID).enumerate().filter(|(_, w)| is_uuid(w)) {
                found.extend(u32::try_from(place)?.to_le_bytes());
            }
            fs::write(&places, found)?;
        }
        let numbers = fs::read(places)?;
        let mut numbers = numbers
            .as_chunks::<4>()
            .0
            .iter()
            .map(|n| u32::from_le_bytes(*n));
        let file = File::open(plain)?;
        Ok(Self {
            resource_type: resource_type.to_owned(),
            bytes: file.metadata()?.len(),
            lines: numbers.next().unwrap_or_default().into(),
            file,
            places: numbers.collect(),
        })
    }

    /// The bytes of a copy from `at` on, as many as `buffer` takes. They are read from disk each
    /// time, so the base costs no anonymous memory but its places.
    pub(crate) fn read(&self, copy: u16, at: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, at)?;
        let end = at + buffer.len() as u64;
        let first = (self.places).partition_point(|place| u64::from(*place) + DIGITS <= at);
        for place in self
            .places
            .iter()
            .skip(first)
            .map(|place| u64::from(*place))
        {
            if place >= end {
                break;
            }
            for digit in 0..DIGITS {
                let nibble = copy >> (4 * (DIGITS - 1 - digit)) & 15;
                let position = (place + digit).checked_sub(at);
                let position = position.and_then(|position| usize::try_from(position).ok());
                if let Some(byte) = position.and_then(|position| buffer.get_mut(position)) {
                    *byte = shifted(*byte, nibble);
                }
            }
        }
        Ok(())
    }

    /// A whole copy.
    pub(crate) fn whole(&self, copy: u16) -> Fallible<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.bytes)?];
        self.read(copy, 0, &mut bytes)?;
        Ok(bytes)
    }

    /// Its name in an export, as servers number their files.
    pub(crate) fn name(&self, copy: u16) -> String {
        format!("{}.{copy:03}.ndjson", self.resource_type)
    }
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn is_uuid(window: &[u8]) -> bool {
    window.iter().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    })
}

/// The hexadecimal digit combined with four bits.
fn shifted(digit: u8, nibble: u16) -> u8 {
    let value = char::from(digit).to_digit(16).unwrap_or_default();
    let digit = char::from_digit(value ^ u32::from(nibble), 16).unwrap_or('0');
    u8::try_from(digit).unwrap_or(b'0')
}
