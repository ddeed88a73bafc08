//! Where an export's files are: a folder of any object store, listed and read in ranges.

use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};

use crate::IngestError;

/// Bytes of one read.
const RANGE_BYTES: u64 = 4 << 20;

/// A folder of files.
#[derive(Clone)]
pub(crate) struct Source {
    store: Arc<dyn ObjectStore>,
    folder: Path,
}

impl Source {
    /// A local folder, as a path or a `file://` URL.
    pub(crate) fn open(url: &str) -> Result<Self, IngestError> {
        let refused = |reason: &str| IngestError::Export {
            place: url.to_owned(),
            reason: reason.to_owned(),
        };
        let folder = match url::Url::parse(url) {
            Ok(parsed) if parsed.scheme() == "file" => parsed
                .to_file_path()
                .map_err(|()| refused("not the URL of a local folder"))?,
            Ok(parsed) if parsed.scheme().len() > 1 && url.contains("://") => {
                return Err(refused("only local folders are supported yet"));
            }
            _ => FilePath::new(url).to_owned(),
        };
        let folder = folder
            .canonicalize()
            .map_err(|error| refused(&error.to_string()))?;
        if !folder.is_dir() {
            return Err(refused("not a folder"));
        }
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| refused(&error.to_string()))?;
        Ok(Self {
            store: Arc::new(store),
            folder: Path::default(),
        })
    }

    /// A folder of a store.
    pub(crate) const fn of(store: Arc<dyn ObjectStore>, folder: Path) -> Self {
        Self { store, folder }
    }

    /// The files in the folder and in `deleted/` within it, in order of their names.
    pub(crate) async fn list(&self) -> Result<Vec<(String, ObjectMeta)>, IngestError> {
        let mut files = Vec::new();
        for (prefix, folder) in [
            ("", self.folder.clone()),
            ("deleted/", self.child("deleted")?),
        ] {
            let listed = self.store.list_with_delimiter(Some(&folder)).await;
            let listed = listed.map_err(|error| read_error(folder.as_ref(), error))?;
            for object in listed.objects {
                let name = object.location.filename().unwrap_or_default();
                files.push((format!("{prefix}{name}"), object));
            }
        }
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(files)
    }

    /// A small file, whole.
    pub(crate) async fn small(
        &self,
        object: &ObjectMeta,
        bytes_max: u64,
    ) -> Result<Bytes, IngestError> {
        let name = object.location.as_ref();
        if object.size > bytes_max {
            return Err(IngestError::Export {
                place: name.to_owned(),
                reason: format!("over {bytes_max} bytes"),
            });
        }
        let got = self
            .store
            .get(&object.location)
            .await
            .map_err(|e| read_error(name, e))?;
        got.bytes().await.map_err(|error| read_error(name, error))
    }

    /// The bytes from `at` on, at most 4 MiB of them; empty at the end.
    pub(crate) async fn range(&self, object: &ObjectMeta, at: u64) -> io::Result<Bytes> {
        if at >= object.size {
            return Ok(Bytes::new());
        }
        let range = at..object.size.min(at + RANGE_BYTES);
        let wanted = range.end - range.start;
        let bytes = self.store.get_range(&object.location, range).await;
        let bytes = bytes.map_err(io::Error::other)?;
        if bytes.len() as u64 != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }

    /// The SHA-256 of a file.
    pub(crate) async fn sha256(&self, object: &ObjectMeta) -> Result<[u8; 32], IngestError> {
        let mut digest = Sha256::new();
        let mut at = 0;
        loop {
            let bytes = self
                .range(object, at)
                .await
                .map_err(|source| IngestError::Read {
                    file: object.location.to_string(),
                    source,
                })?;
            if bytes.is_empty() {
                return Ok(digest.finalize().into());
            }
            digest.update(&bytes);
            at += bytes.len() as u64;
        }
    }

    fn child(&self, name: &str) -> Result<Path, IngestError> {
        let path = format!("{}/{name}", self.folder);
        Path::parse(path.trim_start_matches('/')).map_err(|_| IngestError::Export {
            place: self.folder.to_string(),
            reason: "not the path of a folder".to_owned(),
        })
    }
}

pub(crate) fn read_error(file: &str, error: object_store::Error) -> IngestError {
    IngestError::Read {
        file: file.to_owned(),
        source: io::Error::other(error),
    }
}
