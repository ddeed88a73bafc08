//! What a night keeps on local disk when memory is not enough: one file without a name, which is
//! gone with the process.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::LakeError;

/// Parts into which everything that may be spilled is divided, by the first bits of its key.
pub(crate) const PARTS: usize = 1 << PART_BITS;
const PART_BITS: u32 = 8;
/// The bits of a key: pseudonyms are never negative.
const KEY_BITS: u32 = 63;

/// How much a night holds in memory before it spills.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Bytes of rows, of all tables together.
    pub(crate) row_bytes: usize,
    /// Records of one kind: traces, or verdicts.
    pub(crate) records: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            row_bytes: 256 << 20,
            records: 2 << 20,
        }
    }
}

/// The part that a pseudonym falls into. Parts are aligned ranges, as buckets are.
pub(crate) fn part_of(key: i64) -> usize {
    let part = (key >> (KEY_BITS - PART_BITS)).clamp(0, PARTS as i64 - 1);
    usize::try_from(part).unwrap_or_default()
}

/// The file. It is made when something is spilled first, readable by its owner only.
#[derive(Debug)]
pub(crate) struct Spill {
    folder: PathBuf,
    file: Mutex<Option<(File, u64)>>,
}

/// A place in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    at: u64,
    bytes: u64,
}

impl Spill {
    /// Nothing spilled yet; the file will be in this folder.
    pub(crate) fn new(folder: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            folder,
            file: Mutex::new(None),
        })
    }

    /// Writes at the end.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<Extent, LakeError> {
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let made = match held.take() {
            Some(made) => made,
            None => {
                std::fs::create_dir_all(&self.folder).map_err(|source| self.failed(source))?;
                let file = tempfile::tempfile_in(&self.folder);
                (file.map_err(|source| self.failed(source))?, 0)
            }
        };
        let (file, end) = held.insert(made);
        let extent = Extent {
            at: *end,
            bytes: bytes.len() as u64,
        };
        let written = file
            .seek(SeekFrom::Start(extent.at))
            .and_then(|_| file.write_all(bytes));
        written.map_err(|source| self.failed(source))?;
        *end += extent.bytes;
        Ok(extent)
    }

    /// Reads what was written.
    pub(crate) fn read(&self, extent: Extent) -> Result<Vec<u8>, LakeError> {
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = Vec::with_capacity(usize::try_from(extent.bytes).unwrap_or_default());
        if let Some((file, _)) = held.as_mut() {
            file.seek(SeekFrom::Start(extent.at))
                .and_then(|_| file.take(extent.bytes).read_to_end(&mut bytes))
                .map_err(|source| self.failed(source))?;
        }
        if bytes.len() as u64 != extent.bytes {
            return Err(self.failed("it is shorter than what was written"));
        }
        Ok(bytes)
    }

    pub(crate) fn failed(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> LakeError {
        let place = format!("the night's spill in {}", self.folder.display());
        LakeError::storage(place, source)
    }
}

/// A record of fixed size, as it is spilled.
pub(crate) trait Fixed: Copy {
    /// Its bytes.
    const BYTES: usize;
    /// Writes it.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads it back from that many bytes.
    fn take(bytes: &[u8]) -> Option<Self>;
}

/// Records by part, spilled where they are many.
pub(crate) struct Parts<T> {
    spill: Arc<Spill>,
    max: usize,
    held: usize,
    memory: Vec<Vec<T>>,
    spilled: Vec<Vec<Extent>>,
}

impl<T: Fixed> Parts<T> {
    pub(crate) fn new(spill: Arc<Spill>, max: usize) -> Self {
        Self {
            spill,
            max,
            held: 0,
            memory: (0..PARTS).map(|_| Vec::new()).collect(),
            spilled: vec![Vec::new(); PARTS],
        }
    }

    pub(crate) fn push(&mut self, part: usize, record: T) -> Result<(), LakeError> {
        if let Some(held) = self.memory.get_mut(part) {
            held.push(record);
            self.held += 1;
        }
        if self.held >= self.max {
            self.flush()?;
        }
        Ok(())
    }

    /// All records of a part, in the order they came.
    pub(crate) fn load(&self, part: usize) -> Result<Vec<T>, LakeError> {
        let mut records = Vec::new();
        for extent in self.spilled.get(part).into_iter().flatten() {
            let bytes = self.spill.read(*extent)?;
            records.extend(bytes.chunks_exact(T::BYTES).filter_map(T::take));
        }
        records.extend(self.memory.get(part).into_iter().flatten());
        Ok(records)
    }

    /// All records, part by part.
    pub(crate) fn each(&self, mut see: impl FnMut(&T)) -> Result<(), LakeError> {
        for part in 0..PARTS {
            self.load(part)?.iter().for_each(&mut see);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LakeError> {
        let mut bytes = Vec::new();
        for (memory, spilled) in self.memory.iter_mut().zip(&mut self.spilled) {
            if memory.is_empty() {
                continue;
            }
            bytes.clear();
            for record in memory.drain(..) {
                record.put(&mut bytes);
            }
            spilled.push(self.spill.append(&bytes)?);
        }
        self.held = 0;
        Ok(())
    }
}
