//! `lazaret demo`: the whole story on synthetic people, told by the commands themselves.

use std::path::Path;
use std::time::Instant as Stopwatch;

use anyhow::{Context, bail};
use clap::Parser;
use lazaret_permit::Application;
use lazaret_synth::{Population, write_fhir};
use serde_json::json;

use super::permit::{OFFICERS, RESEARCHER};
use crate::args::{Args, Demo};
use crate::console::Console;
use crate::shipped;
use crate::{Answering, DONE, REFUSED, dispatch};

/// The same people at each run.
const SEED: u64 = 20_261_101;

const BY_SEX: &str = "SELECT sex, COUNT(DISTINCT person_id) AS persons FROM person GROUP BY sex";
const HYPERTENSION: &str = "SELECT p.region, COUNT(DISTINCT p.person_id) AS with_hypertension \
     FROM person p JOIN condition c ON c.person_id = p.person_id \
     WHERE c.code = 'I10' GROUP BY p.region \
     HAVING COUNT(DISTINCT p.person_id) > 50 ORDER BY with_hypertension DESC LIMIT 5";
const HBA1C: &str = "SELECT p.sex, AVG(clamp(o.value_number, 4, 12)) AS hba1c_percent \
     FROM person p JOIN observation o ON o.person_id = p.person_id \
     WHERE o.code = '4548-4' GROUP BY p.sex";
const RECORDS: &str = "SELECT person_id, birth_year, region FROM person";

/// Tells the story in a fresh home.
pub(crate) async fn demo(dir: &Path, demo: &Demo, console: &mut Console<'_>) -> anyhow::Result<u8> {
    if dir.exists() {
        bail!(
            "{} is there already: name a new folder with --home",
            dir.display()
        );
    }
    let clock = Stopwatch::now();
    let home = dir.display().to_string();
    let story = Story { home: &home };
    story.nights(demo.persons, console).await?;
    let permit = story.permit(console).await?;
    story.questions(&permit, console).await?;
    console.say("\n# The log of all of it, recomputed");
    story.run(&["audit", "verify"], DONE, console).await?;
    console.say(&format!(
        "\nDone in {:.0} s. Look around in {home}:\n  \
         lazaret --home {home} release list --permit {permit}\n  \
         lazaret --home {home} budget --permit {permit}\n  \
         lazaret --home {home} query --permit {permit} --preview --sql \"{BY_SEX}\"\n\
         Nothing in it is about a real person; delete the folder when you are done.",
        clock.elapsed().as_secs_f64()
    ));
    Ok(DONE)
}

struct Story<'a> {
    home: &'a str,
}

