//! `intune-sync`: makes every Intune device of a tenant check in now, from a sandbox that can do nothing else.

mod cli;
mod commands;
mod confined;
mod graph;
mod identity;
mod last_resort;
mod output;
mod printer;
mod stdout;
mod text_file;

use std::process::ExitCode;

use intune_sync_report::ExitStatus;
use tokio::time::Instant;

use self::{
    cli::{Command, OutputOptions},
    commands::Failure,
    printer::Printer,
};

fn main() -> ExitCode {
    commands::heed_signals();
    let started = Instant::now();
    last_resort::guard(|| run(started))
}

/// Runs the command that the arguments name.
fn run(started: Instant) -> ExitCode {
    // Two libraries that speak TLS, one provider of its primitives for both.
    // It is the first call, so there is no other provider yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (mut printer, ended) = match command() {
        Ok(command) => {
            let mut printer = Printer::stdio(&commands::output(&command));
            let ended = commands::run(command, started, &mut printer);
            (printer, ended)
        }
        Err(failure) => (Printer::stdio(&OutputOptions::default()), Err(failure)),
    };
    ExitCode::from(ended.unwrap_or_else(|failure| {
        printer.error(&failure.advice);
        failure.status
    }))
}

/// The command that is to run, which has somewhere to write its result.
fn command() -> Result<Command, Failure> {
    let command = cli::parse(confined::arguments())
        .map_err(|usage| Failure::new(ExitStatus::Usage, usage))?;
    match stdout::was_closed() {
        true => Err(Failure::usage(
            "standard output is closed, so the result would be lost",
            "redirect it to a file, or to `/dev/null` if nobody needs it",
        )),
        false => Ok(command),
    }
}
