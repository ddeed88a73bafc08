//! The threads that turn pieces of files into rows, and what all of them share.

use std::collections::HashSet;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use lazaret_pseudonym::{Identities, Pseudonymiser};
use lazaret_views::Limits;
use tokio::sync::oneshot;

use crate::IngestError;
use crate::cut::Piece;
use crate::harvest::Harvest;
use crate::leak::Leaks;
use crate::pending::About;
use crate::regions::Regions;
use crate::report::quality::Quality;
use crate::settings::Fallback;
use crate::table::{PersonPath, Table};
use crate::worker::Worker;

/// Threads at most; each has up to three pieces in memory.
const THREADS_MAX: usize = 8;
/// Pieces a thread: one that it works on and two that wait, so that it never does.
const PIECES_PER_THREAD: usize = 3;

/// What is the same for all records of a run.
pub(crate) struct Shared {
    pub(crate) tables: Arc<[Table]>,
    pub(crate) regions: Arc<Regions>,
    /// Systems of identifiers that name persons, in the order in which they are tried.
    pub(crate) systems: Vec<String>,
    /// The country of addresses that name none.
    pub(crate) country: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) keys: Pseudonymiser,
    pub(crate) leaks: Leaks,
    /// Written by the run alone, in the order of the records.
    pub(crate) identities: RwLock<Identities>,
    /// What becomes of records whose person is not known.
    pub(crate) fallback: Fallback,
    pub(crate) export_year: i32,
    /// Counted by whoever seals rows.
    pub(crate) quality: Mutex<Quality>,
}

/// What is the same for all records of a file.
pub(crate) struct Kind {
    /// The type that the file's name says, their server and the time of their export, which is
    /// that of records that do not say when they changed.
    pub(crate) about: About,
    /// Where resources of this type name their person.
    pub(crate) person: PersonPath,
    /// Pseudonyms of resources that were deleted since the records came.
    pub(crate) deleted: Arc<HashSet<i64>>,
}

/// What comes of a piece, once it is there.
pub(crate) type Reply = oneshot::Receiver<Result<Harvest, IngestError>>;

struct Job {
    kind: Arc<Kind>,
    piece: Piece,
    reply: oneshot::Sender<Result<Harvest, IngestError>>,
}

/// Threads that live as long as a run. Dropping it stops them: what waits is left, what is being
/// worked on is finished.
pub(crate) struct Pool {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Pool {
    /// Starts as many threads as there are cores.
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Self, IngestError> {
        let (jobs, waiting) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let mut pool = Self {
            jobs: Some(jobs),
            threads: Vec::new(),
            stop: Arc::default(),
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores.min(THREADS_MAX) {
            let (shared, waiting) = (Arc::clone(shared), Arc::clone(&waiting));
            let stop = Arc::clone(&pool.stop);
            let thread = thread::Builder::new()
                .name("ingest".to_owned())
                .spawn(move || work(&shared, &waiting, &stop))
                .map_err(|_| IngestError::Defect {
                    reason: "no thread can be started",
                })?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// How many pieces may be on their way at once.
    pub(crate) fn pieces_max(&self) -> usize {
        self.threads.len() * PIECES_PER_THREAD
    }

    /// Hands a piece to the next thread that is free.
    pub(crate) fn submit(&self, kind: &Arc<Kind>, piece: Piece) -> Result<Reply, IngestError> {
        let (reply, harvest) = oneshot::channel();
        let job = Job {
            kind: Arc::clone(kind),
            piece,
            reply,
        };
        let jobs = self.jobs.as_ref().ok_or(STOPPED)?;
        jobs.send(job).map_err(|_| STOPPED)?;
        Ok(harvest)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.jobs.take());
        for thread in mem::take(&mut self.threads) {
            // A thread that panicked has told so already: its piece never came.
            thread.join().ok();
        }
    }
}

/// The error of a piece whose thread is gone.
pub(crate) const STOPPED: IngestError = IngestError::Defect {
    reason: "a worker stopped",
};

/// One thread's life.
fn work(shared: &Shared, waiting: &Mutex<mpsc::Receiver<Job>>, stop: &AtomicBool) {
    let mut worker: Option<(Arc<Kind>, Worker)> = None;
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(job) = next else { return };
        if stop.load(Ordering::Relaxed) {
            return;
        }
        // A file's worker knows persons that the next file may link anew.
        let known = worker
            .take()
            .filter(|(kind, _)| Arc::ptr_eq(kind, &job.kind));
        let ready = match known {
            Some((_, worker)) => Ok(worker),
            None => Worker::new(shared, &job.kind.about.resource_type),
        };
        let harvest = ready.and_then(|mut ready| {
            let harvest = ready.read(&job.piece, &job.kind, shared);
            worker = Some((job.kind, ready));
            harvest
        });
        // Nobody waits any more where this fails.
        job.reply.send(harvest).ok();
    }
}
