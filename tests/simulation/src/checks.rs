//! The checks that hold at every moment of a run, whatever the tenant does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use intune_sync_engine::{
    Run,
    contract::{Dispatch, Event, EventKind, Outcome, Purpose, RunStatus, Summary},
    http::{NoResponse, Request, RequestId, Response},
};
use intune_sync_graph::read_json;
use intune_sync_ids::Guid;
use intune_sync_simulator::{Share, Statistics, Tenant};
use serde_json::Value;

use crate::{
    Observer, Scenario, retry_after,
    wire::{Requested, Sent, method},
};

/// Without a request, while not over, a run rests no longer than this, in milliseconds: the longest Retry-After that a
/// tenant names, the longest delay between batches, the longest of the engine's own waits, and a slow response.
const LONGEST_REST: u64 = 400_000;
/// No scenario takes longer, in milliseconds.
const LONGEST_RUN: u64 = 24 * 60 * 60 * 1_000;

/// A check that failed, and when.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Milliseconds since the start.
    pub at: u64,
    /// The check, in words.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} ms: {}", self.at, self.what)
    }
}

/// Watches a run.
#[derive(Debug)]
pub struct Checks {
    dispatch: Dispatch,
    purpose: Purpose,
    ceiling: u64,
    stop_at: Option<u64>,
    stopped: bool,
    faults_pass: bool,
    failing: bool,
    /// The identity may lose its role in mid-run. The last devices are refused then, too few to tell whose fault it is.
    role_lost: bool,
    limited: bool,
    /// The first check that failed.
    violation: Option<Violation>,
    /// The trace, a line for each thing that happened.
    trace: Vec<String>,
    tokens: BTreeSet<String>,
    /// A Retry-After that was received is not over before this.
    closed_until: u64,
    in_flight: BTreeMap<RequestId, Requested>,
    /// The state of each device.
    devices: BTreeMap<Guid, Device>,
    request_ids: BTreeSet<Guid>,
    /// Syncs that have left, and when, as far back as the ceiling looks.
    writes: Vec<(u64, u64)>,
    /// A write has brought the definite outcome of a device.
    proven: bool,
    last_request: u64,
    reported: Counts,
}

#[derive(Debug, Default, Clone)]
struct Device {
    in_flight: bool,
    /// The final status, once a response has it.
    known: Option<u16>,
    outcome: Option<Outcome>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    success: u32,
    error: u32,
    skipped: u32,
    gone: u32,
}

