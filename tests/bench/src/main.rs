//! `make bench`: measures, and writes `docs/benchmarks.md`.
//!
//! The first argument is the program, the second a file with what the test of the sandbox's cost has printed, the third
//! the file to write.

mod clients;
mod pacers;
mod program;
mod quota;
mod report;

use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(program), Some(costs), Some(file)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        return failed("give the program and two files: `intune-sync-bench PROGRAM COSTS FILE`");
    };
    let costs = match fs::read_to_string(&costs) {
        Ok(costs) => costs,
        Err(error) => return failed(&format!("cannot read `{costs}`: {error}")),
    };
    let text = match report::write(&program, &costs) {
        Ok(text) => text,
        Err(error) => return failed(&error),
    };
    match fs::write(&file, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("cannot write `{file}`: {error}")),
    }
}

#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
fn failed(what: &str) -> ExitCode {
    eprintln!("error: {what}");
    ExitCode::FAILURE
}
