//! The JSON object of a run. Its keys are spelled as in the runbook's output, whose five come first.

use intune_sync_ids::Guid;
use intune_sync_settings::Advice;
use intune_sync_wit::{self as wit, DeviceDone, Failure, Incomplete, Plan, RunStatus, Summary};
use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    collector::Recorded,
    counts::{Counts, seconds},
    groups::Groups,
    planned::PlannedDevice,
    selected_group::SelectedGroup,
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Each device has its final outcome, and none has failed.
    Completed,
    /// Each device has its final outcome, and some have failed.
    CompletedWithErrors,
    /// Stopped by the user or by a deadline.
    Stopped,
    /// The run gave up for now.
    Interrupted,
    /// The identity may not do this.
    NotAuthorized,
    /// The run failed.
    Failed,
}

impl Outcome {
    const ALL: [Self; 6] = [
        Self::Completed,
        Self::CompletedWithErrors,
        Self::Stopped,
        Self::Interrupted,
        Self::NotAuthorized,
        Self::Failed,
    ];

    /// The outcome in one word, as in JSON and in the history.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::CompletedWithErrors => "completed-with-errors",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::NotAuthorized => "not-authorized",
            Self::Failed => "failed",
        }
    }

    /// The outcome of this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }

    /// How the run of this summary ended.
    #[must_use]
    pub fn of(summary: &Summary) -> Self {
        match &summary.status {
            RunStatus::Completed if summary.error == 0 => Self::Completed,
            RunStatus::Completed => Self::CompletedWithErrors,
            RunStatus::Stopped => Self::Stopped,
            RunStatus::Interrupted(_) => Self::Interrupted,
            RunStatus::NotAuthorized(_) => Self::NotAuthorized,
            RunStatus::Failed(_) | RunStatus::Running => Self::Failed,
        }
    }
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// Why something was not done, as JSON objects write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorObject(pub Advice);

impl ErrorObject {
    /// Why the run of this summary ended before its work was done. `None` where the work was done, or the run was
    /// stopped on request.
    #[must_use]
    pub fn of(summary: &Summary) -> Option<Self> {
        match &summary.status {
            RunStatus::Interrupted(problem)
            | RunStatus::NotAuthorized(problem)
            | RunStatus::Failed(problem) => Some(Self(problem.clone().into())),
            RunStatus::Running | RunStatus::Completed | RunStatus::Stopped => None,
        }
    }
}

/// The summary for the user of a component, who has variables and no flags.
#[must_use]
pub fn by_variables(mut summary: Summary) -> Summary {
    if let RunStatus::Interrupted(problem)
    | RunStatus::NotAuthorized(problem)
    | RunStatus::Failed(problem) = &mut summary.status
    {
        *problem = Advice::from(problem.clone()).by_variables().into();
    }
    summary
}

impl Serialize for ErrorObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Advice { message, hint }) = self;
        let mut object = serializer.serialize_struct("Error", 2)?;
        object.serialize_field("Message", message)?;
        object.serialize_field("Hint", hint)?;
        object.end()
    }
}

/// A device that has failed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FailedDevice {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: Option<u16>,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: String,
    client_request_id: String,
    pub(crate) attempts: u32,
}

impl FailedDevice {
    /// A device and why it has failed.
    #[must_use]
    pub fn new(device: &DeviceDone, failure: &Failure) -> Self {
        Self {
            id: guid(device.id),
            name: device.name.clone(),
            status: failure.status,
            code: failure.code.clone(),
            message: failure.message.clone(),
            request_id: failure.request_id.clone(),
            client_request_id: failure.client_request_id.clone(),
            attempts: device.attempts,
        }
    }
}

/// A list that is shorter than it says.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IncompleteObject {
    listed: u32,
    counted: Option<u32>,
}

impl From<Incomplete> for IncompleteObject {
    fn from(Incomplete { listed, counted }: Incomplete) -> Self {
        Self { listed, counted }
    }
}

/// The object of a run.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Report<'a> {
    Sync(SyncReport<'a>),
    Plan(PlanReport<'a>),
}

/// The object of `sync`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SyncReport<'a> {
    #[serde(flatten)]
    counts: Counts<'a>,
    run_id: &'a str,
    #[serde(flatten)]
    history: &'a Recorded,
    outcome: Outcome,
    failures: &'a [FailedDevice],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    groups: &'a [SelectedGroup],
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<IncompleteObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
}

impl<'a> SyncReport<'a> {
    /// The object of a run, with the failures of its devices.
    pub(crate) fn new(
        summary: &'a Summary,
        run_id: &'a str,
        history: &'a Recorded,
        failures: &'a [FailedDevice],
        incomplete: Option<IncompleteObject>,
    ) -> Self {
        Self {
            counts: Counts(summary),
            run_id,
            history,
            outcome: Outcome::of(summary),
            failures,
            groups: &[],
            incomplete,
            error: ErrorObject::of(summary),
        }
    }

    /// The same with the groups that the run selects by.
    pub(crate) fn with_groups(self, groups: &'a [SelectedGroup]) -> Self {
        Self { groups, ..self }
    }
}

/// The object of `plan`. Without the complete list it holds nothing about the devices.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlanReport<'a> {
    #[serde(flatten)]
    planned: Option<Planned<'a>>,
    http_requests: u64,
    run_id: &'a str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    groups: &'a [SelectedGroup],
    #[serde(skip_serializing_if = "Option::is_none")]
    devices: Option<&'a [PlannedDevice]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<IncompleteObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorObject>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Planned<'a> {
    total: u32,
    to_sync: u32,
    skipped: Groups<'a>,
    platforms: Groups<'a>,
    batches: u32,
    requests: u32,
    expected_seconds: f64,
    listed: u32,
}

impl<'a> PlanReport<'a> {
    /// The object of a run, with its plan, if it came to that.
    pub(crate) fn new(
        summary: &'a Summary,
        run_id: &'a str,
        plan: Option<&'a Plan>,
        incomplete: Option<IncompleteObject>,
        devices: Option<&'a [PlannedDevice]>,
    ) -> Self {
        Self {
            devices,
            planned: plan.map(|plan| Planned {
                total: plan.total,
                to_sync: plan.to_sync,
                skipped: Groups::new(&plan.skipped, ["Reason", "Devices"]),
                platforms: Groups::new(&plan.platforms, ["Platform", "Devices"]),
                batches: plan.batches,
                requests: plan.requests,
                expected_seconds: seconds(plan.expected),
                listed: plan.listed,
            }),
            http_requests: summary.requests,
            run_id,
            outcome: Outcome::of(summary),
            groups: &[],
            incomplete,
            error: ErrorObject::of(summary),
        }
    }

    /// The same with the groups that the run selects by.
    pub(crate) fn with_groups(self, groups: &'a [SelectedGroup]) -> Self {
        Self { groups, ..self }
    }
}

/// A device's id in its usual notation.
#[must_use]
pub fn guid(id: wit::Guid) -> String {
    Guid::from_halves(id.hi, id.lo).to_string()
}