impl Checks {
    /// Checks for this scenario.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            dispatch: scenario.settings.dispatch,
            purpose: scenario.settings.purpose,
            ceiling: scenario.settings.ceiling,
            stop_at: scenario.stop_at,
            stopped: false,
            faults_pass: scenario.faults_pass(),
            failing: {
                let fleet = &scenario.tenant.fleet;
                let shares = [fleet.failing, fleet.forbidden, fleet.unauthorized];
                shares.into_iter().any(|share| share > Share::NONE)
            },
            role_lost: scenario.tenant.tokens.role_lost_after_writes.is_some(),
            limited: scenario.settings.selection.limit.is_some(),
            violation: None,
            trace: Vec::new(),
            tokens: BTreeSet::new(),
            closed_until: 0,
            in_flight: BTreeMap::new(),
            devices: BTreeMap::new(),
            request_ids: BTreeSet::new(),
            writes: Vec::new(),
            proven: false,
            last_request: 0,
            reported: Counts::default(),
        }
    }

    /// Whether the identity may not sync some devices, or none from some time on.
    #[must_use]
    pub fn may_be_refused(&self) -> bool {
        self.failing || self.role_lost
    }

    /// The trace, a line for each thing that happened.
    #[must_use]
    pub fn trace(&self) -> &[String] {
        &self.trace
    }

    /// The first check that failed, if any.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Checks a run that is over.
    pub fn over(&mut self, summary: &Summary, tenant: &Tenant) {
        let at = summary.duration;
        self.adds_up(at, summary);
        self.tenant_agrees(at, tenant.statistics());
        // A page is not waited for after a stop.
        let stopped = summary.status == RunStatus::Stopped;
        let is_waited_for =
            |requested: &Requested| !stopped || !matches!(requested, Requested::Page);
        let left = self.in_flight.values().any(is_waited_for);
        self.expect(at, !left, || "requests are left in flight".to_owned());
        let executed = tenant.devices(None).unwrap_or_default();
        for (id, device) in self.devices.clone() {
            let count = executed.get(&id.to_string()).copied().unwrap_or(0);
            if device.outcome == Some(Outcome::Accepted) {
                self.expect(at, count > 0, || {
                    format!("{id} was reported as accepted and never synced")
                });
            }
        }
        match &summary.status {
            RunStatus::Completed if self.purpose == Purpose::Plan => {}
            RunStatus::Completed => {
                self.expect(at, summary.pending == 0, || {
                    format!("completed, but {summary:?}")
                });
                let hurt = summary.error > 0 && self.faults_pass && !self.failing;
                let refused = self
                    .devices
                    .values()
                    .filter(|device| match &device.outcome {
                        Some(Outcome::Failed(failure)) => {
                            let is_own = failure.status == Some(400)
                                || failure.code == "notSupported"
                                || self.role_lost && failure.status == Some(403);
                            !is_own
                        }
                        _ => false,
                    });
                let hurt = hurt && refused.count() > 0;
                self.expect(at, !hurt, || {
                    "a device failed although its faults pass".to_owned()
                });
            }
            RunStatus::Stopped if self.stopped => {}
            RunStatus::Running | RunStatus::Stopped => {
                self.expect(at, false, || format!("it ended with {:?}", summary.status));
            }
            RunStatus::NotAuthorized(_) | RunStatus::Interrupted(_) | RunStatus::Failed(_) => {}
        }
    }

    /// Records a failed check, if it is the first.
    pub fn expect(&mut self, at: u64, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.violation.is_none() {
            self.violation = Some(Violation { at, what: what() });
        }
    }

    /// No token is in a text that others may read.
    pub fn holds_no_token(&mut self, now: u64, text: &str) {
        let leaked = self.tokens.iter().any(|token| text.contains(token));
        self.expect(now, !leaked, || "a token is in the trace".to_owned());
    }

    fn record(&mut self, now: u64, line: String) {
        self.holds_no_token(now, &line);
        self.trace.push(format!("{now:>8} {line}"));
    }

    fn adds_up(&mut self, now: u64, summary: &Summary) {
        let sum =
            summary.success + summary.error + summary.skipped + summary.gone + summary.pending;
        self.expect(now, sum == summary.total, || {
            format!("it does not add up: {summary:?}")
        });
        let counted = Counts {
            success: summary.success,
            error: summary.error,
            skipped: summary.skipped,
            gone: summary.gone,
        };
        let (reported, limited) = (self.reported, self.limited);
        // With a limit, devices that cannot be synced are neither reported nor counted.
        self.expect(now, counted == reported, || {
            format!(
                "the summary counts {counted:?}, the events {reported:?}, limited: {}",
                limited
            )
        });
    }

    fn tenant_agrees(&mut self, now: u64, statistics: &Statistics) {
        for (fault, count) in [
            ("early calls", statistics.early_calls),
            (
                "syncs after a known outcome",
                statistics.repeated_after_known_outcome,
            ),
            ("forbidden writes", statistics.forbidden_writes),
            (
                "requests without an id",
                statistics.missing_client_request_ids,
            ),
            (
                "requests with an id that came before",
                statistics.reused_client_request_ids,
            ),
        ] {
            self.expect(now, count == 0, || {
                format!("the tenant saw {count} {fault}")
            });
        }
    }

    /// In no 20 s leave more syncs than the ceiling allows. A bulk call counts as one.
    fn keeps_to_the_ceiling(&mut self, now: u64, syncs: u64) {
        self.writes.retain(|(at, _)| at + 20_000 > now);
        self.writes.push((now, syncs));
        let sum: u64 = self.writes.iter().map(|(_, syncs)| syncs).sum();
        // The pacer counts over 20.52 s.
        let most = self.ceiling * 20_520 / 1_000_000 + 1;
        self.expect(now, sum <= most, || {
            format!("{sum} syncs in 20 s, allowed are {most}")
        });
    }

    /// Records the devices whose final status is in a response.
    fn learn(&mut self, requested: &Requested, response: &Response) {
        self.proven |= requested.is_decided_by(response);
        let is_final = |status: u16| (200..300).contains(&status) || status == 404;
        match requested {
            // A success has no body; a page of HTML says nothing.
            Requested::Single(device) if is_final(response.status) => {
                if response.status == 404 || response.body.is_empty() {
                    self.devices.entry(*device).or_default().known = Some(response.status);
                }
            }
            Requested::Batch(devices) => {
                let body: Value = read_json(&response.body).unwrap_or_default();
                for item in body["responses"].as_array().into_iter().flatten() {
                    let number = item["id"].as_str().and_then(|id| id.parse::<usize>().ok());
                    let device = number.and_then(|number| devices.get(number.checked_sub(1)?));
                    let status = item["status"].as_u64();
                    let status = status.and_then(|status| u16::try_from(status).ok());
                    let status = status.filter(|status| is_final(*status));
                    if let (Some(device), Some(status)) = (device, status) {
                        self.devices.entry(*device).or_default().known = Some(status);
                    }
                }
            }
            Requested::Page | Requested::Single(_) | Requested::Bulk(_) => {}
        }
    }
}

