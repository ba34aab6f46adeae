//! What a run writes to standard output, from its first event to its summary.

use intune_sync_settings::Choice;
use intune_sync_wit::{Event, EventKind, Incomplete, Outcome, Plan, Purpose, Summary};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    confirmed::Confirmed,
    event::Line,
    object::{FailedDevice, IncompleteObject, PlanReport, Report, SyncReport},
    planned::{self, PlannedDevice},
    selected_group::{self, SelectedGroup},
    text,
};

/// How many failures the summary for people lists.
const FAILURES_SHOWN: usize = 20;

/// What standard output gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A summary for people.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// A JSON object for each event, one a line, and the summary last.
    Jsonl,
}

impl Choice for Format {
    const WORDS: &[(&str, Self, &str)] = &[
        ("text", Self::Text, "A summary for people"),
        ("json", Self::Json, "One JSON object at the end"),
        (
            "jsonl",
            Self::Jsonl,
            "A JSON object for each event, one a line, and the summary last",
        ),
    ];
}

/// What the history adds to the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Recorded {
    /// The run that this one resumes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed: Option<String>,
    /// Who has checked in since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
    /// The last hash over its requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence_sha256: Option<String>,
    /// The file of the report that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
}

/// Collects what the summary needs of a run's events. Of the devices it keeps only those that failed.
#[derive(Debug)]
pub struct Collector {
    format: Format,
    purpose: Purpose,
    run_id: String,
    history: Recorded,
    groups: Vec<SelectedGroup>,
    facts: Vec<(&'static str, String)>,
    plan: Option<Plan>,
    incomplete: Option<Incomplete>,
    failures: Vec<FailedDevice>,
    /// The devices of a plan, where they are to be listed.
    devices: Option<Vec<PlannedDevice>>,
    /// The object is wanted, whatever the format.
    keeps_all: bool,
}

impl Collector {
    /// The collector of the run `run_id`.
    pub fn new(format: Format, purpose: Purpose, run_id: impl Into<String>) -> Self {
        Self {
            format,
            purpose,
            run_id: run_id.into(),
            history: Recorded::default(),
            groups: Vec::new(),
            facts: Vec::new(),
            plan: None,
            incomplete: None,
            failures: Vec::new(),
            devices: None,
            keeps_all: false,
        }
    }

    /// Keeps all that the object has, in each format. To be called before anything comes in.
    pub fn keep_all(&mut self) {
        self.keeps_all = true;
    }

    /// The run goes on with an earlier one, in which these devices have failed.
    pub fn resume(&mut self, run: impl Into<String>, failures: Vec<FailedDevice>) {
        self.history.resumed = Some(run.into());
        self.failures = failures;
        if !self.keeps_failures() {
            self.failures.truncate(FAILURES_SHOWN);
        }
    }

    /// The last hash over the run's requests.
    pub fn set_evidence(&mut self, evidence: String) {
        self.history.evidence_sha256 = Some(evidence);
    }

    /// The file of the report that was written.
    pub fn set_report(&mut self, report: Option<String>) {
        self.history.report = report;
    }

    /// The devices that the plan takes.
    pub fn set_devices(&mut self, devices: Vec<PlannedDevice>) {
        self.devices = Some(devices);
    }

    /// The groups that the run selects by.
    pub fn set_groups(&mut self, groups: Vec<SelectedGroup>) {
        self.groups = groups;
    }

    /// What the summary for people says of the run besides its figures, so that it can be read without the command.
    pub fn set_facts(&mut self, facts: Vec<(&'static str, String)>) {
        self.facts = facts;
    }

    /// Who has checked in since.
    pub fn set_confirmed(&mut self, confirmed: Confirmed) {
        self.history.confirmed = Some(confirmed);
    }

    /// Takes in an event, in the order in which the engine emits them; `now` is the time of day. Returns the line to
    /// write, where the format has one for each event.
    pub fn handle_event(&mut self, now: Timestamp, event: &Event) -> Option<String> {
        match &event.kind {
            EventKind::Planned(plan) => self.plan = Some(plan.clone()),
            EventKind::Incomplete(incomplete) => self.incomplete = Some(*incomplete),
            EventKind::DeviceDone(device) => {
                if let Outcome::Failed(failure) = &device.outcome
                    && self.keeps_failures()
                {
                    self.failures.push(FailedDevice::new(device, failure));
                }
            }
            _ => {}
        }
        (self.format == Format::Jsonl).then(|| json(&Line::event(now, event)))
    }

    /// The devices that have failed, as far as they are kept.
    #[must_use]
    pub fn failures(&self) -> &[FailedDevice] {
        &self.failures
    }

    /// Whether the list is known to leave devices out.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.incomplete.is_some()
    }

    /// What is left to write once the run is over: all that the format has of a run, or its last line.
    #[must_use]
    pub fn finish(&self, now: Timestamp, summary: &Summary) -> String {
        let incomplete = self.incomplete.as_ref().map(text::incomplete);
        let incomplete = incomplete.unwrap_or_default();
        match (self.format, self.purpose) {
            (Format::Text, Purpose::Sync) => {
                let shown = self.failures.len().min(FAILURES_SHOWN);
                text::sync(summary, &self.facts, &self.failures[..shown]) + &incomplete
            }
            (Format::Text, Purpose::Plan) => {
                let plan = self.plan.as_ref();
                let plan = plan.map(|plan| text::plan(plan) + &text::facts(&self.facts));
                let devices = self.devices.as_deref().map(planned::text);
                plan.unwrap_or_default()
                    + &selected_group::text(&self.groups)
                    + &incomplete
                    + &devices.unwrap_or_default()
            }
            (Format::Json, _) => self.object(summary),
            (Format::Jsonl, _) => {
                let devices = self.devices.iter().flatten();
                let lines = devices.map(|device| json(&Line::planned(now, device)));
                lines.collect::<String>() + &json(&Line::last(now, self.report(summary, None)))
            }
        }
    }

    /// The JSON object of the run, in each format.
    #[must_use]
    pub fn object(&self, summary: &Summary) -> String {
        json(&self.report(summary, self.devices.as_deref()))
    }

    /// The summary for people counts the failures beyond those that it lists.
    fn keeps_failures(&self) -> bool {
        self.keeps_all || self.format != Format::Text || self.failures.len() < FAILURES_SHOWN
    }

    /// `devices` are those of a plan, where the object lists them.
    fn report<'a>(
        &'a self,
        summary: &'a Summary,
        devices: Option<&'a [PlannedDevice]>,
    ) -> Report<'a> {
        let incomplete = self.incomplete.map(IncompleteObject::from);
        match self.purpose {
            Purpose::Sync => {
                let (id, history) = (&self.run_id, &self.history);
                let report = SyncReport::new(summary, id, history, &self.failures, incomplete);
                Report::Sync(report.with_groups(&self.groups))
            }
            Purpose::Plan => {
                let plan = self.plan.as_ref();
                let id = &self.run_id;
                let report = PlanReport::new(summary, id, plan, incomplete, devices);
                Report::Plan(report.with_groups(&self.groups))
            }
        }
    }
}

/// One line of JSON.
fn json(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string(value).expect("it is plain data with text keys");
    text.push('\n');
    text
}
