//! How old the French are, and how old they die, by sex.

use crate::random::Stream;

/// Biological sex, which the course of health follows; the recorded gender may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sex {
    Female,
    Male,
}

/// Share of persons who died within the window: 9.5 deaths a year per 1,000 persons.
pub(crate) const DEATHS_PER_YEAR: f64 = 0.0095;

/// A five-year class: its first age, thousands of men, thousands of women.
type Class = (f64, f64, f64);

/// The living, in thousands, rounded (INSEE, population by sex and age, 2024).
const LIVING: &[Class] = &[
    (0.0, 1790.0, 1710.0),
    (5.0, 2030.0, 1940.0),
    (10.0, 2150.0, 2050.0),
    (15.0, 2170.0, 2050.0),
    (20.0, 1990.0, 1930.0),
    (25.0, 1890.0, 1900.0),
    (30.0, 1960.0, 2060.0),
    (35.0, 2030.0, 2170.0),
    (40.0, 2070.0, 2200.0),
    (45.0, 2020.0, 2090.0),
    (50.0, 2200.0, 2260.0),
    (55.0, 2150.0, 2250.0),
    (60.0, 2000.0, 2160.0),
    (65.0, 1830.0, 2060.0),
    (70.0, 1690.0, 1970.0),
    (75.0, 1320.0, 1640.0),
    (80.0, 790.0, 1110.0),
    (85.0, 500.0, 845.0),
    (90.0, 235.0, 520.0),
    (95.0, 58.0, 185.0),
    (100.0, 5.0, 26.0),
];

/// Deaths of a year, in thousands, rounded (INSEE, deaths by sex and age, 2023).
const DYING: &[Class] = &[
    (0.0, 1.4, 1.1),
    (5.0, 0.1, 0.1),
    (10.0, 0.2, 0.1),
    (15.0, 0.6, 0.3),
    (20.0, 1.1, 0.4),
    (25.0, 1.2, 0.4),
    (30.0, 1.5, 0.6),
    (35.0, 2.0, 0.9),
    (40.0, 3.0, 1.5),
    (45.0, 5.0, 2.7),
    (50.0, 9.0, 5.0),
    (55.0, 14.0, 8.0),
    (60.0, 21.0, 12.0),
    (65.0, 30.0, 17.0),
    (70.0, 41.0, 25.0),
    (75.0, 45.0, 32.0),
    (80.0, 45.0, 44.0),
    (85.0, 50.0, 68.0),
    (90.0, 38.0, 75.0),
    (95.0, 14.0, 40.0),
    (100.0, 1.6, 9.0),
];

/// Sex and age in years of a living person.
pub(crate) fn living(stream: &mut Stream) -> (Sex, f64) {
    draw(LIVING, stream)
}

/// Sex and age in years of a person at death.
pub(crate) fn dying(stream: &mut Stream) -> (Sex, f64) {
    draw(DYING, stream)
}

fn draw(classes: &[Class], stream: &mut Stream) -> (Sex, f64) {
    let men: f64 = classes.iter().map(|(_, men, _)| men).sum();
    let women: f64 = classes.iter().map(|(_, _, women)| women).sum();
    let sex = if stream.chance(men / (men + women)) {
        Sex::Male
    } else {
        Sex::Female
    };
    let class = stream.weighted(classes, |(_, men, women)| match sex {
        Sex::Male => *men,
        Sex::Female => *women,
    });
    let first = class.map_or(40.0, |(first, _, _)| *first);
    let place = stream.unit();
    // Past 95 each year holds far fewer people than the one before.
    let years = if first >= 95.0 {
        8.0 * place * place * place
    } else {
        5.0 * place
    };
    (sex, first + years)
}
