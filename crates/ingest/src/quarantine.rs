//! Records that could not go in: encrypted one by one, with an index that holds nothing of them.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use age::x25519;
use lazaret_model::{Instant, RunId};
use serde::{Deserialize, Serialize};

use crate::IngestError;
use crate::export::Export;

/// Bytes of one entry in the index.
const ENTRY_BYTES_MAX: u64 = 64 << 10;

/// One record in quarantine, as the index has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The run that put it there.
    pub run: RunId,
    /// Its number within the run, from 1.
    pub number: u64,
    /// The export's file.
    pub file: String,
    /// The line of the file, from 1.
    pub line: u64,
    /// Where the line begins in the inflated file.
    pub offset: u64,
    /// Why, as a stable word.
    pub code: String,
    /// Why, in words that hold no value of the record.
    pub reason: String,
    /// When the run began, RFC 3339.
    pub at: String,
    /// Whether only the beginning of a line that was too long is kept.
    pub truncated: bool,
    /// Where its encrypted bytes begin in the run's file.
    pub sealed_at: u64,
    /// How many they are.
    pub sealed_bytes: u64,
    /// The pipeline's name.
    #[serde(default)]
    pub pipeline: String,
    /// The type of the file's resources.
    #[serde(default)]
    pub resource_type: String,
    /// When the export's state was taken, RFC 3339: a retry counts as no later.
    #[serde(default)]
    pub exported: String,
    /// The export's own server, for absolute references.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// How it went in after all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolution>,
}

/// How a record went in after all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolution {
    /// The run that took it.
    pub by: RunId,
    /// When, RFC 3339.
    pub at: String,
}

/// A line of the index. It is only ever appended to: what became of a record stands after it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum IndexLine {
    Entry(Box<Entry>),
    Resolved {
        /// The record's number.
        resolved: u64,
        by: RunId,
        at: String,
    },
}

/// A folder of quarantined records, two files a run: `<run>.age` and `<run>.jsonl`.
pub struct Quarantine {
    dir: PathBuf,
    /// The outermost of the folders it stands in.
    root: PathBuf,
    recipient: x25519::Recipient,
}

impl Quarantine {
    /// Opens the folder and makes it if it is not there. `key` is the age recipient (`age1..`)
    /// for whom records are encrypted; nothing here can read them.
    ///
    /// # Errors
    /// `Quarantine`, when the key is no recipient or the folder cannot be made.
    pub fn open(dir: &Path, key: &str) -> Result<Self, IngestError> {
        let recipient = key.trim().parse::<x25519::Recipient>().map_err(|_| {
            refused(
                dir,
                "the key is not an age recipient: it begins with `age1`",
            )
        })?;
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(dir)
            .map_err(|error| refused(dir, &error.to_string()))?;
        Ok(Self {
            dir: dir.to_owned(),
            root: dir.to_owned(),
            recipient,
        })
    }

