//! One file read from beginning to end, a few pieces ahead of who asks for them.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot};

use crate::IngestError;
use crate::cut::{Cutter, Piece};
use crate::export::ExportFile;
use crate::harvest::Harvest;
use crate::pending::{About, Frames};
use crate::pool::{Kind, Pool, Reply, STOPPED};
use crate::report::FileReport;
use crate::source::Source;

/// Pieces that wait to be taken.
const AHEAD: usize = 4;
/// The name under which pending records are reported, which no file of an export has.
const PENDING: &str = "pending";

/// A file that is being read. Made by `Run::read`, used by `Run::next`.
pub struct Reader {
    pub(crate) name: String,
    /// Resources it has, when the manifest says so.
    pub(crate) count: Option<u64>,
    pieces: mpsc::Receiver<io::Result<Step>>,
    position: Arc<AtomicU64>,
    /// Pieces that the pool has, in the order of the file.
    working: VecDeque<Reply>,
    /// Bytes of the file inflated, once it was read to its end.
    pub(crate) inflated: Option<u64>,
    /// What the pool has to know; none for a type that no table needs.
    kind: Option<Arc<Kind>>,
    /// Files of pending records that this reader reads.
    pub(crate) retried: Vec<PathBuf>,
    pub(crate) report: FileReport,
}

enum Step {
    /// The pieces that follow are of this kind.
    Kind(Option<Arc<Kind>>),
    Piece(Piece),
    End {
        inflated: u64,
    },
}

impl Reader {
    pub(crate) fn start(
        source: Source,
        file: ExportFile,
        line_bytes_max: usize,
        kind: Option<Arc<Kind>>,
    ) -> Self {
        let (sender, pieces) = mpsc::channel(AHEAD);
        let report = FileReport {
            name: file.name.clone(),
            resource_type: file.resource_type.clone(),
            bytes: file.bytes,
            ..FileReport::default()
        };
        let reader = Self::of(report, file.count, pieces, kind);
        let reached = Arc::clone(&reader.position);
        tokio::spawn(async move {
            let cutter = Cutter::new(&file.name, line_bytes_max);
            let last = match follow(&source, &file, cutter, &sender, &reached).await {
                Ok(Some(inflated)) => Ok(Step::End { inflated }),
                Ok(None) => return,
                Err(error) => Err(error),
            };
            // Nobody waits any more where this fails.
            sender.send(last).await.ok();
        });
        reader
    }

    /// Reads files of pending records, each frame of the kind that `kind` makes of it.
    pub(crate) fn pending(
        paths: Vec<PathBuf>,
        identity: age::x25519::Identity,
        kind: impl Fn(About) -> Option<Arc<Kind>> + Send + 'static,
    ) -> Self {
        let (sender, pieces) = mpsc::channel(AHEAD);
        let report = FileReport {
            name: PENDING.to_owned(),
            ..FileReport::default()
        };
        let mut reader = Self::of(report, None, pieces, None);
        reader.retried.clone_from(&paths);
        tokio::task::spawn_blocking(move || {
            let mut inflated = 0;
            let mut all = || -> io::Result<()> {
                for path in &paths {
                    let mut frames = Frames::open(path, &identity)?;
                    while let Some(records) = frames.next()? {
                        inflated += records.lines.len() as u64;
                        let piece = Piece {
                            body: records.lines.into(),
                            first_line: 1,
                            ..Piece::default()
                        };
                        for step in [Step::Kind(kind(records.about)), Step::Piece(piece)] {
                            if sender.blocking_send(Ok(step)).is_err() {
                                return Ok(());
                            }
                        }
                    }
                }
                Ok(())
            };
            let read = all();
            // Nobody waits any more where this fails.
            sender
                .blocking_send(read.map(|()| Step::End { inflated }))
                .ok();
        });
        reader
    }

    fn of(
        report: FileReport,
        count: Option<u64>,
        pieces: mpsc::Receiver<io::Result<Step>>,
        kind: Option<Arc<Kind>>,
    ) -> Self {
        Self {
            name: report.name.clone(),
            count,
            pieces,
            position: Arc::default(),
            working: VecDeque::new(),
            inflated: None,
            kind,
            retried: Vec::new(),
            report,
        }
    }

