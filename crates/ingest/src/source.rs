//! Where an export's files are: a folder of any object store, or what a manifest on a server
//! lists; read in ranges, one ahead of who asks for them.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, ObjectStoreScheme};
use tokio::task::JoinHandle;
use twox_hash::XxHash3_128;
use url::Url;

use crate::IngestError;
use crate::manifest::Manifest;

/// Bytes of one read.
const RANGE_BYTES: u64 = 4 << 20;
/// Reads under way of one file.
const AHEAD: usize = 2;
/// Bytes of a manifest.
pub(crate) const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// What a file's bytes were when the export was opened: XXH3-128 over the hashes of its ranges.
///
/// A file is hashed twice: when the export is opened, for the run's id, and while it is read, so
/// that nothing is published of a file that somebody wrote to or that a disk or a network gave
/// differently the second time. All of these are accidents, and 128 bits tell them apart. The hash
/// is no proof against who wants to deceive: whoever can change an export's files can do so before
/// they are read at all, and what proves where they come from is the exporter's business. So it
/// may be a hash without secrets: 2 GiB take 0.06 seconds of a core where SHA-256 takes 1.4 with
/// the processor's own instructions and BLAKE3 0.8. Ranges are hashed apart, where they are read,
/// so that one large file keeps all cores busy.
pub(crate) type Fingerprint = [u8; 16];

/// A folder of files, or the files of a manifest.
#[derive(Clone)]
pub(crate) struct Source {
    store: Arc<dyn ObjectStore>,
    listing: Listing,
}

#[derive(Clone)]
enum Listing {
    /// The store can list this folder.
    Folder(Path),
    /// The store cannot: the manifest at this URL lists the files.
    Manifest(Url),
}

