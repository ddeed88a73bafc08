//! `cargo bench --bench night`: one night from disk to a committed lake, measured.
//!
//! How to run it and what the figures mean: the README beside this folder.

mod base;
mod copies;
mod line;
mod measure;
mod plan;
mod table;

use std::error::Error;
use std::io::Write;

use plan::Plan;
use tikv_jemallocator::Jemalloc;

// As in the binary.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// What a benchmark does with an error: it stops and shows it.
type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = match arguments.split_first() {
        Some((first, rest)) if first == line::CHILD => line::child(rest)?,
        _ => table::text(&Plan::parse(&arguments)?.run()?),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
