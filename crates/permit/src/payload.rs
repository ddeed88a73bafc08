//! What a permit says (Article 68(10)): written when it is issued, read before it is believed.

use chrono::{Days, NaiveDate, NaiveTime};
use lazaret_model::{DatasetName, Instant, PermitId, Refusal};
use serde_json::{Value, json};

use crate::application::{YEARS_MAX, read_date, years_later};
use crate::fields::{Fields, Flag, Wrong};
use crate::policy::refusal;
use crate::{Application, ApplicationId, Issuer, Policy};

const SCHEMA: &str = "0.1";

/// Sections that inform people. The engine does nothing by them, and `policy` alone grants.
const SECTIONS: [&str; 7] = [
    "$comment",
    "issuer",
    "user",
    "generalConditions",
    "legislation",
    "redress",
    "clocks",
];

/// A natural person whom a permit names (Article 68(10)(d)).
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorisedPerson {
    /// The credential: `mailto:` and an address, until persons come with a European identity.
    pub id: String,
    /// The full name.
    pub name: String,
    /// The role in the project.
    pub role: String,
    /// The first day of access.
    pub from: NaiveDate,
    /// The last day of access.
    pub to: NaiveDate,
}

/// What goes into a permit besides the application.
pub(crate) struct Grant<'a> {
    pub(crate) id: &'a PermitId,
    pub(crate) application_id: &'a ApplicationId,
    pub(crate) application: &'a Application,
    pub(crate) document: &'a Value,
    pub(crate) policy: &'a Policy,
    pub(crate) issuer: &'a Issuer,
    pub(crate) fingerprint: &'a str,
    pub(crate) reasons: &'a str,
    pub(crate) from: NaiveDate,
    pub(crate) to: NaiveDate,
    pub(crate) at: Instant,
}

/// A permit's payload after every field that decides was understood.
pub(crate) struct Payload {
    pub(crate) id: PermitId,
    pub(crate) application_id: ApplicationId,
    pub(crate) issuer: String,
    pub(crate) persons: Vec<AuthorisedPerson>,
    pub(crate) policy: Policy,
    /// The first moment of the first day, in UTC.
    pub(crate) valid_from: Instant,
    /// The first moment after the last day, in UTC.
    pub(crate) valid_until: Instant,
}

impl Grant<'_> {
    /// The payload in the form of `models/permit.example.json`, with the registered claims of
    /// RFC 7519 that other verifiers look at.
    pub(crate) fn payload(&self) -> Value {
        let issued = self.at.date_naive().to_string();
        json!({
            "iss": self.fingerprint,
            "jti": self.id,
            "iat": self.at.timestamp(),
            "nbf": start_of(self.from).timestamp(),
            "exp": end_of(self.to).timestamp(),
            "schemaVersion": SCHEMA,
            "permitId": self.id,
            "version": 1,
            "supersedes": null,
            "status": "GRANTED",
            "applicationId": self.application_id.as_str(),
            "issuer": {
                "hdabId": self.issuer.hdab_id,
                "name": self.issuer.name,
                "country": self.issuer.country.as_str(),
                "contact": self.issuer.contact,
            },
            "user": {
                "kind": self.document.pointer("/s3_applicant/kind"),
                "name": self.application.applicant,
                "representative": self.document.pointer("/s3_applicant/contact/fullName"),
                "principalInvestigator": self.document.pointer("/s2_public/projectLeader"),
                "controllers": self.document.pointer("/s8_processing/controllers"),
            },
            "decision": {
                "outcome": "GRANTED",
                "issuedAt": issued,
                "notGranted": [],
                "reasons": self.reasons,
                "mutualRecognitionOf": null,
                "trustedHolderProposal": null,
                "art71_4_applied": {"applied": false, "reason": ""},
                "ipConditions_art52": [],
                "formulaStored_68_12": false,
                "assessment": {},
                "statementsReceived": [],
            },
            "art68_10": self.contents(),
            "generalConditions": null,
            "legislation": ["http://data.europa.eu/eli/reg/2025/327/oj"],
            "redress": "",
            "policy": self.policy.to_json(),
            "clocks": null,
        })
    }

    fn contents(&self) -> Value {
        let purposes = &self.application.purposes;
        let persons: Vec<Value> = self.application.persons.iter().map(|person| {
            json!({
                "id": format!("mailto:{}", person.email),
                "name": person.name,
                "role": if person.role == "PI" { "PRINCIPAL_INVESTIGATOR" } else { &person.role },
                "validFrom": self.from.to_string(),
                "validTo": self.to.to_string(),
            })
        }).collect();
        json!({
            "a_data": [{
                "datasetId": self.policy.dataset,
                "access": "ANONYMISED",
                "format": null,
            }],
            "b_purpose": {"codes": purposes, "description": self.application.necessity},
            "c_optOutException": {"mechanismExists": false, "applied": false, "reason": ""},
            "d_authorisedPersons": persons,
            "e_duration": {
                "from": self.from.to_string(),
                "to": self.to.to_string(),
                "extendedOnce": false,
                "maxYears": YEARS_MAX,
            },
            "f_speTools": {"speId": "", "tools": ["SQL gateway"], "resources": {}},
            "g_fees": [],
            "h_specificConditions": [],
        })
    }
}

