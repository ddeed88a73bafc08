//! A local file system whose files are on disk when a write returns, and that lists in order.
//!
//! `LocalFileSystem` writes beside the target and renames, which is atomic, but flushes nothing:
//! after a power failure a snapshot could name files that are empty. Here each file is flushed
//! before it gets its name, and each folder after it got an entry. Listings are sorted, as those of
//! the stores in the cloud are: who reads a Delta log relies on it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryFutureExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// A folder as an object store with durable writes.
#[derive(Debug)]
pub(crate) struct Durable(LocalFileSystem);

impl Durable {
    /// The folder at `root`, made if it is not there.
    pub(crate) fn open(root: &FilePath) -> io::Result<Self> {
        make_folders(root)?;
        if !root.is_dir() {
            return Err(ErrorKind::NotADirectory.into());
        }
        LocalFileSystem::new_with_prefix(root)
            .map(Self)
            .map_err(io::Error::other)
    }
}

#[async_trait]
impl ObjectStore for Durable {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let path = self.0.path_to_filesystem(location)?;
        let mode = match options.mode {
            PutMode::Create | PutMode::Overwrite if options.attributes.is_empty() => options.mode,
            // The local file system has no such thing and says so.
            _ => return self.0.put_opts(location, payload, options).await,
        };
        tokio::task::spawn_blocking(move || write(&path, &payload, &mode)).await??;
        Ok(PutResult {
            e_tag: None,
            version: None,
        })
    }

    /// As the local file system does it: nothing of ours, and nothing in a Delta log, comes in
    /// parts.
    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        sorted(self.0.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        sorted(self.0.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

impl fmt::Display for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Durable{}", self.0)
    }
}

fn sorted(
    listed: BoxStream<'static, Result<ObjectMeta>>,
) -> BoxStream<'static, Result<ObjectMeta>> {
    let all = listed.try_collect::<Vec<_>>().map_ok(|mut all| {
        all.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        stream::iter(all.into_iter().map(Ok))
    });
    all.try_flatten_stream().boxed()
}

/// Writes a file under a passing name, flushes it, then gives it its own name.
fn write(path: &FilePath, payload: &PutPayload, mode: &PutMode) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    let staged = stage(path, folder, payload).map_err(|source| failed(path, source))?;
    let named = match mode {
        PutMode::Overwrite => fs::rename(&staged, path),
        // A link fails where the name is taken, which is what a conditional write is.
        _ => fs::hard_link(&staged, path),
    };
    let kept = named.is_err() || !matches!(mode, PutMode::Overwrite);
    if kept && let Err(source) = fs::remove_file(&staged) {
        return Err(failed(&staged, source));
    }
    named
        .and_then(|()| sync(folder))
        .map_err(|source| failed(path, source))
}

/// The passing name has a `#` and digits, which `LocalFileSystem` does not list.
fn stage(path: &FilePath, folder: &FilePath, payload: &PutPayload) -> io::Result<PathBuf> {
    make_folders(folder)?;
    let mut attempt = 1_u32;
    loop {
        let mut name = path.as_os_str().to_owned();
        name.push(format!("#{attempt}"));
        let staged = PathBuf::from(name);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&staged)
        {
            Ok(mut file) => {
                let written = payload.iter().try_for_each(|part| file.write_all(part));
                return match written.and_then(|()| file.sync_all()) {
                    Ok(()) => Ok(staged),
                    // What could not be written is taken away again, as far as that is possible.
                    Err(source) => Err(fs::remove_file(&staged).err().unwrap_or(source)),
                };
            }
            Err(source) if source.kind() == ErrorKind::AlreadyExists => attempt += 1,
            Err(source) => return Err(source),
        }
    }
}

/// Makes a folder and those above it, each flushed into the one above.
fn make_folders(folder: &FilePath) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().unwrap_or(folder);
    make_folders(above)?;
    match fs::create_dir(folder) {
        Err(source) if source.kind() != ErrorKind::AlreadyExists => Err(source),
        _ if above.as_os_str().is_empty() => sync(FilePath::new(".")),
        _ => sync(above),
    }
}

fn sync(folder: &FilePath) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed(path: &FilePath, source: io::Error) -> Error {
    let path = path.display().to_string();
    match source.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists {
            path,
            source: source.into(),
        },
        ErrorKind::PermissionDenied => Error::PermissionDenied {
            path,
            source: source.into(),
        },
        _ => Error::Generic {
            store: "Durable",
            source: source.into(),
        },
    }
}
