//! What a run shows: the log and the progress on stderr, the same in every format, and on stdout a summary for people,
//! one JSON object, or JSON lines.
//!
//! Nothing here has a clock: the caller passes the time in. Of the devices only those that failed are kept.

mod log;
mod progress;
#[cfg(test)]
mod tests;

use std::io;

use intune_sync_report::{
    Collector, Confirmed, FailedDevice, Format, PlannedDevice, SelectedGroup,
};
pub(crate) use intune_sync_report::{Counts, ErrorObject, Outcome as Ending, list, minutes, table};
use intune_sync_wit::{Event, Purpose, Summary};
use jiff::Timestamp;

use self::{log::Log, progress::Progress};
use crate::printer::Printer;

/// The output of one run.
pub(crate) struct Output {
    purpose: Purpose,
    collector: Collector,
    log: Log,
    progress: Progress,
}

impl Output {
    /// The output of the run `run_id`.
    pub(crate) fn new(format: Format, purpose: Purpose, run_id: impl Into<String>) -> Self {
        Self {
            purpose,
            collector: Collector::new(format, purpose, run_id),
            log: Log::default(),
            progress: Progress::default(),
        }
    }

    /// The run goes on with an earlier one, in which these devices have failed.
    pub(crate) fn resume(&mut self, run: String, failures: Vec<FailedDevice>) {
        self.collector.resume(run, failures);
    }

    /// The devices that the plan takes.
    pub(crate) fn set_devices(&mut self, devices: Vec<PlannedDevice>) {
        self.collector.set_devices(devices);
    }

    /// The last hash over the run's requests.
    pub(crate) fn set_evidence(&mut self, evidence: String) {
        self.collector.set_evidence(evidence);
    }

    /// The report that was written, if one was.
    pub(crate) fn set_report(&mut self, report: Option<String>) {
        self.collector.set_report(report);
    }

    /// The groups that the run selects by.
    pub(crate) fn set_groups(&mut self, groups: Vec<SelectedGroup>) {
        self.collector.set_groups(groups);
    }

    /// What the summary for people says of the run besides its figures.
    pub(crate) fn set_facts(&mut self, facts: Vec<(&'static str, String)>) {
        self.collector.set_facts(facts);
    }

    /// Who has checked in since.
    pub(crate) fn set_confirmed(&mut self, confirmed: Confirmed) {
        self.collector.set_confirmed(confirmed);
    }

    /// Shows an event, in the order in which the engine emits them; `now` is the time of day.
    ///
    /// # Errors
    ///
    /// When stdout cannot be written; a reader that went away is not an error.
    pub(crate) fn event(
        &mut self,
        printer: &mut Printer,
        now: Timestamp,
        event: &Event,
    ) -> io::Result<()> {
        self.progress.event(now, event);
        self.log.event(printer, now, self.purpose, event);
        match self.collector.handle_event(now, event) {
            Some(line) => printer.data(&line),
            None => Ok(()),
        }
    }

    /// The ceiling on the rate, in syncs in 1,000 seconds, to compare the rate with.
    pub(crate) fn set_ceiling(&mut self, ceiling: Option<u64>) {
        self.progress.set_ceiling(ceiling);
    }

    /// Nothing went on from `since` until `now`: somebody was asked.
    pub(crate) fn waited(&mut self, since: Timestamp, now: Timestamp) {
        self.progress.waited(since, now);
    }

    /// Shows how far the run is: on a terminal at each call, elsewhere a line every 15 seconds. To be called at least
    /// once a second, events or not.
    pub(crate) fn tick(&mut self, printer: &mut Printer, now: Timestamp) {
        self.progress.tick(printer, now);
    }

    /// The devices that have failed, as far as they are kept.
    pub(crate) fn failures(&self) -> &[FailedDevice] {
        self.collector.failures()
    }

    /// Whether the list is known to leave devices out.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.collector.is_incomplete()
    }

    /// The summary, for stdout. To be shown however the run ended; a host that broke it off puts its own reason in
    /// `summary.status`.
    pub(crate) fn summary(&self, now: Timestamp, summary: &Summary) -> String {
        self.collector.finish(now, summary)
    }

    /// Keeps all that the object has, in each format.
    pub(crate) fn keep_all(&mut self) {
        self.collector.keep_all();
    }

    /// The JSON object of the run, in each format.
    pub(crate) fn object(&self, summary: &Summary) -> String {
        self.collector.object(summary)
    }

    /// Shows on stderr what went wrong, and what to do next.
    pub(crate) fn conclude(&self, printer: &mut Printer, summary: &Summary) {
        log::conclude(&self.log, printer, summary);
    }
}
