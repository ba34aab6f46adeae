//! JSON lines: one event a line, the summary last.

use intune_sync_wit::{Batch, DeviceDone, Event, EventKind, Failure, Outcome, Plan, Retried};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    counts::seconds,
    groups::Groups,
    object::{Report, guid},
    planned::{Line as PlannedLine, PlannedDevice},
};

/// One line. `time` is RFC 3339 in UTC, with milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Line<T> {
    time: String,
    #[serde(flatten)]
    body: T,
}

impl<'a> Line<Kind<'a>> {
    /// The line of an event; `now` is the time of day.
    pub(crate) fn event(now: Timestamp, event: &'a Event) -> Self {
        Self {
            time: time(now),
            body: Kind::of(&event.kind),
        }
    }
}

impl<'a> Line<PlannedLine<'a>> {
    /// The line of a device that a plan takes.
    pub(crate) fn planned(now: Timestamp, device: &'a PlannedDevice) -> Self {
        Self {
            time: time(now),
            body: device.line(),
        }
    }
}

impl<'a> Line<Last<'a>> {
    /// The last line of a run.
    pub(crate) fn last(now: Timestamp, report: Report<'a>) -> Self {
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
pub(crate) struct Last<'a> {
    event: &'static str,
    #[serde(flatten)]
    report: Report<'a>,
}

/// The kinds of event under the engine's own names; keys are spelled as Graph spells its own.
#[derive(Debug, Serialize)]
#[serde(
    tag = "event",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Kind<'a> {
    Listed {
        pages: u32,
        devices: u32,
    },
    Incomplete {
        listed: u32,
        counted: Option<u32>,
    },
    Planned {
        listed: u32,
        total: u32,
        to_sync: u32,
        skipped: Groups<'a>,
        platforms: Groups<'a>,
        batches: u32,
        requests: u32,
        expected_seconds: f64,
    },
    BatchStarted(Numbers),
    BatchFinished(Numbers),
    DeviceDone {
        id: String,
        name: &'a str,
        operating_system: &'a str,
        last_sync_date_time: Option<String>,
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

/// A batch's numbers, all from 1.
#[derive(Debug, Serialize)]
pub(crate) struct Numbers {
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
pub(crate) enum Done<'a> {
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

impl<'a> Kind<'a> {
    fn of(kind: &'a EventKind) -> Self {
        match kind {
            EventKind::Listed(listed) => Self::Listed {
                pages: listed.pages,
                devices: listed.devices,
            },
            EventKind::Incomplete(incomplete) => Self::Incomplete {
                listed: incomplete.listed,
                counted: incomplete.counted,
            },
            EventKind::Planned(plan) => Self::planned(plan),
            EventKind::BatchStarted(batch) => Self::BatchStarted(Numbers::of(batch)),
            EventKind::BatchFinished(batch) => Self::BatchFinished(Numbers::of(batch)),
            EventKind::DeviceDone(DeviceDone {
                id,
                name,
                os,
                last_sync,
                attempts,
                outcome,
            }) => Self::DeviceDone {
                id: guid(*id),
                name,
                operating_system: os,
                last_sync_date_time: last_sync.and_then(check_in),
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
            skipped: Groups::new(&plan.skipped, ["reason", "devices"]),
            platforms: Groups::new(&plan.platforms, ["platform", "devices"]),
            batches: plan.batches,
            requests: plan.requests,
            expected_seconds: seconds(plan.expected),
        }
    }
}

/// A check-in, given in seconds since 1970.
fn check_in(seconds: u32) -> Option<String> {
    let time = Timestamp::from_second(seconds.into()).ok()?;
    Some(time.to_string())
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