impl Observer for Checks {
    fn token(&mut self, token: &str) {
        self.tokens.insert(token.to_owned());
    }

    fn sent(&mut self, now: u64, request: &Request) {
        let body = request.body.clone().unwrap_or_default();
        let id = request.client_request_id.to_string();
        self.record(
            now,
            format!(
                "> {} {:?} {} {id} {body}",
                request.id.0, request.method, request.path_and_query
            ),
        );
        let closed = self.closed_until;
        self.expect(now, now >= closed, || {
            format!("sent inside a Retry-After that is over at {closed} ms")
        });
        let fresh = self.request_ids.insert(request.client_request_id);
        self.expect(now, fresh, || {
            format!("the client-request-id {id} was used before")
        });
        self.last_request = now;
        let requested = Requested::read(&Sent {
            method: method(request.method),
            path_and_query: &request.path_and_query,
            body: body.as_bytes(),
        });
        let requested = match requested {
            Ok(requested) => requested,
            Err(problem) => return self.expect(now, false, || problem),
        };
        let writing = self
            .in_flight
            .values()
            .any(|other| *other != Requested::Page);
        self.expect(now, self.proven || !writing, || {
            "a second write left before the first had its response".to_owned()
        });
        let planning = self.purpose == Purpose::Plan;
        self.expect(now, requested == Requested::Page || !planning, || {
            "a plan writes".to_owned()
        });
        self.expect(now, !self.stopped, || {
            "sent after it was stopped".to_owned()
        });
        let devices = requested.devices().to_vec();
        let most = match requested {
            Requested::Page | Requested::Single(_) => 1,
            Requested::Batch(_) => 20,
            Requested::Bulk(_) => 100,
        };
        self.expect(now, devices.len() <= most, || {
            format!("{} devices in one request", devices.len())
        });
        match (&requested, self.dispatch) {
            (Requested::Page, _) => {}
            (Requested::Bulk(_), Dispatch::Bulk) => self.keeps_to_the_ceiling(now, 1),
            (Requested::Single(_), _) | (Requested::Batch(_), Dispatch::Batch | Dispatch::Bulk) => {
                self.keeps_to_the_ceiling(now, devices.len() as u64);
            }
            (Requested::Batch(_) | Requested::Bulk(_), dispatch) => {
                self.expect(now, false, || {
                    format!("not the kind of request that {dispatch:?} sends")
                });
            }
        }
        for id in &devices {
            let device = self.devices.entry(*id).or_default().clone();
            self.expect(now, !device.in_flight, || {
                format!("{id} is in flight already")
            });
            self.expect(now, device.known.is_none(), || {
                format!("{id} had the final status {:?}", device.known)
            });
            self.expect(now, device.outcome.is_none(), || {
                format!("{id} had its outcome, {:?}", device.outcome)
            });
            self.devices.entry(*id).or_default().in_flight = true;
        }
        // Those sent by another route, before it fell back, count too.
        let most = match requested {
            Requested::Page => 1,
            Requested::Single(_) => 32,
            Requested::Batch(_) => 16,
            Requested::Bulk(_) => 16,
        };
        self.in_flight.insert(request.id, requested);
        let flying = self.in_flight.len();
        self.expect(now, flying <= most, || {
            format!("{flying} requests in flight")
        });
    }

