//! The leak check: nothing that says who somebody is may stand in what is published.
//!
//! Treatments decide column by column, so a column that was decided wrongly leaks row after row:
//! `keep` on a path behind which a source writes names or numbers of its own. While records are
//! read, a filter takes keyed hashes of what their persons are told by; every text that is kept,
//! each of its words, and every whole number that is kept are looked up in it. Dates and measures
//! are exempt, and so are values that the column's value set declares.
//!
//! What nothing else reads like (a mail address, a long identifier, a full name) is a leak in any
//! row. What a code or a word may equal by chance (`Long`, `73211009`, a short number) is one only
//! in a row of the person it belongs to. A filter also finds by chance, so before anything is
//! published the export is read again for what was found: only an equal text stops the run, with
//! the table and the column, never the text.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use lazaret_model::{ColumnDescription, ColumnType, Treatment};
use lazaret_pseudonym::Pseudonymiser;
use lazaret_views::Resource;

use crate::IngestError;
use crate::export::Export;
use crate::leak_filter::Filter;
use crate::leak_words::{Reach, owner, tell, words};
use crate::pipeline::Pipeline;
use crate::read::Reader;
use crate::table::{PersonPath, Table};

/// Bits of the filter at least and at most: 128 KiB, and 128 MiB for some ten million patients.
const FILTER_BITS: (u64, u64) = (1 << 20, 1 << 30);
/// How much patients shrink when they are packed.
const PACKED: u64 = 12;
/// Values that are remembered of a column as having been looked up.
const SEEN_MAX: usize = 1 << 15;
/// Values that wait to be confirmed.
const SUSPECTS_MAX: usize = 1 << 20;

/// Scopes of hashes: what counts anywhere, what is somebody's word, what was looked up.
const ANY: i64 = -1;
const WORD: i64 = -2;
const VALUE: i64 = -3;

/// The check of one run; all workers share it.
pub(crate) struct Leaks {
    filter: Filter,
    key: [i64; 2],
    /// Goes up when the filter has grown: what was looked up before may be found now.
    generation: AtomicU64,
    suspects: Mutex<Suspects>,
}

/// A text that may be a person's, and the person's subject where only that one's rows count.
type Suspect = (Option<i64>, String);
/// The table and column where each was seen first.
type Suspects = HashMap<Suspect, (String, String)>;

/// What one worker looked up already, by table and column.
#[derive(Default)]
pub(crate) struct Seen {
    generation: u64,
    columns: BTreeMap<(String, usize), HashMap<u64, Verdict>>,
}

/// What is known of a value.
#[derive(Clone)]
enum Verdict {
    Clean,
    /// These of its words are somebody's: they count in that person's rows.
    Words(Vec<String>),
}

impl Leaks {
    /// A check for a run of this export. The hashes are keyed, so that memory that is swapped or
    /// dumped tells nobody's name to who has not the keys.
    pub(crate) fn new(keys: &Pseudonymiser, export: &Export) -> Self {
        let patients = export.files().iter();
        let patients = patients.filter(|file| file.resource_type == "Patient");
        // About a bit for each byte: tens of bits for each text that tells of a patient.
        let bits = patients.map(|file| {
            let packed = if file.name.ends_with(".gz") {
                PACKED
            } else {
                1
            };
            file.bytes.saturating_mul(packed)
        });
        let bits = bits.fold(0, u64::saturating_add);
        let run = export.run().as_str();
        Self {
            filter: Filter::new(bits.clamp(FILTER_BITS.0, FILTER_BITS.1)),
            key: [
                keys.resource("leak check", run),
                keys.resource("leak check again", run),
            ],
            generation: AtomicU64::new(0),
            suspects: Mutex::default(),
        }
    }

