//! The JSON object of a run. Its keys are spelled as in the runbook's output, whose five come first.

use intune_sync_ids::Guid;
use serde::Serialize;

use intune_sync_wit::{self as wit, DeviceDone, Failure, Plan, RunStatus, Summary};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
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

/// Why a run ended before its work was done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Problem<'a> {
    /// What is wrong.
    pub message: &'a str,
    /// What to do about it.
    pub hint: &'a str,
}

impl<'a> Problem<'a> {
    /// None where the work was done, or stopped by whoever asked for it.
    #[must_use]
    pub fn of(summary: &'a Summary) -> Option<Self> {
        match &summary.status {
            RunStatus::Interrupted(problem)
            | RunStatus::NotAuthorized(problem)
            | RunStatus::Failed(problem) => Some(Self {
                message: &problem.message,
                hint: &problem.hint,
            }),
            RunStatus::Running | RunStatus::Completed | RunStatus::Stopped => None,
        }
    }
}

/// A device that has failed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FailedDevice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: Option<u16>,
    pub(super) code: String,
    pub(super) message: String,
    request_id: String,
    client_request_id: String,
    pub(super) attempts: u32,
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

/// The object of `sync`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SyncReport<'a> {
    total_devices: u32,
    success_count: u32,
    error_count: u32,
    duration_minutes: f64,
    batches_processed: u32,
    skipped_count: u32,
    gone_count: u32,
    pending_count: u32,
    retry_count: u64,
    throttled_count: u64,
    http_requests: u64,
    run_id: &'a str,
    outcome: Outcome,
    failures: &'a [FailedDevice],
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem<'a>>,
}

impl<'a> SyncReport<'a> {
    /// The object of a run, with the failures of its devices.
    #[must_use]
    pub fn new(summary: &'a Summary, run_id: &'a str, failures: &'a [FailedDevice]) -> Self {
        Self {
            total_devices: summary.total,
            success_count: summary.success,
            error_count: summary.error,
            duration_minutes: minutes(summary.duration),
            batches_processed: summary.batches,
            skipped_count: summary.skipped,
            gone_count: summary.gone,
            pending_count: summary.pending,
            retry_count: summary.retries,
            throttled_count: summary.throttled,
            http_requests: summary.requests,
            run_id,
            outcome: Outcome::of(summary),
            failures,
            error: Problem::of(summary),
        }
    }
}

/// The object of `plan`. Without the complete list there is nothing to say of the devices.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PlanReport<'a> {
    #[serde(flatten)]
    planned: Option<Planned<'a>>,
    http_requests: u64,
    run_id: &'a str,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Problem<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Planned<'a> {
    total: u32,
    to_sync: u32,
    skipped: Vec<Skipped<'a>>,
    platforms: Vec<Platform<'a>>,
    batches: u32,
    requests: u32,
    expected_seconds: f64,
    listed: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Skipped<'a> {
    reason: &'a str,
    devices: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Platform<'a> {
    platform: &'a str,
    devices: u32,
}

impl<'a> PlanReport<'a> {
    /// The object of a run, with its plan, if it came to that.
    #[must_use]
    pub fn new(summary: &'a Summary, run_id: &'a str, plan: Option<&'a Plan>) -> Self {
        Self {
            planned: plan.map(|plan| Planned {
                total: plan.total,
                to_sync: plan.to_sync,
                skipped: plan
                    .skipped
                    .iter()
                    .map(|t| Skipped {
                        reason: &t.label,
                        devices: t.devices,
                    })
                    .collect(),
                platforms: plan
                    .platforms
                    .iter()
                    .map(|t| Platform {
                        platform: &t.label,
                        devices: t.devices,
                    })
                    .collect(),
                batches: plan.batches,
                requests: plan.requests,
                expected_seconds: seconds(plan.expected),
                listed: plan.listed,
            }),
            http_requests: summary.requests,
            run_id,
            outcome: Outcome::of(summary),
            error: Problem::of(summary),
        }
    }
}

/// A device's id as it is written.
#[must_use]
pub fn guid(id: wit::Guid) -> String {
    Guid::from_halves(id.hi, id.lo).to_string()
}

/// Milliseconds as minutes, rounded to four decimals. The quotient of two whole numbers is the double nearest to these
/// decimals, so it is written with no more of them.
#[must_use]
pub fn minutes(length: u64) -> f64 {
    let ten_thousandths = (u128::from(length) * 10_000 + 30_000) / 60_000;
    ten_thousandths as f64 / 10_000.0
}

/// Milliseconds as seconds, with at most three decimals.
pub(super) fn seconds(length: u64) -> f64 {
    length as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_have_at_most_four_decimals() {
        for (length, expected) in [
            (0, "0.0"),
            (2, "0.0"),
            (3, "0.0001"),
            (18_000, "0.3"),
            (31_000, "0.5167"),
            (6_000, "0.1"),
            (60_000, "1.0"),
            (1_000_123, "16.6687"),
            (u64::from(u32::MAX), "71582.7883"),
        ] {
            assert_eq!(serde_json::json!(minutes(length)).to_string(), expected);
        }
        for length in 0..200_000 {
            let text = serde_json::json!(minutes(length)).to_string();
            assert!(
                text.split_once('.')
                    .is_some_and(|(_, decimals)| decimals.len() <= 4),
                "{text}"
            );
        }
    }
}
