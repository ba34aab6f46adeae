//! What becomes of a device: its final outcome, or another attempt.

use core::time::Duration;

use intune_sync_graph::Verdict;

use super::{Opening, Route, Syncing};
use crate::{
    contract::{Failure, Outcome, Retried, RunStatus},
    devices::Position,
    run::{
        ledger::{Ledger, Reported},
        problems::{self, Needed},
        response::Judged,
        traffic::Traffic,
    },
    token::Refused,
};

/// A device whose token is refused again and again, while others are accepted, is refused for another reason.
const REFUSALS_MAX: u8 = 5;
/// Failures of shared requests after which a device is sent in a separate one: a device that spoils a batch must not cost
/// the others their sync.
const SHARED_FAILURES_MAX: u8 = 2;

impl Syncing {
    /// Handles what a request has brought for each of its devices.
    pub(super) fn handle_items(
        &mut self,
        positions: &[Position],
        items: Vec<Judged>,
        refused: Option<Refused>,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        if items.iter().any(|item| item.verdict.is_definite()) {
            self.opening = Opening::Proven;
        }
        let now = traffic.now();
        let mut urgent = Vec::new();
        let mut retried: Option<(u32, Duration, Judged)> = None;
        for (position, item) in positions.iter().copied().zip(items) {
            match item.verdict {
                Verdict::Success => self.done(position, Outcome::Accepted, now, ledger),
                Verdict::NotFound => self.done(position, Outcome::Gone, now, ledger),
                Verdict::Rejected
                | Verdict::Unsupported
                | Verdict::TooLarge
                | Verdict::FilterRefused => self.done(position, failed(&item), now, ledger),
                Verdict::Throttled => urgent.push(position),
                Verdict::TokenRefused => {
                    let renewing = refused == Some(Refused::Renewing);
                    if renewing && self.is_refused_too_often(position) {
                        self.done(position, failed(&item), now, ledger);
                    } else {
                        urgent.push(position);
                    }
                }
                Verdict::NotAuthorized(missing) => {
                    let problem = problems::not_authorized(missing, Needed::Sync, &item.error);
                    ledger.end(RunStatus::NotAuthorized(problem));
                    urgent.push(position);
                }
                Verdict::Transient | Verdict::ItemsFailed => {
                    if item.status.is_none() {
                        self.shared_request_failed(position);
                    }
                    if let Some(wait) = self.try_again(position, &item, traffic, ledger) {
                        retried = Some(match retried {
                            Some((devices, least, first)) => (devices + 1, least.min(wait), first),
                            None => (1, wait, item),
                        });
                    }
                }
            }
        }
        self.schedule.urgent(&urgent);
        if let Some((devices, wait, first)) = retried {
            let reason = (first.status, &first.error);
            ledger.retrying(Retried::Sync, devices, reason, wait);
        }
    }

    /// A shared request failed as a whole: each of its devices is tried again.
    pub(super) fn retry_all(
        &mut self,
        positions: &[Position],
        judged: &Judged,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) {
        let (mut devices, mut least) = (0, Duration::MAX);
        for position in positions {
            self.shared_request_failed(*position);
            if let Some(wait) = self.try_again(*position, judged, traffic, ledger) {
                devices += 1;
                least = least.min(wait);
            }
        }
        if devices > 0 {
            let reason = (judged.status, &judged.error);
            ledger.retrying(Retried::Batch, devices, reason, least);
        }
    }

    pub(super) fn fall_back(&mut self, route: Route, notice: String, ledger: &mut Ledger) {
        if self.route != route {
            self.route = route;
            ledger.notice(notice);
        }
    }

    fn shared_request_failed(&mut self, position: Position) {
        let failures = self.devices.device(position).failures;
        if self.route != Route::Single && failures + 1 >= SHARED_FAILURES_MAX {
            self.schedule.isolate(position);
        }
    }

    /// Tries a device again after a transient failure, or gives it up. Returns the wait if it is tried again.
    fn try_again(
        &mut self,
        position: Position,
        judged: &Judged,
        traffic: &mut Traffic,
        ledger: &mut Ledger,
    ) -> Option<Duration> {
        let device = self.devices.device_mut(position);
        device.failures = device.failures.saturating_add(1);
        let failures = u32::from(device.failures);
        if failures > self.max_retries {
            self.done(position, failed(judged), traffic.now(), ledger);
            return None;
        }
        let named = judged.named_wait.unwrap_or_default();
        let wait = traffic.backoff(failures).max(named);
        ledger.count_retry();
        self.schedule.again_at(position, traffic.now() + wait);
        Some(wait)
    }

    fn is_refused_too_often(&mut self, position: Position) -> bool {
        let refusals = self.refusals.entry(position).or_default();
        *refusals += 1;
        *refusals > REFUSALS_MAX
    }

    /// A device has its final outcome.
    fn done(&mut self, position: Position, outcome: Outcome, now: Duration, ledger: &mut Ledger) {
        let device = self.devices.device_mut(position);
        debug_assert!(!device.done, "a device has one final outcome");
        device.done = true;
        let (id, attempts) = (device.id(), device.attempts);
        let name = self.devices.name(position).to_owned();
        self.refusals.remove(&position);
        ledger.device_done(Reported { id, name, attempts }, outcome);
        if let Some(batch) = self.schedule.done(position, now) {
            ledger.batch_finished(batch);
        }
    }
}

fn failed(judged: &Judged) -> Outcome {
    Outcome::Failed(Failure {
        status: judged.status,
        code: judged.error.code.clone(),
        message: judged.error.message.clone(),
        request_id: judged.error.request_id.clone(),
        client_request_id: judged.client_request_id.to_string(),
    })
}
