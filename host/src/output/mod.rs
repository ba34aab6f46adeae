//! What a run says: the log and the progress on stderr, the same in every format, and on stdout a summary for people,
//! one JSON object, or JSON lines.
//!
//! Nothing here has a clock: the caller tells the time. Nothing is kept for each device, failures apart.

mod log;
mod progress;
#[cfg(test)]
mod tests;

use std::io;

use intune_sync_report::{self as report, FailedDevice, Lines, PlanReport, SyncReport};
pub(crate) use intune_sync_report::{Outcome as Ending, Problem, list, minutes};
use jiff::Timestamp;
use serde::Serialize;

use self::log::Log;
use self::progress::Progress;
use crate::cli::{Format, OutputOptions};
use crate::printer::Printer;
use crate::sandbox::bindings::sync::{
    Event, EventKind, Outcome, Plan, Purpose, RunStatus, Summary,
};

/// Failures that the summary for people lists.
const FAILURES_SHOWN: usize = 20;

/// The output of one run.
pub(crate) struct Output {
    format: Format,
    purpose: Purpose,
    run_id: String,
    log: Log,
    progress: Progress,
    plan: Option<Plan>,
    failures: Vec<FailedDevice>,
    /// For JSON lines, which keep their own failures.
    lines: Lines,
}

impl Output {
    /// The output of the run `run_id`.
    pub(crate) fn new(
        options: &OutputOptions,
        purpose: Purpose,
        run_id: impl Into<String>,
    ) -> Self {
        let run_id = run_id.into();
        Self {
            format: options.format,
            purpose,
            lines: Lines::new(purpose, run_id.clone()),
            run_id,
            log: Log::default(),
            progress: Progress::default(),
            plan: None,
            failures: Vec::new(),
        }
    }

    /// Tells an event, in the order in which the engine does; `now` is the time of day.
    ///
    /// # Errors
    ///
    /// When stdout cannot be written; a reader that went away is no error.
    pub(crate) fn event(
        &mut self,
        printer: &mut Printer,
        now: Timestamp,
        event: &Event,
    ) -> io::Result<()> {
        self.progress.event(now, event);
        self.log.event(printer, now, self.purpose, event);
        if self.format == Format::Jsonl {
            return printer.data(&self.lines.event(now, event));
        }
        match &event.kind {
            EventKind::Planned(plan) => self.plan = Some(plan.clone()),
            EventKind::DeviceDone(device) => {
                // The summary for people counts the failures beyond those that it lists.
                let all = self.format == Format::Json;
                if let Outcome::Failed(failure) = &device.outcome
                    && (all || self.failures.len() < FAILURES_SHOWN)
                {
                    self.failures.push(FailedDevice::new(device, failure));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Shows how far the run is: on a terminal at each call, elsewhere a line every 15 seconds. To be called at least
    /// once a second, events or not.
    pub(crate) fn tick(&mut self, printer: &mut Printer, now: Timestamp) {
        self.progress.tick(printer, now);
    }

    /// Ends the output: the summary on stdout, and on stderr what to do next. To be called however the run ended; a
    /// host that broke it off puts its own reason in `summary.standing`.
    ///
    /// # Errors
    ///
    /// When stdout cannot be written; a reader that went away is no error.
    pub(crate) fn finish(
        self,
        printer: &mut Printer,
        now: Timestamp,
        summary: &Summary,
    ) -> io::Result<()> {
        printer.end_progress();
        let Self {
            format,
            purpose,
            run_id,
            plan,
            failures,
            lines,
            ..
        } = self;
        match (format, purpose) {
            (Format::Text, Purpose::Sync) => printer.data(&report::sync(summary, &failures))?,
            (Format::Text, Purpose::Plan) => {
                printer.data(&plan.as_ref().map(report::plan).unwrap_or_default())?
            }
            (Format::Json, Purpose::Sync) => {
                line(printer, &SyncReport::new(summary, &run_id, &failures))?
            }
            (Format::Json, Purpose::Plan) => {
                line(printer, &PlanReport::new(summary, &run_id, plan.as_ref()))?
            }
            (Format::Jsonl, _) => printer.data(&lines.last(now, summary))?,
        }
        log::conclude(printer, summary);
        Ok(())
    }
}

/// The exit code of a run that was not interrupted by the user: 0 all accepted (skipped and gone devices included),
/// 1 failed, 3 some devices failed, 4 not authorized, 5 stopped early.
pub(crate) fn exit_code(summary: &Summary) -> u8 {
    match &summary.status {
        RunStatus::Completed if summary.error == 0 => 0,
        RunStatus::Completed => 3,
        RunStatus::Stopped | RunStatus::Interrupted(_) => 5,
        RunStatus::NotAuthorized(_) => 4,
        // A run that ended while it still goes on broke.
        RunStatus::Failed(_) | RunStatus::Running => 1,
    }
}

/// Writes `value` as one line of JSON.
fn line(printer: &mut Printer, value: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    printer.data(&text)
}
