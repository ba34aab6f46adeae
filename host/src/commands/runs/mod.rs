//! `runs`: earlier runs, as the history has them.

mod resume;
mod table;

use std::io;

use intune_sync_history::{
    DeviceFilter, DeviceOutcome, Error, ExportError, History, Keep, RunFilter, StateDir,
    Verification,
};
use intune_sync_report::ExitStatus;
use intune_sync_settings::Advice;
use jiff::{SignedDuration, Timestamp};

use super::{
    Failure,
    history::{self, failure},
};
use crate::{
    cli::{Command, ListOptions, Only, Pruning, RunsCommand, RunsFormat, RunsOptions},
    printer::Printer,
};

/// What comes after a command.
pub(super) enum Next {
    /// Nothing.
    Over(ExitStatus),
    /// Another one, that of the run to be resumed.
    Command(Box<Command>),
}

/// Runs it.
///
/// # Errors
///
/// When there is no history, no such run, or it cannot be used.
pub(super) async fn run(options: &RunsOptions, printer: &mut Printer) -> Result<Next, Failure> {
    let (place, mut history) = history::existing(options.state_dir.as_ref())?;
    let status = match &options.command {
        RunsCommand::List(options) => list(&history, options, printer),
        RunsCommand::Show { run, only, format } => {
            show(&history, &place, run, *only, *format, printer)
        }
        RunsCommand::Resume { run } => {
            return resume::command(&history, run, &place).map(Next::Command);
        }
        RunsCommand::Confirm { run, format } => {
            return resume::confirmation(&history, run, *format, &place).map(Next::Command);
        }
        RunsCommand::Export { run } => export(&history, run, printer),
        RunsCommand::Verify { run } => verify(&history, run, printer),
        RunsCommand::Failing { last, format } => failing(&history, *last, *format, printer),
        RunsCommand::Prune { keep, yes } => prune(&mut history, keep, *yes, &place, printer).await,
    };
    status.map(Next::Over)
}

fn list(
    history: &History,
    options: &ListOptions,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let filter = RunFilter {
        outcome: options.outcome.clone(),
        since: options.since.map(ago),
    };
    let runs = history.runs(&filter).map_err(failure)?;
    printer.data(&table::runs(&runs, options.format))?;
    Ok(ExitStatus::Success)
}

fn show(
    history: &History,
    place: &StateDir,
    run: &str,
    only: Option<Only>,
    format: RunsFormat,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let run = history.run(run).map_err(failure)?;
    let filter = match only {
        None => DeviceFilter::All,
        Some(Only::Pending) => DeviceFilter::Only(DeviceOutcome::Pending),
        Some(Only::Accepted) => DeviceFilter::Only(DeviceOutcome::Accepted),
        Some(Only::Failed) => DeviceFilter::Only(DeviceOutcome::Failed),
        Some(Only::Skipped) => DeviceFilter::Only(DeviceOutcome::Skipped),
        Some(Only::Gone) => DeviceFilter::Only(DeviceOutcome::Gone),
        Some(Only::Confirmed) => DeviceFilter::Confirmed,
        Some(Only::Unconfirmed) => DeviceFilter::Unconfirmed,
    };
    if matches!(only, Some(Only::Confirmed | Only::Unconfirmed)) && run.confirmed_at.is_none() {
        let confirm = format!("runs confirm {}", run.id);
        return Err(Failure::usage(
            format!(
                "nobody knows yet which devices of run `{}` have checked in",
                run.id
            ),
            format!("`{}` finds out", history::command(place, &confirm)),
        ));
    }
    let mut devices = Vec::new();
    let read = history.devices(&run.id, filter, |device| {
        devices.push(device);
        Ok::<(), Error>(())
    });
    read.map_err(failure)?;
    devices.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    printer.data(&table::devices(&run, &devices, format))?;
    Ok(ExitStatus::Success)
}

fn export(history: &History, run: &str, printer: &mut Printer) -> Result<ExitStatus, Failure> {
    match history.export(run, &mut Data(printer)) {
        Ok(()) => Ok(ExitStatus::Success),
        Err(ExportError::History(error)) => Err(failure(error)),
        Err(ExportError::Output(error)) => Err(error.into()),
    }
}

/// Standard output, as something to write to.
struct Data<'a>(&'a mut Printer);

impl io::Write for Data<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.data(&String::from_utf8_lossy(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn verify(history: &History, run: &str, printer: &mut Printer) -> Result<ExitStatus, Failure> {
    let run = history.run(run).map_err(failure)?;
    let id = &run.id;
    let message = match history.verify(&run).map_err(failure)? {
        Verification::Whole { requests, evidence } => {
            printer.data(&format!(
                "{requests} requests are as they were written\nEvidenceSha256: {evidence}\n"
            ))?;
            return Ok(ExitStatus::Success);
        }
        Verification::Removed { seq } => {
            format!("run `{id}` is not as it was written: request {seq} was removed")
        }
        Verification::Changed { seq } => {
            format!("run `{id}` is not as it was written: request {seq} was changed")
        }
        Verification::Inserted { seq } => {
            format!("run `{id}` is not as it was written: request {seq} was inserted")
        }
    };
    Err(Failure::failed(
        message,
        "what came before it is; compare the rest with logs kept elsewhere",
    ))
}

fn failing(
    history: &History,
    last: usize,
    format: RunsFormat,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let (runs, failing) = history.failing(last).map_err(failure)?;
    printer.data(&table::failing(&failing, format))?;
    if format == RunsFormat::Text {
        printer.note(&format!(
            "{} devices failed in each of the last {} runs",
            failing.len(),
            runs.len()
        ));
    }
    Ok(ExitStatus::Success)
}

async fn prune(
    history: &mut History,
    keep: &Pruning,
    yes: bool,
    place: &StateDir,
    printer: &mut Printer,
) -> Result<ExitStatus, Failure> {
    let keep = match keep {
        Pruning::Keep(count) => Keep::Latest(*count),
        Pruning::OlderThan(length) => Keep::Since(ago(*length)),
    };
    let runs = history.prunable(&keep, place).map_err(failure)?;
    if runs.is_empty() {
        printer.note("there is no run to delete");
        return Ok(ExitStatus::Success);
    }
    if !yes {
        if !printer.is_attended() {
            return Err(Failure::usage(
                format!("{} runs would be deleted", runs.len()),
                "give `--yes` where nobody can be asked",
            ));
        }
        let question = format!("delete {} runs?", runs.len());
        let replies = io::BufReader::new(io::stdin());
        let reply = printer.ask(&question, replies, std::future::pending());
        if reply.await? != Some(true) {
            return Ok(ExitStatus::Stopped);
        }
    }
    let pruned = history.prune(&runs).map_err(failure)?;
    printer.data(&format!(
        "deleted {} runs, {} MB less\n",
        pruned.runs,
        pruned.bytes / 1_000_000
    ))?;
    Ok(ExitStatus::Success)
}

/// The time of day, this number of milliseconds ago, as the history writes it.
fn ago(length: u64) -> String {
    let length = SignedDuration::from_millis(i64::try_from(length).unwrap_or(i64::MAX));
    let then = Timestamp::now()
        .checked_sub(length)
        .unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{then:.3}")
}

/// What cannot be resumed.
fn not_resumable(message: impl Into<String>) -> Failure {
    Failure::new(
        ExitStatus::Usage,
        Advice::new(
            message,
            "`intune-sync sync --resume` with its flags resumes it",
        ),
    )
}
