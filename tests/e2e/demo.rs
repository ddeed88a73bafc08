//! The whole story of `lazaret demo`, as it is told, with its numbers masked.

use std::io::Write;
use std::sync::{Arc, Mutex};

use lazaret_cli::Answering;

use crate::support::home::fresh_folder;

/// Words with digits as `#`, and space and rules, which are as wide as the numbers, as one.
fn masked(transcript: &str, home: &str) -> String {
    let line = |line: &str| {
        let line = line.replace(home, "HOME");
        let mut out = String::new();
        let mut word = String::new();
        for c in line.chars().chain(['\n']) {
            if c.is_alphanumeric() || c == '_' || "-.,+".contains(c) && !word.is_empty() {
                word.push(c);
                continue;
            }
            out.push_str(&mask(&word));
            word.clear();
            if !(" ─".contains(c) && out.ends_with(c)) {
                out.push(c);
            }
        }
        out
    };
    // Noise decides which of the small groups is shown, and whether a number is below zero.
    let cell = |line: String| match line.strip_suffix(" hidden\n") {
        Some(row) if !line.starts_with("note:") => format!("{row} # ± #\n"),
        _ => line.replace(" -#", " #"),
    };
    // How often progress is told depends on the machine.
    let lines = transcript
        .lines()
        .filter(|line| !line.starts_with("progress: "));
    lines.map(line).map(cell).collect()
}

/// A word with digits in it as one `#`, but for words that are the same on every run.
fn mask(word: &str) -> String {
    let core = word.trim_end_matches(['-', '.', ',', '+']);
    let stays = !core.contains(|c: char| c.is_ascii_digit()) || STAYS.contains(&core);
    let tail = word.get(core.len()..).unwrap_or_default();
    if stays {
        word.to_owned()
    } else {
        format!("#{tail}")
    }
}

/// Words with digits that are names, not numbers.
const STAYS: [&str; 4] = ["fhir-r4", "night-1", "night-2", "hba1c_percent"];

/// Both streams of a command in one text, in the order in which they were written.
#[derive(Clone, Default)]
struct Transcript(Arc<Mutex<Vec<u8>>>);

impl Write for Transcript {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_demo_tells_its_story() {
    let dir = fresh_folder("demo").join("home");
    let home = dir.to_str().unwrap();
    let told = Transcript::default();
    let arguments = ["--home", home, "demo"];
    let status = lazaret_cli::run(
        &arguments,
        &Answering::Here,
        &mut told.clone(),
        &mut told.clone(),
    );
    let told = String::from_utf8(told.0.lock().unwrap().clone()).unwrap();
    assert_eq!(status, lazaret_cli::DONE, "{told}");
    expect_test::expect_file!["demo.txt"].assert_eq(&masked(&told, home));
}

#[test]
fn masks_hide_numbers_and_keep_words() {
    let text = "night-1:  12,345 rows ± 90 in S-0af9 at /x/home.\n";
    assert_eq!(
        masked(text, "/x/home"),
        "night-1: # rows ± # in # at HOME.\n"
    );
}
