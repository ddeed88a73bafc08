//! Invented names of people, towns and streets, and numbers nobody answers.

use crate::pyramid::Sex;
use crate::random::Stream;

const HEADS: &[&str] = &[
    "Bar", "Bel", "Ber", "Bou", "Bran", "Cam", "Chan", "Char", "Cler", "Cor", "Dar", "Del", "Dor",
    "Du", "Es", "Fal", "Fer", "Fon", "Gar", "Gau", "Gran", "Guer", "Har", "Jar", "Kel", "Ker",
    "La", "Lam", "Lan", "Mal", "Mar", "Mon", "Mor", "Nau", "Or", "Pel", "Per", "Pra", "Quer",
    "Ram", "Ro", "Sal", "Sar", "Tal", "Tré", "Val", "Var", "Ver", "Vil", "Yver",
];
const MIDDLES: &[&str] = &[
    "a", "ba", "bri", "ca", "ce", "che", "da", "do", "fi", "ga", "gue", "i", "la", "le", "li",
    "ma", "mi", "na", "no", "o", "pe", "qui", "ra", "ri", "sa", "si", "ta", "ti", "vi", "ze",
];
const TAILS: &[&str] = &[
    "bault", "belle", "beau", "bois", "cène", "chard", "court", "dec", "delle", "drin", "fond",
    "gnac", "gnon", "lard", "let", "lier", "lin", "lot", "mard", "mont", "naud", "nec", "nier",
    "quet", "rac", "rand", "rel", "ron", "sac", "seau", "tard", "tel", "thieu", "tin", "vel",
    "vier", "vrin", "zac",
];

const WOMEN: &[&str] = &[
    "Adèle",
    "Agathe",
    "Alice",
    "Amélie",
    "Anaïs",
    "Anne",
    "Aurélie",
    "Camille",
    "Catherine",
    "Céline",
    "Chantal",
    "Charlotte",
    "Chloé",
    "Claire",
    "Clémence",
    "Colette",
    "Delphine",
    "Denise",
    "Élodie",
    "Émilie",
    "Emma",
    "Fatima",
    "Françoise",
    "Gaëlle",
    "Geneviève",
    "Inès",
    "Isabelle",
    "Jacqueline",
    "Jade",
    "Jeanne",
    "Julie",
    "Laetitia",
    "Léa",
    "Léonie",
    "Louise",
    "Lucie",
    "Madeleine",
    "Manon",
    "Marguerite",
    "Marie",
    "Marion",
    "Martine",
    "Mathilde",
    "Michèle",
    "Monique",
    "Nadia",
    "Nathalie",
    "Nicole",
    "Noémie",
    "Odette",
    "Pauline",
    "Sandrine",
    "Sarah",
    "Simone",
    "Solène",
    "Sophie",
    "Suzanne",
    "Sylvie",
    "Thérèse",
    "Valérie",
    "Yvonne",
    "Zoé",
];
const MEN: &[&str] = &[
    "Adam",
    "Alain",
    "Alexandre",
    "André",
    "Antoine",
    "Arthur",
    "Baptiste",
    "Bernard",
    "Bruno",
    "Christian",
    "Christophe",
    "Clément",
    "Damien",
    "Daniel",
    "David",
    "Didier",
    "Émile",
    "Éric",
    "Étienne",
    "Fabien",
    "François",
    "Frédéric",
    "Gabriel",
    "Georges",
    "Gérard",
    "Guillaume",
    "Henri",
    "Hugo",
    "Jacques",
    "Jean",
    "Jérôme",
    "Jules",
    "Julien",
    "Karim",
    "Laurent",
    "Léo",
    "Louis",
    "Lucas",
    "Marcel",
    "Mathieu",
    "Maxime",
    "Mehdi",
    "Michel",
    "Nathan",
    "Nicolas",
    "Noah",
    "Olivier",
    "Pascal",
    "Patrick",
    "Paul",
    "Philippe",
    "Pierre",
    "Quentin",
    "Raymond",
    "René",
    "Robert",
    "Romain",
    "Samuel",
    "Stéphane",
    "Théo",
    "Thierry",
    "Thomas",
    "Vincent",
    "Yann",
];

