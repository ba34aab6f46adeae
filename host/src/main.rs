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

use self::{cli::Invocation, commands::Failure, printer::Printer};

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
    let opened = invocation().and_then(|invocation| {
        let options = commands::output(&invocation.command);
        let printer = Printer::stdio(&options).map_err(Failure::from_usage)?;
        Ok((printer, invocation))
    });
    let (mut printer, ended) = match opened {
        Ok((mut printer, Invocation { command, config })) => {
            if let Some(config) = config.filter(|_| printer.is_verbose()) {
                printer.note(&format!("the config file is {config}"));
            }
            let ended = commands::run(command, started, &mut printer);
            (printer, ended)
        }
        Err(failure) => (Printer::plain(), Err(failure)),
    };
    ExitCode::from(ended.unwrap_or_else(|failure| {
        printer.error(&failure.advice);
        failure.status
    }))
}

/// What the program is called with: it has somewhere to write its result.
fn invocation() -> Result<Invocation, Failure> {
    let invocation = cli::parse(confined::arguments())
        .map_err(|usage| Failure::new(ExitStatus::Usage, usage))?;
    match stdout::was_closed() {
        true => Err(Failure::usage(
            "standard output is closed, so the result would be lost",
            "redirect it to a file, or to `/dev/null` if nobody needs it",
        )),
        false => Ok(invocation),
    }
}
