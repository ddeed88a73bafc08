//! What came of a piece of a file.

use crate::cut::{Line, Piece};
use crate::pending::About;
use crate::persons::Person;
use crate::rows::{Rows, Sealed};
use crate::run::Touched;
use crate::vet::{Fault, Own};

/// A patient's own record.
pub(crate) struct Patient {
    pub(crate) resource: i64,
    pub(crate) own: Own,
    pub(crate) rows: usize,
}

/// A record that cannot go in, as the export has it.
pub(crate) struct Rejected {
    pub(crate) line: Line,
    pub(crate) fault: Fault,
    pub(crate) bytes: Vec<u8>,
    /// Whether they are only the beginning of the line.
    pub(crate) truncated: bool,
}

/// What came of a piece, in the order of its lines.
#[derive(Default)]
pub(crate) struct Harvest {
    pub(crate) read: u64,
    pub(crate) accepted: u64,
    pub(crate) filtered: u64,
    pub(crate) not_a_person: u64,
    pub(crate) ignored_type: u64,
    pub(crate) pending: u64,
    /// The lines of pending records, and what is known of them.
    pub(crate) waiting: Option<(About, Vec<u8>)>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) touched: Vec<Touched>,
    /// Persons of rows for whom no `Patient` was ever read.
    pub(crate) provisional: Vec<Person>,
    /// Patients, whom the run links to persons before their rows are sealed.
    pub(crate) patients: Vec<Patient>,
    /// Rows of patients, by table.
    pub(crate) open: Vec<Rows>,
    /// Rows of everything else, by table.
    pub(crate) sealed: Vec<Sealed>,
}

impl Harvest {
    /// Takes a record that cannot go in.
    pub(crate) fn reject(&mut self, piece: &Piece, line: Line, fault: Fault) {
        self.rejected.push(Rejected {
            bytes: piece.line(&line).to_vec(),
            line,
            fault,
            truncated: piece.oversized,
        });
    }

    /// Takes a record that has to wait for its person.
    pub(crate) fn wait(&mut self, line: &[u8], about: &About) {
        self.pending += 1;
        let (_, lines) = self
            .waiting
            .get_or_insert_with(|| (about.clone(), Vec::new()));
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
}