    /// Bytes of the file, as it is stored, that were read so far.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// The next piece of the file; nothing at its end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Piece>, IngestError> {
        while self.inflated.is_none() {
            let next = self.pieces.recv().await;
            if let Some(piece) = self.taken(next)? {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// What came of the next piece, while the pool is kept busy with those behind it; nothing at
    /// the end of the file.
    pub(crate) async fn harvest(&mut self, pool: &Pool) -> Result<Option<Harvest>, IngestError> {
        loop {
            let more = self.inflated.is_none() && self.working.len() < pool.pieces_max();
            let next = match (more, self.working.front_mut()) {
                (true, front) => match (self.pieces.try_recv(), front) {
                    (Ok(next), _) => Some(next),
                    (Err(TryRecvError::Disconnected), _) => None,
                    (Err(TryRecvError::Empty), None) => self.pieces.recv().await,
                    (Err(TryRecvError::Empty), Some(front)) => tokio::select! {
                        done = front => return self.done(done),
                        next = self.pieces.recv() => next,
                    },
                },
                (false, Some(front)) => {
                    let done = front.await;
                    return self.done(done);
                }
                (false, None) => return Ok(None),
            };
            self.submit(next, pool)?;
        }
    }

    /// Whether all pieces of the file are with the pool, or done.
    pub(crate) const fn is_read(&self) -> bool {
        self.inflated.is_some()
    }

    /// Hands the pool what was read already, while it works on the end of the file before.
    pub(crate) fn pump(&mut self, pool: &Pool) -> Result<(), IngestError> {
        while !self.is_read() && self.working.len() < pool.pieces_max() {
            let Ok(next) = self.pieces.try_recv() else {
                return Ok(());
            };
            self.submit(Some(next), pool)?;
        }
        Ok(())
    }

    fn submit(&mut self, next: Option<io::Result<Step>>, pool: &Pool) -> Result<(), IngestError> {
        if let Some(piece) = self.taken(next)? {
            let reply = match &self.kind {
                Some(kind) => pool.submit(kind, piece)?,
                None => ignored(&piece),
            };
            self.working.push_back(reply);
        }
        Ok(())
    }

    /// The harvest that was waited for.
    fn done<E>(
        &mut self,
        harvest: Result<Result<Harvest, IngestError>, E>,
    ) -> Result<Option<Harvest>, IngestError> {
        self.working.pop_front();
        harvest.unwrap_or(Err(STOPPED)).map(Some)
    }

    fn taken(&mut self, next: Option<io::Result<Step>>) -> Result<Option<Piece>, IngestError> {
        match next {
            Some(Ok(Step::Piece(piece))) => Ok(Some(piece)),
            Some(Ok(Step::Kind(kind))) => {
                self.kind = kind;
                Ok(None)
            }
            Some(Ok(Step::End { inflated })) => {
                self.inflated = Some(inflated);
                Ok(None)
            }
            Some(Err(source)) => Err(IngestError::Read {
                file: self.name.clone(),
                source,
            }),
            None => Err(IngestError::Defect {
                reason: "a reader stopped",
            }),
        }
    }
}

/// Counts a piece of a type that no table needs.
fn ignored(piece: &Piece) -> Reply {
    let lines = if piece.oversized {
        1
    } else {
        piece.lines().count() as u64
    };
    let harvest = Harvest {
        read: lines,
        ignored_type: lines,
        ..Harvest::default()
    };
    let (done, reply) = oneshot::channel();
    // The receiver is here.
    done.send(Ok(harvest)).ok();
    reply
}

/// Sends the pieces of a file; nothing when nobody waits for them any more.
async fn follow(
    source: &Source,
    file: &ExportFile,
    mut cutter: Cutter,
    sender: &mpsc::Sender<io::Result<Step>>,
    reached: &AtomicU64,
) -> io::Result<Option<u64>> {
    let mut ranges = source.ranges(&file.object);
    let mut pieces = Vec::new();
    loop {
        let mut bytes = ranges.next().await?;
        if bytes.is_empty() {
            break;
        }
        // What a few compressed bytes inflate to is sent before the next.
        while !bytes.is_empty() {
            let before = bytes.len();
            cutter.push(&mut bytes, &mut pieces)?;
            for piece in pieces.drain(..) {
                if sender.send(Ok(Step::Piece(piece))).await.is_err() {
                    return Ok(None);
                }
            }
            reached.fetch_add((before - bytes.len()) as u64, Ordering::Relaxed);
        }
    }
    let inflated = cutter.finish(&mut pieces)?;
    for piece in pieces {
        if sender.send(Ok(Step::Piece(piece))).await.is_err() {
            return Ok(None);
        }
    }
    ranges.check(&file.fingerprint).await?;
    Ok(Some(inflated))
}
