//! An object store whose files are made from the base while they are read.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::{self, BoxStream, StreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::{FIRST, manifest};
use crate::base::Base;

const NAME: &str = "copies";
/// Bytes that are made at once.
const STEP: u64 = 4 << 20;

/// Many copies of a base as one folder of an export, with its manifest.
pub(crate) struct Store {
    base: Arc<Base>,
    files: BTreeMap<Path, File>,
}

#[derive(Clone)]
enum File {
    Manifest(Bytes),
    /// The base's file, and the copy.
    Copy(usize, u16),
}

impl Store {
    pub(crate) fn new(base: Base, copies: u16) -> Self {
        let mut files = BTreeMap::new();
        let mut listed = Vec::new();
        for (place, file) in base.files.iter().enumerate() {
            for copy in 0..copies {
                let name = file.name(copy);
                files.insert(Path::from(name.as_str()), File::Copy(place, copy));
                listed.push((name, file.resource_type.clone(), file.lines));
            }
        }
        let manifest = manifest(FIRST, &listed, None).to_string();
        let manifest = File::Manifest(Bytes::from(manifest));
        files.insert(Path::from("manifest.json"), manifest);
        let base = Arc::new(base);
        Self { base, files }
    }

    fn meta(&self, location: &Path, file: &File) -> ObjectMeta {
        let size = match file {
            File::Manifest(bytes) => bytes.len() as u64,
            File::Copy(place, _) => self.base.files.get(*place).map_or(0, |file| file.bytes),
        };
        ObjectMeta {
            location: location.clone(),
            last_modified: DateTime::UNIX_EPOCH,
            size,
            e_tag: None,
            version: None,
        }
    }

    fn all(&self) -> Vec<ObjectMeta> {
        let files = self.files.iter();
        files.map(|(path, file)| self.meta(path, file)).collect()
    }
}

/// A part of a copy, made on a thread that may wait for the disk.
async fn part(base: Arc<Base>, place: usize, copy: u16, range: Range<u64>) -> Result<Bytes> {
    let made = tokio::task::spawn_blocking(move || {
        let length = usize::try_from(range.end - range.start).unwrap_or_default();
        let mut bytes = vec![0; length];
        let file = base.files.get(place);
        file.map_or(Ok(()), |file| file.read(copy, range.start, &mut bytes))
            .map(|()| Bytes::from(bytes))
    });
    match made.await {
        Ok(made) => made.map_err(|source| generic(source.into())),
        Err(source) => Err(generic(source.into())),
    }
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic {
        store: NAME,
        source,
    }
}

#[async_trait]
impl ObjectStore for Store {
    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let file = self.files.get(location).ok_or_else(|| Error::NotFound {
            path: location.to_string(),
            source: "no such copy".into(),
        })?;
        let meta = self.meta(location, file);
        let range = match &options.range {
            Some(range) => range
                .as_range(meta.size)
                .map_err(|source| generic(source.into()))?,
            None => 0..meta.size,
        };
        let stream = match file.clone() {
            File::Manifest(bytes) => {
                let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
                let bytes = bytes.slice(within(range.start)..within(range.end));
                stream::iter([Ok(bytes)]).boxed()
            }
            File::Copy(place, copy) => {
                let base = Arc::clone(&self.base);
                let end = range.end;
                let parts = (range.start..end)
                    .step_by(usize::try_from(STEP).unwrap_or(usize::MAX))
                    .map(move |at| at..end.min(at + STEP));
                stream::iter(parts)
                    .then(move |range| part(Arc::clone(&base), place, copy, range))
                    .boxed()
            }
        };
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream),
            meta,
            range,
            attributes: object_store::Attributes::default(),
        })
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let within = prefix.is_none_or(|prefix| prefix.as_ref().is_empty());
        let all = if within { self.all() } else { Vec::new() };
        stream::iter(all.into_iter().map(Ok)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let within = prefix.is_none_or(|prefix| prefix.as_ref().is_empty());
        Ok(ListResult {
            common_prefixes: Vec::new(),
            objects: if within { self.all() } else { Vec::new() },
        })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(Error::NotImplemented {
            operation: "put".to_owned(),
            implementer: NAME.to_owned(),
        })
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(Error::NotImplemented {
            operation: "put".to_owned(),
            implementer: NAME.to_owned(),
        })
    }

    fn delete_stream(
        &self,
        _: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        stream::empty().boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented {
            operation: "copy".to_owned(),
            implementer: NAME.to_owned(),
        })
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }
}
