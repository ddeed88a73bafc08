//! Homes made by the program itself, and the program called as its binary calls it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use lazaret_cli::Answering;
use lazaret_lake::{Lake, Snapshot};
use lazaret_model::DatasetName;
use serde_json::Value;

use super::{files, records, repository};

/// What a command line came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    /// The same, where it was to be done.
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.status, lazaret_cli::DONE, "{}{}", self.out, self.err);
        self
    }

    /// The answer as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

/// A folder with a home in it.
pub(crate) struct Home {
    dir: PathBuf,
}

impl Home {
    /// The home in a folder.
    pub(crate) const fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// A fresh demo home under the build's folder for tests, where the last one is looked at.
    pub(crate) fn fresh(name: &str) -> Self {
        let home = Self {
            dir: fresh_folder(name),
        };
        home.lazaret(&["init", "--demo"]).done();
        home
    }

    /// A copy that can be changed while others read the original.
    pub(crate) fn copy(&self, name: &str) -> Self {
        let copy = Self {
            dir: fresh_folder(name),
        };
        for from in files(&self.dir) {
            let to = copy.dir.join(from.strip_prefix(&self.dir).unwrap());
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(&from, &to).unwrap();
        }
        copy
    }

    /// The folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs a command in this home.
    pub(crate) fn lazaret(&self, arguments: &[&str]) -> Outcome {
        let home = self.dir.to_str().unwrap();
        let all: Vec<&str> = ["--home", home].iter().chain(arguments).copied().collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = lazaret_cli::run(&all, &Answering::Here, &mut out, &mut err);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome {
            status,
            out: text(out),
            err: text(err),
        }
    }

    /// One night of the pipeline that ships.
    pub(crate) fn ingest(&self, export: &Path) -> Outcome {
        self.lazaret(&["ingest", &pipeline(), "--from", export.to_str().unwrap()])
    }

    /// A permit with this policy; its id.
    pub(crate) fn permit(&self, policy: &Value) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), policy.to_string()).unwrap();
        let granted = self
            .lazaret(&["permit", "grant", file.path().to_str().unwrap()])
            .done();
        granted.out.trim().to_owned()
    }

    /// The newest snapshot, and the lake it is in.
    pub(crate) fn snapshot(&self) -> (Lake, Snapshot) {
        let lake = Lake::open(self.dir.join("lake").to_str().unwrap()).unwrap();
        let dataset = dataset();
        let snapshot = block_on(async { lake.snapshot(&dataset, "latest").await.unwrap() });
        (lake, snapshot)
    }
}

/// A home that took in the 615 patients of the shared records, made once, to be read or copied, not
/// changed; `None` where the records are missing and the test may be skipped.
pub(crate) fn synthea() -> Option<&'static Home> {
    static HOME: OnceLock<Home> = OnceLock::new();
    let export = records("fhir/synthea-615")?;
    Some(HOME.get_or_init(|| {
        let home = Home::fresh("synthea-615");
        home.ingest(&export).done();
        home
    }))
}

/// A home with a few hundred made-up people, made once, to be read or copied, not changed.
pub(crate) fn synthetic() -> &'static Home {
    static HOME: OnceLock<Home> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = Home::fresh("synthetic");
        let export = fresh_folder("synthetic-export");
        let out = export.to_str().unwrap();
        let made = home.lazaret(&[
            "synth",
            "fhir",
            "--persons",
            "300",
            "--seed",
            "7",
            "--out",
            out,
        ]);
        home.ingest(Path::new(made.done().out.trim())).done();
        home
    })
}

/// The pipeline that ships.
pub(crate) fn pipeline() -> String {
    repository()
        .join("pipelines/fhir-r4")
        .to_str()
        .unwrap()
        .to_owned()
}

/// The dataset it feeds.
pub(crate) fn dataset() -> DatasetName {
    let text = std::fs::read_to_string(Path::new(&pipeline()).join("pipeline.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    table["pipeline"]["dataset"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// An empty folder of that name, in the build's folder for tests. A second run of the tests waits
/// there for the first.
pub(crate) fn fresh_folder(name: &str) -> PathBuf {
    static LOCK: OnceLock<File> = OnceLock::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    LOCK.get_or_init(|| {
        let file = File::create(folder.join("lock")).unwrap();
        file.lock().unwrap();
        file
    });
    let dir = folder.join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).unwrap();
    }
    std::fs::create_dir_all(&dir).unwrap();
    dir
}

/// Runs a future on a thread with the stack that planning needs.
pub(crate) fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 20);
        let work = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(future)
        };
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}
