//! The files of one night as a FHIR bulk export: gzip NDJSON by resource type, the list of deleted
//! resources and the manifest (Bulk Data Access 2.0, "Response - Complete Status").

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::SynthError;
use crate::calendar::Moment;
use crate::chart::{Id, Kind};
use crate::fhir::Sink;

/// One night as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NightExport {
    /// The folder with the files and `manifest.json`.
    pub dir: PathBuf,
    /// Resources written, by resource type. A type without resources has no entry and no file.
    pub resources: BTreeMap<String, u64>,
    /// Resources listed as deleted.
    pub deleted: u64,
}

/// A night being written.
pub(crate) struct Export {
    dir: PathBuf,
    chunk: u64,
    types: BTreeMap<Kind, Chunks>,
    deleted: Vec<(Kind, Id)>,
    line: Vec<u8>,
}

/// The files of one resource type.
#[derive(Default)]
struct Chunks {
    open: Option<Chunk>,
    done: Vec<Output>,
}

struct Chunk {
    path: PathBuf,
    writer: GzEncoder<BufWriter<File>>,
    output: Output,
}

#[derive(Serialize)]
struct Output {
    r#type: &'static str,
    url: String,
    count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    transaction_time: Moment,
    request: String,
    requires_access_token: bool,
    output: Vec<Output>,
    deleted: Vec<Output>,
    error: [(); 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    resource_type: &'static str,
    r#type: &'static str,
    entry: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    request: Request,
}

#[derive(Serialize)]
struct Request {
    method: &'static str,
    url: String,
}

const DELETED: &str = "deleted.000.ndjson";
const MANIFEST: &str = "manifest.json";
/// Deletions in one Bundle.
const BUNDLE: usize = 100;

impl Export {
    /// Begins a night in an empty or new folder, with at most `chunk` resources a file.
    pub(crate) fn begin(dir: PathBuf, chunk: u64) -> Result<Self, SynthError> {
        fs::create_dir_all(&dir).map_err(write_error(&dir))?;
        if fs::read_dir(&dir)
            .map_err(write_error(&dir))?
            .next()
            .is_some()
        {
            return Err(SynthError::Occupied { dir });
        }
        let (types, deleted, line) = (BTreeMap::new(), Vec::new(), Vec::new());
        Ok(Self {
            dir,
            chunk,
            types,
            deleted,
            line,
        })
    }

    /// Lists a resource as deleted.
    pub(crate) fn delete(&mut self, kind: Kind, id: Id) {
        self.deleted.push((kind, id));
    }

    /// Closes all files and writes the list of deletions and the manifest, the manifest last.
    pub(crate) fn finish(mut self, at: Moment, request: String) -> Result<NightExport, SynthError> {
        let mut resources = BTreeMap::new();
        let mut output = Vec::new();
        for (kind, mut chunks) in std::mem::take(&mut self.types) {
            chunks.close()?;
            let count = chunks.done.iter().map(|output| output.count).sum();
            resources.insert(kind.name().to_owned(), count);
            output.append(&mut chunks.done);
        }
        let deleted = self.write_deleted()?;
        let count = u64::try_from(self.deleted.len()).unwrap_or(u64::MAX);
        let manifest = Manifest {
            transaction_time: at,
            request,
            requires_access_token: false,
            output,
            deleted,
            error: [],
        };
        let mut text = encode("manifest", serde_json::to_vec_pretty(&manifest))?;
        text.push(b'\n');
        let path = self.dir.join(MANIFEST);
        fs::write(&path, text).map_err(write_error(&path))?;
        Ok(NightExport {
            dir: self.dir,
            resources,
            deleted: count,
        })
    }

    fn write_deleted(&self) -> Result<Vec<Output>, SynthError> {
        if self.deleted.is_empty() {
            return Ok(Vec::new());
        }
        let path = self.dir.join(DELETED);
        let mut file = BufWriter::new(File::create(&path).map_err(write_error(&path))?);
        let mut count = 0;
        for deleted in self.deleted.chunks(BUNDLE) {
            let entry = deleted.iter().map(|(kind, id)| Entry {
                request: Request {
                    method: "DELETE",
                    url: format!("{}/{id}", kind.name()),
                },
            });
            let bundle = Bundle {
                resource_type: "Bundle",
                r#type: "transaction",
                entry: entry.collect(),
            };
            let mut line = encode("Bundle", serde_json::to_vec(&bundle))?;
            line.push(b'\n');
            file.write_all(&line).map_err(write_error(&path))?;
            count += 1;
        }
        file.flush().map_err(write_error(&path))?;
        Ok(vec![Output {
            r#type: "Bundle",
            url: DELETED.to_owned(),
            count,
        }])
    }
}

impl Sink for Export {
    type Error = SynthError;

    fn put<T: Serialize>(&mut self, kind: Kind, resource: &T) -> Result<(), SynthError> {
        self.line.clear();
        encode(kind.name(), serde_json::to_writer(&mut self.line, resource))?;
        self.line.push(b'\n');
        let chunks = self.types.entry(kind).or_default();
        let chunk = chunks.room(kind, &self.dir, self.chunk)?;
        chunk
            .writer
            .write_all(&self.line)
            .map_err(write_error(&chunk.path))?;
        chunk.output.count += 1;
        Ok(())
    }
}

impl Chunks {
    /// The file that has room for one more resource.
    fn room(&mut self, kind: Kind, dir: &Path, chunk: u64) -> Result<&mut Chunk, SynthError> {
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.output.count >= chunk)
        {
            self.close()?;
        }
        match &mut self.open {
            Some(open) => Ok(open),
            none => {
                let url = format!("{}.{:03}.ndjson.gz", kind.name(), self.done.len());
                let path = dir.join(&url);
                let file = BufWriter::new(File::create(&path).map_err(write_error(&path))?);
                // The header carries no time and no name: the same resources, the same bytes.
                let writer = GzEncoder::new(file, Compression::fast());
                let output = Output {
                    r#type: kind.name(),
                    url,
                    count: 0,
                };
                Ok(none.insert(Chunk {
                    path,
                    writer,
                    output,
                }))
            }
        }
    }

    fn close(&mut self) -> Result<(), SynthError> {
        let Some(Chunk {
            path,
            writer,
            output,
        }) = self.open.take()
        else {
            return Ok(());
        };
        let flushed = writer.finish().and_then(|mut file| file.flush());
        flushed.map_err(write_error(&path))?;
        self.done.push(output);
        Ok(())
    }
}

fn encode<T>(resource: &'static str, done: serde_json::Result<T>) -> Result<T, SynthError> {
    done.map_err(|source| SynthError::Encode { resource, source })
}

fn write_error(path: &Path) -> impl FnOnce(std::io::Error) -> SynthError {
    let path = path.to_owned();
    |source| SynthError::Write { path, source }
}
