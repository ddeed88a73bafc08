//! The copies on disk: plain, gzipped, observations alone, and two second nights.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{CHANGED, FIRST, SECOND, manifest};
use crate::Fallible;
use crate::base::{Base, BaseFile};

/// One resource of so many has changed in the second night.
const CHANGED_OF: u64 = 100;
/// One observation of so many is deleted in the second night.
const DELETED_OF: u64 = 10_000;
/// How far the choice moves from copy to copy.
const STEP: u64 = 7;
/// Threads that write.
const THREADS: usize = 2;
const LEVEL: u32 = 6;

/// What changes in a resource of a type, and to what.
const CHANGES: [(&str, &str, &str); 4] = [
    ("Patient", "/gender", "other"),
    ("Encounter", "/class/code", "VR"),
    ("Condition", "/clinicalStatus/coding/0/code", "inactive"),
    (
        "AllergyIntolerance",
        "/clinicalStatus/coding/0/code",
        "inactive",
    ),
];

/// Folders of one number of copies.
pub(crate) struct Folders {
    pub(crate) plain: PathBuf,
    pub(crate) gzip: PathBuf,
    pub(crate) observation: PathBuf,
    /// The second night: everything again, with what changed.
    pub(crate) whole: PathBuf,
    /// The second night: only what changed.
    pub(crate) changes: PathBuf,
}

/// What was written of one file, and what the second night deletes of it.
struct Written {
    name: String,
    kind: String,
    lines: u64,
    whole: u64,
    changes: u64,
    deleted: Vec<String>,
}

impl Folders {
    /// The folders, made if they are not there.
    pub(crate) fn make(dir: &Path, base: &Base, copies: u16) -> Fallible<Self> {
        let dir = dir.join(format!("copies-{copies}"));
        let folder = |name: &str| dir.join(name);
        let folders = Self {
            plain: folder("plain"),
            gzip: folder("gzip"),
            observation: folder("observation"),
            whole: folder("whole"),
            changes: folder("changes"),
        };
        let complete = dir.join("complete");
        if complete.exists() {
            return Ok(folders);
        }
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        for folder in [&folders.plain, &folders.gzip, &folders.observation] {
            fs::create_dir_all(folder)?;
        }
        for folder in [&folders.whole, &folders.changes] {
            fs::create_dir_all(folder.join("deleted"))?;
        }
        let written = folders.write_all(base, copies)?;
        folders.describe(&written)?;
        fs::write(complete, "")?;
        Ok(folders)
    }

