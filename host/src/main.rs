//! `intune-sync`: makes every Intune device of a tenant check in now, from a sandbox that can do nothing else.

mod cli;
mod commands;
mod graph;

mod identity;
mod output;
mod printer;

use std::process::ExitCode;

use intune_sync_report::ExitStatus;

use self::{cli::OutputOptions, commands::Failure, printer::Printer};

fn main() -> ExitCode {
    // Two libraries that speak TLS, one provider of its primitives for both.
    // It is the first call, so there is no other provider yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (mut printer, ended) = match cli::parse(std::env::args_os()) {
        Ok(command) => {
            let mut printer = Printer::stdio(&commands::output(&command));
            let ended = commands::run(command, &mut printer);
            (printer, ended)
        }
        Err(usage) => {
            let printer = Printer::stdio(&OutputOptions::default());
            (printer, Err(Failure::new(ExitStatus::Usage, usage)))
        }
    };
    ExitCode::from(ended.unwrap_or_else(|failure| {
        printer.error(&failure.advice);
        failure.status
    }))
}
