//! The page of a run: what the history has of it, as one HTML file that needs nothing else.
//!
//! Data in, text out. A [`Page`] takes in the devices of a run one by one, and keeps of most of them a count only. What
//! it writes reaches nothing: its style and its script are in it, and a content security policy lets no others run.
//! Every text is escaped by the template or by the JSON around it.

mod chart;
mod check_ins;
mod failures;
mod listing;
mod outcomes;
mod policy;
mod sentence;
mod series;
mod template;
mod words;

use intune_sync_history::{Device, DeviceOutcome, Run, Totals, Wait};

use self::{check_ins::CheckIns, failures::Failures, outcomes::Outcomes};

/// The outcome of a run, in one sentence with its full stop.
#[must_use]
pub fn sentence(run: &Run, totals: &Totals) -> String {
    sentence::of(run, totals).1
}

/// Collects what the page of a run shows.
#[derive(Debug)]
pub struct Page {
    run: Run,
    totals: Totals,
    /// The run that this one resumes, the one that that one resumes, and so on.
    resumed: Vec<String>,
    waits: Vec<Wait>,
    /// When each sync was accepted, in milliseconds since 1970.
    accepted: Vec<i64>,
    outcomes: Outcomes,
    failures: Failures,
    check_ins: CheckIns,
}

impl Page {
    /// The page of a run with these counts, and with nothing yet of its devices. `resumed` are the earlier parts, the
    /// latest first.
    #[must_use]
    pub fn new(run: Run, totals: Totals, resumed: Vec<String>) -> Self {
        Self {
            run,
            totals,
            resumed,
            waits: Vec::new(),
            accepted: Vec::new(),
            outcomes: Outcomes::default(),
            failures: Failures::default(),
            check_ins: CheckIns::default(),
        }
    }

    /// A time in which nothing was sent, because Graph throttled the run.
    pub fn add_wait(&mut self, wait: Wait) {
        self.waits.push(wait);
    }

    /// A device of the run, with its last outcome.
    pub fn add_device(&mut self, device: Device) {
        let outcome = DeviceOutcome::ALL
            .into_iter()
            .find(|outcome| outcome.word() == device.outcome)
            .unwrap_or(DeviceOutcome::Pending);
        self.outcomes.add(outcome, &device);
        match outcome {
            DeviceOutcome::Accepted => {
                self.accepted.push(device.at);
                self.check_ins.add(device);
            }
            DeviceOutcome::Failed => self.failures.add(device),
            DeviceOutcome::Pending | DeviceOutcome::Skipped | DeviceOutcome::Gone => {}
        }
    }

    /// The page.
    #[must_use]
    pub fn html(self) -> String {
        template::render(self)
    }
}