    /// Every entry of every run, in order of runs' ids.
    ///
    /// # Errors
    /// `Quarantine`, when an index cannot be read or is damaged.
    pub fn list(&self) -> Result<Vec<Entry>, IngestError> {
        let failed = |error: std::io::Error| refused(&self.dir, &error.to_string());
        let mut paths = Vec::new();
        for file in fs::read_dir(&self.dir).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == "jsonl")
            {
                paths.push(path);
            }
        }
        paths.sort();
        let mut entries = Vec::new();
        for path in paths {
            entries.extend(index(&path)?);
        }
        Ok(entries)
    }

    /// The line of one record as the export had it. `identity` is the secret key
    /// (`AGE-SECRET-KEY-1..`) of the quarantine's recipient.
    ///
    /// # Errors
    /// `Quarantine`, when there is no such record or the key is another one's.
    pub fn show(&self, run: &RunId, number: u64, identity: &str) -> Result<Vec<u8>, IngestError> {
        let entries = index(&self.path(run, "jsonl"))?;
        let entry = entries.into_iter().find(|entry| entry.number == number);
        let path = self.path(run, "age");
        let entry = entry.ok_or_else(|| refused(&path, "there is no record of this number"))?;
        self.unsealer(run, identity)?.record(&entry)
    }

    /// What reads the records of a run.
    pub(crate) fn unsealer(&self, run: &RunId, identity: &str) -> Result<Unsealer, IngestError> {
        let path = self.path(run, "age");
        let secret = identity.trim().parse::<x25519::Identity>();
        let secret = secret.map_err(|_| refused(&path, "the key is not an age identity"))?;
        let file = File::open(&path).map_err(|error| refused(&path, &error.to_string()))?;
        Ok(Unsealer { path, file, secret })
    }

    /// Notes that these records of a run went in with another.
    pub(crate) fn resolve(
        &self,
        run: &RunId,
        numbers: &[u64],
        resolution: &Resolution,
    ) -> Result<(), IngestError> {
        let path = self.path(run, "jsonl");
        let failed = |error: std::io::Error| refused(&path, &error.to_string());
        let mut lines = Vec::new();
        for resolved in numbers {
            let Resolution { by, at } = resolution.clone();
            let resolved = *resolved;
            write_line(&mut lines, &IndexLine::Resolved { resolved, by, at })?;
        }
        let mut file = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(failed)?;
        file.write_all(&lines).map_err(failed)?;
        file.sync_all().map_err(failed)
    }

    /// A quarantine for the same key in a folder within this one, which `list` does not show.
    pub(crate) fn within(&self, folder: &str) -> Result<Self, IngestError> {
        let inner = Self::open(&self.dir.join(folder), &self.recipient.to_string())?;
        let root = self.root.clone();
        Ok(Self { root, ..inner })
    }

    /// Takes such a folder away.
    pub(crate) fn discard(self) -> Result<(), IngestError> {
        let removed = fs::remove_dir_all(&self.dir);
        removed.map_err(|error| refused(&self.dir, &error.to_string()))
    }

    /// Begins a run of an export: what an earlier, broken run of it left is replaced when the
    /// first record comes.
    pub(crate) fn begin(self, export: &Export, at: Instant) -> Intake {
        let types = export.files().iter();
        let types = types.map(|file| (file.name.clone(), file.resource_type.clone()));
        Intake {
            quarantine: self,
            run: export.run().clone(),
            at: at.to_rfc3339(),
            exported: export.time().to_rfc3339(),
            base: export.base.clone(),
            pipeline: export.pipeline.clone(),
            types: types.collect(),
            files: None,
            number: 0,
            sealed_at: 0,
        }
    }

    /// Where all of it is, and for whom records are encrypted: for those that wait beside it.
    pub(crate) fn place(&self) -> (&Path, &x25519::Recipient) {
        (&self.root, &self.recipient)
    }

    fn path(&self, run: &RunId, extension: &str) -> PathBuf {
        self.dir.join(format!("{run}.{extension}"))
    }
}

/// What reads the records of one run.
pub(crate) struct Unsealer {
    path: PathBuf,
    file: File,
    secret: x25519::Identity,
}

impl Unsealer {
    /// A record's bytes, as the export had them.
    pub(crate) fn record(&self, entry: &Entry) -> Result<Vec<u8>, IngestError> {
        let failed = |error: std::io::Error| refused(&self.path, &error.to_string());
        let mut file = &self.file;
        file.seek(SeekFrom::Start(entry.sealed_at))
            .map_err(failed)?;
        let mut sealed = Vec::new();
        let read = file.take(entry.sealed_bytes).read_to_end(&mut sealed);
        read.map_err(failed)?;
        age::decrypt(&self.secret, &sealed)
            .map_err(|_| refused(&self.path, "the record cannot be decrypted with this key"))
    }
}

/// What takes the records of one run.
pub(crate) struct Intake {
    quarantine: Quarantine,
    run: RunId,
    at: String,
    exported: String,
    base: Option<String>,
    pipeline: String,
    /// Of each file.
    types: BTreeMap<String, String>,
    files: Option<(File, File)>,
    number: u64,
    sealed_at: u64,
}

