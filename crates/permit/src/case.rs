//! An application in the store with all that happened to it: rows in, rows out.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, SecondsFormat};
use lazaret_model::{Instant, PermitId, Refusal, RefusalCode};
use lazaret_store::{ReadTx, Row, Tx};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::state::words;
use crate::{Applicant, ApplicationId, Officer, PermitError, PermitStatus, State};

/// Bytes an application may have as JSON; attachments are named by their hash, not held.
pub const APPLICATION_BYTES_MAX: usize = 256 * 1024;

/// Officers who vote on an application.
pub(crate) const VOTES: usize = 2;

words!(
    /// What an officer thinks.
    Verdict {
        /// The permit should be granted.
        Approve = "APPROVE",
        /// It should be refused.
        Reject = "REJECT",
    }
);

words!(
    /// How an application was decided.
    Outcome {
        /// A permit follows.
        Granted = "GRANTED",
        /// No permit follows.
        Refused = "REFUSED",
    }
);

/// The decision on an application (Article 68).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// How it was decided.
    pub outcome: Outcome,
    /// Who signed it.
    pub officer: String,
    /// Why.
    pub reasons: String,
    /// When.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub at: Instant,
}

/// An officer's vote, as others see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Vote {
    /// Who voted.
    pub officer: String,
    /// When.
    #[serde(serialize_with = "write_time")]
    pub at: Instant,
    /// What; not told until both officers have voted.
    pub verdict: Option<Verdict>,
    /// Why; not told until both officers have voted.
    pub reasons: Option<String>,
}

/// A measure that was taken against a permit (Article 63).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measure {
    /// Against which.
    pub permit: PermitId,
    /// What it became.
    pub status: PermitStatus,
    /// Who took it.
    pub officer: String,
    /// Why.
    pub reasons: String,
    /// When.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub at: Instant,
}

/// One line of a list of applications.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApplicationSummary {
    /// Its number.
    pub id: ApplicationId,
    /// Where it stands.
    pub state: State,
    /// Who handed it in.
    pub applicant: String,
    /// The project's public name, empty while it has none.
    pub project: String,
    /// When its state or document last changed.
    #[serde(serialize_with = "write_time")]
    pub updated_at: Instant,
}

/// An application with its votes and its decision, as everybody may see it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ApplicationView {
    /// Its number.
    pub id: ApplicationId,
    /// Where it stands.
    pub state: State,
    /// Who handed it in.
    pub applicant: String,
    /// When it was first kept.
    #[serde(serialize_with = "write_time")]
    pub created_at: Instant,
    /// When its state or document last changed.
    #[serde(serialize_with = "write_time")]
    pub updated_at: Instant,
    /// What the office asked for last.
    pub question: Option<String>,
    /// The votes so far.
    pub votes: Vec<Vote>,
    /// The decision, once there is one.
    pub decision: Option<Decision>,
    /// Measures against its permits.
    pub measures: Vec<Measure>,
    /// The application itself, every section as it was handed in.
    pub document: Value,
}

/// All that the office knows of an application.
pub(crate) struct Case {
    pub(crate) id: ApplicationId,
    pub(crate) state: State,
    pub(crate) applicant: String,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
    pub(crate) file: File,
    pub(crate) ballots: Vec<Ballot>,
}

/// What the store keeps of a case as JSON.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct File {
    pub(crate) document: Value,
    #[serde(default)]
    pub(crate) raised_in: Option<State>,
    #[serde(default)]
    pub(crate) question: Option<String>,
    #[serde(default)]
    pub(crate) decision: Option<Decision>,
    #[serde(default)]
    pub(crate) measures: Vec<Measure>,
}

/// A vote as it was cast.
pub(crate) struct Ballot {
    pub(crate) officer: String,
    pub(crate) at: Instant,
    pub(crate) verdict: Verdict,
    pub(crate) reasons: String,
}

impl Case {
    pub(crate) async fn load(tx: &mut ReadTx, id: &ApplicationId) -> Result<Self, PermitError> {
        let sql = "SELECT state, payload, applicant, created_at, updated_at \
                   FROM application WHERE id = $1";
        let row = tx.row(sql, &[id.as_str().into()]).await?;
        let row = row.ok_or(PermitError::Unknown {
            kind: "application",
        })?;
        let sql = "SELECT officer, verdict, reasons, at FROM review \
                   WHERE application_id = $1 ORDER BY at, officer";
        let ballots = tx.rows(sql, &[id.as_str().into()]).await?;
        Ok(Self {
            id: id.clone(),
            state: word(&row, "state")?,
            applicant: row.text("applicant")?.to_owned(),
            created_at: row.instant("created_at")?,
            updated_at: row.instant("updated_at")?,
            file: serde_json::from_str(row.text("payload")?).map_err(|_| damaged("payload"))?,
            ballots: ballots.iter().map(Ballot::read).collect::<Result<_, _>>()?,
        })
    }

    pub(crate) async fn save(&self, tx: &mut Tx, now: Instant) -> Result<(), PermitError> {
        let sql = "UPDATE application SET state = $1, payload = $2, updated_at = $3 WHERE id = $4";
        let params = [
            self.state.word().into(),
            self.file.text()?.into(),
            now.into(),
            self.id.as_str().into(),
        ];
        tx.execute(sql, &params).await?;
        Ok(())
    }

