//! `make bench`: measures, and writes `docs/benchmarks.md`.
//!
//! The first argument is the program, the second the file to write.

mod clients;
mod pacers;
mod program;
mod quota;
mod report;

use std::{env, fs, process::ExitCode};

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let (Some(program), Some(file)) = (arguments.next(), arguments.next()) else {
        return failed("give the program and the file to write: `intune-sync-bench PROGRAM FILE`");
    };
    let text = match report::write(&program) {
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
