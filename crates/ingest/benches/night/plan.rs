//! Which cases run, one process each, and what they give.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::Fallible;
use crate::base::Base;
use crate::copies::Folders;
use crate::line::{CHILD, Figures};

/// Copies that make 2 GB.
const COPIES: u16 = 8;
/// Runs of the case that is the aim; the others run once.
const RUNS: usize = 3;
/// Threads of the other engine.
const THREADS: &str = "2";

/// What the command line asks for.
pub(crate) struct Plan {
    dir: PathBuf,
    origin: PathBuf,
    copies: u16,
    runs: Option<usize>,
    generated_bytes: Option<u64>,
    only: Option<Vec<String>>,
}

/// One case's figures: those of the median run, and the seconds of all.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) figures: Figures,
    pub(crate) seconds: Vec<f64>,
}

/// The other engine on the three types it reads, or why there is nothing.
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) figures: Result<PeerFigures, String>,
}

#[derive(Deserialize)]
pub(crate) struct PeerFigures {
    pub(crate) version: String,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) anon_peak_bytes: u64,
    pub(crate) rows: u64,
    pub(crate) lake_bytes: u64,
}

#[derive(Default)]
pub(crate) struct Results {
    pub(crate) cases: Vec<Case>,
    pub(crate) peers: Vec<Peer>,
}

impl Plan {
    /// Reads the command line; what cargo adds is passed over.
    pub(crate) fn parse(arguments: &[String]) -> Fallible<Self> {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        let data = std::env::var_os("LAZARET_DATA").map_or(shared, PathBuf::from);
        let dir = match std::env::var_os("LAZARET_BENCH_DIR") {
            Some(dir) => PathBuf::from(dir),
            None => target()?.join("bench-night"),
        };
        let mut plan = Self {
            dir,
            origin: data.join("fhir/synthea-615"),
            copies: COPIES,
            runs: None,
            generated_bytes: None,
            only: None,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--bench" => {}
                "--quick" => (plan.copies, plan.runs) = (1, Some(1)),
                "--copies" => plan.copies = value()?.parse()?,
                "--runs" => plan.runs = Some(value()?.parse::<usize>()?.max(1)),
                "--gb" => plan.generated_bytes = Some(value()?.parse::<u64>()? * 1_000_000_000),
                "--only" => plan.only = Some(value()?.split(',').map(str::to_owned).collect()),
                other => return Err(format!("{other} is no option: see the README").into()),
            }
        }
        Ok(plan)
    }

    /// Runs the cases one after another.
    pub(crate) fn run(&self) -> Fallible<Results> {
        let base_dir = self.dir.join("base");
        let base = Base::open(&base_dir, &self.origin)?;
        let folders = Folders::make(&self.dir, &base, self.copies)?;
        let mut results = Results::default();
        let home = self.dir.join("work");
        let first = home.join("plain");
        self.plain(&folders, &first, &mut results)?;
        for (key, name, folder) in [
            ("gzip", "all types, gzip", &folders.gzip),
            ("observation", "Patient, Observation", &folders.observation),
        ] {
            if self.wants(key) {
                let source = [folder.as_os_str()];
                let runs = self.runs.unwrap_or(1);
                let case = case(name, runs, &home.join(key), None, &source)?;
                results.cases.push(case);
            }
        }
        for (key, name, folder) in [
            ("second-whole", "2nd night, all again", &folders.whole),
            ("second-changes", "2nd night, changes", &folders.changes),
        ] {
            if self.wants(key) {
                if !first.exists() {
                    once(&first, None, &[folders.plain.as_os_str()])?;
                }
                let source = [folder.as_os_str()];
                let runs = self.runs.unwrap_or(1);
                let case = case(name, runs, &home.join(key), Some(&first), &source)?;
                results.cases.push(case);
            }
        }
        if let Some(bytes) = self.generated_bytes.filter(|_| self.wants("generated")) {
            let each: u64 = base.files.iter().map(|file| file.bytes).sum();
            let copies = bytes.div_ceil(each).to_string();
            let source = [base_dir.as_os_str(), copies.as_ref(), self.origin.as_ref()];
            let name = format!("generated, {copies} copies");
            let case = case(&name, 1, &home.join("generated"), None, &source)?;
            results.cases.push(case);
        }
        if self.wants("duckdb") {
            for form in ["columns", "paths"] {
                results.peers.push(duckdb(form, &folders.plain, &home)?);
            }
        }
        remove(&home)?;
        Ok(results)
    }

    fn plain(&self, folders: &Folders, home: &Path, results: &mut Results) -> Fallible<()> {
        if self.wants("plain") {
            let runs = self.runs.unwrap_or(RUNS);
            let source = [folders.plain.as_os_str()];
            let case = case("all types, plain", runs, home, None, &source)?;
            results.cases.push(case);
            if self.wants("second-whole") || self.wants("second-changes") {
                return Ok(());
            }
        }
        remove(home)
    }

    fn wants(&self, case: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.iter().any(|wanted| wanted == case))
    }
}

