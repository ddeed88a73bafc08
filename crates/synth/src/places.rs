//! The postcodes people live in, and the table that turns a postcode into a NUTS-3 region.

use crate::geography::{DEPARTMENTS, Department};
use crate::names::town;
use crate::random::{Stream, topic};

/// A postcode, the town it stands for and how many people live there, relative to the others.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) postcode: String,
    pub(crate) town: String,
    pub(crate) nuts3: &'static str,
    weight: f64,
}

/// Every place of the synthetic country. The same for every seed.
#[derive(Clone)]
pub(crate) struct Places(Vec<Place>);

/// The last three figures of a department's postcodes; `000` is the chief town.
const ENDINGS: &[&str] = &[
    "000", "100", "200", "300", "400", "500", "600", "700", "800", "110", "120", "130", "140",
    "150", "160", "170", "190", "210", "220", "230", "240", "250",
];
/// In Corsica the third figure tells the two departments apart.
const ENDINGS_SOUTH_CORSICA: &[&str] = &["000", "090", "100", "110", "137", "166"];
const ENDINGS_NORTH_CORSICA: &[&str] = &["200", "220", "250", "260", "290", "600"];

/// The postcode table of the synthetic country, as the ingest pipeline ships it: CSV with the
/// header `country,postcode,nuts3`, one line for every postcode any population uses.
#[must_use]
pub fn regions_csv() -> String {
    let mut csv = String::from("country,postcode,nuts3\n");
    for Place {
        postcode, nuts3, ..
    } in Places::new().0
    {
        csv.push_str(&format!("FR,{postcode},{nuts3}\n"));
    }
    csv
}

impl Places {
    pub(crate) fn new() -> Self {
        let mut places = Vec::new();
        for (number, department) in (0_u32..).zip(DEPARTMENTS) {
            let mut stream = Stream::new(0, number, topic::TOWNS);
            add(&mut places, department, &mut stream);
        }
        Self(places)
    }

    /// A place by population.
    pub(crate) fn draw(&self, stream: &mut Stream) -> Option<&Place> {
        stream.weighted(&self.0, |place| place.weight)
    }
}

fn add(places: &mut Vec<Place>, department: &Department, stream: &mut Stream) {
    let people = f64::from(department.people);
    let (districts, in_districts) = match department.code {
        "75" => (20, 1.0),
        "13" => (16, 0.45),
        "69" => (9, 0.45),
        _ => (0, 0.0),
    };
    for district in 1..=districts {
        places.push(Place {
            postcode: format!("{}{district:03}", department.code),
            town: format!("{} {district}e arrondissement", department.town),
            nuts3: department.nuts3,
            weight: people * in_districts / f64::from(districts),
        });
    }
    let (prefix, endings) = match department.code {
        "75" => return,
        "2A" => ("20", ENDINGS_SOUTH_CORSICA),
        "2B" => ("20", ENDINGS_NORTH_CORSICA),
        code => (code, ENDINGS),
    };
    let count = 4 + usize::from(department.people / 90);
    let used: Vec<&str> = endings
        .iter()
        .copied()
        .take(count)
        .skip(usize::from(districts > 0))
        .collect();
    let shares = shares(used.len());
    for (number, (ending, share)) in used.into_iter().zip(shares).enumerate() {
        let chief = number == 0 && districts == 0;
        let name = if chief {
            department.town.to_owned()
        } else {
            town(stream)
        };
        places.push(Place {
            postcode: format!("{prefix}{ending}"),
            town: name,
            nuts3: department.nuts3,
            weight: people * (1.0 - in_districts) * share,
        });
    }
}

/// Towns grow smaller one after the other, but none is empty; the shares add up to one.
fn shares(count: usize) -> Vec<f64> {
    let sizes: Vec<f64> = std::iter::successors(Some(0.32), |size| Some(size * 0.72 + 0.01))
        .take(count)
        .collect();
    let total: f64 = sizes.iter().sum();
    sizes.into_iter().map(|size| size / total).collect()
}