    /// Takes what a record tells of its person, before its rows are probed. `subject` is whose
    /// record it is, as `Pseudonymiser::subject` has it.
    pub(crate) fn note(&self, resource: &Resource<'_>, person: &PersonPath, subject: i64) {
        let mut grew = false;
        tell(resource, person, |reach, word| {
            grew |= match reach {
                Reach::Anywhere => self.filter.insert(self.hash(ANY, &word)),
                Reach::Own => {
                    let known = self.filter.insert(self.hash(WORD, &word));
                    self.filter.insert(self.hash(subject, &word)) | known
                }
            };
        });
        if grew {
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Looks up what rows keep. `rows` are treated, `subject` says whose a row is.
    ///
    /// # Errors
    /// `Defect`, when a column's values cannot be read; `Pipeline`, when too many may be leaks.
    pub(crate) fn probe(
        &self,
        seen: &mut Seen,
        table: &Table,
        rows: &RecordBatch,
        subject: &dyn Fn(usize) -> Option<i64>,
    ) -> Result<(), IngestError> {
        let generation = self.generation.load(Ordering::Relaxed);
        if seen.generation != generation {
            seen.columns.clear();
            seen.generation = generation;
        }
        for (place, column) in table.description.columns.iter().enumerate() {
            let kept = column.treatment == Treatment::Keep;
            if !kept || !matches!(column.kind, ColumnType::Text | ColumnType::Integer) {
                continue;
            }
            let array = rows.column_by_name(column.name.as_str());
            let array = array.ok_or(IngestError::Defect {
                reason: "a kept column is not there",
            })?;
            let known = (table.name.to_string(), place);
            let known = seen.columns.entry(known).or_default();
            let column = Column {
                leaks: self,
                table,
                column,
                subject,
            };
            column.probe(array, known)?;
        }
        Ok(())
    }

    /// Reads the export again for what was found; costs nothing when nothing was.
    ///
    /// # Errors
    /// `Pipeline`, when a value is confirmed: nothing may be published; `Read`.
    pub(crate) async fn confirm(
        &self,
        pipeline: &Pipeline,
        export: &Export,
        keys: &Pseudonymiser,
    ) -> Result<(), IngestError> {
        let suspects = {
            let mut suspects = self.suspects.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *suspects)
        };
        if suspects.is_empty() {
            return Ok(());
        }
        for file in export.files() {
            let mut tables = pipeline.tables.iter();
            let table = tables.find(|table| table.view.resource() == file.resource_type);
            let person = match table {
                Some(table) => &table.person,
                None if file.resource_type == "Patient" => &PersonPath::Own,
                None => continue,
            };
            let (source, bytes_max) = (export.source.clone(), pipeline.limits.bytes_max);
            let mut reader = Reader::start(source, file.clone(), bytes_max, None);
            let mut copy = Vec::new();
            while let Some(piece) = reader.piece().await? {
                for line in piece.lines() {
                    let record = piece.line(&line);
                    let Ok(resource) = Resource::parse(record, &mut copy, &pipeline.limits) else {
                        continue;
                    };
                    let subject = owner(&resource, person, export.base.as_deref(), keys);
                    let mut found = None;
                    tell(&resource, person, |reach, word| {
                        let subject = subject.filter(|_| reach == Reach::Own);
                        found = found.or_else(|| suspects.get(&(subject, word)));
                    });
                    if let Some((table, column)) = found {
                        return Err(leak(table, column));
                    }
                }
            }
        }
        Ok(())
    }

    /// `scope` is a person's subject, which is never negative, or one of the constants.
    fn hash(&self, scope: i64, word: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        for key in self.key {
            hasher.write_i64(key);
        }
        hasher.write_i64(scope);
        hasher.write(word.as_bytes());
        hasher.finish()
    }
}

/// One column of a batch.
struct Column<'a> {
    leaks: &'a Leaks,
    table: &'a Table,
    column: &'a ColumnDescription,
    subject: &'a dyn Fn(usize) -> Option<i64>,
}

impl Column<'_> {
    fn probe(
        &self,
        array: &ArrayRef,
        known: &mut HashMap<u64, Verdict>,
    ) -> Result<(), IngestError> {
        if let Some(texts) = array.as_string_opt::<i32>() {
            let mut last = "";
            for (row, text) in texts.iter().enumerate() {
                let Some(text) = text.filter(|text| *text != last) else {
                    continue;
                };
                // A clean value is passed over while it is repeated.
                last = if self.value(row, text, known)? {
                    text
                } else {
                    ""
                };
            }
            return Ok(());
        }
        let numbers = array.as_primitive_opt::<Int64Type>();
        let numbers = numbers.ok_or(IngestError::Defect {
            reason: "a kept column is neither text nor a whole number",
        })?;
        for (row, number) in numbers.iter().enumerate() {
            // Shorter numbers are nobody's.
            if let Some(number) = number.filter(|number| number.unsigned_abs() >= 100_000) {
                self.value(row, &number.to_string(), known)?;
            }
        }
        Ok(())
    }

    /// Looks a value up; gives whether it is clean in any row.
    fn value(
        &self,
        row: usize,
        text: &str,
        known: &mut HashMap<u64, Verdict>,
    ) -> Result<bool, IngestError> {
        let hash = self.leaks.hash(VALUE, text);
        if known.len() >= SEEN_MAX && !known.contains_key(&hash) {
            known.clear();
        }
        let mut verdict = known.get(&hash);
        if verdict.is_none() {
            let new = self.look_up(text)?;
            verdict = Some(known.entry(hash).or_insert(new));
        }
        let Some(Verdict::Words(words)) = verdict else {
            return Ok(true);
        };
        if let Some(subject) = (self.subject)(row) {
            for word in words {
                if self.leaks.filter.contains(self.leaks.hash(subject, word)) {
                    self.suspect((Some(subject), word.clone()))?;
                }
            }
        }
        Ok(false)
    }

    fn look_up(&self, text: &str) -> Result<Verdict, IngestError> {
        if self.column.values.iter().any(|value| value == text) {
            return Ok(Verdict::Clean);
        }
        let mut own = Vec::new();
        for word in words(text) {
            let filter = &self.leaks.filter;
            if filter.contains(self.leaks.hash(ANY, &word)) {
                self.suspect((None, word.clone()))?;
            }
            if filter.contains(self.leaks.hash(WORD, &word)) {
                own.push(word);
            }
        }
        let clean = own.is_empty();
        Ok(if clean {
            Verdict::Clean
        } else {
            Verdict::Words(own)
        })
    }

    fn suspect(&self, suspect: Suspect) -> Result<(), IngestError> {
        let suspects = self.leaks.suspects.lock();
        let mut suspects = suspects.unwrap_or_else(PoisonError::into_inner);
        let place = (self.table.name.to_string(), self.column.name.to_string());
        if suspects.len() >= SUSPECTS_MAX {
            return Err(leak(&place.0, &place.1));
        }
        suspects.entry(suspect).or_insert(place);
        Ok(())
    }
}

fn leak(table: &str, column: &str) -> IngestError {
    IngestError::Pipeline {
        file: format!("table `{table}`, column `{column}`"),
        reason: "it holds an identifier, a name, an address or a telecom of a person of this \
                 export, so nothing is published: treat the column otherwise or leave it out"
            .to_owned(),
    }
}