/// The target folder this program was built in.
fn target() -> Fallible<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(3);
    Ok(target.ok_or("no target folder")?.to_owned())
}

fn remove(folder: &Path) -> Fallible<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// Runs a case so many times. The home of the last run stays where later nights begin with it;
/// the others are removed.
fn case(
    name: &str,
    runs: usize,
    home: &Path,
    before: Option<&Path>,
    source: &[&std::ffi::OsStr],
) -> Fallible<Case> {
    let mut all = Vec::new();
    for _ in 0..runs {
        all.push(once(home, before, source)?);
    }
    if home.file_name().is_none_or(|name| name != "plain") {
        remove(home)?;
    }
    all.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let seconds = all.iter().map(|figures| figures.seconds).collect();
    let median = all.into_iter().nth(runs / 2);
    Ok(Case {
        name: name.to_owned(),
        figures: median.ok_or("no run")?,
        seconds,
    })
}

/// One night in a process of its own, on a fresh home or a copy of one.
fn once(home: &Path, before: Option<&Path>, source: &[&std::ffi::OsStr]) -> Fallible<Figures> {
    remove(home)?;
    fs::create_dir_all(home)?;
    if let Some(before) = before {
        copy(before, home)?;
    }
    let (export, rest) = source.split_first().ok_or("no export")?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CHILD).arg(export).arg(home).args(rest);
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("a night failed: {}", said.trim()).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn copy(from: &Path, to: &Path) -> Fallible<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// DuckDB in a process of its own: Python of `LAZARET_PYTHON`, else `python3`.
fn duckdb(form: &str, export: &Path, home: &Path) -> Fallible<Peer> {
    let mut bytes = 0;
    for entry in fs::read_dir(export)? {
        let entry = entry?;
        let name = entry.file_name();
        let kind = name.to_string_lossy();
        let kind = kind.split('.').next().unwrap_or_default();
        if ["Patient", "Condition", "Observation"].contains(&kind) {
            bytes += entry.metadata()?.len();
        }
    }
    let out = home.join("duckdb");
    fs::create_dir_all(&out)?;
    let python = std::env::var_os("LAZARET_PYTHON").unwrap_or_else(|| "python3".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/night/flat.py");
    let mut command = Command::new(python);
    command
        .arg(script)
        .arg(form)
        .arg(export)
        .arg(&out)
        .arg(THREADS);
    let figures = match command.output() {
        Ok(output) if output.status.success() => Ok(serde_json::from_slice(&output.stdout)?),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(said.lines().last().unwrap_or("no reason given").to_owned())
        }
        Err(error) => Err(error.to_string()),
    };
    remove(&out)?;
    Ok(Peer {
        name: format!("DuckDB, {form}"),
        bytes,
        figures,
    })
}