    /// Writes every file of every copy, on two threads.
    fn write_all(&self, base: &Base, copies: u16) -> Fallible<Vec<Written>> {
        let todo: Vec<(&BaseFile, u16)> = (base.files.iter())
            .flat_map(|file| (0..copies).map(move |copy| (file, copy)))
            .collect();
        let next = AtomicUsize::new(0);
        let work = || {
            let mut written = Vec::new();
            while let Some((file, copy)) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
                written.push(self.write(file, *copy)?);
            }
            Fallible::Ok(written)
        };
        let mut written = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
            let results = threads.into_iter().map(|thread| {
                let joined = thread.join().map_err(|_| "a writing thread stopped");
                joined?
            });
            results.collect::<Fallible<Vec<_>>>()
        })?
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
        written.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(written)
    }

    fn write(&self, file: &BaseFile, copy: u16) -> Fallible<Written> {
        let name = file.name(copy);
        let bytes = file.whole(copy)?;
        let plain = self.plain.join(&name);
        fs::write(&plain, &bytes)?;
        if ["Patient", "Observation"].contains(&file.resource_type.as_str()) {
            fs::hard_link(&plain, self.observation.join(&name))?;
        }
        let packed = File::create(self.gzip.join(format!("{name}.gz")))?;
        let mut packed = GzEncoder::new(packed, Compression::new(LEVEL));
        packed.write_all(&bytes)?;
        packed.finish()?;
        self.second(file, copy, &bytes)
    }

    /// Writes the file as it is in the second night.
    fn second(&self, file: &BaseFile, copy: u16, bytes: &[u8]) -> Fallible<Written> {
        let kind = &file.resource_type;
        let name = file.name(copy);
        let mut whole = BufWriter::new(File::create(self.whole.join(&name))?);
        let mut changes = Vec::new();
        let mut written = Written {
            name: name.clone(),
            kind: kind.clone(),
            lines: file.lines,
            whole: 0,
            changes: 0,
            deleted: Vec::new(),
        };
        for (number, line) in (0..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let chosen = number + STEP * u64::from(copy);
            if kind == "Observation" && chosen % DELETED_OF == CHANGED_OF / 2 {
                let record: Value = serde_json::from_slice(line)?;
                let id = record.get("id").and_then(Value::as_str);
                written
                    .deleted
                    .push(id.ok_or("a resource without id")?.to_owned());
                continue;
            }
            written.whole += 1;
            if chosen.is_multiple_of(CHANGED_OF) {
                let line = changed(kind, line)?;
                whole.write_all(&line)?;
                changes.extend(line);
                written.changes += 1;
            } else {
                whole.write_all(line)?;
            }
        }
        whole.flush()?;
        if written.changes > 0 {
            fs::write(self.changes.join(name), changes)?;
        }
        Ok(written)
    }

    /// Writes the manifests and the lists of deletions.
    fn describe(&self, written: &[Written]) -> Fallible<()> {
        let listed = |suffix: &str, count: fn(&Written) -> u64, take: fn(&Written) -> bool| {
            let files = written.iter().filter(|file| take(file) && count(file) > 0);
            files
                .map(|file| {
                    let name = format!("{}{suffix}", file.name);
                    (name, file.kind.clone(), count(file))
                })
                .collect::<Vec<_>>()
        };
        let save = |folder: &Path, manifest: &Value| {
            fs::write(folder.join("manifest.json"), manifest.to_string())
        };
        let all = listed("", |file| file.lines, |_| true);
        save(&self.plain, &manifest(FIRST, &all, None))?;
        let packed = listed(".gz", |file| file.lines, |_| true);
        save(&self.gzip, &manifest(FIRST, &packed, None))?;
        let linked = |file: &Written| ["Patient", "Observation"].contains(&file.kind.as_str());
        let observation = listed("", |file| file.lines, linked);
        save(&self.observation, &manifest(FIRST, &observation, None))?;

        let deletions: Vec<Value> = (written.iter().flat_map(|file| &file.deleted))
            .map(|id| json!({ "method": "DELETE", "url": format!("Observation/{id}") }))
            .map(|request| json!({ "request": request }))
            .collect();
        let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": deletions });
        let list = "Bundle.000.ndjson";
        let whole = listed("", |file| file.whole, |_| true);
        let changes = listed("", |file| file.changes, |_| true);
        for (folder, files) in [(&self.whole, whole), (&self.changes, changes)] {
            fs::write(folder.join("deleted").join(list), format!("{bundle}\n"))?;
            save(folder, &manifest(SECOND, &files, Some(list)))?;
        }
        Ok(())
    }
}

/// The resource with one value changed and a later time.
fn changed(kind: &str, line: &[u8]) -> Fallible<Vec<u8>> {
    let mut record: Value = serde_json::from_slice(line)?;
    let meta = record.get_mut("meta").and_then(Value::as_object_mut);
    meta.ok_or("a resource without meta")?
        .insert("lastUpdated".to_owned(), json!(CHANGED));
    let found = CHANGES.iter().find(|(changes, ..)| *changes == kind);
    let (_, path, value) = found.unwrap_or(&("", "/status", "entered-in-error"));
    if let Some(place) = record.pointer_mut(path) {
        *place = json!(value);
    }
    let mut line = serde_json::to_vec(&record)?;
    line.push(b'\n');
    Ok(line)
}
