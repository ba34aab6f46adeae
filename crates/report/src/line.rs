//! JSON lines: one event a line, the summary last.

use jiff::Timestamp;
use serde::Serialize;

use super::object::{PlanReport, SyncReport, guid, seconds};
use intune_sync_wit::{Batch, DeviceDone, Event, EventKind, Failure, Outcome, Plan, Retried};

/// One line. `time` is RFC 3339 in UTC, with milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Line<T> {
    time: String,
    #[serde(flatten)]
    body: T,
}

impl<'a> Line<Happened<'a>> {
    /// The line of an event; `now` is the time of day.
    pub(super) fn event(now: Timestamp, event: &'a Event) -> Self {
        Self {
            time: time(now),
            body: Happened::of(&event.kind),
        }
    }
}

impl<'a> Line<Last<SyncReport<'a>>> {
    /// The last line of `sync`.
    pub(super) fn sync(now: Timestamp, report: SyncReport<'a>) -> Self {
        Self::last(now, report)
    }
}

impl<'a> Line<Last<PlanReport<'a>>> {
    /// The last line of `plan`.
    pub(super) fn plan(now: Timestamp, report: PlanReport<'a>) -> Self {
        Self::last(now, report)
    }
}

impl<T: Serialize> Line<Last<T>> {
    fn last(now: Timestamp, report: T) -> Self {
        Self {
            time: time(now),
            body: Last {
                event: "summary",
                report,
            },
        }
    }
}

/// The JSON object of the run, as the last event.
#[derive(Debug, Serialize)]
pub(super) struct Last<T> {
    event: &'static str,
    #[serde(flatten)]
    report: T,
}

/// What happened: the engine's own names, spelled as Graph spells its keys.
#[derive(Debug, Serialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub(super) enum Happened<'a> {
    Listed {
        pages: u32,
        devices: u32,
    },
    Planned {
        listed: u32,
        total: u32,
        to_sync: u32,
        skipped: Vec<Skipped<'a>>,
        platforms: Vec<Platform<'a>>,
        batches: u32,
        requests: u32,
        expected_seconds: f64,
    },
    BatchStarted(Numbers),
    BatchFinished(Numbers),
    DeviceDone {
        id: String,
        name: &'a str,
        attempts: u32,
        #[serde(flatten)]
        outcome: Done<'a>,
    },
    Throttled {
        wait_seconds: f64,
        named: bool,
        status: u16,
    },
    Retrying {
        what: &'static str,
        devices: u32,
        status: Option<u16>,
        code: &'a str,
        wait_seconds: f64,
    },
    TokenRenewed,
    Notice {
        message: &'a str,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct Skipped<'a> {
    reason: &'a str,
    devices: u32,
}

#[derive(Debug, Serialize)]
pub(super) struct Platform<'a> {
    platform: &'a str,
    devices: u32,
}

/// A batch's numbers, all from 1.
#[derive(Debug, Serialize)]
pub(super) struct Numbers {
    number: u32,
    of: u32,
    first: u32,
    last: u32,
    total: u32,
}

impl Numbers {
    fn of(batch: &Batch) -> Self {
        let Batch {
            number,
            of,
            first,
            last,
            total,
        } = *batch;
        Self {
            number,
            of,
            first,
            last,
            total,
        }
    }
}

/// What became of a device.
#[derive(Debug, Serialize)]
#[serde(
    tag = "outcome",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub(super) enum Done<'a> {
    Accepted,
    Gone,
    Skipped {
        reason: &'a str,
    },
    Failed {
        status: Option<u16>,
        code: &'a str,
        message: &'a str,
        request_id: &'a str,
        client_request_id: &'a str,
    },
}

impl<'a> Done<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::Accepted,
            Outcome::Gone => Self::Gone,
            Outcome::Skipped(reason) => Self::Skipped { reason },
            Outcome::Failed(Failure {
                status,
                code,
                message,
                request_id,
                client_request_id,
            }) => Self::Failed {
                status: *status,
                code,
                message,
                request_id,
                client_request_id,
            },
        }
    }
}

impl<'a> Happened<'a> {
    fn of(kind: &'a EventKind) -> Self {
        match kind {
            EventKind::Listed(listed) => Self::Listed {
                pages: listed.pages,
                devices: listed.devices,
            },
            EventKind::Planned(plan) => Self::planned(plan),
            EventKind::BatchStarted(batch) => Self::BatchStarted(Numbers::of(batch)),
            EventKind::BatchFinished(batch) => Self::BatchFinished(Numbers::of(batch)),
            EventKind::DeviceDone(DeviceDone {
                id,
                name,
                attempts,
                outcome,
            }) => Self::DeviceDone {
                id: guid(*id),
                name,
                attempts: *attempts,
                outcome: Done::of(outcome),
            },
            EventKind::Throttled(throttled) => Self::Throttled {
                wait_seconds: seconds(throttled.wait),
                named: throttled.named,
                status: throttled.status,
            },
            EventKind::Retrying(retrying) => Self::Retrying {
                what: retried(retrying.what),
                devices: retrying.devices,
                status: retrying.status,
                code: &retrying.code,
                wait_seconds: seconds(retrying.wait),
            },
            EventKind::TokenRenewed => Self::TokenRenewed,
            EventKind::Notice(message) => Self::Notice { message },
        }
    }

    fn planned(plan: &'a Plan) -> Self {
        Self::Planned {
            listed: plan.listed,
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
        }
    }
}

fn time(now: Timestamp) -> String {
    format!("{now:.3}")
}

/// The word for what is sent again.
#[must_use]
pub fn retried(what: Retried) -> &'static str {
    match what {
        Retried::List => "list",
        Retried::Sync => "sync",
        Retried::Batch => "batch",
    }
}
