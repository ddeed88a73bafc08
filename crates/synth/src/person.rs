//! Who somebody is: birth, sex, names, addresses and numbers, and death.

use crate::calendar::{Date, When};
use crate::names;
use crate::places::Places;
use crate::pyramid::{self, Sex};
use crate::random::{Stream, mix, topic, whole};

/// A person as the hospital's register knows them.
pub(crate) struct Person {
    pub(crate) index: u32,
    pub(crate) sex: Sex,
    /// FHIR's administrative gender; a few records have none.
    pub(crate) gender: Option<&'static str>,
    pub(crate) birth: Date,
    /// The birth date as written down.
    pub(crate) birth_noted: When,
    pub(crate) death: Option<Death>,
    pub(crate) family: String,
    /// The name at birth, where another one is used.
    pub(crate) maiden: Option<String>,
    pub(crate) given: Vec<&'static str>,
    pub(crate) telecoms: Vec<Telecom>,
    pub(crate) addresses: Vec<Address>,
    /// National identifier, 15 digits with key.
    pub(crate) national: String,
    /// The hospital's own number.
    pub(crate) hospital: String,
}

/// A death and whether its day is on file.
#[derive(Clone, Copy)]
pub(crate) struct Death {
    pub(crate) date: Date,
    pub(crate) noted: DeathNoted,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeathNoted {
    WithDate,
    FactOnly,
}

/// A way to reach somebody: FHIR's system and the value.
pub(crate) struct Telecom {
    pub(crate) system: &'static str,
    pub(crate) value: String,
}

/// Where somebody lives, lived or stays.
pub(crate) struct Address {
    /// FHIR's address use.
    pub(crate) usage: &'static str,
    pub(crate) lines: Vec<String>,
    pub(crate) town: String,
    pub(crate) postcode: String,
    pub(crate) nuts3: &'static str,
    /// The day it was left.
    pub(crate) until: Option<Date>,
}

/// Communes and order numbers of the national identifier: 990 of one, 999 of the other.
const BIRTH_NUMBERS: u64 = 990 * 999;
/// Shares no factor with `BIRTH_NUMBERS`, so that neighbours in order get distant numbers.
const BIRTH_STEP: u64 = 700_001;

impl Person {
    /// The person of this index, in a register that was opened `years` before `today`.
    pub(crate) fn new(seed: u64, index: u32, places: &Places, today: Date, years: f64) -> Self {
        let mut stream = Stream::new(seed, index, topic::PERSON);
        let died = stream.chance(pyramid::DEATHS_PER_YEAR * years);
        let (sex, age) = if died {
            pyramid::dying(&mut stream)
        } else {
            pyramid::living(&mut stream)
        };
        let last_day = if died {
            today.plus(-1 - whole(stream.within(0.0, years * 365.0 - 2.0)))
        } else {
            today
        };
        let birth = last_day.plus(-whole(age * 365.25));
        let noted = if stream.chance(0.08) {
            DeathNoted::FactOnly
        } else {
            DeathNoted::WithDate
        };
        let family = names::family(&mut stream);
        let renamed = sex == Sex::Female && age > 25.0 && stream.chance(0.3);
        let maiden = renamed.then(|| names::family(&mut stream));
        let given = names::given(sex, &mut stream);
        let telecoms = telecoms(&given, &family, age, &mut stream);
        Self {
            index,
            sex,
            gender: gender(sex, &mut stream),
            birth,
            birth_noted: birth_noted(birth, &mut stream),
            death: died.then_some(Death {
                date: last_day,
                noted,
            }),
            family,
            maiden,
            given,
            telecoms,
            addresses: addresses(places, today, &mut stream),
            national: national(seed, index, sex, birth),
            hospital: format!("80{index:010}"),
        }
    }

    /// The last day on which something can happen to the person.
    pub(crate) fn last_day(&self, today: Date) -> Date {
        self.death.map_or(today, |death| death.date)
    }
}

impl Address {
    /// A home somewhere in the country.
    pub(crate) fn home(places: &Places, stream: &mut Stream) -> Option<Self> {
        let place = places.draw(stream)?;
        Some(Self {
            usage: "home",
            lines: names::street(stream),
            town: place.town.clone(),
            postcode: place.postcode.clone(),
            nuts3: place.nuts3,
            until: None,
        })
    }
}

fn gender(sex: Sex, stream: &mut Stream) -> Option<&'static str> {
    match stream.between(0, 9_999) {
        0..=14 => Some("other"),
        15..=39 => Some("unknown"),
        40..=69 => None,
        _ => Some(match sex {
            Sex::Female => "female",
            Sex::Male => "male",
        }),
    }
}

fn birth_noted(birth: Date, stream: &mut Stream) -> When {
    match stream.between(0, 999) {
        0..=4 => When::Year(birth),
        5..=8 => When::Month(birth),
        _ => When::Day(birth),
    }
}

fn telecoms(given: &[&str], family: &str, age: f64, stream: &mut Stream) -> Vec<Telecom> {
    let mut telecoms = Vec::new();
    if stream.chance(0.9) {
        telecoms.push(Telecom {
            system: "phone",
            value: names::mobile(stream),
        });
    }
    if stream.chance(if age > 60.0 { 0.6 } else { 0.15 }) {
        telecoms.push(Telecom {
            system: "phone",
            value: names::landline(stream),
        });
    }
    if let Some(first) = given.first()
        && stream.chance(0.45)
    {
        telecoms.push(Telecom {
            system: "email",
            value: names::email(first, family, stream),
        });
    }
    telecoms
}

/// Mostly one home; sometimes none on file, an old one besides, or a temporary one first.
fn addresses(places: &Places, today: Date, stream: &mut Stream) -> Vec<Address> {
    let mut addresses = Vec::new();
    let form = stream.between(0, 999);
    if form < 2 {
        return addresses;
    }
    addresses.extend(Address::home(places, stream));
    if form < 45
        && let Some(mut old) = Address::home(places, stream)
    {
        old.usage = "old";
        old.until = Some(today.plus(-stream.between(200, 4_000)));
        // Some registers append, some put the past first.
        addresses.insert(usize::from(form < 30).min(addresses.len()), old);
    }
    if (45..55).contains(&form)
        && let Some(mut stay) = Address::home(places, stream)
    {
        stay.usage = "temp";
        addresses.push(stay);
    }
    addresses
}

/// The French national identifier: sex, year, month, department, commune and order of birth, and
/// a key that is 97 minus the rest of the division by 97. Distinct for the first 93 million people.
fn national(seed: u64, index: u32, sex: Sex, birth: Date) -> String {
    let index = u64::from(index);
    let number = (index % BIRTH_NUMBERS) * BIRTH_STEP % BIRTH_NUMBERS;
    let (commune, order) = (number / 999 + 1, number % 999 + 1);
    // People with the same number (one in each round) are born in different departments.
    let start = mix(mix(seed) ^ mix(number ^ u64::from(topic::BIRTHPLACE)));
    let department = (start % 94 + index / BIRTH_NUMBERS) % 94 + 1;
    let department = if department < 20 {
        department
    } else {
        department + 1
    };
    let (year, month, _) = birth.parts();
    let sex = match sex {
        Sex::Male => 1,
        Sex::Female => 2,
    };
    let digits = format!(
        "{sex}{:02}{month:02}{department:02}{commune:03}{order:03}",
        year.rem_euclid(100)
    );
    let key = 97 - digits.parse::<u64>().unwrap_or(0) % 97;
    format!("{digits}{key:02}")
}
