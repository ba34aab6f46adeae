//! What each command does.

mod audit;
mod demo;
mod doctor;
mod grant;
mod identity;
mod interruption;
mod job;
mod rehearse;
mod simulate;

use crate::{
    cli::{Command, OutputOptions},
    identity::Environment,
    printer::Printer,
};

/// Why a command did not get to its work.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What is wrong, in one sentence without a full stop.
    pub(crate) message: String,
    /// What to do about it, in one sentence without a full stop.
    pub(crate) hint: String,
    /// The exit code.
    pub(crate) code: u8,
}

impl Failure {
    /// The exit code of wrong usage.
    const USAGE: u8 = 2;

    /// The run failed.
    pub(crate) fn failed(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(1, message, hint)
    }

    /// Wrong usage: nothing was sent.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Self::USAGE, message, hint)
    }

    /// Not authorized.
    pub(crate) fn not_authorized(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(4, message, hint)
    }

    fn new(code: u8, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
            code,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::failed(
            format!("cannot write the output: {error}"),
            "check the disk that stdout is redirected to",
        )
    }
}

/// What a command is to show, and how.
pub(crate) fn output(command: &Command) -> OutputOptions {
    match command {
        Command::Job(options) => options.output,
        Command::Demo(options) => options.output,
        Command::Rehearse(options) => options.output,
        Command::Simulate(options) => options.output,
        Command::Doctor(options) => options.output,
        Command::Grant(options) => options.output,
        Command::Audit(_) | Command::Show(_) => OutputOptions::default(),
    }
}

/// Runs a command and answers the exit code.
///
/// # Errors
///
/// When it did not get to its work.
pub(crate) fn run(command: Command, printer: &mut Printer) -> Result<u8, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::failed(
                format!("cannot start: {error}"),
                "check the limits on threads and open files",
            )
        })?;
    match command {
        Command::Job(options) => {
            for warning in options.warnings() {
                printer.warning(&warning.message, &warning.hint);
            }
            runtime.block_on(job::run(&options, &Environment::capture(), printer))
        }
        Command::Demo(options) => runtime.block_on(demo::run(&options, printer)),
        Command::Rehearse(options) => rehearse::run(&options, &runtime, printer),
        Command::Simulate(options) => runtime.block_on(simulate::run(&options, printer)),
        Command::Doctor(options) => {
            runtime.block_on(doctor::run(&options, &Environment::capture(), printer))
        }
        Command::Grant(options) => {
            runtime.block_on(grant::run(&options, &Environment::capture(), printer))
        }
        Command::Audit(options) => audit::run(&options, printer),
        Command::Show(page) => {
            printer.page(&page)?;
            Ok(0)
        }
    }
}
