//! The picture of the two lines: `crates/flow.svg` is drawn from `crates/flow.txt`, here.

mod draw;

use crate::support::repository;

/// What `flow.txt` says.
#[derive(Debug, Default, PartialEq)]
struct Flow {
    night: Lane,
    question: Lane,
    asks: Vec<String>,
    legend: String,
}

/// One line through the house.
#[derive(Debug, Default, PartialEq)]
struct Lane {
    title: String,
    place: String,
    steps: Vec<Step>,
    notes: Vec<(String, String)>,
}

impl Lane {
    fn note(&self, key: &str) -> &str {
        self.notes
            .iter()
            .find(|(name, _)| name == key)
            .map_or("", |(_, text)| text)
    }
}

/// One box: its name, two lines under it, and whether its crate is a trusted one.
#[derive(Debug, Default, PartialEq)]
struct Step {
    name: String,
    captions: Vec<String>,
    trusted: bool,
}

fn cells(text: &str) -> Vec<String> {
    text.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// Reads the text; a line that is neither box nor `word: text` is an error that names it.
fn parse(text: &str) -> Result<Flow, String> {
    let mut flow = Flow::default();
    let body = text
        .splitn(3, "\n\n")
        .nth(2)
        .ok_or("two paragraphs come before the lanes")?;
    let mut night = true;
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let lane = if night {
            &mut flow.night
        } else {
            &mut flow.question
        };
        match line.split_once(':') {
            Some((word @ ("night" | "question"), rest)) => {
                night = word == "night";
                let lane = if night {
                    &mut flow.night
                } else {
                    &mut flow.question
                };
                let mut rest = cells(rest).into_iter();
                lane.title = rest.next().unwrap_or_default();
                lane.place = rest.next().unwrap_or_default();
            }
            Some(("asks", rest)) => flow.asks = cells(rest),
            Some(("legend", rest)) => flow.legend = rest.trim().to_owned(),
            Some((key, rest)) => lane.notes.push((key.to_owned(), rest.trim().to_owned())),
            None => lane.steps.push(step(line)?),
        }
    }
    match (
        flow.night.steps.len(),
        flow.question.steps.len(),
        flow.asks.len(),
    ) {
        (5, 6, 3) => Ok(flow),
        counts => Err(format!(
            "five boxes, six boxes and three words are needed: {counts:?}"
        )),
    }
}

fn step(line: &str) -> Result<Step, String> {
    let (name, trusted) = line
        .strip_prefix('*')
        .map_or((line, false), |rest| (rest, true));
    match cells(name).as_slice() {
        [name, first, second] => Ok(Step {
            name: name.clone(),
            captions: vec![first.clone(), second.clone()],
            trusted,
        }),
        _ => Err(format!("not `name | caption | caption`: {line}")),
    }
}

#[test]
fn the_picture_is_drawn_from_its_text() {
    let text = std::fs::read_to_string(repository().join("crates/flow.txt")).unwrap();
    let svg = draw::svg(&parse(&text).unwrap());
    expect_test::expect_file!["../../crates/flow.svg"].assert_eq(&svg);
}

#[test]
fn a_text_that_says_something_else_is_refused() {
    let head = "title\n\nhint\n\n";
    assert!(parse("").is_err());
    assert!(
        parse(&format!("{head}night: a | b\n x | y\n"))
            .unwrap_err()
            .contains("x | y")
    );
    assert!(parse(&format!("{head}night: a | b\n x | y | z\n")).is_err());
}