const WAYS: &[&str] = &[
    "rue",
    "rue",
    "rue",
    "rue",
    "avenue",
    "allée",
    "chemin",
    "impasse",
    "place",
    "boulevard",
];
const WAY_NAMES: &[&str] = &[
    "de la Fontaine Claire",
    "de l'Ancien Lavoir",
    "des Trois Tilleuls",
    "du Moulin Brûlé",
    "des Hautes Vignes",
    "du Pré Fleuri",
    "de la Croix Blanche",
    "des Charbonniers",
    "du Vieux Pressoir",
    "des Quatre Saisons",
    "de la Grange Haute",
    "du Puits Neuf",
    "des Cerisiers",
    "de la Source",
    "des Tanneurs",
    "du Four Banal",
    "de l'Écluse",
    "des Alouettes",
    "du Champ Rond",
    "de la Passerelle",
    "des Genêts",
    "du Belvédère",
    "de l'Étang Noir",
    "des Maraîchers",
    "du Chat Perché",
    "de la Tuilerie",
];
const RESIDENCES: &[&str] = &[
    "Résidence Les Glycines",
    "Résidence du Parc",
    "Lieu-dit Le Bas Chemin",
    "Chez le gardien",
    "Bâtiment B, escalier 2",
    "Appartement 14",
];

/// Blocks that the French regulator keeps for films and books: no such number is ever assigned
/// (numbering plan, Arcep decision 2018-0881).
const FICTIONAL_LANDLINES: &[&str] = &["+33 1 99 00", "+33 2 61 91", "+33 3 53 01", "+33 4 65 71"];
const FICTIONAL_MOBILES: &str = "+33 6 39 98";

/// A family name.
pub(crate) fn family(stream: &mut Stream) -> String {
    let name = format!(
        "{}{}{}",
        stream.pick(HEADS),
        stream.pick(MIDDLES),
        stream.pick(TAILS)
    );
    match stream.between(0, 39) {
        0 => format!("Le {name}"),
        1 => format!("de {name}"),
        2 => format!("{name}-{}{}", stream.pick(HEADS), stream.pick(TAILS)),
        3 => format!("D'{}{}", stream.pick(&["A", "O", "E"]), stream.pick(TAILS)),
        _ => name,
    }
}

/// One to three given names.
pub(crate) fn given(sex: Sex, stream: &mut Stream) -> Vec<&'static str> {
    let table = match sex {
        Sex::Female => WOMEN,
        Sex::Male => MEN,
    };
    let count = stream.pick(&[1, 1, 1, 2, 2, 3]);
    let mut names: Vec<&'static str> = Vec::new();
    for _ in 0..count {
        let name = stream.pick(table);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A town.
pub(crate) fn town(stream: &mut Stream) -> String {
    let name = format!("{}{}", stream.pick(HEADS), stream.pick(TAILS));
    match stream.between(0, 5) {
        0 => format!("Saint-{name}"),
        1 => format!("{name}-sur-{}e", stream.pick(HEADS)),
        2 => format!(
            "{name}-le-{}",
            stream.pick(&["Haut", "Bas", "Vieux", "Neuf"])
        ),
        _ => name,
    }
}

/// The lines of an address, the street last.
pub(crate) fn street(stream: &mut Stream) -> Vec<String> {
    let number = 1 + stream.between(0, 12) * stream.between(1, 12);
    let repeat = if stream.chance(0.08) { " bis" } else { "" };
    let way = format!(
        "{number}{repeat} {} {}",
        stream.pick(WAYS),
        stream.pick(WAY_NAMES)
    );
    if stream.chance(0.12) {
        vec![stream.pick(RESIDENCES).to_owned(), way]
    } else {
        vec![way]
    }
}

/// A mobile telephone number.
pub(crate) fn mobile(stream: &mut Stream) -> String {
    number(FICTIONAL_MOBILES, stream)
}

/// A landline telephone number.
pub(crate) fn landline(stream: &mut Stream) -> String {
    number(stream.pick(FICTIONAL_LANDLINES), stream)
}

/// An address under a domain that cannot exist (RFC 2606).
pub(crate) fn email(given: &str, family: &str, stream: &mut Stream) -> String {
    let plain = |name: &str| -> String {
        name.to_lowercase()
            .chars()
            .filter_map(|letter| match letter {
                'a'..='z' => Some(letter),
                'é' | 'è' | 'ë' | 'ê' => Some('e'),
                'ï' | 'î' => Some('i'),
                'ô' => Some('o'),
                'ç' => Some('c'),
                _ => None,
            })
            .collect()
    };
    format!(
        "{}.{}{}@courriel.invalid",
        plain(given),
        plain(family),
        stream.between(1, 99)
    )
}

fn number(block: &str, stream: &mut Stream) -> String {
    format!(
        "{block} {:02} {:02}",
        stream.between(0, 99),
        stream.between(0, 99)
    )
}
