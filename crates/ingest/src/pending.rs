//! Records whose person is not known yet: kept encrypted, and tried again by every later run.
//!
//! A run writes one file of them, `<exported>-<run>.age`, in its pipeline's folder in `pending`
//! beside the quarantine: frames, each a length of four bytes and so many bytes encrypted to the
//! quarantine's key. A frame holds a line of JSON about the records and then the records, a line
//! each.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use age::x25519;
use serde::{Deserialize, Serialize};

use crate::IngestError;
use crate::export::Export;
use crate::pipeline::Pipeline;
use crate::quarantine::Quarantine;

/// Bytes of a frame: more than the longest piece of a file, encrypted.
const FRAME_BYTES_MAX: u64 = 2 << 30;
/// The folder beside the quarantine.
const FOLDER: &str = "pending";

/// What is known of the records of one frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    /// Their type.
    pub(crate) resource_type: String,
    /// Microseconds, UTC: the time of their export.
    pub(crate) exported: i64,
    /// Their server, for absolute references.
    pub(crate) base: Option<String>,
}

/// Records of one frame.
pub(crate) struct Records {
    pub(crate) about: About,
    /// A line each.
    pub(crate) lines: Vec<u8>,
}

/// Where a run puts records that wait for their person.
pub(crate) struct Pending {
    dir: PathBuf,
    recipient: x25519::Recipient,
    name: String,
    file: Option<File>,
}

/// What a run did about pending records, to be settled once it is published: the files of earlier
/// runs that it has taken over, and its own, where what is left of them waits. Nothing is lost
/// without either: records would be tried once more.
#[derive(Debug, Default)]
#[must_use = "settle it once the run is published, or its records are tried again for ever"]
pub struct Retried {
    pub(crate) earlier: Vec<PathBuf>,
    pub(crate) own: Option<PathBuf>,
}

impl Retried {
    /// Deletes the files of earlier runs, once what was read from them is published.
    ///
    /// # Errors
    /// `Quarantine`, when one cannot be deleted.
    pub fn settle(self) -> Result<(), IngestError> {
        delete(&self.earlier)
    }

    /// Deletes the run's own file, of a run that is not to be published.
    ///
    /// # Errors
    /// `Quarantine`, when it cannot be deleted.
    pub fn abandon(self) -> Result<(), IngestError> {
        delete(self.own.as_slice())
    }
}

fn delete(paths: &[PathBuf]) -> Result<(), IngestError> {
    for path in paths {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(refused(path, &error.to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}

impl Pending {
    /// A place for this run's records beside the quarantine; nothing is made before one comes.
    pub(crate) fn beside(quarantine: &Quarantine, pipeline: &Pipeline, export: &Export) -> Self {
        let exported = export.time().timestamp_micros();
        let (dir, recipient) = quarantine.place();
        Self {
            dir: dir.with_file_name(FOLDER).join(folder(pipeline.name())),
            recipient: recipient.clone(),
            name: format!("{exported:020}-{}.age", export.run()),
            file: None,
        }
    }

    /// Encrypts records and keeps them.
    pub(crate) fn put(&mut self, about: &About, lines: &[u8]) -> Result<(), IngestError> {
        let mut plain = serde_json::to_vec(about).map_err(|_| DEFECT)?;
        plain.push(b'\n');
        plain.extend_from_slice(lines);
        let sealed = age::encrypt(&self.recipient, &plain)
            .map_err(|_| refused(&self.dir, "a record cannot be encrypted"))?;
        let length = u32::try_from(sealed.len()).map_err(|_| DEFECT)?;
        let failed = |error: io::Error| refused(&self.dir, &error.to_string());
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(&self.dir, &self.name).map_err(failed)?),
        };
        file.write_all(&length.to_be_bytes())
            .and_then(|()| file.write_all(&sealed))
            .map_err(failed)
    }

    /// Makes what was put durable; gives the file, if there is one.
    pub(crate) fn sync(&mut self) -> Result<Option<PathBuf>, IngestError> {
        let Some(file) = &self.file else {
            return Ok(None);
        };
        let synced = file
            .sync_all()
            .and_then(|()| File::open(&self.dir)?.sync_all());
        synced.map_err(|error| refused(&self.dir, &error.to_string()))?;
        Ok(Some(self.dir.join(&self.name)))
    }

    /// The files of earlier runs, the oldest export first. A file of a broken run with the same id
    /// is none: this run reads its records again.
    pub(crate) fn earlier(&self) -> Result<Vec<PathBuf>, IngestError> {
        let failed = |error: io::Error| refused(&self.dir, &error.to_string());
        if !self.dir.exists() {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        for file in fs::read_dir(&self.dir).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            let is_age = path.extension().is_some_and(|extension| extension == "age");
            if is_age && path.file_name().is_none_or(|name| *name != *self.name) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// The secret key of the quarantine's recipient.
    pub(crate) fn identity(&self, text: &str) -> Result<x25519::Identity, IngestError> {
        let parsed = text.trim().parse::<x25519::Identity>();
        parsed.map_err(|_| refused(&self.dir, "the key is not an age identity"))
    }
}

/// Reads one file's frames in order.
pub(crate) struct Frames {
    file: BufReader<File>,
    identity: x25519::Identity,
}

impl Frames {
    pub(crate) fn open(path: &Path, identity: &x25519::Identity) -> io::Result<Self> {
        Ok(Self {
            file: BufReader::new(File::open(path)?),
            identity: identity.clone(),
        })
    }

    /// The next frame; nothing at the end, also where a crash cut a frame short: the run that
    /// wrote it was never published, and reads its records again.
    pub(crate) fn next(&mut self) -> io::Result<Option<Records>> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let length = u64::from(u32::from_be_bytes(length)).min(FRAME_BYTES_MAX);
        let mut sealed = Vec::new();
        self.file.by_ref().take(length).read_to_end(&mut sealed)?;
        if (sealed.len() as u64) < length {
            return Ok(None);
        }
        let other_key = |_| io::Error::other("it cannot be decrypted with this key");
        let mut lines = age::decrypt(&self.identity, &sealed).map_err(other_key)?;
        let end = lines.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or_else(|| io::Error::other("it is damaged"))?;
        let about = serde_json::from_slice(lines.get(..end).unwrap_or_default())?;
        lines.drain(..=end);
        Ok(Some(Records { about, lines }))
    }
}

/// A pipeline's folder: its name, whose other characters are as their numbers, so that no two
/// pipelines share one and none leads elsewhere.
fn folder(pipeline: &str) -> String {
    let mut folder = String::new();
    for byte in pipeline.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            folder.push(char::from(byte));
        } else {
            folder.push_str(&format!("%{byte:02x}"));
        }
    }
    folder
}

fn create(dir: &Path, name: &str) -> io::Result<File> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(dir.join(name))
}

/// The error of records that cannot be framed.
const DEFECT: IngestError = IngestError::Defect {
    reason: "a frame of pending records",
};

fn refused(place: &Path, reason: &str) -> IngestError {
    IngestError::Quarantine {
        place: place.display().to_string(),
        reason: reason.to_owned(),
    }
}