impl Story<'_> {
    /// Export and two nights.
    async fn nights(&self, persons: u32, console: &mut Console<'_>) -> anyhow::Result<()> {
        console.say("# A home for a small pilot: all roles in one place, keys made now");
        self.run(&["init", "--role", "all", "--demo"], DONE, console)
            .await?;
        let folder = Path::new(self.home);
        let pipeline = folder.join("pipelines/fhir-r4");
        shipped::write_fhir_r4(&pipeline)?;
        console.say(&format!(
            "\n# {persons} people who never lived, and their hospital's two nightly exports"
        ));
        let export = folder.join("export");
        for night in write_fhir(&Population::new(persons, SEED), &export, 2)? {
            let resources: u64 = night.resources.values().sum();
            console.say(&format!(
                "{}: {resources} resources, {} listed as deleted",
                night.dir.display(),
                night.deleted
            ));
        }
        console.say("\n# Night one: everything. Night two: what changed");
        let pipeline = pipeline.display().to_string();
        for night in ["night-1", "night-2"] {
            let from = export.join(night).display().to_string();
            self.run(&["ingest", &pipeline, "--from", &from], DONE, console)
                .await?;
        }
        console.say("\n# The same night once more changes nothing");
        let from = export.join("night-2").display().to_string();
        self.run(&["ingest", &pipeline, "--from", &from], DONE, console)
            .await
    }

    /// Application, two reviews, signature.
    async fn permit(&self, console: &mut Console<'_>) -> anyhow::Result<String> {
        console.say("\n# A researcher applies; two officers judge, blind to each other; one signs");
        let policy = json!({
            "dataset": "fr-demo",
            "output": {
                "minCellPersons": 10,
                "dp": { "epsilonTotal": 1.0, "delta": 1e-7, "epsilonPerQueryMax": 1.0 },
            },
        });
        let document = Application::trial(RESEARCHER.0, RESEARCHER.1, &policy);
        let file = Path::new(self.home).join("application.json");
        std::fs::write(&file, serde_json::to_string_pretty(&document)?)
            .with_context(|| file.display().to_string())?;
        let file = file.display().to_string();
        let (who, [first, second]) = (RESEARCHER.0, OFFICERS);
        let id = self
            .told(&["application", "new", &file, "--as", who], console)
            .await?;
        self.run(&["application", "submit", &id, "--as", who], DONE, console)
            .await?;
        for officer in [first, second] {
            let vote = [
                "--verdict",
                "approve",
                "--reasons",
                "the criteria of Article 68(1) are met",
            ];
            let step = [&["application", "review", &id, "--as", officer][..], &vote].concat();
            self.run(&step, DONE, console).await?;
        }
        let why = "both reviews are positive";
        let decide = [
            "application",
            "decide",
            &id,
            "--as",
            second,
            "--reasons",
            why,
        ];
        self.told(&decide, console).await
    }

    /// Preview, three answers, one again for nothing, a refusal, an exhausted budget.
    async fn questions(&self, permit: &str, console: &mut Console<'_>) -> anyhow::Result<()> {
        let ask = |epsilon: &'static str, more: &'static [&'static str], sql: &'static str| {
            let ask = [
                "query",
                "--permit",
                permit,
                "--epsilon",
                epsilon,
                "--sql",
                sql,
            ];
            ask.iter()
                .chain(more)
                .map(|word| (*word).to_owned())
                .collect::<Vec<String>>()
        };
        console.say("\n# What would it cost, and how precise would it be? No row is read");
        self.ask(&ask("0.3", &["--preview"], HYPERTENSION), DONE, console)
            .await?;
        console.say("\n# Three questions");
        self.ask(&ask("0.2", &[], BY_SEX), DONE, console).await?;
        self.ask(&ask("0.3", &[], HYPERTENSION), DONE, console)
            .await?;
        self.ask(&ask("0.4", &["--rows", "2"], HBA1C), DONE, console)
            .await?;
        console.say(
            "\n# The first again: the same answer, for nothing, so noise cannot be averaged out",
        );
        self.ask(&ask("0.2", &[], BY_SEX), DONE, console).await?;
        console.say("\n# Records do not leave");
        self.ask(&ask("0.1", &[], RECORDS), REFUSED, console)
            .await?;
        console.say("\n# Nor does more than the budget");
        self.ask(
            &ask(
                "1.0",
                &[],
                "SELECT COUNT(DISTINCT person_id) AS persons FROM person",
            ),
            REFUSED,
            console,
        )
        .await?;
        console.say("\n# What was spent");
        self.run(&["budget", "--permit", permit], DONE, console)
            .await
    }

    async fn ask(
        &self,
        words: &[String],
        status: u8,
        console: &mut Console<'_>,
    ) -> anyhow::Result<()> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words, status, console).await
    }

    /// Runs a command as a user would, shows it first, and insists on its exit status.
    async fn run(
        &self,
        words: &[&str],
        status: u8,
        console: &mut Console<'_>,
    ) -> anyhow::Result<()> {
        console.say(&format!("\n$ lazaret {}", shown(words)));
        let line = ["lazaret", "--home", self.home]
            .into_iter()
            .chain(words.iter().copied());
        let args = Args::try_parse_from(line)?;
        let got = match Box::pin(dispatch(args, &Answering::Here, console)).await {
            Ok(got) => got,
            Err(error) => crate::report(&error, console),
        };
        if got != status {
            bail!("the demo expected exit status {status} and got {got}: please report this");
        }
        Ok(())
    }

    /// Runs a command, and gives back what it said on stdout.
    async fn told(&self, words: &[&str], console: &mut Console<'_>) -> anyhow::Result<String> {
        console.listen();
        self.run(words, DONE, console).await?;
        let said = console.heard();
        Ok(said.lines().last().unwrap_or_default().to_owned())
    }
}

/// A command line as one would type it.
fn shown(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| {
        if word.contains(' ') {
            format!("\"{word}\"")
        } else {
            (*word).to_owned()
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