impl Payload {
    /// Reads a payload. Signing and verifying both go through here, so neither accepts what the
    /// other would not.
    pub(crate) fn parse(value: &Value) -> Result<Self, Refusal> {
        let mut top = Fields::of("", value).map_err(refusal)?;
        let Head {
            id,
            application_id,
            issuer,
        } = read_head(&mut top).map_err(refusal)?;
        read_decision(&mut top).map_err(refusal)?;
        let contents = read_contents(&mut top).map_err(refusal)?;
        let Contents {
            persons,
            dataset,
            from,
            to,
        } = contents;
        let (valid_from, valid_until) = (start_of(from), end_of(to));
        expect(&mut top, "nbf", &json!(valid_from.timestamp())).map_err(refusal)?;
        expect(&mut top, "exp", &json!(valid_until.timestamp())).map_err(refusal)?;
        let policy = Policy::parse(top.required("policy").map_err(refusal)?)?;
        top.finish().map_err(refusal)?;
        if policy.dataset != dataset {
            let reason = "it is not the dataset of the policy";
            return Err(refusal(Wrong::new("art68_10.a_data[0].datasetId", reason)));
        }
        Ok(Self {
            id,
            application_id,
            issuer,
            persons,
            policy,
            valid_from,
            valid_until,
        })
    }
}

