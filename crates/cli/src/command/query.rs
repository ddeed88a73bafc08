//! `lazaret query`: ask under a permit.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use lazaret_gateway::{
    NotAnswered, Outgoing, Question, answer, answer_apart, answer_once, preview,
};
use lazaret_permit::SignedPermit;
use lazaret_query::{Ask, Precision};

use crate::args::{Format, Query};
use crate::console::Console;
use crate::home::Home;
use crate::{Answering, DONE, FAILED, REFUSED, send};

/// Longest file of SQL that is read at all.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Asks, and writes the answer, the refusal or the fault in the format asked for.
pub(crate) async fn query(
    dir: &Path,
    query: &Query,
    answering: &Answering,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let home = Home::open(dir)?;
    let permit = home.permit(&query.permit).await?;
    let question = Question {
        actor: actor(&home, query, &permit)?,
        permit,
        ask: Ask {
            sql: sql(query)?,
            precision: match query.within {
                Some(accuracy) => Precision::Within(accuracy),
                None => Precision::Epsilon(query.epsilon),
            },
            rows_per_person: query.rows,
            groups_per_person: query.groups,
        },
        idempotency_key: None,
    };
    let desk = home.desk().await?;
    let outcome: Result<Box<dyn Outgoing>, NotAnswered> = if query.preview {
        preview(&desk, &question)
            .await
            .map(|preview| Box::new(preview) as _)
    } else {
        let answered = match answering {
            Answering::Here => answer(&desk, &question).await,
            Answering::Apart(program) => answer_apart(&desk, question, &home.apart(program)).await,
        };
        answered.map(|answer| {
            if answer.again {
                console.note("asked before: the same answer again, for nothing");
            }
            Box::new(answer.card) as _
        })
    };
    match outcome {
        Ok(outgoing) => {
            write(outgoing.as_ref(), query, console)?;
            Ok(DONE)
        }
        Err(NotAnswered::Refused(refusal)) => {
            failed(&refusal, query.format, console)?;
            Ok(REFUSED)
        }
        Err(NotAnswered::Faulted(fault)) => {
            failed(&fault, query.format, console)?;
            Ok(FAILED)
        }
        Err(NotAnswered::Home(error)) => Err(error.into()),
    }
}

/// Answers the question on standard input, for the process that watches over this one.
pub(crate) async fn answer_asked(dir: &Path, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let mut asked = Vec::new();
    std::io::stdin()
        .take(FILE_BYTES_MAX)
        .read_to_end(&mut asked)?;
    let desk = Home::open(dir)?.desk().await?;
    console.bytes(&answer_once(&desk, &asked).await);
    Ok(DONE)
}

/// Who asks. In a demo home the permit's first person does, so that one can try things.
fn actor(home: &Home, query: &Query, permit: &SignedPermit) -> anyhow::Result<String> {
    if let Some(person) = &query.person {
        return Ok(person.clone());
    }
    if !home.is_demo() {
        bail!("say who asks: --as PERSON, as the permit names them");
    }
    let active = permit.verify(&home.access_body()?, home.clock.now())?;
    let first = active
        .persons()
        .first()
        .context("the permit names nobody")?;
    Ok(first.id.clone())
}

fn sql(query: &Query) -> anyhow::Result<String> {
    if let Some(sql) = &query.sql {
        return Ok(sql.clone());
    }
    let path = query
        .file
        .as_deref()
        .context("a file with SQL, or --sql, is needed")?;
    let named = || path.display().to_string();
    if std::fs::metadata(path).with_context(named)?.len() > FILE_BYTES_MAX {
        bail!(
            "{} is no query: it is larger than {FILE_BYTES_MAX} bytes",
            path.display()
        );
    }
    std::fs::read_to_string(path).with_context(named)
}

fn write(outgoing: &dyn Outgoing, query: &Query, console: &mut Console<'_>) -> anyhow::Result<()> {
    let Some(path) = &query.out else {
        return send(outgoing, query.format, console);
    };
    std::fs::write(path, outgoing.bytes(query.format.into())?)
        .with_context(|| path.display().to_string())?;
    console.note(&format!("written to {}", path.display()));
    Ok(())
}

/// For programs the refusal is the answer, on stdout; for people it is a note.
fn failed(
    outgoing: &dyn Outgoing,
    format: Format,
    console: &mut Console<'_>,
) -> anyhow::Result<()> {
    if format == Format::Json {
        return send(outgoing, format, console);
    }
    let bytes = outgoing.bytes(lazaret_gateway::Format::Table)?;
    console.note(String::from_utf8_lossy(&bytes).trim_end());
    Ok(())
}