impl Source {
    /// The files at a path or URL. Stores of a cloud take their credentials from the variables
    /// `AWS_*`, `AZURE_*` and `GOOGLE_*`.
    pub(crate) fn open(url: &str) -> Result<Self, IngestError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            let cloud = ["AWS_", "AZURE_", "GOOGLE_"];
            let of_cloud = cloud.iter().any(|prefix| name.starts_with(prefix));
            of_cloud.then_some((name, value))
        });
        Self::open_with(url, variables)
    }

    /// The same with these variables.
    pub(crate) fn open_with(
        url: &str,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, IngestError> {
        let refused = |reason: String| place_error(url, reason);
        let parsed = match Url::parse(url) {
            Ok(parsed) if parsed.scheme() == "file" => {
                let path = parsed.to_file_path();
                let path = path.map_err(|()| refused("not the URL of a local folder".into()))?;
                return Self::local(&path, url);
            }
            Ok(parsed) if url.contains("://") => parsed,
            _ => return Self::local(FilePath::new(url), url),
        };
        let known = ObjectStoreScheme::parse(&parsed).map(|(scheme, _)| scheme);
        let listed = match known {
            Ok(ObjectStoreScheme::Http) => false,
            Ok(
                ObjectStoreScheme::AmazonS3
                | ObjectStoreScheme::MicrosoftAzure
                | ObjectStoreScheme::GoogleCloudStorage,
            ) => true,
            _ => {
                let schemes = "a path, file://, s3://, az://, abfs://, gs://, http:// or https://";
                return Err(refused(format!(
                    "this kind of URL is not known: use {schemes}"
                )));
            }
        };
        // A URL that says http means it; the clouds' own variables decide about theirs.
        let plain = (!listed && parsed.scheme() == "http")
            .then(|| ("allow_http".to_owned(), "true".to_owned()));
        let opened = object_store::parse_url_opts(&parsed, variables.chain(plain));
        let (store, folder) = opened.map_err(|error| {
            refused(format!(
                "{}: check the URL and {CREDENTIALS}",
                chain(&error)
            ))
        })?;
        let listing = if listed {
            Listing::Folder(folder)
        } else {
            Listing::Manifest(manifest_url(parsed).map_err(refused)?)
        };
        Ok(Self {
            store: Arc::from(store),
            listing,
        })
    }

    fn local(folder: &FilePath, url: &str) -> Result<Self, IngestError> {
        let refused = |reason: String| place_error(url, reason);
        let folder = folder
            .canonicalize()
            .map_err(|error| refused(error.to_string()))?;
        if !folder.is_dir() {
            return Err(refused("not a folder".to_owned()));
        }
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| refused(error.to_string()))?;
        Ok(Self::of(Arc::new(store), Path::default()))
    }

    /// A folder of a store.
    pub(crate) const fn of(store: Arc<dyn ObjectStore>, folder: Path) -> Self {
        Self {
            store,
            listing: Listing::Folder(folder),
        }
    }

    /// The files in the folder and in `deleted/` within it, or those the manifest lists, in order
    /// of their names.
    pub(crate) async fn list(&self) -> Result<Vec<(String, ObjectMeta)>, IngestError> {
        let mut files = match &self.listing {
            Listing::Folder(folder) => self.list_folder(folder).await?,
            Listing::Manifest(url) => self.list_manifest(url).await?,
        };
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Some([(name, _), _]) = files.windows(2).find(|w| matches!(w, [a, b] if a.0 == b.0)) {
            return Err(place_error(
                name,
                "two files of the export have this name: download it first".to_owned(),
            ));
        }
        Ok(files)
    }

    async fn list_folder(&self, folder: &Path) -> Result<Vec<(String, ObjectMeta)>, IngestError> {
        let mut files = Vec::new();
        for (prefix, folder) in [
            ("", folder.clone()),
            ("deleted/", child(folder, "deleted")?),
        ] {
            let listed = self.store.list_with_delimiter(Some(&folder)).await;
            let listed = listed.map_err(|error| read_error(folder.as_ref(), &error))?;
            for object in listed.objects {
                let name = object.location.filename().unwrap_or_default();
                files.push((format!("{prefix}{name}"), object));
            }
        }
        Ok(files)
    }

    async fn list_manifest(&self, url: &Url) -> Result<Vec<(String, ObjectMeta)>, IngestError> {
        let refused = |reason: String| place_error(url.as_str(), reason);
        let object = self.head(url).await?;
        let bytes = self.small(&object, MANIFEST_BYTES_MAX).await?;
        let manifest = Manifest::parse(&bytes).map_err(refused)?;
        if manifest.requires_access_token {
            let reason = "its files need an access token: download the export with a client of \
                          your server first";
            return Err(refused(reason.to_owned()));
        }
        let mut files = vec![("manifest.json".to_owned(), object)];
        for listed in manifest.output.iter().chain(&manifest.deleted) {
            let at = listed.url_from(url).map_err(refused)?;
            files.push((listed.file_name().to_owned(), self.head(&at).await?));
        }
        Ok(files)
    }

    async fn head(&self, url: &Url) -> Result<ObjectMeta, IngestError> {
        let path = Path::from_url_path(url.path())
            .map_err(|_| place_error(url.as_str(), "not the URL of a file".to_owned()))?;
        let head = self.store.head(&path).await;
        head.map_err(|error| read_error(url.as_str(), &error))
    }

    /// A small file, whole.
    pub(crate) async fn small(
        &self,
        object: &ObjectMeta,
        bytes_max: u64,
    ) -> Result<Bytes, IngestError> {
        let name = object.location.as_ref();
        if object.size > bytes_max {
            return Err(place_error(name, format!("over {bytes_max} bytes")));
        }
        let got = self.store.get(&object.location).await;
        let got = got.map_err(|error| read_error(name, &error))?;
        got.bytes().await.map_err(|error| read_error(name, &error))
    }

    /// The file from its beginning.
    pub(crate) fn ranges(&self, object: &ObjectMeta) -> Ranges {
        Ranges {
            store: Arc::clone(&self.store),
            object: object.clone(),
            at: 0,
            ahead: VecDeque::new(),
            hasher: XxHash3_128::new(),
        }
    }

    /// What a file's bytes are.
    pub(crate) async fn fingerprint(
        &self,
        object: &ObjectMeta,
    ) -> Result<Fingerprint, IngestError> {
        let failed = |source| IngestError::Read {
            file: object.location.to_string(),
            source,
        };
        let mut ranges = self.ranges(object);
        while !ranges.next().await.map_err(failed)?.is_empty() {}
        ranges.fingerprint().await.map_err(failed)
    }
}

/// The bytes of a file in order. Each range is read and hashed by a task of its own, so whoever
/// takes them waits for neither where there is a core to spare.
pub(crate) struct Ranges {
    store: Arc<dyn ObjectStore>,
    object: ObjectMeta,
    at: u64,
    ahead: VecDeque<JoinHandle<io::Result<(Bytes, u128)>>>,
    hasher: XxHash3_128,
}

