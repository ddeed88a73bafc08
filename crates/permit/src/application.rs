//! A data access application (Article 67), as far as a decision rests on it.

mod sections;

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use lazaret_model::{DatasetName, Purpose};
use serde::Serialize;
use serde_json::{Value, json};

use crate::fields::{Fields, Wrong};
use crate::{PermitError, Policy};

pub(crate) use sections::{read_date, years_later};

/// Years a permit may run (Article 68(12)).
pub(crate) const YEARS_MAX: u32 = 10;

/// The number of an application: country, year and a running number, `FR-2026-000123`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ApplicationId(String);

impl ApplicationId {
    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ApplicationId {
    type Err = PermitError;

    /// # Errors
    /// `PermitError::Form`, for another form.
    fn from_str(text: &str) -> Result<Self, PermitError> {
        let digits = |part: &str, count| {
            part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let parts: Vec<&str> = text.split('-').collect();
        let fits = matches!(parts.as_slice(), [country, year, number]
            if country.len() == 2
                && country.bytes().all(|byte| byte.is_ascii_uppercase())
                && digits(year, 4)
                && digits(number, 6));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(no_number())
        }
    }
}

/// A field of an application that is missing or not valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field's JSON path.
    pub field: String,
    /// The article of Regulation (EU) 2025/327 that asks for it.
    pub article: &'static str,
    /// What is wrong, and what is expected.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (Article {}): {}",
            self.field, self.article, self.reason
        )
    }
}

/// A natural person who shall have access (Article 67(2)(a)).
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The full name.
    pub name: String,
    /// The e-mail address, which names the person in the permit.
    pub email: String,
    /// "PI" or another role of the form.
    pub role: String,
}

/// A complete and valid application. It holds names, so it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Application {
    /// The number, where the form already has one.
    pub id: Option<ApplicationId>,
    /// The dataset that is asked for.
    pub dataset: DatasetName,
    /// The project's public name.
    pub project: String,
    /// The purposes of Article 53(1).
    pub purposes: Vec<Purpose>,
    /// What the public reads about the project.
    pub lay_summary: Option<String>,
    /// Who applies.
    pub applicant: String,
    /// Why these data are needed (Article 67(2)(c)).
    pub necessity: String,
    /// Who shall have access.
    pub persons: Vec<Person>,
    /// The first and last day of access that is asked for, where it is.
    pub period: Option<(NaiveDate, NaiveDate)>,
    /// The rules that are asked for.
    pub policy: Policy,
}

impl Application {
    /// Reads an application in the form of `models/application.example.json` with the requested
    /// `policy`. Sections a decision does not rest on may be there and are not looked at.
    ///
    /// # Errors
    /// `PermitError::Incomplete` with every field that is missing or not valid and its article;
    /// `PermitError::Refused` for a policy that cannot be granted.
    pub fn parse(document: &Value) -> Result<Self, PermitError> {
        let mut problems = Problems::default();
        let mut top = Fields::of("", document).map_err(|wrong| PermitError::Form {
            what: "the application".into(),
            reason: wrong.reason,
        })?;
        problems.take("67(1)", sections::check_type(&mut top));
        let id = problems
            .take("67(1)", sections::read_id(&mut top))
            .flatten();
        let dataset = problems.take("67(2)(d)", sections::read_dataset(&mut top));
        let public = problems.take("67(2)(b)", sections::read_public(&mut top));
        let applicant = problems.take("67(2)(a)", sections::read_applicant(&mut top));
        let necessity = problems.take("67(2)(c)", sections::read_purpose(&mut top));
        problems.take("67(2)(e)", sections::check_format(&mut top));
        let persons = problems.take("67(2)(a)", sections::read_persons(&mut top));
        let period = problems
            .take("68(12)", sections::read_period(&mut top))
            .flatten();
        problems.take("61(3)", sections::check_conduct(&mut top));
        problems.take("62", sections::check_confirmations(&mut top));
        let policy = match &dataset {
            Some(dataset) => Some(sections::read_policy(&mut top, dataset)?),
            None => None,
        };
        match (dataset, public, applicant, necessity, persons, policy) {
            (
                Some(dataset),
                Some(public),
                Some(applicant),
                Some(necessity),
                Some(persons),
                Some(policy),
            ) if problems.0.is_empty() => {
                let sections::Public {
                    project,
                    purposes,
                    lay_summary,
                } = public;
                Ok(Self {
                    id,
                    dataset,
                    project,
                    purposes,
                    lay_summary,
                    applicant,
                    necessity,
                    persons,
                    period,
                    policy,
                })
            }
            _ => Err(PermitError::Incomplete(problems.0)),
        }
    }

    /// The number a document carries, if it does.
    ///
    /// # Errors
    /// `PermitError::Form`, when it is no number of an application.
    pub(crate) fn number(document: &Value) -> Result<Option<ApplicationId>, PermitError> {
        let wrong = |_| no_number();
        let mut top = Fields::of("", document).map_err(wrong)?;
        sections::read_id(&mut top).map_err(wrong)
    }

    /// A complete application for a home of trials: the researcher asks for a dataset under a
    /// policy. Real applications come from people.
    #[must_use]
    pub fn trial(researcher: &str, email: &str, policy: &Value) -> Value {
        let text = "A trial on a home that holds no real data.";
        json!({
            "schemaVersion": "0.1",
            "applicationType": "DATA_ACCESS",
            "applicationId": null,
            "language": "en",
            "s1_dataSources": [{"datasetId": policy.get("dataset")}],
            "s2_public": {
                "projectName": "Trial",
                "projectLeader": researcher,
                "purposes": ["53(1)(e)"],
                "laySummaryMax250Words": text,
            },
            "s3_applicant": {"kind": "NATURAL", "name": researcher},
            "s5_purpose": {
                "necessityExplanation": text, "aimAndTopic": text, "expectedBenefit": text,
            },
            "s8_processing": {
                "authorisedPersons": [{"fullName": researcher, "email": email, "role": "PI"}],
            },
            "s10_confirm": {
                "processingFeeAware": true, "holderFeeAware": true, "informationCorrect": true,
            },
            "policy": policy,
        })
    }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn take<T>(&mut self, article: &'static str, result: Result<T, Wrong>) -> Option<T> {
        let wrong = match result {
            Ok(value) => return Some(value),
            Err(wrong) => wrong,
        };
        self.0.push(Problem {
            field: wrong.path,
            article,
            reason: wrong.reason,
        });
        None
    }
}

fn no_number() -> PermitError {
    PermitError::Form {
        what: "the application's number".into(),
        reason: "a form such as FR-2026-000123 is expected".into(),
    }
}

#[cfg(test)]
mod tests;
