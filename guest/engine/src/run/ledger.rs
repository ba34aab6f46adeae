//! Counts and events: everything that a run reports.

use core::{mem, time::Duration};

use intune_sync_graph::{GraphError, Shortfall};
use intune_sync_ids::Guid;

use super::{millis, whole_millis};
use crate::{
    contract::{
        Batch, DeviceDone, Event, EventKind, Incomplete, Listed, Outcome, Plan, Problem, Retried,
        Retrying, RunStatus, Summary, Throttled,
    },
    devices::{DeviceIndex, Fleet, UNKNOWN_OS},
    http::RequestId,
    pacing::ThrottleWindow,
};

/// The only part of a run that counts and reports.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    /// The time of the next event.
    now: Duration,
    counts: Counts,
    events: Vec<Event>,
    /// Why nothing new is started any more; `Running` until then.
    ending: RunStatus,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    to_sync: u32,
    success: u32,
    error: u32,
    skipped: u32,
    gone: u32,
    /// Of `gone`, those that were never to be sent.
    gone_unlisted: u32,
    batches: u32,
    retries: u64,
    throttled: u64,
    requests: u64,
    /// Of `requests`, those that the host did not let out.
    denied: u64,
}

/// A device, as it is reported.
#[derive(Debug)]
pub(super) struct Reported {
    pub(super) id: Guid,
    pub(super) name: String,
    pub(super) os: String,
    /// In seconds since 1970; 0 for never.
    pub(super) last_sync: u32,
    pub(super) attempts: u8,
}

impl Reported {
    /// What is reported of a device of the fleet.
    pub(super) fn of(fleet: &Fleet, at: DeviceIndex) -> Self {
        let device = fleet.device(at);
        Self {
            id: device.id(),
            name: fleet.name(at).to_owned(),
            os: fleet.os(at).to_owned(),
            last_sync: device.last_sync,
            attempts: device.attempts,
        }
    }
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self {
            now: Duration::ZERO,
            counts: Counts::default(),
            events: Vec::new(),
            ending: RunStatus::Running,
        }
    }

    /// What is counted and emitted from now on happens at `now`.
    pub(super) fn advance(&mut self, now: Duration) {
        self.now = now;
    }

    /// Nothing new is started from now on. Only the first reason counts.
    pub(super) fn end(&mut self, status: RunStatus) {
        if !self.has_ended() {
            self.ending = status;
        }
    }

    pub(super) fn fail(&mut self, problem: Problem) {
        self.end(RunStatus::Failed(problem));
    }

    pub(super) fn has_ended(&self) -> bool {
        !matches!(self.ending, RunStatus::Running)
    }

    pub(super) fn take_events(&mut self) -> Vec<Event> {
        mem::take(&mut self.events)
    }

    /// Requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.counts.requests
    }

    /// Counts a request, and names it.
    pub(super) fn request_sent(&mut self) -> RequestId {
        let id = RequestId(self.counts.requests);
        self.counts.requests += 1;
        id
    }

    /// Takes a request back that the host did not let out.
    pub(super) fn request_denied(&mut self) {
        self.counts.denied += 1;
    }

    /// Counts throttled requests and items.
    pub(super) fn count_throttled(&mut self, count: u64) {
        self.counts.throttled += count;
    }

    /// Counts another attempt: at a device, or at a page.
    pub(super) fn count_retry(&mut self) {
        self.counts.retries += 1;
    }

    /// Sets the number of devices that are to be sent.
    pub(super) fn set_to_sync(&mut self, devices: u32) {
        self.counts.to_sync = devices;
    }

    /// All devices of the run.
    pub(super) fn total(&self) -> u32 {
        self.counts.to_sync + self.counts.skipped + self.counts.gone_unlisted
    }

    pub(super) fn notice(&mut self, text: String) {
        self.emit(EventKind::Notice(text));
    }

    pub(super) fn token_renewed(&mut self) {
        self.emit(EventKind::TokenRenewed);
    }

    pub(super) fn listed(&mut self, listed: Listed) {
        self.emit(EventKind::Listed(listed));
    }

    /// The list is shorter than it says.
    pub(super) fn incomplete(&mut self, shortfall: Shortfall) {
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        self.emit(EventKind::Incomplete(Incomplete {
            listed: count(shortfall.listed),
            counted: shortfall.counted.map(count),
        }));
    }

    pub(super) fn planned(&mut self, plan: Plan) {
        self.emit(EventKind::Planned(plan));
    }

    pub(super) fn throttled(&mut self, window: ThrottleWindow, status: Option<u16>) {
        let throttled = Throttled {
            wait: millis(whole_millis(window.wait)),
            named: window.named,
            status: status.unwrap_or_default(),
        };
        self.emit(EventKind::Throttled(throttled));
    }

    /// Reports that devices, or a page, are tried again for this reason.
    pub(super) fn retrying(
        &mut self,
        what: Retried,
        devices: u32,
        (status, error): (Option<u16>, &GraphError),
        wait: Duration,
    ) {
        let retrying = Retrying {
            what,
            devices,
            status,
            code: error.code.clone(),
            wait: millis(whole_millis(wait)),
        };
        self.emit(EventKind::Retrying(retrying));
    }

    pub(super) fn batch_started(&mut self, batch: Batch) {
        self.emit(EventKind::BatchStarted(batch));
    }

    pub(super) fn batch_finished(&mut self, batch: Batch) {
        self.counts.batches += 1;
        self.emit(EventKind::BatchFinished(batch));
    }

    /// A device has its final outcome.
    pub(super) fn device_done(&mut self, device: Reported, outcome: Outcome) {
        match &outcome {
            Outcome::Accepted => self.counts.success += 1,
            Outcome::Gone => self.counts.gone += 1,
            Outcome::Failed(_) => self.counts.error += 1,
            Outcome::Skipped(_) => self.counts.skipped += 1,
        }
        let done = DeviceDone {
            id: device.id.into(),
            name: device.name,
            os: device.os,
            last_sync: (device.last_sync > 0).then_some(device.last_sync),
            attempts: device.attempts.into(),
            outcome,
        };
        self.emit(EventKind::DeviceDone(done));
    }

    /// A device that the selection names is not in the list.
    pub(super) fn unlisted(&mut self, id: Guid) {
        self.counts.gone_unlisted += 1;
        let device = Reported {
            id,
            name: String::new(),
            os: UNKNOWN_OS.to_owned(),
            last_sync: 0,
            attempts: 0,
        };
        self.device_done(device, Outcome::Gone);
    }

    pub(super) fn summary(&self, is_over: bool) -> Summary {
        let counts = &self.counts;
        let finished_to_sync = counts.success + counts.error + counts.gone - counts.gone_unlisted;
        Summary {
            total: self.total(),
            success: counts.success,
            error: counts.error,
            skipped: counts.skipped,
            gone: counts.gone,
            pending: counts.to_sync - finished_to_sync,
            batches: counts.batches,
            retries: counts.retries,
            throttled: counts.throttled,
            requests: counts.requests - counts.denied,
            duration: millis(self.now),
            status: if is_over {
                self.ending.clone()
            } else {
                RunStatus::Running
            },
        }
    }

    fn emit(&mut self, kind: EventKind) {
        self.events.push(Event {
            at: millis(self.now),
            kind,
        });
    }
}
