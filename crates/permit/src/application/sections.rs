//! The sections of an application's form, each read by the article that asks for it.

use chrono::{Datelike, NaiveDate};
use lazaret_model::{DatasetName, Purpose};
use serde_json::{Value, json};

use super::{ApplicationId, Person, Problem, YEARS_MAX};
use crate::fields::{Fields, Flag, Wrong};
use crate::{PermitError, Policy};

/// Words a lay summary may have: the limit of the form, and of its field's name.
const LAY_SUMMARY_WORDS_MAX: usize = 250;

/// The public part of the form.
pub(super) struct Public {
    pub(super) project: String,
    pub(super) purposes: Vec<Purpose>,
    pub(super) lay_summary: Option<String>,
}

pub(super) fn check_type(top: &mut Fields<'_>) -> Result<(), Wrong> {
    match top.required_text("applicationType")? {
        "DATA_ACCESS" => Ok(()),
        _ => Err(top.wrong("applicationType", "`DATA_ACCESS` is expected")),
    }
}

pub(super) fn read_id(top: &mut Fields<'_>) -> Result<Option<ApplicationId>, Wrong> {
    match top.text("applicationId")? {
        None | Some("") => Ok(None),
        Some(text) => match text.parse() {
            Ok(id) => Ok(Some(id)),
            Err(_) => Err(top.wrong("applicationId", "a form such as FR-2026-000123 is expected")),
        },
    }
}

pub(super) fn read_dataset(top: &mut Fields<'_>) -> Result<DatasetName, Wrong> {
    match top.items("s1_dataSources")? {
        [source] => {
            let mut source = Fields::of("s1_dataSources[0]", source)?;
            source.required_text("datasetId")?;
            let dataset = source.parsed("datasetId")?;
            dataset.ok_or_else(|| source.wrong("datasetId", "it is missing"))
        }
        [] => Err(top.wrong("s1_dataSources", "a dataset is missing")),
        _ => Err(top.wrong(
            "s1_dataSources",
            "one dataset is expected; more cannot be granted yet",
        )),
    }
}

pub(super) fn read_public(top: &mut Fields<'_>) -> Result<Public, Wrong> {
    let mut public = top.required_object("s2_public")?;
    let project = public.required_text("projectName")?.to_owned();
    let mut purposes = Vec::new();
    for (index, purpose) in public.items("purposes")?.iter().enumerate() {
        let text = purpose.as_str().unwrap_or_default();
        let purpose = text.parse().map_err(|_| {
            let path = public.path(&format!("purposes[{index}]"));
            Wrong::new(path, "a purpose `53(1)(a)` to `53(1)(f)` is expected")
        })?;
        purposes.push(purpose);
    }
    if purposes.is_empty() {
        return Err(public.wrong("purposes", "a purpose of Article 53(1) is missing"));
    }
    let no_summary = public
        .text("noSummaryReason")?
        .is_some_and(|text| !text.trim().is_empty());
    let lay_summary = match public.text("laySummaryMax250Words")?.map(str::trim) {
        Some(text) if !text.is_empty() => Some(text.to_owned()),
        _ if no_summary => None,
        _ => return Err(public.wrong("laySummaryMax250Words", "it is missing")),
    };
    let words = lay_summary
        .as_deref()
        .unwrap_or_default()
        .split_whitespace()
        .count();
    if words > LAY_SUMMARY_WORDS_MAX {
        let reason = format!("it has {words} words; at most {LAY_SUMMARY_WORDS_MAX} are expected");
        return Err(public.wrong("laySummaryMax250Words", reason));
    }
    Ok(Public {
        project,
        purposes,
        lay_summary,
    })
}

pub(super) fn read_applicant(top: &mut Fields<'_>) -> Result<String, Wrong> {
    Ok(top
        .required_object("s3_applicant")?
        .required_text("name")?
        .to_owned())
}

pub(super) fn read_purpose(top: &mut Fields<'_>) -> Result<String, Wrong> {
    let mut purpose = top.required_object("s5_purpose")?;
    let necessity = purpose.required_text("necessityExplanation")?.to_owned();
    purpose.required_text("aimAndTopic")?;
    purpose.required_text("expectedBenefit")?;
    Ok(necessity)
}

pub(super) fn check_format(top: &mut Fields<'_>) -> Result<(), Wrong> {
    let Some(mut purpose) = top.object("s5_purpose")? else {
        return Ok(());
    };
    match purpose.text("requestedFormat")? {
        Some("PSEUDONYMISED") => purpose
            .required_text("pseudonymisedJustification")
            .map(|_| ()),
        None | Some("" | "ANONYMISED") => Ok(()),
        Some(_) => Err(purpose.wrong("requestedFormat", "ANONYMISED or PSEUDONYMISED is expected")),
    }
}

