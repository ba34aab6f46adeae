//! The commands, one module each.

mod audit;
mod completions;
mod component;
mod conclusion;
mod config;
mod confirm;
mod demo;
mod doctor;
mod earlier;
mod facts;
mod failure;
mod grant;
mod groups;
mod history;
mod identity;
mod interruption;
mod job;
mod man;
mod names;
mod notify;
mod patience;
mod question;
mod rehearse;
mod report;
mod requests;
mod rows;
mod runs;
mod simulate;
mod sync;

use std::path::Path;

use intune_sync_egress::{ClientOptions, HttpClient};
use intune_sync_report::ExitStatus;
use tokio::{runtime::Runtime, time::Instant};

pub(crate) use self::{failure::Failure, interruption::heed as heed_signals};
use crate::{
    cli::{Command, OutputOptions},
    embedded,
    identity::Environment,
    printer::Printer,
};

/// What a command shows, and how.
pub(crate) fn output(command: &Command) -> OutputOptions {
    match command {
        Command::Job(options) => options.output.clone(),
        Command::Demo(options) => options.output.clone(),
        Command::Rehearse(options) => options.report.output.clone(),
        Command::Simulate(options) => options.output.clone(),
        Command::Doctor(options) => options.report.output.clone(),
        Command::Grant(options) => options.report.output.clone(),
        Command::NotifyTest(options) => options.output.clone(),
        Command::Audit(_)
        | Command::Compile { .. }
        | Command::Runs(_)
        | Command::Report(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Show(_) => OutputOptions::default(),
    }
}

/// Runs a command of a program that was started at `started`.
///
/// # Errors
///
/// When it did not get to its work.
pub(crate) fn run(
    command: Command,
    started: Instant,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    intune_sync_sandbox::check_threads()?;
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
    if embedded::stop_requested().is_none() {
        survive_file_size_limit(&runtime);
    }
    match command {
        Command::Job(options) => {
            for warning in options.warnings() {
                printer.warning(&warning);
            }
            let environment = Environment::capture();
            wait(
                &runtime,
                sync::run(&options, &environment, started, printer),
            )
        }
        Command::Demo(options) => wait(&runtime, demo::run(&options, printer)),
        Command::Rehearse(options) => rehearse::run(&options, &runtime, printer),
        Command::Simulate(options) => wait(&runtime, simulate::run(&options, printer)),
        Command::Doctor(options) => wait(
            &runtime,
            doctor::run(&options, &Environment::capture(), printer),
        ),
        Command::Grant(options) => wait(
            &runtime,
            grant::run(&options, &Environment::capture(), printer),
        ),
        Command::Audit(options) => wait(&runtime, audit::run(&options, printer)),
        Command::Compile {
            file,
            notifier,
            engine,
        } => component::compile(&file, notifier, engine),
        Command::Runs(options) => match wait(&runtime, runs::run(&options, printer))? {
            runs::Next::Over(status) => Ok(status),
            runs::Next::Command(command) => {
                printer.set(&output(&command))?;
                run(*command, started, printer)
            }
        },
        Command::NotifyTest(options) => wait(
            &runtime,
            notify::test(&options, &Environment::capture(), printer),
        ),
        Command::Config(options) => config::run(options, printer),
        Command::Completions(options) => completions::run(options, printer),
        Command::Man(options) => man::run(&options, printer),
        Command::Report(options) => report::run(&options, printer),
        Command::Show(page) => {
            printer.page(&page)?;
            Ok(ExitStatus::Success)
        }
    }
}

/// Waits for a command, or until it is to end at once.
fn wait<T>(
    runtime: &Runtime,
    command: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            failure = embedded::ended_at_once() => Err(failure),
            ended = command => ended,
        }
    })
}

/// Makes a write beyond the limit on the size of files (`ulimit -f`) an error like any other: the cache of compiled
/// code is left out then, instead of ending the program.
fn survive_file_size_limit(runtime: &Runtime) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let _within = runtime.enter();
        // Where it cannot be caught, the program ends at such a write, as most do.
        let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    }
    #[cfg(not(unix))]
    let _ = runtime;
}

/// The HTTP client of a command. `ca_file` has certificates to trust in addition to the system's.
///
/// # Errors
///
/// When that file cannot be used.
fn http_client(ca_file: Option<&Path>) -> Result<HttpClient, Failure> {
    HttpClient::new(ClientOptions {
        ca_file: ca_file.map(Path::to_owned),
    })
    .map_err(|error| Failure::usage(error.to_string(), error.hint()))
}
