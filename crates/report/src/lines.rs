//! A run as JSON lines, from its first event to its summary.

use jiff::Timestamp;
use serde::Serialize;

use super::line::Line;
use super::object::{FailedDevice, PlanReport, SyncReport};
use intune_sync_wit::{Event, EventKind, Outcome, Plan, Purpose, Summary};

/// The lines of one run. Failures are kept for the summary, and nothing else for each device.
pub struct Lines {
    purpose: Purpose,
    run_id: String,
    plan: Option<Plan>,
    failures: Vec<FailedDevice>,
}

impl Lines {
    /// The lines of the run `run_id`.
    #[must_use]
    pub fn new(purpose: Purpose, run_id: String) -> Self {
        Self {
            purpose,
            run_id,
            plan: None,
            failures: Vec::new(),
        }
    }

    /// The line of an event, in the order in which the engine tells them; `now` is the time of day.
    pub fn event(&mut self, now: Timestamp, event: &Event) -> String {
        match &event.kind {
            EventKind::Planned(plan) => self.plan = Some(plan.clone()),
            EventKind::DeviceDone(device) => {
                if let Outcome::Failed(failure) = &device.outcome {
                    self.failures.push(FailedDevice::new(device, failure));
                }
            }
            _ => {}
        }
        written(&Line::event(now, event))
    }

    /// The last line.
    #[must_use]
    pub fn last(self, now: Timestamp, summary: &Summary) -> String {
        match self.purpose {
            Purpose::Sync => written(&Line::sync(
                now,
                SyncReport::new(summary, &self.run_id, &self.failures),
            )),
            Purpose::Plan => written(&Line::plan(
                now,
                PlanReport::new(summary, &self.run_id, self.plan.as_ref()),
            )),
        }
    }
}

fn written(line: &impl Serialize) -> String {
    let mut text = serde_json::to_string(line).expect("it is plain data with text keys");
    text.push('\n');
    text
}