    fn received(&mut self, now: u64, id: RequestId, response: &Result<Response, NoResponse>) {
        let requested = self.in_flight.remove(&id).unwrap_or(Requested::Page);
        for device in requested.devices() {
            self.devices.entry(*device).or_default().in_flight = false;
        }
        match response {
            Ok(response) => {
                let wait = retry_after::longest(response);
                let body: String = String::from_utf8_lossy(&response.body)
                    .chars()
                    .take(2_000)
                    .collect();
                self.record(
                    now,
                    format!("< {} {} {wait:?} {body}", id.0, response.status),
                );
                self.closed_until = self.closed_until.max(now + wait.unwrap_or_default());
                self.learn(&requested, response);
            }
            Err(error) => self.record(now, format!("< {} {error}", id.0)),
        }
    }

    fn event(&mut self, event: &Event) {
        self.record(event.at, format!("# {:?}", event.kind));
        let EventKind::DeviceDone(done) = &event.kind else {
            return;
        };
        let id = Guid::from(done.id);
        let device = self.devices.entry(id).or_default();
        let before = device.outcome.replace(done.outcome.clone());
        let (known, in_flight) = (device.known, device.in_flight);
        let count = match done.outcome {
            Outcome::Accepted => &mut self.reported.success,
            Outcome::Gone => &mut self.reported.gone,
            Outcome::Skipped(_) => &mut self.reported.skipped,
            Outcome::Failed(_) => &mut self.reported.error,
        };
        *count += 1;
        self.expect(event.at, before.is_none(), || {
            format!("{id} has a second outcome after {before:?}")
        });
        self.expect(event.at, !in_flight, || {
            format!("{id} has an outcome while it is in flight")
        });
        let agrees = match (&done.outcome, known) {
            (Outcome::Accepted, Some(status)) => (200..300).contains(&status),
            (Outcome::Gone, Some(status)) => status == 404,
            (Outcome::Failed(_) | Outcome::Skipped(_), known) => known.is_none(),
            // Bulk calls name devices in lists.
            (Outcome::Accepted | Outcome::Gone, None) => self.dispatch == Dispatch::Bulk,
        };
        self.expect(event.at, agrees, || {
            format!(
                "{id} had the status {known:?} and is reported as {:?}",
                done.outcome
            )
        });
    }

    fn settled(&mut self, now: u64, run: &mut Run, tenant: &Tenant) -> bool {
        if self.stop_at.is_some_and(|stop_at| stop_at <= now) {
            run.stop();
            self.stopped = true;
        }
        self.adds_up(now, &run.summary());
        self.tenant_agrees(now, tenant.statistics());
        let rest = now - self.last_request;
        self.expect(now, rest <= LONGEST_REST, || {
            format!("nothing was sent for {rest} ms")
        });
        self.expect(now, now <= LONGEST_RUN, || "it takes for ever".to_owned());
        self.violation.is_none()
    }
}
