//! The program as a library: [`program`] is all of `main`, and [`embedded::run`] the same within another program.

mod cli;
mod commands;
mod confined;
pub mod embedded;
mod graph;
mod identity;
mod last_resort;
mod output;
mod printer;
mod text_file;

use std::{ffi::OsString, process::ExitCode};

use intune_sync_report::ExitStatus;
use tokio::time::Instant;

use self::{
    cli::Invocation,
    commands::Failure,
    printer::{Printer, Streams},
};

/// Runs the program that this process is: its arguments, its standard streams and its signals.
///
/// `stdout_was_closed` says that it was started without standard output, so that it has nowhere to write its result.
#[must_use]
pub fn program(stdout_was_closed: bool) -> ExitCode {
    commands::heed_signals();
    let started = Instant::now();
    last_resort::guard(|| {
        let arguments = confined::arguments();
        let mut printer = Printer::new(Streams::of_process());
        let ended = run(arguments, stdout_was_closed, started, &mut printer);
        ExitCode::from(ended.unwrap_or_else(|failure| {
            printer.error(&failure.advice);
            failure.status
        }))
    })
}

/// Runs the command that the arguments name, that of the program first.
fn run(
    arguments: Vec<OsString>,
    stdout_was_closed: bool,
    started: Instant,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    // Two libraries that speak TLS, one provider of its primitives for both.
    // After the first call in a process there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Invocation { command, config } = cli::parse(arguments).map_err(Failure::from_usage)?;
    if stdout_was_closed {
        return Err(Failure::usage(
            "standard output is closed, so the result would be lost",
            "redirect it to a file, or to `/dev/null` if nobody needs it",
        ));
    }
    printer.set(&commands::output(&command))?;
    if let Some(config) = config.filter(|_| printer.is_verbose()) {
        printer.note(&format!("the config file is {config}"));
    }
    commands::run(command, started, printer)
}
