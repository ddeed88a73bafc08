//! What a night knows of resources before it looks at what stands: which were touched, when, by
//! whose rows, and which are deleted.

use crate::LakeError;
use crate::spill::{Fixed, Parts, part_of};

/// The person of a trace that names none.
const NOBODY: i64 = -1;

/// One fact about a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) resource: i64,
    /// When the source last changed it.
    pub(crate) updated: i64,
    person: i64,
    pub(crate) round: u32,
    /// How often this version was touched.
    pub(crate) touches: u16,
    pub(crate) kind: Kind,
}

/// What a trace is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A version that the night brings.
    Update,
    /// A deletion.
    Deletion,
    /// Rows that stand.
    Standing,
}

impl Trace {
    /// A resource that the night deletes.
    pub(crate) const fn deletion(resource: i64) -> Self {
        Self {
            resource,
            updated: i64::MIN,
            person: NOBODY,
            round: 0,
            touches: 0,
            kind: Kind::Deletion,
        }
    }

    /// A resource of which rows stand.
    pub(crate) const fn standing(resource: i64, updated: i64, person: i64) -> Self {
        Self {
            resource,
            updated,
            person,
            round: 0,
            touches: 0,
            kind: Kind::Standing,
        }
    }

    /// Whose rows they are, if there are rows.
    pub(crate) fn person(&self) -> Option<i64> {
        (self.person != NOBODY).then_some(self.person)
    }
}

impl Fixed for Trace {
    const BYTES: usize = 31;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.resource.to_le_bytes());
        out.extend(self.updated.to_le_bytes());
        out.extend(self.person.to_le_bytes());
        out.extend(self.round.to_le_bytes());
        out.extend(self.touches.to_le_bytes());
        out.push(match self.kind {
            Kind::Update => 0,
            Kind::Deletion => 1,
            Kind::Standing => 2,
        });
    }

    fn take(bytes: &[u8]) -> Option<Self> {
        let long = |at: usize| Some(i64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        Some(Self {
            resource: long(0)?,
            updated: long(8)?,
            person: long(16)?,
            round: u32::from_le_bytes(*bytes.get(24..)?.first_chunk()?),
            touches: u16::from_le_bytes(*bytes.get(28..)?.first_chunk()?),
            kind: match bytes.get(30)? {
                0 => Kind::Update,
                1 => Kind::Deletion,
                _ => Kind::Standing,
            },
        })
    }
}

/// The rows of an open round: which version of which resource has rows, and whose.
#[derive(Default)]
pub(crate) struct Round(Vec<(i64, i64, i64)>);

impl Round {
    /// Takes note of a row; the rows of a resource follow each other.
    pub(crate) fn row(&mut self, resource: i64, updated: i64, person: i64) {
        let row = (resource, updated, person);
        if self.0.last() != Some(&row) {
            self.0.push(row);
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Closes the round: one trace for each version that was touched or has rows.
    pub(crate) fn close(
        &mut self,
        round: u32,
        touched: impl Iterator<Item = (i64, i64)>,
        traces: &mut Parts<Trace>,
    ) -> Result<(), LakeError> {
        let mut all: Vec<(i64, i64, i64)> = touched
            .map(|(resource, updated)| (resource, updated, NOBODY))
            .collect();
        self.0.sort_unstable();
        self.0.dedup();
        all.append(&mut self.0);
        all.sort_unstable();
        for version in all.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            // Touches come first, because nobody is less than anybody.
            let touches = version.iter().take_while(|row| row.2 == NOBODY).count();
            let (bare, rows) = version.split_at_checked(touches).unwrap_or_default();
            let shown = if rows.is_empty() {
                bare.get(..1).unwrap_or_default()
            } else {
                rows
            };
            let mut left = u16::try_from(touches).unwrap_or(u16::MAX);
            for (resource, updated, person) in shown {
                let trace = Trace {
                    resource: *resource,
                    updated: *updated,
                    person: *person,
                    round,
                    touches: std::mem::take(&mut left),
                    kind: Kind::Update,
                };
                traces.push(part_of(*resource), trace)?;
            }
        }
        Ok(())
    }
}