pub(super) fn read_persons(top: &mut Fields<'_>) -> Result<Vec<Person>, Wrong> {
    let mut processing = top.required_object("s8_processing")?;
    let items = processing.items("authorisedPersons")?;
    if items.is_empty() {
        return Err(processing.wrong("authorisedPersons", "a person is missing"));
    }
    let person = |(index, item): (usize, &Value)| {
        let mut person = Fields::of(
            processing.path(&format!("authorisedPersons[{index}]")),
            item,
        )?;
        Ok(Person {
            name: person.required_text("fullName")?.to_owned(),
            email: person.required_text("email")?.to_owned(),
            role: person.text("role")?.unwrap_or("ANALYST").to_owned(),
        })
    };
    items.iter().enumerate().map(person).collect()
}

pub(super) fn read_period(top: &mut Fields<'_>) -> Result<Option<(NaiveDate, NaiveDate)>, Wrong> {
    let Some(mut processing) = top.object("s8_processing")? else {
        return Ok(None);
    };
    let Some(mut period) = processing.object("accessPeriod")? else {
        return Ok(None);
    };
    match (
        read_date(&mut period, "from")?,
        read_date(&mut period, "to")?,
    ) {
        (None, None) => Ok(None),
        (Some(from), Some(to)) if from <= to && to < years_later(from, YEARS_MAX) => {
            Ok(Some((from, to)))
        }
        (Some(_), Some(_)) => {
            let reason =
                format!("an end not before `from` and within {YEARS_MAX} years is expected");
            Err(period.wrong("to", reason))
        }
        (None, Some(_)) => Err(period.wrong("from", "it is missing")),
        (Some(_), None) => Err(period.wrong("to", "it is missing")),
    }
}

/// A day of a form; blank counts as absent.
pub(crate) fn read_date(
    fields: &mut Fields<'_>,
    name: &'static str,
) -> Result<Option<NaiveDate>, Wrong> {
    match fields.text(name)? {
        None | Some("") => Ok(None),
        Some(text) => match text.parse::<NaiveDate>() {
            Ok(date) if text.len() == 10 => Ok(Some(date)),
            _ => Err(fields.wrong(name, "a day such as 2027-01-01 is expected")),
        },
    }
}

/// The same day some years later; the 1st of March where that year has no 29th of February.
pub(crate) fn years_later(day: NaiveDate, years: u32) -> NaiveDate {
    let year = day
        .year()
        .saturating_add(i32::try_from(years).unwrap_or(i32::MAX));
    day.with_year(year)
        .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
        .unwrap_or(NaiveDate::MAX)
}

/// The confirmations of conduct, where the form has them, are all given.
pub(super) fn check_conduct(top: &mut Fields<'_>) -> Result<(), Wrong> {
    let Some(mut processing) = top.object("s8_processing")? else {
        return Ok(());
    };
    let Some(mut confirmations) = processing.object("confirmations")? else {
        return Ok(());
    };
    for name in [
        "onlyStatedPurpose",
        "noCopyFromSpe",
        "noScreenshots",
        "networkProtected",
        "noReidentification",
    ] {
        if confirmations.flag(name)? == Some(Flag::No) {
            return Err(confirmations.wrong(name, "it must be confirmed"));
        }
    }
    Ok(())
}

pub(super) fn check_confirmations(top: &mut Fields<'_>) -> Result<(), Wrong> {
    let mut confirm = top.required_object("s10_confirm")?;
    for name in ["processingFeeAware", "holderFeeAware", "informationCorrect"] {
        if confirm.flag(name)? != Some(Flag::Yes) {
            return Err(confirm.wrong(name, "it must be confirmed"));
        }
    }
    Ok(())
}

/// The requested policy, about the dataset of section 1 where it names none.
pub(super) fn read_policy(
    top: &mut Fields<'_>,
    dataset: &DatasetName,
) -> Result<Policy, PermitError> {
    let mut value = top.get("policy").cloned().unwrap_or_else(|| json!({}));
    if let Value::Object(members) = &mut value {
        let named = members.entry("dataset").or_insert(Value::Null);
        if named.is_null() {
            *named = json!(dataset);
        }
    }
    let policy = Policy::parse(&value)?;
    if policy.dataset == *dataset {
        return Ok(policy);
    }
    let reason = "it is not the dataset of s1_dataSources".to_owned();
    let field = "policy.dataset".to_owned();
    Err(PermitError::Incomplete(vec![Problem {
        field,
        article: "67(2)(d)",
        reason,
    }]))
}