    /// Refuses everybody but who handed it in.
    pub(crate) fn belongs_to(&self, applicant: &Applicant) -> Result<(), Refusal> {
        if self.applicant == applicant.as_str() {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::Transition,
            "only the applicant can do this",
        ))
    }

    /// Refuses an officer whom the application itself names: nobody decides on their own project.
    pub(crate) fn is_not_by(&self, officer: &Officer) -> Result<(), Refusal> {
        let same = |name: &str| name.trim().to_lowercase() == officer.as_str().to_lowercase();
        let document = &self.file.document;
        let single = [
            "/s2_public/projectLeader",
            "/s3_applicant/name",
            "/s3_applicant/contact/fullName",
            "/s3_applicant/contact/email",
            "/s5_purpose/responsiblePerson",
        ];
        let mut named: BTreeSet<&str> = single
            .iter()
            .filter_map(|path| document.pointer(path).and_then(Value::as_str))
            .collect();
        named.insert(&self.applicant);
        let persons = document
            .pointer("/s8_processing/authorisedPersons")
            .and_then(Value::as_array);
        for person in persons.into_iter().flatten() {
            let fields = ["fullName", "email"];
            named.extend(
                fields
                    .iter()
                    .filter_map(|field| person.get(field).and_then(Value::as_str)),
            );
        }
        if named.into_iter().any(same) {
            let reason = "who applies, or is named in the application, cannot judge it";
            return Err(Refusal::new(RefusalCode::Transition, reason)
                .hint("two other officers of the access body vote"));
        }
        Ok(())
    }

    /// The case as everybody may see it: no vote is told before both are cast.
    pub(crate) fn view(self) -> ApplicationView {
        let open = self.ballots.len() >= VOTES;
        let votes = self.ballots.into_iter().map(|ballot| Vote {
            officer: ballot.officer,
            at: ballot.at,
            verdict: open.then_some(ballot.verdict),
            reasons: open.then_some(ballot.reasons),
        });
        ApplicationView {
            id: self.id,
            state: self.state,
            applicant: self.applicant,
            created_at: self.created_at,
            updated_at: self.updated_at,
            question: self.file.question,
            votes: votes.collect(),
            decision: self.file.decision,
            measures: self.file.measures,
            document: self.file.document,
        }
    }
}

impl File {
    pub(crate) fn new(document: Value) -> Result<Self, PermitError> {
        let wrong = |reason: String| PermitError::Form {
            what: "the application".into(),
            reason,
        };
        if !document.is_object() {
            return Err(wrong("a JSON object is expected".into()));
        }
        if document.to_string().len() > APPLICATION_BYTES_MAX {
            return Err(wrong(format!(
                "it is larger than {APPLICATION_BYTES_MAX} bytes"
            )));
        }
        Ok(Self {
            document,
            raised_in: None,
            question: None,
            decision: None,
            measures: Vec::new(),
        })
    }

    pub(crate) fn text(&self) -> Result<String, PermitError> {
        serde_json::to_string(self).map_err(|_| damaged("payload"))
    }
}

impl Ballot {
    fn read(row: &Row) -> Result<Self, PermitError> {
        Ok(Self {
            officer: row.text("officer")?.to_owned(),
            at: row.instant("at")?,
            verdict: word(row, "verdict")?,
            reasons: row.text("reasons")?.to_owned(),
        })
    }
}

/// The summaries of all applications, the longest untouched first.
pub(crate) async fn list(tx: &mut ReadTx) -> Result<Vec<ApplicationSummary>, PermitError> {
    let sql = "SELECT id, state, payload, applicant, updated_at FROM application \
               ORDER BY updated_at, id";
    let rows = tx.rows(sql, &[]).await?;
    let read = |row: &Row| {
        let file: File =
            serde_json::from_str(row.text("payload")?).map_err(|_| damaged("payload"))?;
        let project = file
            .document
            .pointer("/s2_public/projectName")
            .and_then(Value::as_str);
        Ok(ApplicationSummary {
            id: row.text("id")?.parse()?,
            state: word(row, "state")?,
            applicant: row.text("applicant")?.to_owned(),
            project: project.unwrap_or_default().to_owned(),
            updated_at: row.instant("updated_at")?,
        })
    };
    rows.iter().map(read).collect()
}

/// The number after the last one of a series whose numbers have six digits.
pub(crate) fn next_number(series: &str, last: Option<&str>) -> Result<String, PermitError> {
    let last = match last.map(|text| text.strip_prefix(series)) {
        None => 0,
        Some(digits) => digits
            .and_then(|digits| digits.parse::<u32>().ok())
            .filter(|number| *number < 999_999)
            .ok_or_else(|| PermitError::Form {
                what: format!("the series {series}"),
                reason: "it holds a number after which none can follow".into(),
            })?,
    };
    Ok(format!("{series}{:06}", last + 1))
}

/// The beginning of a year's numbers.
pub(crate) fn series(country: &str, kind: &str, now: Instant) -> String {
    format!("{country}-{:04}-{kind}", now.year())
}

/// The word of an enum in a column.
pub(crate) fn word<T: std::str::FromStr>(row: &Row, column: &str) -> Result<T, PermitError> {
    row.text(column)?.parse().map_err(|_| damaged(column))
}

/// Something in the store that this program did not write so.
pub(crate) fn damaged(column: &str) -> PermitError {
    PermitError::Form {
        what: format!("the store's column `{column}`"),
        reason: "it holds what this program does not write; restore the store".into(),
    }
}

fn write_time<S: Serializer>(at: &Instant, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Instant, D::Error> {
    let text = String::deserialize(deserializer)?;
    DateTime::parse_from_rfc3339(&text)
        .map(|at| at.to_utc())
        .map_err(serde::de::Error::custom)
}
