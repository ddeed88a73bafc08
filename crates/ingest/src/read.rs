//! One file read from beginning to end, a few pieces ahead of who asks for them.

use std::io;

use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::IngestError;
use crate::cut::{Cutter, Piece};
use crate::export::ExportFile;
use crate::report::FileReport;
use crate::source::Source;
use crate::worker::Worker;

/// Pieces that wait to be taken.
const AHEAD: usize = 4;

/// A file that is being read. Made by `Run::read`, used by `Run::next`.
pub struct Reader {
    pub(crate) file: ExportFile,
    pieces: mpsc::Receiver<io::Result<Step>>,
    /// Bytes of the file inflated, once it was read to its end.
    pub(crate) inflated: Option<u64>,
    /// What turns pieces into rows; none for a type that no table needs.
    pub(crate) workers: Vec<Worker>,
    pub(crate) report: FileReport,
}

enum Step {
    Piece(Piece),
    End { inflated: u64 },
}

impl Reader {
    pub(crate) fn start(source: Source, file: ExportFile, line_bytes_max: usize) -> Self {
        let (sender, pieces) = mpsc::channel(AHEAD);
        let read = file.clone();
        tokio::spawn(async move {
            let cutter = Cutter::new(&read.name, line_bytes_max);
            let last = match follow(&source, &read, cutter, &sender).await {
                Ok(Some(inflated)) => Ok(Step::End { inflated }),
                Ok(None) => return,
                Err(error) => Err(error),
            };
            // Nobody waits any more where this fails.
            sender.send(last).await.ok();
        });
        let report = FileReport::default();
        Self {
            file,
            pieces,
            inflated: None,
            workers: Vec::new(),
            report,
        }
    }

    /// At least one and at most `most` pieces; none at the end of the file.
    pub(crate) async fn pieces(&mut self, most: usize) -> Result<Vec<Piece>, IngestError> {
        let mut taken = Vec::new();
        while taken.len() < most && self.inflated.is_none() {
            let next = match self.pieces.try_recv() {
                Ok(next) => Some(next),
                Err(_) if taken.is_empty() => self.pieces.recv().await,
                Err(_) => break,
            };
            match next {
                Some(Ok(Step::Piece(piece))) => taken.push(piece),
                Some(Ok(Step::End { inflated })) => self.inflated = Some(inflated),
                Some(Err(source)) => {
                    return Err(IngestError::Read {
                        file: self.file.name.clone(),
                        source,
                    });
                }
                None => {
                    return Err(IngestError::Defect {
                        reason: "a reader stopped",
                    });
                }
            }
        }
        Ok(taken)
    }

    /// Counts pieces of a type that no table needs.
    pub(crate) fn ignore(&mut self, pieces: &[Piece]) {
        for piece in pieces {
            let lines = if piece.oversized {
                1
            } else {
                piece.lines().len() as u64
            };
            self.report.read += lines;
            self.report.ignored_type += lines;
        }
    }
}

/// Sends the pieces of a file; nothing when nobody waits for them any more.
async fn follow(
    source: &Source,
    file: &ExportFile,
    mut cutter: Cutter,
    sender: &mpsc::Sender<io::Result<Step>>,
) -> io::Result<Option<u64>> {
    let mut digest = Sha256::new();
    let mut at = 0;
    let mut pieces = Vec::new();
    loop {
        let bytes = source.range(&file.object, at).await?;
        if bytes.is_empty() {
            break;
        }
        at += bytes.len() as u64;
        digest.update(&bytes);
        // Few compressed bytes at once: what they inflate to is sent before the next.
        for slice in bytes.chunks(64 << 10) {
            cutter.push(slice, &mut pieces)?;
            for piece in pieces.drain(..) {
                if sender.send(Ok(Step::Piece(piece))).await.is_err() {
                    return Ok(None);
                }
            }
        }
    }
    let inflated = cutter.finish(&mut pieces)?;
    for piece in pieces {
        if sender.send(Ok(Step::Piece(piece))).await.is_err() {
            return Ok(None);
        }
    }
    let digest: [u8; 32] = digest.finalize().into();
    if digest != file.sha256 {
        return Err(io::Error::other("it changed while it was read"));
    }
    Ok(Some(inflated))
}
