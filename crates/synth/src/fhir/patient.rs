//! The Patient resource, with everything that must never leave the holder.

use serde::Serialize;

use super::Meta;
use crate::calendar::{Date, When};
use crate::chart::{Chart, Id};
use crate::code::Code;
use crate::person::{Address, DeathNoted, Person};

/// The national health identifier (identité nationale de santé).
const NATIONAL: &str = "urn:oid:1.2.250.1.213.1.4.8";
/// The synthetic hospital's own numbers.
const HOSPITAL: &str = "urn:oid:1.2.250.1.999.1";
const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Patient<'a> {
    resource_type: &'static str,
    id: Id,
    meta: Meta,
    text: Narrative,
    identifier: [Identifier<'a>; 2],
    active: bool,
    name: Vec<Name<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    telecom: Vec<Contact<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'static str>,
    birth_date: When,
    #[serde(skip_serializing_if = "Option::is_none")]
    deceased_date_time: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deceased_boolean: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    address: Vec<Home<'a>>,
}

#[derive(Serialize)]
struct Narrative {
    status: &'static str,
    div: String,
}

#[derive(Serialize)]
struct Identifier<'a> {
    r#use: &'static str,
    r#type: IdentifierType,
    system: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
struct IdentifierType {
    coding: [Code; 1],
}

#[derive(Serialize)]
struct Name<'a> {
    r#use: &'static str,
    family: &'a str,
    given: &'a [&'static str],
}

#[derive(Serialize)]
struct Contact<'a> {
    system: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Home<'a> {
    r#use: &'static str,
    line: &'a [String],
    city: &'a str,
    postal_code: &'a str,
    country: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    period: Option<Until>,
}

#[derive(Serialize)]
struct Until {
    end: Date,
}

pub(super) fn patient(chart: &Chart) -> Patient<'_> {
    let person = &chart.person;
    let dated = person
        .death
        .filter(|death| death.noted == DeathNoted::WithDate);
    Patient {
        resource_type: "Patient",
        id: chart.head.id,
        meta: Meta::of(&chart.head),
        text: Narrative {
            status: "generated",
            div: narrative(person),
        },
        identifier: [
            Identifier {
                r#use: "usual",
                r#type: IdentifierType {
                    coding: [Code::new(IDENTIFIER_TYPE, "MR", "")],
                },
                system: HOSPITAL,
                value: &person.hospital,
            },
            Identifier {
                r#use: "official",
                r#type: IdentifierType {
                    coding: [Code::new(IDENTIFIER_TYPE, "NI", "")],
                },
                system: NATIONAL,
                value: &person.national,
            },
        ],
        active: true,
        name: names(person),
        telecom: (person.telecoms.iter())
            .map(|it| Contact {
                system: it.system,
                value: &it.value,
            })
            .collect(),
        gender: person.gender,
        birth_date: person.birth_noted,
        deceased_date_time: dated.map(|death| death.date),
        deceased_boolean: match (person.death, dated) {
            (Some(_), None) => Some(true),
            // Some registers say so when somebody lives.
            (None, _) if person.index % 10 == 3 => Some(false),
            _ => None,
        },
        address: person.addresses.iter().map(home).collect(),
    }
}

fn names(person: &Person) -> Vec<Name<'_>> {
    let mut names = vec![Name {
        r#use: "official",
        family: &person.family,
        given: &person.given,
    }];
    if let Some(maiden) = &person.maiden {
        names.push(Name {
            r#use: "maiden",
            family: maiden,
            given: &person.given,
        });
    }
    names
}

fn home(address: &Address) -> Home<'_> {
    Home {
        r#use: address.usage,
        line: &address.lines,
        city: &address.town,
        postal_code: &address.postcode,
        country: "FR",
        period: address.until.map(|end| Until { end }),
    }
}

fn narrative(person: &Person) -> String {
    let town = person
        .addresses
        .first()
        .map_or("", |address| address.town.as_str());
    format!(
        "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{} {}, INS {}, {}</p></div>",
        person.given.join(" "),
        person.family,
        person.national,
        town
    )
}