/// Where a record stood and why it cannot go in.
pub(crate) struct Rejected<'a> {
    pub(crate) file: &'a str,
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) code: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) truncated: bool,
}

impl Intake {
    /// Encrypts a record and notes it. The record's bytes come before its entry, so that an entry
    /// always has them.
    pub(crate) fn put(&mut self, why: &Rejected<'_>, bytes: &[u8]) -> Result<(), IngestError> {
        let dir = self.quarantine.dir.clone();
        let failed = |error: std::io::Error| refused(&dir, &error.to_string());
        let sealed = age::encrypt(&self.quarantine.recipient, bytes)
            .map_err(|_| refused(&dir, "the record cannot be encrypted"))?;
        let entry = Entry {
            run: self.run.clone(),
            number: self.number + 1,
            file: why.file.to_owned(),
            line: why.line,
            offset: why.offset,
            code: why.code.to_owned(),
            reason: why.reason.to_owned(),
            at: self.at.clone(),
            truncated: why.truncated,
            sealed_at: self.sealed_at,
            sealed_bytes: sealed.len() as u64,
            resource_type: self.types.get(why.file).cloned().unwrap_or_default(),
            exported: self.exported.clone(),
            base: self.base.clone(),
            pipeline: self.pipeline.clone(),
            resolved: None,
        };
        let mut line = Vec::new();
        write_line(&mut line, &IndexLine::Entry(Box::new(entry)))?;
        let (records, index) = match &mut self.files {
            Some(files) => files,
            none => {
                let path = |extension| self.quarantine.path(&self.run, extension);
                let index = create(&path("jsonl")).map_err(failed)?;
                none.insert((create(&path("age")).map_err(failed)?, index))
            }
        };
        records.write_all(&sealed).map_err(failed)?;
        index.write_all(&line).map_err(failed)?;
        self.number += 1;
        self.sealed_at += sealed.len() as u64;
        Ok(())
    }

    /// Makes what was put durable.
    pub(crate) fn sync(&mut self) -> Result<(), IngestError> {
        let Some((records, index)) = &mut self.files else {
            return Ok(());
        };
        let done = records.sync_all().and_then(|()| index.sync_all());
        done.map_err(|error| refused(&self.quarantine.dir, &error.to_string()))
    }
}

fn index(path: &Path) -> Result<Vec<Entry>, IngestError> {
    let failed = |error: std::io::Error| refused(path, &error.to_string());
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut entries: Vec<Entry> = Vec::new();
    let mut number = 0;
    loop {
        let mut line = Vec::new();
        let limited = reader
            .by_ref()
            .take(ENTRY_BYTES_MAX)
            .read_until(b'\n', &mut line);
        if limited.map_err(failed)? == 0 {
            return Ok(entries);
        }
        // A crash can cut the last entry short; its record is read again by the next run.
        if line.last() != Some(&b'\n') {
            return Ok(entries);
        }
        number += 1;
        let damaged = || refused(path, &format!("entry {number} is damaged"));
        match serde_json::from_slice(&line).map_err(|_| damaged())? {
            IndexLine::Entry(entry) => entries.push(*entry),
            IndexLine::Resolved { resolved, by, at } => {
                let place = entries.binary_search_by_key(&resolved, |entry| entry.number);
                let entry = place.ok().and_then(|place| entries.get_mut(place));
                entry.ok_or_else(damaged)?.resolved = Some(Resolution { by, at });
            }
        }
    }
}

fn write_line(out: &mut Vec<u8>, line: &IndexLine) -> Result<(), IngestError> {
    let written = serde_json::to_writer(&mut *out, line);
    written.map_err(|_| IngestError::Defect {
        reason: "an entry of the quarantine",
    })?;
    out.push(b'\n');
    Ok(())
}

fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

pub(crate) fn refused(place: &Path, reason: &str) -> IngestError {
    IngestError::Quarantine {
        place: place.display().to_string(),
        reason: reason.to_owned(),
    }
}
