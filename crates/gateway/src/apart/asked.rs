//! What the two processes say to each other: a question as JSON, and what comes of it.

use lazaret_model::{Epsilon, Fault, Refusal};
use lazaret_permit::SignedPermit;
use lazaret_query::{Ask, Precision};
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, NotAnswered};
use crate::{Card, GatewayError, Question};

/// A question between the two processes.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    permit: String,
    sql: String,
    epsilon: Option<Epsilon>,
    within: Option<String>,
    rows: Option<u32>,
    groups: Option<u32>,
    actor: String,
    key: Option<String>,
}

/// What comes of it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    Answered { card: Box<Card>, again: bool },
    Refused(Refusal),
    Faulted(Fault),
    Home(String),
}

impl Asked {
    pub(super) fn of(question: &Question) -> Self {
        let Question {
            permit,
            ask,
            idempotency_key,
            actor,
        } = question;
        let (epsilon, within) = match ask.precision {
            Precision::Epsilon(epsilon) => (Some(epsilon), None),
            Precision::Within(accuracy) => (None, Some(accuracy.to_string())),
        };
        Self {
            permit: permit.as_str().to_owned(),
            sql: ask.sql.clone(),
            epsilon,
            within,
            rows: ask.rows_per_person,
            groups: ask.groups_per_person,
            actor: actor.clone(),
            key: idempotency_key.clone(),
        }
    }

    pub(super) fn question(bytes: &[u8]) -> Result<Question, GatewayError> {
        let unread = || GatewayError::Apart("this is no question".to_owned());
        let asked: Self = serde_json::from_slice(bytes)?;
        let precision = match (asked.epsilon, asked.within) {
            (Some(epsilon), None) => Precision::Epsilon(epsilon),
            (None, Some(within)) => Precision::Within(within.parse().map_err(|_| unread())?),
            _ => return Err(unread()),
        };
        Ok(Question {
            permit: SignedPermit::new(&asked.permit),
            ask: Ask {
                sql: asked.sql,
                precision,
                rows_per_person: asked.rows,
                groups_per_person: asked.groups,
            },
            idempotency_key: asked.key,
            actor: asked.actor,
        })
    }
}

impl Reply {
    pub(super) fn of(outcome: Result<Answer, NotAnswered>) -> Self {
        match outcome {
            Ok(Answer { card, again }) => Self::Answered {
                card: Box::new(card),
                again,
            },
            Err(NotAnswered::Refused(refusal)) => Self::Refused(refusal),
            Err(NotAnswered::Faulted(fault)) => Self::Faulted(fault),
            Err(NotAnswered::Home(error)) => Self::Home(error.to_string()),
        }
    }

    pub(super) fn outcome(self) -> Result<Answer, NotAnswered> {
        match self {
            Self::Answered { card, again } => Ok(Answer { card: *card, again }),
            Self::Refused(refusal) => Err(refusal.into()),
            Self::Faulted(fault) => Err(fault.into()),
            Self::Home(error) => Err(GatewayError::Apart(error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_comes_out_as_it_went_in() {
        for precision in ["epsilon", "within"] {
            let question = Question {
                permit: SignedPermit::new("a.b.c"),
                ask: Ask {
                    sql: "SELECT \"é\"\n".to_owned(),
                    precision: match precision {
                        "epsilon" => Precision::Epsilon("0.1".parse().unwrap()),
                        _ => Precision::Within("0.25%@20000".parse().unwrap()),
                    },
                    rows_per_person: Some(3),
                    groups_per_person: None,
                },
                idempotency_key: Some("k".to_owned()),
                actor: "ana".to_owned(),
            };
            let bytes = serde_json::to_vec(&Asked::of(&question)).unwrap();
            let read = Asked::question(&bytes).unwrap();
            assert_eq!(read.permit.as_str(), "a.b.c");
            assert_eq!(format!("{:?}", read.ask), format!("{:?}", question.ask));
            assert_eq!(read.idempotency_key, question.idempotency_key);
            assert_eq!(read.actor, question.actor);
        }
    }

    #[test]
    fn what_is_no_question_is_none() {
        let both = br#"{"permit":"","sql":"","epsilon":1,"within":"5%","actor":""}"#;
        let neither = br#"{"permit":"","sql":"","actor":""}"#;
        let wrong = br#"{"permit":"","sql":"","within":"5","actor":""}"#;
        for bytes in [&both[..], neither, wrong, b"", b"[]"] {
            assert!(Asked::question(bytes).is_err());
        }
    }
}