impl Ranges {
    /// The next bytes, at most 4 MiB; empty at the end.
    pub(crate) async fn next(&mut self) -> io::Result<Bytes> {
        while self.ahead.len() < AHEAD && self.at < self.object.size {
            let range = self.at..self.object.size.min(self.at + RANGE_BYTES);
            self.at = range.end;
            let (store, object) = (Arc::clone(&self.store), self.object.clone());
            self.ahead.push_back(tokio::spawn(async move {
                let bytes = read(store.as_ref(), &object, range).await?;
                let hash = XxHash3_128::oneshot(&bytes);
                Ok((bytes, hash))
            }));
        }
        let Some(next) = self.ahead.pop_front() else {
            return Ok(Bytes::new());
        };
        let (bytes, hash) = next.await.map_err(io::Error::other)??;
        self.hasher.write(&hash.to_be_bytes());
        Ok(bytes)
    }

    /// What the bytes were, once all were taken.
    ///
    /// # Errors
    /// The file has another size by now: it grew while it was read.
    pub(crate) async fn fingerprint(self) -> io::Result<Fingerprint> {
        let now = self.store.head(&self.object.location).await;
        if now.map_err(changed_or)?.size != self.object.size {
            return Err(changed());
        }
        Ok(self.hasher.finish_128().to_be_bytes())
    }

    /// Checks that the bytes taken are those of the opened export.
    ///
    /// # Errors
    /// They are not, or the file has another size by now.
    pub(crate) async fn check(self, expected: &Fingerprint) -> io::Result<()> {
        if self.fingerprint().await? == *expected {
            Ok(())
        } else {
            Err(changed())
        }
    }
}

/// A range of a file, whole; whatever is wrong with a file that has another size by now is that.
async fn read(
    store: &dyn ObjectStore,
    object: &ObjectMeta,
    range: Range<u64>,
) -> io::Result<Bytes> {
    let wanted = range.end - range.start;
    match store.get_range(&object.location, range).await {
        Ok(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
        Ok(_) => Err(changed()),
        Err(error) => match store.head(&object.location).await {
            Ok(now) if now.size == object.size => Err(io::Error::other(advice(&error))),
            Ok(_) => Err(changed()),
            Err(gone) => Err(changed_or(gone)),
        },
    }
}

/// What to look at when a cloud's store says no.
const CREDENTIALS: &str = "the variables AWS_*, AZURE_* or GOOGLE_* of its credentials";

/// A URL that ends with `.json` is the manifest itself, another the folder it is in.
fn manifest_url(mut url: Url) -> Result<Url, String> {
    if url.query().is_some() {
        let reason = "a URL with a query is not supported: download the export first";
        return Err(reason.to_owned());
    }
    if !url.path().ends_with(".json") {
        let path = format!("{}/manifest.json", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok(url)
}

fn child(folder: &Path, name: &str) -> Result<Path, IngestError> {
    let path = format!("{folder}/{name}");
    Path::parse(path.trim_start_matches('/'))
        .map_err(|_| place_error(folder.as_ref(), "not the path of a folder".to_owned()))
}

fn changed() -> io::Error {
    io::Error::other("it changed while it was read")
}

/// A range that is not there any more is a change too.
fn changed_or(error: object_store::Error) -> io::Error {
    match error {
        object_store::Error::NotFound { .. } => changed(),
        other => io::Error::other(advice(&other)),
    }
}

fn place_error(place: &str, reason: String) -> IngestError {
    IngestError::Export {
        place: place.to_owned(),
        reason,
    }
}

pub(crate) fn read_error(file: &str, error: &object_store::Error) -> IngestError {
    IngestError::Read {
        file: file.to_owned(),
        source: io::Error::other(advice(error)),
    }
}

/// What a store says, and what to do where it is known.
fn advice(error: &object_store::Error) -> String {
    use object_store::Error as Store;
    let todo = match error {
        Store::NotFound { .. } => return "there is no such file or bucket".to_owned(),
        Store::PermissionDenied { .. } | Store::Unauthenticated { .. } => {
            return format!("the store refuses: check {CREDENTIALS}");
        }
        // Listing a bucket that is not there is a failure of no kind of its own.
        Store::Generic { .. } if chain(error).contains("404 Not Found") => {
            return "there is no such file or bucket".to_owned();
        }
        Store::NotSupported { .. } => "; the server answers no byte ranges or no sizes",
        _ => "",
    };
    format!("{}{todo}", chain(error))
}

/// An error and its causes in one line; a store's own words end where its document begins.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    let line = text.split(['\n', '<']).next().unwrap_or_default();
    line.chars().take(300).collect()
}