/// The first moment of a day, in UTC.
pub(crate) fn start_of(day: NaiveDate) -> Instant {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first moment after a day, in UTC.
pub(crate) fn end_of(day: NaiveDate) -> Instant {
    start_of(day.checked_add_days(Days::new(1)).unwrap_or(day))
}

struct Head {
    id: PermitId,
    application_id: ApplicationId,
    issuer: String,
}

fn read_head(top: &mut Fields<'_>) -> Result<Head, Wrong> {
    expect(top, "schemaVersion", &json!(SCHEMA))?;
    // An amended or renewed permit carries spent budget over, which the engine cannot do yet.
    expect(top, "version", &json!(1))?;
    expect(top, "supersedes", &Value::Null)?;
    expect(top, "status", &json!("GRANTED"))?;
    let id = top.parsed::<PermitId>("permitId")?;
    let id = id.ok_or_else(|| top.wrong("permitId", "it is missing"))?;
    let application_id = top.required_text("applicationId")?.parse::<ApplicationId>();
    let application_id = application_id
        .map_err(|_| top.wrong("applicationId", "a form such as FR-2026-000123 is expected"))?;
    for section in SECTIONS {
        top.get(section);
    }
    let issuer = top.required_text("iss")?.to_owned();
    expect(top, "jti", &json!(id))?;
    if top.whole("iat")?.is_none() {
        return Err(top.wrong("iat", "it is missing"));
    }
    Ok(Head {
        id,
        application_id,
        issuer,
    })
}

fn read_decision(top: &mut Fields<'_>) -> Result<(), Wrong> {
    let mut decision = top.required_object("decision")?;
    expect(&mut decision, "outcome", &json!("GRANTED"))?;
    match decision.object("art71_4_applied")? {
        Some(exception) => refuse_exception(exception),
        None => Ok(()),
    }
}

/// The opt-out exception of Article 71(4) would bring back persons who are not in the lake.
fn refuse_exception(mut exception: Fields<'_>) -> Result<(), Wrong> {
    match exception.flag("applied")? {
        Some(Flag::Yes) => Err(exception.wrong("applied", "the engine does not enforce it yet")),
        _ => Ok(()),
    }
}

struct Contents {
    persons: Vec<AuthorisedPerson>,
    dataset: DatasetName,
    from: NaiveDate,
    to: NaiveDate,
}

fn read_contents(top: &mut Fields<'_>) -> Result<Contents, Wrong> {
    let mut contents = top.required_object("art68_10")?;
    let [data] = contents.items("a_data")? else {
        return Err(contents.wrong(
            "a_data",
            "one dataset is expected; more is not enforced yet",
        ));
    };
    let mut data = Fields::of(contents.path("a_data[0]"), data)?;
    let dataset = data.parsed("datasetId")?;
    let dataset = dataset.ok_or_else(|| data.wrong("datasetId", "it is missing"))?;
    if let Some(exception) = contents.object("c_optOutException")? {
        refuse_exception(exception)?;
    }
    let (from, to) = read_duration(contents.required_object("e_duration")?)?;
    let mut persons = Vec::new();
    for (index, item) in contents.items("d_authorisedPersons")?.iter().enumerate() {
        let path = contents.path(&format!("d_authorisedPersons[{index}]"));
        persons.push(read_person(Fields::of(path, item)?, from, to)?);
    }
    if persons.is_empty() {
        return Err(contents.wrong("d_authorisedPersons", "a person is missing"));
    }
    Ok(Contents {
        persons,
        dataset,
        from,
        to,
    })
}

fn read_duration(mut duration: Fields<'_>) -> Result<(NaiveDate, NaiveDate), Wrong> {
    let missing = |duration: &Fields<'_>, name| duration.wrong(name, "it is missing");
    let from = read_date(&mut duration, "from")?.ok_or_else(|| missing(&duration, "from"))?;
    let to = read_date(&mut duration, "to")?.ok_or_else(|| missing(&duration, "to"))?;
    if to < from || to >= years_later(from, YEARS_MAX) {
        let reason = format!("an end not before `from` and within {YEARS_MAX} years is expected");
        return Err(duration.wrong("to", reason));
    }
    if duration.flag("extendedOnce")? == Some(Flag::Yes) {
        return Err(duration.wrong("extendedOnce", "the engine does not enforce it yet"));
    }
    if duration
        .whole("maxYears")?
        .is_some_and(|years| years > u64::from(YEARS_MAX))
    {
        return Err(duration.wrong("maxYears", format!("at most {YEARS_MAX} is expected")));
    }
    duration.finish()?;
    Ok((from, to))
}

fn read_person(
    mut person: Fields<'_>,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<AuthorisedPerson, Wrong> {
    let read = AuthorisedPerson {
        id: person.required_text("id")?.to_owned(),
        name: person.required_text("name")?.to_owned(),
        role: person.text("role")?.unwrap_or_default().to_owned(),
        from: read_date(&mut person, "validFrom")?.unwrap_or(from),
        to: read_date(&mut person, "validTo")?.unwrap_or(to),
    };
    person.finish()?;
    Ok(read)
}

fn expect(fields: &mut Fields<'_>, name: &'static str, expected: &Value) -> Result<(), Wrong> {
    if fields.get(name).unwrap_or(&Value::Null) == expected {
        Ok(())
    } else {
        Err(fields.wrong(name, format!("only `{expected}` is accepted")))
    }
}
