//! The only binary.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use lazaret_cli::Answering;
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    // A panic's own words may hold a value of a record: where it is must do.
    std::panic::set_hook(Box::new(|defect| {
        let at = defect
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        // Where this cannot be told, nothing can.
        writeln!(
            stderr(),
            "lazaret: a defect of the program at {at}: please report it"
        )
        .ok();
    }));
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let answering = std::env::current_exe().map_or(Answering::Here, Answering::Apart);
    ExitCode::from(lazaret_cli::run(
        &args,
        &answering,
        &mut stdout(),
        &mut stderr(),
    ))
}
